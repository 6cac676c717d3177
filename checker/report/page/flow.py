"""The page of a test chat: the result, its steps, and the chain of each topic with its findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from checker.core.unknown import Unknown
from checker.fix.live.flow_result import FAILED, End
from checker.lint.report import Report
from checker.lint.status import BROKEN, OK, UNKNOWN
from checker.report.brief import moment
from checker.report.flow import ENDS
from checker.report.page import topics
from checker.report.page.findings import report_page
from checker.report.page.markup import bullets, prose, scrolled, section, table, text
from checker.report.page.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from checker.core.terminal_text import Inert
    from checker.core.unknown import Truth
    from checker.fix.live.flow_result import FlowResult, TopicResult
    from checker.lint.causes import Cause
    from checker.lint.explanation import Explanation
    from checker.report.context import Setting
    from checker.report.page.rows import Row
    from checker.report.page.topics import TopicMap


def flow_page(result: FlowResult, setting: Setting) -> Iterator[Inert]:
    """Write the page of a test chat. Its findings are those of the chains that were checked before the chat."""
    explained = [topic.explanation for topic in result.topics if topic.explanation is not None]
    report = _report(explained, result)
    rows = rows_of(report, setting)
    maps = [_map(explanation, rows) for explanation in explained]
    remark = moment(result.steps[0].at) if result.steps else ""
    first = (_result(result), _steps(result))
    return report_page("checker flow", remark, report, setting, first=first, maps=maps)


def _report(explained: Sequence[Explanation], result: FlowResult) -> Report:
    reports = [explanation.report for explanation in explained]
    findings = {  # topics may share a key
        (finding.rule, finding.resource, finding.message): finding
        for report in reports
        for finding in report.findings
    }
    return Report(
        tuple(findings.values()),
        tuple(target for report in reports for target in report.examined),
        (*(skipped for report in reports for skipped in report.skipped), *result.unread),
        0,
        tuple(rule for report in reports for rule in report.crashed),
    )


def _result(result: FlowResult) -> str:
    style, sentence = ENDS[result.end]
    status = {"ok": "ok", "error": "broken"}.get(style, "unknown")
    items = [line for topic in result.topics for line in _topic(topic, result.end)]
    cause = list(_cause(result.cause)) if result.cause else []
    left = [f"Not removed: {text(name)}" for name in result.left_behind]
    contact = f"<p>Contact <code>{text(result.contact)}</code></p>" if result.contact else ""
    return section(
        "result",
        "Result",
        f'<p><span class="status {status}">{text(result.end.value.replace("_", " "))}</span> {text(sentence)}</p>',
        f"<p>Instance <code>{text(result.instance)}</code></p>",
        contact,
        bullets([*items, *cause, *left]),
    )


def _topic(topic: TopicResult, end: End) -> Iterator[str]:
    """Yield what happened at a topic."""
    name = f"<code>{text(topic.topic)}</code>"
    if topic.arrival is not None:
        yield f"{name}: the message arrived after {topic.arrival.seconds:.2f} s"
    elif end is End.SILENT:
        yield f"{name}: no message arrived"
    else:
        yield f"{name}: not known whether a message would arrive"
    if topic.cause is not None:
        yield from _cause(topic.cause)


def _cause(cause: Cause) -> Iterator[str]:
    rule = f" (<code>{text(cause.rule)}</code>)" if cause.rule else ""
    yield f"Cause: {prose(cause.reason)}{rule}"
    yield from (text(evidence) for evidence in cause.evidence)
    if cause.help:
        yield f"Help: {prose(cause.help)}"


def _steps(result: FlowResult) -> str:
    if not result.steps:
        return ""
    rows = (
        [
            f'<span class="whole">{text(step.name)}</span>',
            f'<span class="status {"broken" if step.status == FAILED else "ok"}">{text(step.status)}</span>',
            text(step.at[11:23]),
            f'<span class="whole">{step.seconds:.2f} s</span>',
            f"<code>{text(topics.short(step.what))}</code> {prose(step.detail)} {prose(step.help)}",
        ]
        for step in result.steps
    )
    written = table(
        "In order, with the time in UTC", ("Step", "Status", "Start", "Duration", "Details"), rows
    )
    return section("steps", "Steps", scrolled("Steps", written))


_STATUSES = {OK: topics.OK, BROKEN: topics.BROKEN, UNKNOWN: topics.UNKNOWN}


def _map(explanation: Explanation, rows: Sequence[Row]) -> TopicMap:
    """Return the map of a topic with the proven status of each link."""
    name, number = explanation.topic.name, {row.finding.rule: index for index, row in enumerate(rows)}
    links = [
        (one.link.value, _STATUSES.get(one.status, topics.NOT_CHECKED), number.get(one.rule, -1))
        for one in explanation.links
    ]
    links.append((topics.DELIVERY, _delivery(explanation), -1))
    opening = next((number.get(finding.rule, -1) for finding in explanation.openings()), -1)
    links.append((topics.OTHERS, _others(explanation), opening))
    known = explanation.subscribers
    key = explanation.topic.key
    return topics.TopicMap(
        name,
        (str(explanation.instance),),
        None if isinstance(key, Unknown) else key or "",
        None if isinstance(known, Unknown) else tuple(one.protocol for one in known),
        tuple(links),
    )


def _delivery(explanation: Explanation) -> str:
    known = explanation.subscribers
    if isinstance(known, Unknown):
        return topics.UNKNOWN
    return _worst(_STATUSES.get(one.status, topics.UNKNOWN) for one in known)


def _others(explanation: Explanation) -> str:
    if explanation.openings():
        return topics.BROKEN
    return _worst(map(_closed, (explanation.deputy.truth, explanation.public.truth)))


def _closed(is_open: Truth) -> str:
    return topics.UNKNOWN if isinstance(is_open, Unknown) else topics.BROKEN if is_open else topics.OK


def _worst(statuses: Iterable[str]) -> str:
    return min(statuses, key=topics.STATUSES.index, default=topics.NOT_CHECKED)
