"""Options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How a report is written."""

    TEXT = "text"
    JSON = "json"


class FailOn(StrEnum):
    """The severity from which findings make the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


FormatOption = Annotated[Format, typer.Option("--format", help="How to write the report.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the report to a file.")
]
StrictOption = Annotated[
    bool, typer.Option("--strict", help="Exit 3 if something was skipped or could not be determined.")
]
InstanceOption = Annotated[
    list[str] | None,
    typer.Option(
        "--instance-arn", metavar="ARN", help="A Connect instance that streams to the topics; repeatable."
    ),
]
