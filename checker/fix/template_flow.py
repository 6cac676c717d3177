"""JSON that may be a CloudFormation template."""

from __future__ import annotations

import json

from checker.fix.flow import Flow
from checker.fix.yaml_flow import logical_id


class TemplateFlow(Flow):
    """JSON in a file of its own, where a resource of a template is referred to by `Ref`."""

    def reference(self, name: str) -> str:
        """Refer to a resource of the template. Raises CannotEditError outside of one."""
        if "#" not in name:
            return super().reference(name)
        return f'{{"Ref": {json.dumps(logical_id(name))}}}'
