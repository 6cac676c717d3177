"""Events in the result of a query, of CloudTrail Lake or Athena, are those that CloudTrail wrote."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from checker.inputs.load import load
from tests.inputs.cloudtrail.events import Event, read, s3, seen, start, stop

EVENTS = [start("a"), start("b", 1), stop("a", 2), start("c", 3, contact="c2")]


def columns(event: Event) -> dict[str, str]:
    return {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in event.items() if value
    }


def lake(rows: Sequence[dict[str, str]]) -> Any:
    return {"QueryStatus": "FINISHED", "QueryResultRows": [[{key: row[key]} for key in row] for row in rows]}


def athena(rows: Sequence[dict[str, str]]) -> Any:
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[{"VarCharValue": row[name]} if name in row else {} for name in names] for row in rows]
    header = [{"VarCharValue": name.lower()} for name in names]
    return {"ResultSet": {"Rows": [{"Data": one} for one in (header, *cells)]}, "UpdateCount": 0}


FORMS: dict[str, Callable[[Sequence[Event]], Any]] = {
    "the event of Lake": lambda events: lake([{"eventJson": json.dumps(one)} for one in events]),
    "the columns of Lake": lambda events: lake([columns(one) for one in events]),
    "the columns of Athena": lambda events: athena([columns(one) for one in events]),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_result_says_what_the_log_file_says(form: str, indent: int | None, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "result").mkdir()
    (tmp_path / "result" / "result.json").write_text(json.dumps(FORMS[form](EVENTS), indent=indent))
    expected = read(tmp_path / "log", s3(EVENTS))
    found = load([tmp_path / "result" / "result.json"])
    assert seen(found) == seen(expected)
    assert len(seen(found)) == 2
    assert found.skipped == ()


def test_a_later_page_of_athena_has_no_header(tmp_path: Path) -> None:
    result = athena([columns(one) for one in EVENTS])
    rows = result["ResultSet"]["Rows"]
    names = [cell["VarCharValue"] for cell in rows[0]["Data"]]
    result["ResultSet"] |= {
        "Rows": rows[1:],
        "ResultSetMetadata": {"ColumnInfo": [{"Name": name} for name in names]},
    }
    (tmp_path / "result.json").write_text(json.dumps(result))
    (tmp_path / "log").mkdir()
    assert seen(load([tmp_path / "result.json"])) == seen(read(tmp_path / "log", s3(EVENTS)))


def test_times_of_a_database_are_in_utc(tmp_path: Path) -> None:
    events = [{**one, "eventTime": one["eventTime"].replace("T", " ").replace("Z", ".000")} for one in EVENTS]
    (tmp_path / "result.json").write_text(json.dumps(FORMS["the columns of Athena"](events)))
    (tmp_path / "log").mkdir()
    assert seen(load([tmp_path / "result.json"])) == seen(read(tmp_path / "log", s3(EVENTS)))


@pytest.mark.parametrize("parameters", ["{instanceId=i, contactId=c}", "", "[]"])
def test_a_start_without_its_parameters_is_an_error_with_its_place(parameters: str, tmp_path: Path) -> None:
    rows = [columns(EVENTS[0]), {**columns(EVENTS[1]), "requestParameters": parameters}]
    (tmp_path / "result.json").write_text(json.dumps(lake(rows), indent=1))
    (fault,) = load([tmp_path / "result.json"]).skipped
    assert fault.error
    assert fault.reason.startswith("1 rows start chat streaming, but do not show the parameters")
    assert "`eventJson`" in fault.help
    assert fault.position is not None
    assert fault.position.line > 10


@pytest.mark.parametrize(
    "result",
    [
        {"QueryResultRows": []},
        {"QueryResultRows": [[], [[]], [1], {}, None]},
        {"ResultSet": {"Rows": []}},
        {"ResultSet": {"Rows": [None, {"Data": None}, {"Data": [None]}]}},
        {"QueryResultRows": [[{"eventJson": "{"}], [{"eventJson": "null"}]]},
    ],
)
def test_an_empty_or_odd_result_has_no_streams(result: Any, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps(result))
    found = load([tmp_path / "result.json"])
    assert found.contacts == ()
    assert found.skipped
