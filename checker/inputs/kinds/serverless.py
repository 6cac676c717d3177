"""The configuration of a service of the Serverless Framework, whose resources are a template.

https://www.serverless.com/framework/docs/providers/aws/guide/resources
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.inputs.kinds.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match
    from checker.policy.node import Object

_KEYS = ("service", "provider", "resources")
_NO_RESOURCE = "the service declares no topic or key"


def _match(root: Object) -> Match | None:
    return (root, ()) if all(root.get(key) is not None for key in _KEYS) else None


def _read(facts: Facts, found: Found) -> None:
    """Read the resources of a service. Raises InputError."""
    from checker.inputs.cloudformation.serverless import Serverless
    from checker.inputs.cloudformation.template import read_template  # policies need neither

    service = Serverless(found.path, found.document)
    template = service.template()
    facts.skipped += service.skipped
    chosen = found.named and not facts.of_change
    if read_template(found.path, template, facts, named=chosen):
        facts.opened |= service.opened
    else:
        facts.skip_irrelevant(found.path, _NO_RESOURCE, named=found.named)


def _includes(path: Path, text: str) -> Iterable[str]:
    if "file(" not in text:
        return ()
    from checker.inputs.cloudformation.serverless import files_in  # as above

    return files_in(path, text)


KINDS = (Kind("a serverless.yml", _match, _read, unique_keys=False, includes=_includes),)
