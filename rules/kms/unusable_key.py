"""The rule `unusable-key`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.inventory import USABLE_STATES
from checker.analysis.key import unsupported
from checker.analysis.key_names import is_key_reference, is_managed_key
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.fixes.replacement import customer_key, restore_key
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding


class UnusableKey(Rule):
    """SNS cannot use the topic's key: it is disabled, pending deletion, of the wrong type, or in another Region.

    ## What it finds

    - keys whose state is neither Enabled nor Updating
    - keys that are asymmetric, or whose usage is not encryption
    - keys in another Region than the topic
    - a `KmsMasterKeyId` that does not name a key, such as `aws/sns` or an alias without the prefix `alias/`

    ## What it proves

    PASS means that the key that was described, or that the code declares, is
    Enabled or Updating, symmetric, and in the topic's Region. The state can change
    at any time. Whether Connect may use the key is the result of
    `connect-cannot-use-key`. What the description, or the code, does not say is not
    known.

    ## Why it matters

    SNS supports only symmetric encryption keys. Every publish to an encrypted topic uses the key.

    ## Example

        "KeyState": "PendingDeletion"

    ## Use instead

    An enabled symmetric key in the topic's Region. Each replica of a multi-Region key has its own state and key
    policy.

    ## Fix safety

    There is no fix in place. The owner decides whether to enable a disabled key. checker shows a plan.

    ## References

    - https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
    - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """

    id = "unusable-key"
    family = "kms"
    summary = "SNS cannot use the topic's key: wrong state, type or Region"
    severity = Severity.ERROR
    fixable = True
    link = Link.KEY
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check the form of KmsMasterKeyId, unless it names a key that was found."""
        name = case.topic.key
        if isinstance(name, str) and isinstance(case.key, Unknown) and not is_key_reference(name):
            message = f"`{name}` is not a key ID, key ARN, alias or alias ARN"
            help_text = f"write `alias/{name}` if it is an alias, or the ARN of the key"
            at, fixes = case.here(case.topic.settings.key.place), customer_key(case.topic)
            if is_managed_key(f"alias/{name}"):
                help_text = (
                    "encrypt the topic with a customer managed key; `aws/` is reserved for AWS managed keys"
                )
            yield self.finding(case.name, message, at, help=help_text, fixes=fixes)
        elif isinstance(case.key, Unknown) and not is_managed_key(name):
            yield case.key

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Compare the key's state, type and Region with the requirements of SNS."""
        key = case.key
        if isinstance(key.state, Unknown):
            yield key.state
        elif key.state not in USABLE_STATES:
            message = f"the key is {key.state}; SNS can use it only while it is Enabled"
            help_text = (
                "cancel the deletion or enable the key"
                if key.state != "PendingImport"
                else "import the key material"
            )
            at = case.here(case.fact("KeyState"))
            yield self.finding(case.name, message, at, help=help_text, fixes=restore_key(key))
        for name, message in unsupported(key):
            help_text = "encrypt the topic with a symmetric encryption key"
            at, fixes = case.here(case.fact(name)), customer_key(case.topic)
            yield self.finding(case.name, message, at, help=help_text, fixes=fixes)
        if isinstance(key.spec, Unknown):
            yield key.spec  # the usage follows from it: symmetric keys only encrypt and decrypt
        yield from self._region(case)

    def _region(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        if case.topic is None:
            return
        key, topic = case.key.arn, case.topic.arn
        if isinstance(key, Unknown):
            yield key
        elif isinstance(topic, Unknown):
            yield topic
        elif key.region != topic.region:
            message = f"the key is in {key.region}, but the topic is in {topic.region}"
            help_text = "use a key in the topic's Region, or a multi-Region replica key there"
            at, fixes = case.here(case.fact("Arn")), customer_key(case.topic)
            yield self.finding(case.name, message, at, help=help_text, fixes=fixes)
