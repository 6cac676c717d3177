"""Explains the chain from an instance to a topic, in files or in AWS."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from checker.app.chain import NoTopicError, is_live, named_in, read_files, read_key, read_live
from checker.app.exit_codes import Ending
from checker.app.next_step import Explained, after_explain, has_wrong_option
from checker.app.output import Format
from checker.app.run import known_rules
from checker.app.terminal import paint_for, tell, write
from checker.core.terminal_text import json_lines
from checker.core.unknown import Unknown
from checker.inputs.organization_policy import load_organization
from checker.lint.explain import UNKNOWN, explain
from checker.report.brief import skipped_text
from checker.report.context import Paint
from checker.report.explanation import explanation_json, explanation_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from checker.analysis.inventory import Key
    from checker.app.chain import Chain
    from checker.core.errors import Skipped
    from checker.inputs.collect import Given
    from checker.lint.explain import Explanation
    from checker.live.aws.access import Access


def explain_topic(
    topic: str,
    instance: str,
    *,
    address: str,
    key_policy: Path | None,
    key: Path | None,
    access: Access,
    rcp: tuple[Path, ...],
    given: Given,
    output_format: Format,
    output: Path | None,
    strict: bool,
) -> Ending:
    """Explain a topic, which is an ARN in AWS, a file, or declared in code. Raises CheckerError."""
    live, known, organization = is_live(topic), read_key(key, key_policy), load_organization(rcp)
    chain = (
        read_live(topic, instance, known, access)
        if live
        else _read_files(topic, address, instance, known, given)
    )
    around = chain.around._replace(organization=organization)
    explanation = explain(chain.topic, chain.key, chain.instance, known_rules(), chain.status, around)
    paint = Paint() if output else paint_for(sys.stdout)
    write(_lines(explanation, output_format, paint), output)
    _tell_skipped(chain.skipped)
    files = (Path(named_in(topic)[0]), *(path for path in (key_policy, key, *rcp) if path is not None))
    missing = tuple(option for option, file in (("--key-policy", key_policy), ("--key", key)) if file is None)
    if not has_wrong_option(chain.skipped):
        tell(*after_explain(explanation, Explained(() if live else files, missing, given)))
    return _ending(explanation, chain.skipped, strict=strict, live=live)


def _read_files(topic: str, address: str, instance: str, key: Key | None, given: Given) -> Chain:
    """Read a topic in files. Without a topic, report all inputs that were not read. Raises InputError."""
    try:
        return read_files(topic, address, instance, key, given)
    except NoTopicError as error:
        _tell_skipped(error.others)
        raise


def _tell_skipped(skipped: Iterable[Skipped]) -> None:
    for one in skipped:
        tell(*skipped_text(one, paint_for(sys.stderr)))


def _lines(explanation: Explanation, output_format: Format, paint: Paint) -> Iterable[str]:
    if output_format is Format.TEXT:
        return explanation_text(explanation, paint)
    return json_lines(explanation_json(explanation))


def _ending(explanation: Explanation, skipped: Sequence[Skipped], *, strict: bool, live: bool) -> Ending:
    """Return how the command ended. What AWS did not show is incomplete, an unreadable file is bad input."""
    truths = (explanation.can_publish.truth, explanation.deputy.truth, explanation.public.truth)
    unknown = explanation.first(UNKNOWN) is not None or any(isinstance(truth, Unknown) for truth in truths)
    return Ending(
        unreadable=not live and any(one.error for one in skipped),
        incomplete=live and bool(skipped),
        findings=not explanation.is_clean,
        undetermined=strict and (unknown or any(not one.complete for one in skipped)),
    )
