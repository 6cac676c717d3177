"""The chains of an instance's replicas, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from checker.core.terminal_text import inert
from checker.report.explanation import answer_of, explanation_json
from checker.report.links import STYLES, link_text
from checker.report.wrapped_text import wrapped_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.lint.explain_replicas import ReplicaChain
    from checker.report.context import Paint


def replicas_json(chains: Sequence[ReplicaChain] | None) -> list[dict[str, Any]] | None:
    """Convert the chains of replicas to JSON values; ``None`` if it is not known whether there are replicas."""
    if chains is None:
        return None
    return [
        {
            "instance": str(one.instance),
            "region": one.instance.region,
            "chain": one.chain,
            "topic": one.explanation.topic.name if one.explanation else None,
            "links": explanation_json(one.explanation)["links"] if one.explanation else [],
        }
        for one in chains
    ]


def replicas_text(chains: Iterable[ReplicaChain], paint: Paint) -> Iterator[str]:
    """Yield the chain of each replica, or that no topic is known in its Region."""
    yield from wrapped_text(_lines(chains, paint), paint)


def _lines(chains: Iterable[ReplicaChain], paint: Paint) -> Iterator[str]:
    for one in chains:
        region = one.instance.region
        style = STYLES.get(one.chain, "ok")
        yield ""
        if one.explanation is None:
            yield paint(style, f"Replica in {region}: not known: no topic in {region} is known for it.")
            yield f"{paint('dim', 'instance')} {one.instance}"
            continue
        yield paint(style, f"Replica in {region}: {inert(answer_of(one.explanation))}")
        yield f"{paint('dim', 'topic   ')} {inert(one.explanation.topic.name)}"
        yield f"{paint('dim', 'instance')} {one.instance}"
        yield from (link_text(status, paint) for status in one.explanation.links)
