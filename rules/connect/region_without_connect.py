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
    """The instance or the topic is in a Region that AWS does not list for Amazon Connect.

    ## What it finds

    Connect instances, known or named by the policy, whose Region AWS does not list for Amazon Connect. If no
    instance is named, topics in such a Region. For a Region that does not exist, the help suggests a similar
    one.

    ## What it proves

    PASS means that the list of this release has the Region. A finding is not a
    proof that Connect is missing there, and PASS does not mean that the instance
    exists. A topic whose ARN was not read, and for which no instance is known, is
    not known.

    ## Why it matters

    The topic and the instance must be in one Region, so Connect cannot stream to a topic in a Region without
    Connect. This is a note and not a proof: AWS adds Regions, and the list may be out of date.

    ## Example

        arn:aws:sns:us-east-2:111122223333:chat

    ## Use instead

        arn:aws:sns:us-east-1:111122223333:chat

    ## Fix safety

    There is no fix in place. A topic cannot move to another Region.

    ## References

    - https://docs.aws.amazon.com/general/latest/gr/connect_region.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    """

    id = "region-without-connect"
    family = "connect"
    summary = "the instance or the topic is in a Region that AWS does not list for Amazon Connect"
    severity = Severity.NOTE
    link = Link.REGION
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Look up the Regions in the list of Connect Regions."""
        if isinstance(case.topic.arn, Unknown) and not case.instances_placed:
            yield case.topic.arn
        places: dict[str, list[Location]] = {}
        for arn, at in _arns(case):
            if arn.region not in CONNECT_REGIONS:
                places.setdefault(arn.region, []).append(at)
        for region, found in places.items():
            yield self.finding(case.name, not_listed(region), found, help=where_connect_is(region))


def _arns(case: TopicAnalysis) -> tuple[tuple[Arn, Location], ...]:
    """Return the instances with their locations; the topic if there is no instance."""
    topic = case.topic.arn
    alone = ((topic, case.here(case.topic.arn_place)),) if isinstance(topic, Arn) else ()
    return case.instances_placed or alone
