"""The Typer application. It imports only the module of the requested command, or all of them for the help."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import wraps
from importlib import import_module
from io import StringIO
from itertools import pairwise, takewhile
from typing import Annotated, Any

import typer

from checker import __version__
from checker.app.exit_codes import Ending
from checker.app.terminal import report_error, tell, unwritable_output, write
from checker.core.pattern import pattern
from checker.core.record import NamedTuple
from checker.inputs.opening import inputs_remembered
from checker.policy.wildcard import did_you_mean


class _Command(NamedTuple):
    module: str
    function: str
    examples: tuple[str, ...]


_INSTANCE = "--instance-arn arn:aws:connect:us-east-1:111122223333:instance/ID"
_TOPIC = "arn:aws:sns:us-east-1:111122223333:chat"
_ROLE = "arn:aws:iam::111122223333:role/chat"
_KEY = "arn:aws:kms:us-east-1:111122223333:key/ID"

COMMANDS = {
    "check": _Command(
        "check",
        "check",
        (
            "checker check",
            f"checker check policies {_INSTANCE}",
            "checker check prod --format text --format sarif=checker.sarif",
            "checker check prod --expect expectations.yaml",
        ),
    ),
    "explain": _Command(
        "explain",
        "explain_command",
        (
            "checker explain infra/ --topic aws_sns_topic.chat",
            f"checker explain {_TOPIC}",
            f"checker explain {_TOPIC} --instance my-alias",
            f"checker explain topic.json --key-policy key.json {_INSTANCE}",
        ),
    ),
    "fix": _Command(
        "fix",
        "fix",
        (
            f"checker fix policies {_INSTANCE}",
            f"checker fix policies {_INSTANCE} --apply",
            f"checker fix --topic-arn {_TOPIC} {_INSTANCE} --apply",
        ),
    ),
    "rollback": _Command("rollback", "rollback", ("checker rollback checker-receipts/RECEIPT.json",)),
    "flow": _Command(
        "flow",
        "flow",
        (
            f"checker flow --topic-arn {_TOPIC} {_INSTANCE} --contact-flow-id ID",
            f"checker flow --topic-arn {_TOPIC} {_INSTANCE} --contact-flow-id ID --retain sqs",
            f"checker flow --try-conditions {_INSTANCE} --contact-flow-id ID --apply --evidence-out evidence.json",
        ),
    ),
    "audit": _Command(
        "audit",
        "audit",
        (
            "checker audit --all-regions",
            "checker audit --organization --role-name CheckerAudit --journal audit.jsonl",
            "checker audit --resume audit.jsonl",
        ),
    ),
    "diff": _Command(
        "diff",
        "diff",
        (
            "checker diff --base origin/main",
            "checker diff --base origin/main --format markdown --fail-on gains",
            "checker diff old.json new.json",
            "checker diff HEAD~1:dev dev",
        ),
    ),
    "policy": _Command(
        "policy",
        "policy",
        (
            f"checker policy --topic-arn {_TOPIC} {_INSTANCE}",
            f"checker policy --topic-arn {_TOPIC} --key-arn {_KEY} {_INSTANCE} --format terraform",
            "checker policy --topic-ref aws_sns_topic.chat.arn --instance-ref var.instance_arn --format terraform",
        ),
    ),
    "simulate": _Command(
        "simulate",
        "simulate",
        (
            f"checker simulate --policy topic.json --aws {_ROLE} --action sns:Publish --resource {_TOPIC}",
            "checker simulate --requests requests.jsonl",
        ),
    ),
    "rules": _Command("rules", "rules", ("checker rules", "checker rules missing-source-account")),
    "baseline write": _Command(
        "baseline",
        "baseline_write",
        ("checker baseline write", "checker check --baseline checker-baseline.json"),
    ),
    "permissions audit": _Command(
        "permissions",
        "permissions_audit",
        ("checker permissions audit --organization --role-name CheckerAudit",),
    ),
    "permissions explain": _Command(
        "permissions", "permissions_explain", (f"checker permissions explain --topic-arn {_TOPIC}",)
    ),
    "permissions fix": _Command(
        "permissions", "permissions_fix", (f"checker permissions fix --topic-arn {_TOPIC}",)
    ),
    "permissions flow": _Command(
        "permissions", "permissions_flow", (f"checker permissions flow --topic-arn {_TOPIC} --retain sqs",)
    ),
    "lsp": _Command("lsp", "lsp", ("checker lsp",)),
    "sandbox": _Command("sandbox", "sandbox", ("checker sandbox --port 4566",)),
    "demo": _Command("demo", "demo", ("checker demo",)),
    "dev new-rule": _Command("dev", "dev_new_rule", ("checker dev new-rule topic-name --family sns",)),
}
"""The commands in the order of the help: files first, then one topic in AWS, then all of them."""

_GROUPS = {
    "baseline": "Record known findings, so that only new ones are reported.",
    "permissions": "Print the minimal IAM policy for a command.",
    "dev": "For contributors to checker.",
}
_EXAMPLE_WIDTH = 76
_HELP = {"help_option_names": ["-h", "--help"]}


def build(arguments: list[str]) -> typer.Typer:
    """Build the application with the command in the arguments, or with all commands."""
    named = next((argument for argument in arguments if not argument.startswith("-")), "")
    chosen = [command for command in COMMANDS if command.split()[0] == named]
    app = typer.Typer(
        name="checker",
        no_args_is_help=True,
        add_completion=not chosen,
        rich_markup_mode="markdown",
        pretty_exceptions_enable=False,
        context_settings=_HELP,
    )
    app.callback()(_root)
    groups: dict[str, typer.Typer] = {}
    for name in chosen or COMMANDS:
        module, function, examples = COMMANDS[name]
        command = _reported(getattr(import_module(f"checker.cli.{module}"), function))
        group, _, verb = name.rpartition(" ")
        if group and group not in groups:
            groups[group] = typer.Typer(
                no_args_is_help=True, rich_markup_mode="markdown", help=_GROUPS[group], context_settings=_HELP
            )
            groups[group].callback()(lambda: None)
            app.add_typer(groups[group], name=group)
        groups.get(group, app).command(verb, epilog=_epilog(examples))(command)
    return app


def _epilog(examples: tuple[str, ...]) -> str:
    """Format the examples at the end of a help text."""
    lines = (line for example in examples for line in _continued(example))
    return "\n".join((f"Example{'s' * (len(examples) > 1)}:", "", "```text", *lines, "```"))


def _continued(example: str) -> Iterator[str]:
    """Break a long command before an option, with the backslashes of a shell, so that it can be pasted."""
    line, *options = example.split(" --")
    for option in options:
        if len(f"{line} --{option} \\") > _EXAMPLE_WIDTH:
            yield f"{line} \\"
            line = f"    --{option}"
        else:
            line += f" --{option}"
    yield line


def _print_version(value: bool) -> None:
    if value:
        write([f"checker {__version__}"])
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Decide, with proof, whether Amazon Connect can stream chat messages to an SNS topic, and who else can."""


_UsageError: Any = typer.BadParameter.__bases__[0]
"""What Typer raises for every mistake on the command line; it does not name it itself."""


def run(arguments: list[str]) -> Ending:
    """Run the command in the arguments, and return how it ended."""
    app = build(arguments)
    try:
        _check_values(arguments, app)
        ending: object = app(arguments, prog_name="checker", standalone_mode=False, obj=arguments)
    except _UsageError as error:
        message = StringIO()
        error.show(message)  # it quotes the arguments
        tell(*message.getvalue().splitlines(), *_suggestion(message.getvalue()))
        return Ending(unreadable=True)
    except SystemExit as done:  # after shell completion, or when the reader of a help text is gone
        if isinstance(done.__context__, BrokenPipeError):
            return Ending(reader_gone=True)
        return Ending(unreadable=bool(done.code))
    except OSError as error:  # a command reports its own, so that this one is of a help text
        if os.environ.get("CHECKER_DEBUG"):
            raise
        raise unwritable_output(error) from None
    return ending if isinstance(ending, Ending) else Ending()  # Typer returns a number after a help text


def _check_values(arguments: list[str], app: typer.Typer) -> None:
    """Refuse an empty value of an option, and a second resource for an option that takes one.

    The last one would silently count. It does for other options, so that a script can override its defaults. Raises the
    error of Typer for a mistake on the command line.
    """
    own = list(takewhile(lambda one: one != "--", arguments))
    names = [one.partition("=")[0] for one in own if one.startswith("--")]
    resources = {name for name in names if name == "--instance" or name.endswith("-arn")}
    repeated = {name for name in resources if names.count(name) > 1}
    empty = {one.removesuffix("=") for one in own if one.startswith("--") and one.endswith("=")}
    empty |= {name for name, value in pairwise(own) if name.startswith("--") and not value}
    if repeated or empty:  # the options are not known before, and are slow to build
        command = typer.main.get_command(app)
        for name in sorted(empty & _with_value(command)):
            raise _UsageError(f"Option `{name}` is empty; is a variable not set?")
        for name in sorted(repeated & _with_value(command, multiple=False)):
            raise _UsageError(f"Option `{name}` is given several times, but takes one value.")


def _with_value(command: Any, *, multiple: bool = True) -> set[str]:
    """Return the options with a value of a command and of those below it; only those with one value if not multiple."""
    options = {
        name
        for one in command.params
        if not getattr(one, "is_flag", False) and (multiple or not getattr(one, "multiple", False))
        for name in one.opts
    }
    below = getattr(command, "commands", {}).values()
    return options.union(*(_with_value(one, multiple=multiple) for one in below))


_MOST_NAMED = 3
_NO_OPTION = pattern(r"No such option: (--[\w-]+)")
_NOT_ONE_OF = pattern(r"'([^']*)' is not one of ((?:'[^']*'(?:, )?)+)")


def _suggestion(message: str) -> Iterator[str]:
    """Suggest the choice that is closest to a misspelled value, or the commands that have an option."""
    option = _NO_OPTION.search(message)
    owners = [*_commands_with(option[1], "checker", typer.main.get_command(build([])))] if option else []
    if option and owners:
        listed = ", ".join(f"`{name}`" for name in owners[:_MOST_NAMED])
        more = f" and {len(owners) - _MOST_NAMED} more" if len(owners) > _MOST_NAMED else ""
        yield f"  = help: `{option[1]}` is an option of {listed}{more}"
    match = _NOT_ONE_OF.search(message)
    close = did_you_mean(match[1], re.findall("'([^']*)'", match[2]), 0.6) if match else None
    if close:
        yield f"  = help: did you mean `{close}`?"


def _commands_with(option: str, name: str, command: Any) -> Iterator[str]:
    """Yield the names of the commands with an option, below a command."""
    if any(option in (*one.opts, *one.secondary_opts) for one in command.params):
        yield name
    for word, below in getattr(command, "commands", {}).items():
        yield from _commands_with(option, f"{name} {word}", below)


def _reported(command: Callable[..., Ending]) -> Callable[..., Ending]:
    """Wrap a command so that it reports an interrupt or an error of the system itself, before Typer takes it for its own."""

    @wraps(command)
    def run_command(*values: object, **options: object) -> Ending:
        try:
            with inputs_remembered():
                return command(*values, **options)
        except (OSError, KeyboardInterrupt) as error:
            return report_error(error)

    return run_command
