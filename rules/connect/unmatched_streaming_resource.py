"""The rule `unmatched-streaming-resource`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.finding import Location, Severity, listed
from checker.core.unknown import Unknown
from checker.lint.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.analysis.caller_policy import CallerAnalysis, Unmatched
    from checker.core.finding import Finding
    from checker.policy.model import Value


class UnmatchedStreamingResource(Rule):
    """A role may start chat streams, but on resources that the call never has.

    ## What it finds

    Statements of identity policies that allow `connect:StartContactStreaming`, `connect:StopContactStreaming` or
    `connect:StartChatContact` only on resources that cannot be of the type that the action requires. The policies are
    those of roles, users and groups in Terraform code, plans and states, in CloudFormation and SAM templates and in the
    output of CDK, and identity policies in JSON files. A statement is not reported if another statement that the same
    role may have decides about the action on that type. Other permissions are not judged.

    ## What it proves

    A finding is about the statement: it allows no such call. PASS means that each
    statement that names one of the three actions has a resource of the required
    type, or that another statement of the same role decides about it. PASS does not
    mean that the role may make the call: conditions, Deny statements, permissions
    boundaries and policies that the code does not declare are not evaluated.
    Resources that were not read are not known.

    ## Why it matters

    AWS documents that the two streaming actions require the ARN of the instance, and that `connect:StartChatContact`
    requires the ARN of a contact flow. A sample of AWS allows streaming on `INSTANCE_ARN/contact/*`, which is neither.
    The call of the function is then denied, and no chat is streamed.

    ## Example

        {
          "Effect": "Allow",
          "Action": "connect:StartContactStreaming",
          "Resource": "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d/contact/*"
        }

    ## Use instead

          "Resource": "arn:aws:connect:us-east-1:111122223333:instance/3f6c1b52-9a7e-4d21-8c5b-0e1f2a3b4c5d"

    For `connect:StartChatContact`, the ARN of the instance with `/contact-flow/ID` or `/contact-flow/*` after it.

    ## Fix safety

    There is no fix, because it would grant access. The help shows the resource to write.

    ## References

    - https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonconnect.html
    - https://docs.aws.amazon.com/connect/latest/APIReference/API_StartContactStreaming.html
    """

    id = "unmatched-streaming-resource"
    family = "connect"
    summary = "a role may start chat streams, but on resources that the call never has"
    severity = Severity.NOTE
    needs_policy = False

    def check_caller(self, case: CallerAnalysis) -> Iterator[Finding | Unknown]:
        """Report each statement that allows an action in vain."""
        for found in case.unmatched():
            yield found if isinstance(found, Unknown) else self._finding(case, found)

    def _finding(self, case: CallerAnalysis, found: Unmatched) -> Finding:
        document, resources = case.caller.policy.document, found.resources
        at = [
            Location(document, (*found.statement.route, resources.element, index))
            for index in range(len(resources.values))
        ]
        actions = listed(found.actions)
        shown = _listed(resources.values)
        requires = "they require" if len(found.actions) > 1 else "it requires"
        return self.finding(
            case.caller.name,
            f"{found.statement.title} allows {actions} only on {shown}, but AWS documents that {requires} "
            f"the ARN of {found.required.name}: the statement allows no such call",
            at,
            help=f"write `{_corrected(resources.values[0], found.required.suffix)}`",
        )


def _listed(values: tuple[Value, ...]) -> str:
    names = tuple(dict.fromkeys(map(_written, values)))
    return f"{listed(names[:_SHOWN])}{' and others' if len(names) > _SHOWN else ''}"


_SHOWN = 3


def _written(value: Value) -> str:
    """Return a value as the file has it."""
    return value.where or value.reason if isinstance(value, Unknown) else value


_BELOW = ("/contact/", "/contact-flow/", "/*")


def _corrected(value: Value, suffix: str) -> str:
    """Return the ARN of the instance in a resource, with the end that the required type has."""
    text = _written(value)
    cuts = [at for part in _BELOW if (at := text.find(part)) > 0]
    instance = text[: min(cuts)] if cuts else text
    is_reference = isinstance(value, Unknown) and "${" not in instance
    return f"${{{instance}}}{suffix}" if is_reference and suffix else f"{instance}{suffix}"
