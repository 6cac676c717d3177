"""The rule `aws-managed-key`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.analysis.key_names import is_customer_alias, is_managed_key, managed_alias
from checker.core.finding import Severity
from checker.core.unknown import Unknown
from checker.lint.fixes.replacement import customer_key
from checker.lint.rule import Link, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding, Fix, Location

_HELP = "encrypt the topic with a customer managed key whose policy allows connect.amazonaws.com"


class AwsManagedKey(Rule):
    """The topic is encrypted with an AWS managed key, which Amazon Connect cannot use.

    ## What it finds

    Topics whose `KmsMasterKeyId` is `alias/aws/sns`, by name or ARN, or the ID of a key that AWS manages. KMS
    reserves all names that begin with `alias/aws/`, so `alias/aws/kms` is an AWS managed key as well. The end of
    an alias ARN is sufficient, even if the account and Region are references. The result is undetermined if the
    value is not known, or if it is an ID of a key that was not supplied.

    ## What it proves

    PASS means that the topic has no key, or that the key is shown not to be managed
    by AWS: by an alias that customers can create, or by the description of the key.
    PASS does not mean that Connect can use the key: `unusable-key` and
    `connect-cannot-use-key` check that. A key ID without a description is not
    known.

    ## Why it matters

    The policy of an AWS managed key cannot be changed, and it does not cover service principals. SNS documents
    that publishing services need a customer managed key.

    ## Example

        "KmsMasterKeyId": "alias/aws/sns"

    ## Use instead

        "KmsMasterKeyId": "arn:aws:kms:us-east-1:111122223333:key/..."

    ## Fix safety

    There is no fix in place. checker shows a replacement plan, and never suggests to turn off encryption.

    ## References

    - https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    - https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html
    """

    id = "aws-managed-key"
    family = "kms"
    summary = "the topic is encrypted with an AWS managed key, which Amazon Connect cannot use"
    severity = Severity.ERROR
    fixable = True
    link = Link.KEY
    needs_policy = False

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Check the alias."""
        if is_managed_key(case.topic.key):
            at, fixes = case.here(case.topic.settings.key.place), customer_key(case.topic)
            name = case.topic.key if isinstance(case.topic.key, str) else managed_alias(case.topic.key)
            yield self._found(case.name, name, at, fixes)
        elif isinstance(case.key, Unknown) and not is_customer_alias(case.topic.key):
            yield case.key

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Check the key's manager."""
        if isinstance(case.key.manager, Unknown):
            yield case.key.manager
        if case.key.manager == "AWS" and (case.topic is None or not is_managed_key(case.topic.key)):
            yield self._found(
                case.name, case.name, case.here(case.fact("KeyManager")), customer_key(case.topic)
            )

    def _found(self, resource: str, key: str, at: Location, fixes: tuple[Fix, ...]) -> Finding:
        message = f"`{key}` is an AWS managed key: its policy cannot be changed and does not cover Connect"
        return self.finding(resource, message, at, help=_HELP, fixes=fixes)
