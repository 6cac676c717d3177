"""The rule `region-without-connect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.wording import not_listed, where_connect_is
from checker.core.arn import Arn
from checker.core.finding import Location, Severity
from checker.core.regions import CONNECT_REGIONS
from checker.core.unknown import Unknown
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding


class RegionWithoutConnect(Rule):
    """The instance, or else the topic, is in a Region that is not listed for Amazon Connect.

    ## What it finds

    Connect instances, known or named by the policy, whose Region is not one that AWS lists for Amazon
    Connect; where no instance is named, topics in such a Region. A Region that does not exist gets a
    "did you mean".

    ## Why it matters

    Topic and instance must be in one Region, so a topic where there is no Connect can never be streamed
    to. This is a note and proves nothing: AWS adds Regions, and the list may be older.

    ## Example

        arn:aws:sns:us-east-2:111122223333:chat

    ## Use instead

        arn:aws:sns:us-east-1:111122223333:chat

    ## Fix safety

    No fix in place: a topic cannot move to another Region.

    ## References

    - https://docs.aws.amazon.com/general/latest/gr/connect_region.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """

    id = "region-without-connect"
    family = "connect"
    summary = "the instance, or else the topic, is in a Region that is not listed for Amazon Connect"
    severity = Severity.NOTE
    link = Link.REGION
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look the Regions up."""
        if isinstance(case.topic.arn, Unknown) and not case.instances_placed:
            yield case.topic.arn
        places: dict[str, list[Location]] = {}
        for arn, at in _where(case):
            if arn.region not in CONNECT_REGIONS:
                places.setdefault(arn.region, []).append(at)
        for region, found in places.items():
            yield self.finding(case.name, not_listed(region), found, help=where_connect_is(region))


def _where(case: TopicAnalysis) -> tuple[tuple[Arn, Location], ...]:
    """The instances with the places that name them; the topic, if there are none."""
    topic = case.topic.arn
    alone = ((topic, case.here(case.topic.arn_place)),) if isinstance(topic, Arn) else ()
    return case.instances_placed or alone
