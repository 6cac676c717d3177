"""The rule `unmet-expectation`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Severity
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.key import KeyAnalysis
    from checker.analysis.topic import TopicAnalysis
    from checker.core.finding import Finding
    from checker.core.unknown import Unknown
    from checker.expectations.model import Expectation


class UnmetExpectation(Rule):
    """Expectation that a policy does not meet.

    ## What it finds

    An expectation, from `--expect FILE` or `expect:` in the configuration, that does not hold for a topic or key that
    it is about. The finding has a request that contradicts the expectation, the statement that decides it, and the
    line of the expectation. Without a file of expectations, the rule finds nothing.

    ## What it proves

    A *met* expectation is a proof over all requests and all deployments of the
    code. An expectation that is *not known*, or that depends on the deployment, is
    reported as undetermined, and the run ends with exit code 3.

    The proof is about the policy of the topic or key; only `connect` is about the
    whole chain, with the organization policies of the run. Identity-based policies
    are not read: within the account of the topic, one can allow what the topic
    policy does not, unless a Deny refuses it (`explicitly: true`).

    ## Why it matters

    Whether a policy is right depends on what it is for. Rules know what AWS documents; only the team knows that the
    archive role must stay subscribed, or that only its own organization may publish.

    ## Example

    ```yaml
    expectations:
      - name: only our account and one instance publish
        topics: ["arn:aws:sns:us-east-1:111122223333:chat"]
        only:
          actions: ["sns:Publish"]
          principals:
            - account: "111122223333"
            - connect: arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d
    ```

    ## Use instead

    Change the policy, so that the expectation is met, or the expectation, if it is no longer right. `checker diff`
    shows the access that a change of the policy adds and removes.

    ## Fix safety

    The rule has no fix of its own. `checker fix` does not apply the fix of another rule if an expectation that is met
    would no longer be met.

    ## References

    - [Evaluation logic](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html)
    - [CheckNoNewAccess](https://docs.aws.amazon.com/access-analyzer/latest/APIReference/API_CheckNoNewAccess.html)
    """

    id = "unmet-expectation"
    family = "expectations"
    summary = "the policy does not meet an expectation in the file of `--expect`"
    severity = Severity.ERROR
    needs_policy = False
    varies = True

    def __init__(self, expectations: tuple[Expectation, ...] = ()) -> None:
        self.expectations = expectations

    def judges(self, check: str) -> bool:
        """True if there are expectations, and the check is about policies."""
        return bool(self.expectations) and super().judges(check)

    def expected_of(self, case: TopicAnalysis | KeyAnalysis) -> tuple[str, ...]:
        """Return the names of the expectations about a topic or key."""
        from checker.expectations.unmet import about  # only where there are expectations

        return tuple(one.name for one in about(self.expectations, case))

    def check_topic(self, case: TopicAnalysis) -> Iterator[Finding | Unknown]:
        """Prove the expectations about the topic."""
        from checker.expectations.unmet import unmet  # only where there are expectations

        yield from unmet(self, self.expectations, case)

    def check_key(self, case: KeyAnalysis) -> Iterator[Finding | Unknown]:
        """Prove the expectations about the key."""
        from checker.expectations.unmet import unmet  # only where there are expectations

        yield from unmet(self, self.expectations, case)
