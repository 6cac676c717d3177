"""The resources and module calls of a root, as far as they tell what streams chats to a topic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from checker.inputs.hcl.evaluate import Scope, evaluate
from checker.inputs.hcl.walk import instances_of
from checker.inputs.senders import Part, is_part
from checker.policy.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.hcl.body import Body
    from checker.inputs.hcl.modules import Module
    from checker.inputs.hcl.session import Instance, Session
    from checker.policy.plain import Plain

_MAY_SPEAK = re.compile(r"connect|file\(", re.IGNORECASE)
"""What a root has in it, or in a file that it reads, if something in it starts streams; most need no evaluation."""

_NAMES = ("name", "arn", "id")


def parts_of(session: Session, modules: list[Module]) -> Iterator[Part]:
    """Give what is written in a root that speaks of Connect; to be called after everything is declared."""
    sources = (source for folder in session.met.values() for source in folder.sources)
    if not any(_MAY_SPEAK.search(source.text) for source in sources):
        return
    for module in modules:
        yield from map(_part, instances_of(module, _is_part))
        for name, block in module.files.modules.items():
            yield Part(module.named(f"module.{name}"), "module", (), _written(block.body, module.scope))


def _is_part(kind: str) -> bool:
    return is_part(kind) and not kind.startswith("data.")


def _part(instance: Instance) -> Part:
    arguments = _written(instance.block.body, instance.scope)
    names = (arguments.get(name) for name in _NAMES)
    return Part(
        instance.address, instance.kind, tuple(one for one in names if isinstance(one, str)), arguments
    )


def _written(body: Body, scope: Scope) -> dict[str, Plain]:
    """Evaluate the arguments of a block and of the blocks in it."""
    found: dict[str, Plain] = {
        name: plain(evaluate(argument.expression, scope)) for name, argument in body.arguments.items()
    }
    kinds = dict.fromkeys(block.kind for block in body.written)
    return found | {
        kind: [_written(block.body, scope) for block in body.written if block.kind == kind] for kind in kinds
    }
