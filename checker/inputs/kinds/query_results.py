"""CloudTrail events in the results of queries: `aws cloudtrail get-query-results` and `aws athena get-query-results`.

A row has the whole event in the column `eventJson`, or its parts in columns with their names.
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetQueryResults.html
https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
https://docs.aws.amazon.com/athena/latest/ug/cloudtrail-logs.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.errors import Skipped
from checker.inputs.discover import name_of
from checker.inputs.kinds.kind import Kind
from checker.policy.node import Array, Object, items, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from checker.inputs.cloudtrail.fragment import Piece
    from checker.inputs.collect import Facts
    from checker.inputs.kinds.kind import Found, Match
    from checker.policy.node import Node

    Row = Mapping[str, str]
    "The texts of a row, by the names of their columns in lower case."


_LAKE, _ATHENA = "QueryResultRows", "ResultSet"
_EVENT = "eventjson"
_NAME, _PARAMETERS = "eventname", "requestparameters"
_OBJECTS = (_PARAMETERS, "responseelements", "useridentity")
_NOTHING = "no event is about chat streaming or the key of a topic"
_NO_PARAMETERS = "rows start chat streaming, but do not show the parameters of the request as JSON"
_HELP = "select the column `eventJson` in CloudTrail Lake, or `requestparameters` in Athena, and save the result again"


def _match(root: Object) -> Match | None:
    result = root.get(_ATHENA)
    rows = result.get("Rows") if isinstance(result, Object) else root.get(_LAKE)
    return (root, ()) if isinstance(rows, Array) else None


def _read(facts: Facts, found: Found) -> None:
    """Add the events of all rows. Raises InputError."""
    from checker.inputs.cloudtrail.fragment import Faults  # few runs have events
    from checker.inputs.cloudtrail.streams import Streams

    rows = list(_rows(found.node))
    hidden = [node for node, row in rows if _is_hidden(row)]
    name, faults = name_of(found.path), Faults(name_of(found.path))
    if hidden:
        where = found.document.source.position(hidden[0].start, hidden[0].end)
        reason = f"{len(hidden)} {_NO_PARAMETERS}"
        facts.skipped.append(Skipped(name, reason, error=True, position=where, help=_HELP))
    facts.streams = facts.streams or Streams()
    kept = facts.streams.add(
        found.path, (_piece(node, row) for node, row in rows if not _is_hidden(row)), faults
    )
    facts.skipped += faults.skipped()
    if not kept and not hidden:
        facts.skip_irrelevant(found.path, _NOTHING, named=found.named)


def _rows(root: Node) -> Iterator[tuple[Node, Row]]:
    """Yield the rows with their texts."""
    result = _member(root, _ATHENA)
    if result is None:
        yield from ((row, _of_lake(row)) for row in _listed(root, _LAKE))
        return
    rows = _listed(result, "Rows")
    names = _column_names(result, rows)
    found = ((row, _cells(row)) for row in rows)
    yield from (
        (row, dict(zip(names, cells, strict=False))) for row, cells in found if _lower(cells) != names
    )


def _column_names(result: Node, rows: Sequence[Node]) -> list[str]:
    """Return the names of the columns; without metadata they are the first row, which only the first page has."""
    metadata = _member(result, "ResultSetMetadata")
    listed = _listed(metadata, "ColumnInfo") if metadata is not None else ()
    stated = [text_of(_member(one, "Name")) or "" for one in listed]
    return _lower(stated or (_cells(rows[0]) if rows else []))


def _lower(texts: Sequence[str]) -> list[str]:
    return [text.lower() for text in texts]


def _of_lake(row: Node) -> Row:
    """Return the texts of a row, which is a list of objects with one column each."""
    members = (member for cell in items(row) if isinstance(cell, Object) for member in cell.members)
    return {member.key.lower(): text_of(member.value) or "" for member in members}


def _member(node: Node, name: str) -> Node | None:
    return node.get(name) if isinstance(node, Object) else None


def _listed(node: Node, name: str) -> tuple[Node, ...]:
    found = _member(node, name)
    return items(found) if found is not None else ()


def _cells(row: Node) -> list[str]:
    return [text_of(_member(cell, "VarCharValue")) or "" for cell in _listed(row, "Data")]


def _is_hidden(row: Row) -> bool:
    """True for the start of a stream of which the topic is not shown."""
    from checker.inputs.cloudtrail.event import STARTS  # few runs have events

    is_start = row.get(_NAME, "").lower() in STARTS
    return is_start and not row.get(_EVENT) and not isinstance(_decoded(row.get(_PARAMETERS, "")), dict)


def _piece(node: Node, row: Row) -> Piece:
    from checker.inputs.cloudtrail.fragment import FilePosition, Piece

    where = node.source.position(node.start, node.end)
    import json  # slow to import, and few files are results of queries

    event = row.get(_EVENT) or json.dumps(_event(row))
    return Piece(event.encode("utf-8", "replace"), FilePosition(where.line, where.column), is_verbatim=False)


def _event(row: Row) -> Mapping[str, object]:
    """Put an event together from its columns, with the key by which a record is recognized."""
    parts = {name: _decoded(text) if name in _OBJECTS else text for name, text in row.items() if text}
    return {"eventName": row.get(_NAME, ""), **parts}


def _decoded(text: str) -> object:
    """Decode a part of an event in JSON; any other text stands for itself."""
    import json

    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value


KINDS = (Kind("results of a query over CloudTrail events", _match, _read),)
