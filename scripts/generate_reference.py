"""Writes the reference pages of the commands, the configuration, the schemas and the permissions from the code.

`make docs` writes them. https://click.palletsprojects.com/en/stable/api/ describes what is read of a command.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from checker.cli.app import COMMANDS, build
from checker.live.permissions import Extras, Limits, audit_policy, explain_policy, fix_policy, flow_policy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs/reference"
ROW = re.compile(r"(?m)^\| \[`([a-z]+)`\]\(([^)#]+)")
CODES = re.compile(r"Exit codes: (.+)\.", re.DOTALL)
GENERATED = "Generated from the code by `make docs`."


def pages() -> dict[Path, str]:
    """Give the text of each page."""
    found = {
        "commands": commands_page(),
        "configuration": configuration_page(),
        "schemas": schemas_page(),
        "permissions": permissions_page(),
    }
    return {FOLDER / f"{name}.md": "\n".join(lines).rstrip() + "\n" for name, lines in found.items()}


def commands_page() -> Iterator[str]:
    """Describe each command with its arguments and options."""
    application: Any = typer.main.get_command(build([]))
    yield from ("# Commands and options", "")
    yield "All commands with all their arguments and options. `checker COMMAND --help` prints the same."
    yield from (GENERATED, "")
    yield from ("| command | purpose |", "| --- | --- |")
    for name in COMMANDS:
        yield f"| [`{name}`](#{slug(f'checker {name}')}) | {summary(find(application, name))} |"
    yield from ("", "## `checker`", "", "Options without a command.", "", *option_tables(application))
    for name in COMMANDS:
        yield from command_section(name, find(application, name))


def find(application: Any, name: str) -> Any:
    """Find a command, or one of a group such as `permissions audit`."""
    found = application
    for word in name.split():
        found = found.commands[word]
    return found


def summary(command: Any) -> str:
    """Give the first line of the help text."""
    return str(command.help).partition("\n")[0].rstrip(".")


def command_section(name: str, command: Any) -> Iterator[str]:
    """Describe one command."""
    yield from (f"## `checker {name}`", "")
    context = command.make_context(f"checker {name}", [], resilient_parsing=True)
    text, _, codes = re.sub(r"(?<!\n)\n(?!\n)", " ", command.help).partition("Exit codes: ")
    yield from (text.strip(), "", guide(name), "")
    yield from (
        "```text",
        context.command_path + " " + " ".join(command.collect_usage_pieces(context)),
        "```",
        "",
    )
    yield from option_tables(command)
    if codes:
        yield from ("**Exit codes**", "", *code_table(codes))
    yield from (*re.sub(r"^(Examples?):", r"**\1**", command.epilog).splitlines(), "")


def guide(name: str) -> str:
    """Link to the page that explains a command, which the README names."""
    page = dict(ROW.findall((ROOT / "README.md").read_text()))[name.split(maxsplit=1)[0]]
    target = Path(os.path.relpath(ROOT / page, FOLDER)).as_posix()
    return f"[More about `{name.split(maxsplit=1)[0]}`]({target})"


def option_tables(command: Any) -> Iterator[str]:
    """Give a table of arguments, and a table for each panel of the help text."""
    options = [one for one in command.params if one.param_type_name == "option"]
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    if arguments:
        yield from ("**Arguments**", "", *option_table("argument", arguments))
    panels = ["", *(one.rich_help_panel for one in options if one.rich_help_panel)]
    for panel in dict.fromkeys(panels):
        members = [one for one in options if (one.rich_help_panel or "") == panel]
        yield from (f"**{panel or 'Options'}**", "", *option_table("option", members)) if members else ()


def option_table(kind: str, members: Iterable[Any]) -> Iterator[str]:
    """Give a table of arguments or options, with an empty line at its end."""
    yield from (f"| {kind} | purpose | default |", "| --- | --- | --- |")
    for one in members:
        yield f"| {cell(names(one))} | {cell(one.help or '')} | {cell(default(one))} |"
    yield ""


def names(option: Any) -> str:
    """Give the names of an option with its value, or the form of an argument."""
    if option.param_type_name == "argument":
        return f"`{option.metavar or option.name.upper()}`"
    flag = option.is_flag or option.count
    value = "" if flag else option.metavar or choices(option) or option.type.name.upper()
    spelled = [*option.opts, *option.secondary_opts]
    return ", ".join(f"`{name}{' ' * bool(value)}{value}`" for name in spelled)


def choices(option: Any) -> str:
    """Give the values that an option takes, if they are a list."""
    return "|".join(str(getattr(one, "value", one)) for one in getattr(option.type, "choices", ()))


def default(option: Any) -> str:
    """Give the default as the help text shows it."""
    if isinstance(option.show_default, str):
        return option.show_default if " " in option.show_default else f"`{option.show_default}`"
    value = getattr(option.default, "value", option.default)
    if callable(value) or not option.show_default or value in (None, False, "", ()):
        return ""
    return f"`{str(value).lower() if value is True else value}`"


def code_table(codes: str) -> Iterator[str]:
    """Give the exit codes of a help text as a table."""
    yield from ("| code | meaning |", "| --- | --- |")
    text, _, note = " ".join(codes.split()).rstrip(".").partition(". ")
    for code, meaning in re.findall(r"(\d+) (.+?)(?=, \d+ |$)", text):
        yield f"| {code} | {meaning} |"
    yield from ("", *((f"{note}.", "") if note else ()))


def cell(text: str) -> str:
    """Escape a text for a table."""
    return " ".join(text.split()).replace("|", "\\|")


def slug(heading: str) -> str:
    """Give the anchor of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def configuration_page() -> Iterator[str]:
    """Describe each key of the configuration."""
    schema = load("configuration.v1")
    yield from ("# Configuration keys", "", str(schema["description"]))
    yield "[Configuration](../configuration.md) explains how the keys work together, with an example."
    yield f"Editors can check the file with [its schema](../../schemas/configuration.v1.json). {GENERATED}"
    yield from ("", *key_table(schema))
    for name, title in (("overrides", "An override"), ("suppressions", "A suppression")):
        entry = schema["properties"][name]["items"]
        yield from ("", f"## {title}", "", f"Each entry of `{name}` has these keys:", "", *key_table(entry))


def key_table(schema: Mapping[str, Any]) -> Iterator[str]:
    """Give a table of the keys of an object."""
    yield from ("| key | value | default | meaning |", "| --- | --- | --- | --- |")
    for name, value in schema["properties"].items():
        needed = "required" if name in schema.get("required", ()) else shown_default(value)
        yield f"| `{name}` | {cell(kind_of(value))} | {needed} | {cell(value['description'])} |"


def shown_default(value: Mapping[str, Any]) -> str:
    """Give the default of a key, as it is written in YAML."""
    if "default" not in value:
        return ""
    text = value["default"] if isinstance(value["default"], str) else json.dumps(value["default"])
    return f"`{text.replace(chr(34), '')}`"


KINDS = {"string": "string", "boolean": "`true` or `false`", "object": "mapping", "array": "list"}


def kind_of(value: Mapping[str, Any]) -> str:
    """Describe the values that a key takes."""
    items = value.get("items", {})
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "$ref" in value:
        return "rule"
    if "propertyNames" in value:
        return "mapping of rules to severities"
    if "$ref" in items:
        return "list of rules and families"
    return f"list of {KINDS[items['type']]}s" if items else KINDS[value["type"]]


def schemas_page() -> Iterator[str]:
    """Describe each schema, with its fields at the top."""
    paths = sorted((ROOT / "schemas").glob("*.json"))
    yield from (
        "# Schemas",
        "",
        "The formats of files that checker reads and writes, as JSON Schema. The version is",
    )
    yield "in the name of the schema and in the field `version` of the file. A format gets a new version if it changes"
    yield from (f"so that older files cannot be read. {GENERATED}", "")
    yield from ("| schema | version | purpose |", "| --- | --- | --- |")
    for path in paths:
        name, _, version = path.stem.rpartition(".v")
        yield f"| [{load(path.stem)['title']}](#{name}) | {version} | {cell(load(path.stem)['description'])} |"
    for path in paths:
        yield from ("", *schema_section(path))


def schema_section(path: Path) -> Iterator[str]:
    """Describe one schema."""
    schema = load(path.stem)
    yield from (f"## `{path.stem.rpartition('.v')[0]}`", "")
    yield from (f"{schema['description']} File: [`{path.name}`](../../schemas/{path.name}).", "")
    if path.stem == "configuration.v1":
        yield "Its fields are the [configuration keys](configuration.md)."
        return
    yield from ("| field | required | content |", "| --- | --- | --- |")
    for name, value in schema["properties"].items():
        needed = "yes" if name in schema.get("required", ()) else ""
        yield f"| `{name}` | {needed} | {cell(value['description'])} |"


def load(name: str) -> dict[str, Any]:
    """Read a schema."""
    found: dict[str, Any] = json.loads((ROOT / "schemas" / f"{name}.json").read_text())
    return found


def permissions_page() -> Iterator[str]:
    """List the actions of each command that calls AWS."""
    policies = {
        "audit": audit_policy(Limits(), Extras()),
        "explain": explain_policy(Limits()),
        "fix": fix_policy(Limits(), create=False),
        "flow": flow_policy(Limits()),
    }
    columns = {command: set(actions_of(policy)) for command, policy in policies.items()}
    yield from ("# IAM actions of each command", "")
    yield "The actions that a command needs without further options. [`checker permissions`](../permissions.md)"
    yield f"prints them as a policy, limited to your topics and with the options that you use. {GENERATED}"
    yield from ("", f"| action | {' | '.join(f'`{name}`' for name in columns)} |", "| --- " * 5 + "|")
    for action in sorted(set().union(*columns.values())):
        marks = " | ".join("yes" if action in held else "" for held in columns.values())
        yield f"| `{action}` | {marks} |"


def actions_of(policy: Mapping[str, Any]) -> Iterator[str]:
    """Give the actions of a policy."""
    for statement in policy["Statement"]:
        held = statement["Action"]
        yield from [held] if isinstance(held, str) else held
