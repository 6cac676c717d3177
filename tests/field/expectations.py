"""Expectations about a command: one function for each field that a step may have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.field import files, findings
from tests.field.files import Copy
from tests.field.findings import as_list
from tests.field.reading import Step
from tests.field.running import Output
from tests.field.unmet import UnmetError

Expect = Callable[[Output, Any, Step], None]


def expect(output: Output, step: Step, copy: Copy) -> None:
    """Hold a command's output and files against the step's expectations. Raises UnmetError."""
    if "Traceback (most recent call last)" in output.err or output.code == 4:
        raise UnmetError(f"crashed: {output.end()}")
    for field, value in step.items():
        if field in OF_OUTPUT:
            OF_OUTPUT[field](output, value, step)
        elif field in OF_FILES:
            OF_FILES[field](copy, value)
        elif field == "any_of":
            _expect_one(output, value, copy)
        elif field not in NOT_EXPECTED:
            raise ValueError(f"unknown field in a step: {field}")


def _expect_one(output: Output, groups: list[Step], copy: Copy) -> None:
    reasons = []
    for group in groups:
        try:
            expect(output, group, copy)
        except UnmetError as unmet:
            reasons.append(str(unmet))
        else:
            return
    raise UnmetError(f"none of these holds: {' | '.join(reasons)}")


def _exit(output: Output, codes: list[int], _: Step) -> None:
    if output.code not in as_list(codes):
        raise UnmetError(f"exit {output.code}, expected {codes}: {_in_short(output)}")


def _in_short(output: Output) -> str:
    try:
        return findings.in_short(output.report)
    except UnmetError:
        return output.end()


def _must(output: Output, patterns: list[Any], step: Step) -> None:
    findings.expect_findings(output.report, patterns, unknown_ok=step.get("unknown_ok", False))


def _must_not(output: Output, patterns: list[Any], _: Step) -> None:
    findings.expect_no_findings(output.report, patterns)


def _count(key: str, output: Output, count: int | list[int], _: Step) -> None:
    findings.expect_count(output.report, key, count)


def _verdicts(output: Output, wanted: list[Any], _: Step) -> None:
    findings.expect_verdicts(output.report, wanted)


def _not_read(output: Output, names: list[Any], _: Step) -> None:
    try:
        mentions = findings.mentions(output.report)
    except UnmetError:
        mentions = [output.out, output.err]
    said = _plain(*mentions)
    for name in names:
        if not any(each.lower() in said for each in as_list(name)):
            raise UnmetError(f"nothing says that {name} was not read")


def _plain(*texts: str) -> str:
    """Texts in lower case with single blanks, so that line breaks do not matter."""
    return " ".join(" ".join(texts).lower().split())


def _text(stream: str, output: Output) -> str:
    return _plain(*({"stdout": [output.out], "stderr": [output.err]}.get(stream, [output.out, output.err])))


def _has(stream: str, output: Output, words: list[Any], _: Step) -> None:
    text = _text(stream, output)
    for word in words:
        if not any(each.lower() in text for each in as_list(word)):
            raise UnmetError(f"{stream} does not have {word!r}: {output.end()}")


def _has_not(stream: str, output: Output, words: list[str], _: Step) -> None:
    text = _text(stream, output)
    if present := [word for word in words if word.lower() in text]:
        raise UnmetError(f"{stream} has {present[0]!r}: {output.end()}")


def _json(output: Output, wanted: list[Mapping[str, Any]], _: Step) -> None:
    for want in wanted:
        value = at_path(output.json, want["path"])
        for test, given in want.items():
            if test != "path" and not JSON_TESTS[test](value, given, output):
                shown = json.dumps(value, ensure_ascii=False)[:200]
                raise UnmetError(f"{want['path']} is {shown}, expected {test} {json.dumps(given)}")


def at_path(value: Any, path: str) -> Any:
    """A value inside JSON, such as `findings.0.rule`; `*` gives the list of all. Raises UnmetError."""
    step, _, rest = path.partition(".")
    if not step:
        return value
    if step == "*":
        return [at_path(each, rest) for each in (value.values() if isinstance(value, dict) else value or [])]
    try:
        inner = value[int(step)] if isinstance(value, list) else value[step]
    except (KeyError, IndexError, ValueError, TypeError):
        raise UnmetError(f"the JSON has no `{step}` of `{path}`") from None
    return at_path(inner, rest)


def _in_json(value: Any, words: Any) -> bool:
    text = json.dumps(value, ensure_ascii=False).lower()
    return any(word.lower() in text for word in as_list(words))


def _most(name: str, output: Output, most: float, _: Step) -> None:
    if (cost := getattr(output, name)) > most:
        raise UnmetError(f"{name} is {cost:.1f}, at most {most} expected")


JSON_TESTS: Mapping[str, Callable[[Any, Any, Output], bool]] = {
    "equals": lambda value, given, _: bool(value == given),
    "in": lambda value, given, _: value in given,
    "same_as": lambda value, given, output: bool(value == at_path(output.json, given)),
    "has": lambda value, given, _: _in_json(value, given),
    "has_not": lambda value, given, _: not _in_json(value, given),
    "empty": lambda value, given, _: bool(value) is not given,
}
COUNTS = {"topics_not_judged": "topics_not_judged"} | {
    f"examined_{key}": key for key in ("topics", "keys", "contacts")
}
STREAMS = ("text", "stdout", "stderr")
OF_OUTPUT: Mapping[str, Expect] = {
    "exit": _exit,
    "must": _must,
    "must_not": _must_not,
    "verdicts": _verdicts,
    "not_read": _not_read,
    "json": _json,
    "max_rss_mb": partial(_most, "rss_mb"),
    "max_seconds": partial(_most, "seconds"),
    **{field: partial(_count, key) for field, key in COUNTS.items()},
    **{f"{stream}_has": partial(_has, stream) for stream in STREAMS},
    **{f"{stream}_has_not": partial(_has_not, stream) for stream in STREAMS},
}
OF_FILES: Mapping[str, Callable[[Copy, Any], None]] = {
    "unchanged": files.expect_unchanged,
    "changed": files.expect_changed,
    "file_has": files.expect_words,
    "file_has_not": files.expect_no_words,
    "parses_as_json": files.expect_json,
}
NOT_EXPECTED = {
    "args",
    "cwd",
    "env",
    "stdin",
    "close_stdout_after_lines",
    "save_stdout",
    "then_check",
    "unknown_ok",
}
"""Fields of a step that say how it runs."""
