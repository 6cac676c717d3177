"""For any policy in any layout: a repair never raises, its output parses, and unchanged parts stay."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from checker.analysis.callers import FOREIGN, HALF_SOURCED, INSTANCE, INSTANCES, UNSOURCED
from checker.core.finding import Route
from checker.fix.effect import effect
from checker.fix.rounds import FixedFinding, Repair, repair
from checker.fix.text.edits import TextEdit, edited
from checker.inputs.text import read_text
from checker.policy.source import Source
from tests.fix.workbench import on_top, reader, write
from tests.iam.strategies import policies
from tests.inputs.test_forms import FORMS
from tests.samples import TOPIC_ARN

CONNECT = (INSTANCE, INSTANCES, FOREIGN, UNSOURCED, HALF_SOURCED)
QUICK = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
indents = st.sampled_from([None, 0, 1, 2, 4, "\t"])
separators = st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")])
HCL = [form for form, files in FORMS.items() if "main.tf" in files({"Statement": []})]
newlines = st.sampled_from(["\n", "\r\n"])


@st.composite
def json_texts(draw: st.DrawFn) -> str:
    policy: Any = draw(policies())
    if len(policy["Statement"]) == 1 and draw(st.booleans()):
        policy["Statement"] = policy["Statement"][0]
    nested = draw(st.booleans())
    indent, separator = draw(indents), draw(separators)
    inside = json.dumps(policy, indent=indent, separators=separator) if nested else policy
    whole = {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": inside}}
    text = json.dumps(whole, indent=draw(indents), separators=draw(separators))
    return text.replace("\n", draw(newlines)) + draw(st.sampled_from(["", "\n"]))


@st.composite
def yaml_texts(draw: st.DrawFn) -> str:
    policy: Any = draw(policies())
    if len(policy["Statement"]) == 1 and draw(st.booleans()):
        policy["Statement"] = policy["Statement"][0]
    text = yaml.safe_dump(
        {"Attributes": {"TopicArn": TOPIC_ARN, "Policy": policy}},
        sort_keys=draw(st.booleans()),
        indent=draw(st.sampled_from([2, 4])),
        default_flow_style=draw(st.sampled_from([None, False, True])),
        default_style=draw(st.sampled_from([None, '"', "'"])),
        width=draw(st.sampled_from([40, 1000])),
        explicit_start=draw(st.booleans()),
    )
    lines = [f"{line}{draw(st.sampled_from(['', '', ' # why']))}" for line in text.split("\n")]
    whole = "\n".join(lines) if draw(st.booleans()) and _is_same("\n".join(lines), text) else text
    return whole.replace("\n", draw(newlines))


def _is_same(one: str, other: str) -> bool:
    try:
        return bool(yaml.safe_load(one) == yaml.safe_load(other))
    except yaml.YAMLError:
        return False


def repaired(paths: list[Path]) -> Mapping[str, str]:
    """Mend files a round at a time until nothing is left to do, and hold each round to what it may do."""
    read = reader(paths)
    texts: dict[str, str] = {}
    with patch("checker.fix.rounds.MAX_ROUNDS", 1):
        for _ in range(10):
            found = repair(on_top(read, texts), unsafe=True)
            if not found.fixed:
                break
            for path, new in found.texts.items():
                assert new == edited(texts.get(path) or read_text(Path(path)), edits_of(found, path, texts))
            only_what_was_named(found)
            texts |= found.texts
    whole = repair(read, unsafe=True)
    assert not whole.after.report.crashed
    assert not [one for one in whole.after.inventory.skipped if one.error]
    assert repair(on_top(read, whole.texts), unsafe=True).texts == {}
    return whole.texts


def edits_of(found: Repair, path: str, texts: Mapping[str, str]) -> list[TextEdit]:
    """The edits of a file as reports show them: what is outside of them stands in the old text and the new."""
    source = Source(path, texts.get(path) or read_text(Path(path)))
    shown = (edit for one in found.fixed for edit in one.fix.edits if edit.document.name == path)
    places = ((edit.position, edit.text) for edit in shown)
    return [
        TextEdit(
            source,
            source.line_start(at.line) + at.column - 1,
            source.line_start(at.end_line) + at.end_column - 1,
            text,
        )
        for at, text in places
    ]


def only_what_was_named(found: Repair) -> None:
    """Who is not Connect gains and loses by those statements alone that a finding or its fix is about."""
    named = {route[1] for one in found.fixed for route in routes(one) if route[:1] == ("Statement",)}
    then = {one.name: one for one in found.after.policies()}
    for known in found.before.policies():
        now = then[known.name].text.policy
        difference = effect(known.case, known.text.policy, now)
        for one in (*difference.gained, *difference.lost):
            if one.party.kind not in CONNECT:
                deciding = {*one.allowed.statements(), *one.refused.statements()}
                come = range(len(known.text.policy.statements), len(now.statements))
                assert deciding & {*named, *come}, (one.sentence, named)


def routes(repaired: FixedFinding) -> Iterator[Route]:
    """The places that a finding or its fix speaks of."""
    yield from (one.route for one in repaired.finding.locations if len(one.route) > 1)
    yield from (one.route for one in repaired.fix.operations if len(one.route) > 1)


@given(text=json_texts())
@settings(max_examples=10, **QUICK)  # type: ignore[arg-type]
def test_json_in_any_layout(text: str, tmp_path: Path) -> None:
    for new in repaired(write(tmp_path, {"topic.json": text})).values():
        policy = json.loads(new)["Attributes"]["Policy"]
        assert isinstance(json.loads(policy) if isinstance(policy, str) else policy, dict)
        assert ("\r" in text) is ("\r" in new)
        assert new.endswith("\n") is text.endswith("\n")


@given(text=yaml_texts())
@settings(max_examples=10, **QUICK)  # type: ignore[arg-type]
def test_yaml_in_any_layout(text: str, tmp_path: Path) -> None:
    for new in repaired(write(tmp_path, {"topic.yaml": text})).values():
        assert isinstance(yaml.safe_load(new)["Attributes"]["Policy"], dict)
        assert new.count("\n") == new.count("\r\n") or "\r" not in text


@given(policy=policies(), form=st.sampled_from(sorted(FORMS)))
@settings(max_examples=10, **QUICK)  # type: ignore[arg-type]
def test_every_form(policy: dict[str, Any], form: str) -> None:
    policy["Statement"] = [{"Sid": f"S{n}", **one} for n, one in enumerate(policy["Statement"])]
    assume(form not in HCL or "${" not in json.dumps(policy))  # which is Terraform's there
    assume(form != "policy-document" or all("Principal" in one for one in policy["Statement"]))
    assume(form != "json" or "sns:" in json.dumps(policy))  # a bare policy is a topic's only if it names SNS
    with TemporaryDirectory() as folder:
        repaired(write(Path(folder), FORMS[form](policy)))
