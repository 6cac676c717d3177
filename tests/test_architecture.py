"""The laws of the house that no tool holds: where rules live, what they may import, and that they are documented."""

from __future__ import annotations

import ast
import re
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from checker.lint.registry import all_rules
from checker.lint.rule import Rule

ROOT = Path(__file__).parent.parent
RULE_FILES = sorted(path for path in (ROOT / "rules").glob("*/*.py") if path.name != "__init__.py")
HEADINGS = (
    "What it finds",
    "What it proves",
    "Why it matters",
    "Example",
    "Use instead",
    "Fix safety",
    "References",
)
PROOF_LINES = range(2, 11)
"""Long enough to say what PASS means and what it does not cover, and short enough to be read."""
ALLOWED_IMPORTS = (
    "checker.core",
    "checker.policy",
    "checker.iam",
    "checker.analysis",
    "checker.expectations",
    "checker.lint.rule",
    "checker.lint.fixes",
    "checker.lint.delivery",
    "checker.lint.status",
    "collections.abc",
    "typing",
    "__future__",
)


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_rules_see_facts_and_ask_the_engine_and_nothing_else(path: Path) -> None:
    strangers = {name for name in imports_of(path) if not name.startswith(ALLOWED_IMPORTS)}
    assert strangers == set()


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_no_rule_leaves_a_loop_over_statements_early(path: Path) -> None:
    """A `return` or `break` on one statement is how verdicts come to depend on the order of statements."""
    for loop in ast.walk(ast.parse(path.read_text())):
        if isinstance(loop, ast.For) and "statements" in ast.unparse(loop.iter):
            assert not any(isinstance(node, ast.Break) for node in ast.walk(loop))


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_is_one_file_named_after_it_and_documents_itself(rule: Rule) -> None:
    path = ROOT / "rules" / rule.family / f"{rule.id.replace('-', '_')}.py"
    assert path in RULE_FILES
    assert type(rule).__module__ == f"checker.rules.{rule.family}.{path.stem}"
    text = type(rule).__doc__ or ""
    found = [line.strip().removeprefix("## ") for line in text.splitlines() if line.strip().startswith("## ")]
    assert tuple(found) == HEADINGS
    assert "https://docs.aws.amazon.com/" in text
    assert rule.summary
    assert not rule.summary.endswith(".")
    first = rule.summary.split()[0]
    assert first.islower() or first.isupper()


def proof_of(rule: Rule) -> list[str]:
    """The lines of the section that says what a result of the rule proves."""
    _, _, after = rule.documentation().partition("\n## What it proves\n")
    return after.partition("\n## ")[0].strip().splitlines()


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_a_rule_says_what_its_pass_proves_in_lines_for_a_terminal(rule: Rule) -> None:
    lines = proof_of(rule)
    assert len(lines) in PROOF_LINES
    assert max(map(len, lines)) <= 80
    assert re.search(r"\bPASS\b|\*met\*", lines[0] + lines[1])


def test_no_two_rules_prove_the_same() -> None:
    first_sentences = {" ".join(proof_of(rule)).partition(". ")[0] for rule in all_rules()}
    assert len(first_sentences) == len(all_rules())


def test_every_rule_file_is_a_rule_and_every_rule_has_its_cases() -> None:
    rules = all_rules()
    assert len(rules) == len(RULE_FILES)
    folders = {
        path.parent.relative_to(ROOT / "tests" / "rules").as_posix()
        for path in (ROOT / "tests/rules").glob("*/*/cases.yaml")
    }
    assert folders == {f"{rule.family}/{rule.id}" for rule in rules}


def module_of(path: Path) -> str:
    """The name that a file is imported by; `rules` installs inside `checker`."""
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return f"checker.{name}" if name.startswith("rules.") else name


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Over all imports, also those for types alone and those inside functions."""
    files = [*(ROOT / "checker").rglob("*.py"), *(ROOT / "rules").rglob("*.py")]
    modules = {module_of(path): path for path in files if path.name != "__init__.py"}
    graph = {name: imported_modules(path) & modules.keys() - {name} for name, path in modules.items()}
    assert sum(map(len, graph.values())) > 1000
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def imported_modules(path: Path) -> set[str]:
    froms = [one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.ImportFrom)]
    return {
        name for one in froms for name in (one.module or "", *(f"{one.module}.{a.name}" for a in one.names))
    }


def test_modules_compile_no_pattern_that_a_run_may_not_need() -> None:
    for path in [*(ROOT / "checker").rglob("*.py"), *(ROOT / "rules").rglob("*.py")]:
        if "sandbox" not in path.parts:
            assigned = (one.value for one in ast.parse(path.read_text()).body if isinstance(one, ast.Assign))
            assert not any(ast.unparse(one).startswith("re.compile(") for one in assigned), path


@pytest.mark.parametrize("package", ["policy", "iam", "lint/fixes"])
def test_what_is_proven_is_pure(package: str) -> None:
    forbidden = {
        "os",
        "io",
        "pathlib",
        "sys",
        "time",
        "random",
        "socket",
        "subprocess",
        "tempfile",
        "logging",
        "boto3",
        "yaml",
    }
    for path in (ROOT / "checker" / package).rglob("*.py"):
        assert not imports_of(path) & forbidden, path
        assert "datetime.now" not in path.read_text()


def test_only_what_is_live_knows_boto3() -> None:
    for path in (ROOT / "checker").rglob("*.py"):
        if not {"live", "sandbox"} & set(path.relative_to(ROOT).parts):
            assert not {name.partition(".")[0] for name in imports_of(path)} & {"boto3", "botocore"}, path


def test_only_the_demo_compares_exit_codes() -> None:
    """Commands return an Ending, which becomes a code at one place: `checker.app.terminal.ended`."""
    knowing = {
        path.name for path in (ROOT / "checker").rglob("*.py") if "Exit" in names_from_exit_codes(path)
    }
    assert knowing == {"demo.py"}


def names_from_exit_codes(path: Path) -> set[str]:
    froms = [one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.ImportFrom)]
    return {alias.name for one in froms if one.module == "checker.app.exit_codes" for alias in one.names}


def test_a_command_reads_its_options_and_calls_one_use_case() -> None:
    """Checks of options, choices between files and AWS, and all output are in `checker.app`."""
    for path in (ROOT / "checker" / "cli").glob("*.py"):
        functions = [one for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.FunctionDef)]
        for one in functions if path.name != "app.py" else ():
            assert len(one.body) <= 4, one.name
            assert not any(isinstance(node, ast.If | ast.For | ast.Raise) for node in ast.walk(one)), one.name


def test_the_wheel_lists_every_package() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    here = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for path in (ROOT / "checker").rglob("__init__.py")
    }
    for top in ("rules", "schemas"):
        here |= {
            f"checker.{path.parent.relative_to(ROOT).as_posix().replace('/', '.')}"
            for path in (ROOT / top).rglob("__init__.py")
        }
    assert listed == here


def test_no_registry_is_named_anywhere() -> None:
    hosts = ("pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "debian" + ".org")
    for path in (one for top in ROOT.iterdir() if not is_made(top) for one in (top, *top.rglob("*"))):
        if path.is_file() and path.suffix in (".py", ".md", ".toml", ".txt", ".yaml", ".json", ""):
            text = path.read_text("utf-8", errors="ignore")
            assert not any(host in text for host in hosts), path


def is_made(path: Path) -> bool:
    """True for what a build or a tool leaves at the top."""
    return path.name in ("build", "dist") or path.name.startswith(".") or path.name.endswith(".egg-info")


@pytest.mark.parametrize("package", ["checker/inputs/kinds", "checker/report/formats"])
def test_formats_do_not_import_each_other(package: str) -> None:
    """What formats share lies above them, so that one can be removed without a change of the others."""
    name = package.replace("/", ".")
    for path in (ROOT / package).glob("*.py"):
        siblings = {one for one in imports_of(path) if one.startswith(f"{name}.")} - {f"{name}.kind"}
        assert siblings == set(), path.name


PACKAGES = {path.name for path in (ROOT / "checker").iterdir() if (path / "__init__.py").is_file()}


def drawn_rows() -> list[set[str]]:
    """The packages of the drawing, row by row from the top, and the sandbox below all of them."""
    drawing = (ROOT / "docs" / "architecture.md").read_text().split("```")[1]
    rows = (re.match(r" (\w+) (.*)", line) for line in drawing.splitlines())
    return [{row[1], *(set(row[2].split()) & PACKAGES & {"configuration"})} for row in rows if row]


def test_the_drawing_has_each_package_once() -> None:
    drawn = [name for row in drawn_rows() for name in row]
    assert sorted(drawn) == sorted(PACKAGES)


def test_each_import_leads_down_in_the_drawing() -> None:
    rows = drawn_rows()
    height = {name: -number for number, row in enumerate(rows) for name in row}
    upwards = {
        f"{package} imports {imported}"
        for package in height
        for path in (ROOT / "checker" / package).rglob("*.py")
        for imported in {name.split(".")[1] for name in imports_of(path) if name.startswith("checker.")}
        if imported != package and imported in height and height[imported] >= height[package]
    }
    assert upwards == set()
