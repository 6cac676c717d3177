"""The rule `cross-region`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.arn import topic_arn
from checker.core.finding import Location, Severity
from checker.core.unknown import Unknown
from checker.lint.fixes.replacement import topic_in
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.inventory import Contact
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding


class CrossRegion(Rule):
    """The topic and the Connect instance are in different Regions.

    ## What it finds

    Topics whose Region differs from the Region of an instance that streams to them: a known instance, an
    instance that the policy names in `aws:SourceArn`, or an instance that CloudTrail shows to stream to the
    topic. A warning if the policy also names an instance in the topic's Region.

    ## What it proves

    PASS means that each instance that is known to stream to the topic, or else each
    one that the statements for Connect name, is in the topic's Region, or is named
    with the same ID in the topic's Region, as a replica is. Whether it is
    replicated is not looked up. If no instance is known or named, PASS says
    nothing. A topic whose ARN was not read, and values of `aws:SourceArn` that were
    not read, are not known.

    ## Why it matters

    AWS documents that the topic and the instance must be in the same Region. The topic may belong to another
    account. An instance that is replicated to a second Region needs a topic there. With Global Resiliency, the
    replica has the same ID, so a policy may name both ARNs or use a wildcard for the Region.

    ## Example

        topic     arn:aws:sns:eu-west-2:111122223333:chat
        instance  arn:aws:connect:us-east-1:111122223333:instance/...

    ## Use instead

    A topic in the Region of the instance.

    ## Fix safety

    There is no fix in place. checker shows a replacement plan.

    ## References

    - https://docs.aws.amazon.com/connect/latest/adminguide/chat-message-streaming.html
    - https://docs.aws.amazon.com/connect/latest/adminguide/setup-connect-global-resiliency.html
    """

    id = "cross-region"
    family = "connect"
    summary = "the topic and the Connect instance are in different Regions"
    severity = Severity.ERROR
    fixable = True
    link = Link.REGION
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Compare the topic's Region with those of the known instances, or of the instances in the policy."""
        topic = case.topic.arn
        if isinstance(topic, Unknown):
            yield topic
            return
        here = [arn for arn, _ in case.instances_placed if arn.region == topic.region]
        at_home = bool(here)
        for arn, at in case.instances_placed:
            is_elsewhere = arn.region != topic.region and arn.partition == topic.partition
            if is_elsewhere and arn._replace(region=topic.region) not in here:
                yield self.finding(
                    case.name,
                    f"the topic is in {topic.region}, but Connect instance `{arn.instance_id}` is in {arn.region}",
                    at,
                    severity=Severity.WARNING if at_home and not case.instances else Severity.ERROR,
                    help=f"AWS documents that both must be in one Region: stream to a topic in {arn.region}; if the "
                    f"instance is replicated to {topic.region}, allow its replica there, which has the same ID",
                    fixes=topic_in(case, arn.region),
                )
        yield from case.unread
        if not case.instances:
            yield from case.unread_instances

    def check_contact(self, contact: Contact) -> Iterator[Finding | Unknown]:
        """Compare the Regions of a contact's topics with the Region of its instance."""
        home = contact.instance.region if contact.instance else contact.region
        if not home:
            yield Unknown("the Region of the contact is not known")
        which = f" `{contact.instance.instance_id}`" if contact.instance else ""
        alike = f"; {contact.alike} contacts streamed in this way" if contact.alike > 1 else ""
        for text, place in contact.topics if home else ():
            topic = topic_arn(text)
            if topic is not None and topic.region != home:
                yield self.finding(
                    contact.id,
                    f"a contact of Connect instance{which} in {home} streams to `{text}`, a topic in {topic.region}",
                    Location(place.document, place.route),
                    help=f"AWS documents that both must be in one Region: stream to a topic in {home}{alike}",
                )
