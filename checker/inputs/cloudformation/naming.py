"""What the resources of one deployment are called, and which of them a value is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.inputs.cloudformation.references import ALIAS, KEYS, TOPIC, own_arn, written_arn
from checker.inputs.cloudformation.texts import exported_as
from checker.policy.node import Node, Object, scalar_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from checker.inputs.cloudformation.deployment import Properties
    from checker.inputs.cloudformation.evaluation import Evaluation
    from checker.policy.model import Value

_OWN_STACK = ("AWS::StackName", "AWS::StackId")


class Names:
    """The topics, keys and aliases of one deployment, by everything that they may be called."""

    def __init__(self, evaluation: Evaluation, deployment: dict[str, Properties]) -> None:
        self.evaluation = evaluation
        self.template = evaluation.template
        self.deployment = deployment
        self.called: dict[str, str] = {}
        self.names: dict[str, list[str]] = {}
        for logical, properties in deployment.items():
            for name in filter(None, self.names_of(logical, properties.type)):
                self.called.setdefault(name, logical)
                self.names.setdefault(logical, []).append(name)
        for name, logical in self.exports():
            self.names[logical].append(name)

    def of(self, logical: str) -> tuple[str, ...]:
        """Give the names of a resource, its own first."""
        return tuple(dict.fromkeys(self.names[logical]))

    def names_of(self, logical: str, kind: str) -> Iterator[str]:
        """Give all that a resource may be called by: its own name for itself first, its ARN with gaps last."""
        symbol = self.template.symbol(logical)
        if kind in (TOPIC, ALIAS, *KEYS):
            yield symbol
        if kind == TOPIC:
            yield text_in(written_arn(self.evaluation, logical))
        elif kind in KEYS:
            yield from (self.template.symbol(logical, one) for one in ("Arn", "KeyId"))
            yield text_in(own_arn(self.evaluation, "kms", "key/", Unknown("", symbol)))
        elif kind == ALIAS:
            name = self.evaluation.attribute(logical)
            yield from (text_in(name), text_in(own_arn(self.evaluation, "kms", name)))

    def exports(self) -> Iterator[tuple[str, str]]:
        """Pair what the template exports with the resource; a name with its own stack's in it is for nobody here."""
        for output in self.template.outputs.values():
            export, value = output.get("Export"), output.get("Value")
            name = export.get("Name") if isinstance(export, Object) else None
            text = self.evaluation.text(name) if name is not None else None
            logical = self.called.get(text_in(self.evaluation.text(value))) if value is not None else None
            condition = output.get("Condition")
            if logical is None or text is None or not self.holds(condition):
                continue
            if not any(one in text_in(text) for one in _OWN_STACK):
                yield exported_as(text), logical

    def holds(self, condition: Node | None) -> bool:
        name = scalar_text(condition) if condition is not None else None
        return not isinstance(name, str) or self.evaluation.holds(name) is not False

    def follow(self, reference: Value | None) -> str | None:
        """Name the resource that a value is one of, ``None`` where it is declared elsewhere."""
        return self.called.get(text_in(reference))

    def topic_of(self, reference: Value | None) -> str | None:
        """Name the topic of the template that a value is."""
        found = self.follow(reference)
        return found if found is not None and self.deployment[found].type == TOPIC else None

    def key_of(self, reference: Value | None) -> str | None:
        """Name the key that a reference means, by itself or by an alias."""
        found = self.follow(reference)
        if found is not None and self.deployment[found].type == ALIAS:
            found = self.follow(self.deployment[found].value("TargetKeyId"))
        return found if found is not None and self.deployment[found].type in KEYS else None


def is_export(name: str) -> bool:
    """True for the name of a value that another template exports."""
    return name.startswith(exported_as(""))


def text_in(value: Value | None) -> str:
    """Give a text, or the name of one that is not known."""
    return value.where if isinstance(value, Unknown) else "" if value is None else value
