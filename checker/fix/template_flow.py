"""JSON that may be a CloudFormation template."""

from __future__ import annotations

from checker.fix.flow import Flow
from checker.fix.yaml_flow import parts_of
from checker.policy.plain import quoted


class TemplateFlow(Flow):
    """JSON in a file of its own, where a template refers to resources by `Ref` and to what they have by `Fn::GetAtt`."""

    def reference(self, name: str) -> str:
        """Refer to a resource of the template. Raises CannotEditError outside of one."""
        if "#" not in name:
            return super().reference(name)
        logical, attribute = parts_of(name)
        if attribute:
            return f'{{"Fn::GetAtt": [{quoted(logical)}, {quoted(attribute)}]}}'
        return f'{{"Ref": {quoted(logical)}}}'


class TerraformJsonFlow(Flow):
    """Terraform in JSON, also JSON inside a text of it: references are interpolated.

    https://developer.hashicorp.com/terraform/language/syntax/json
    """

    def reference(self, name: str) -> str:
        """Interpolate a reference."""
        return f'"${{{name}}}"'
