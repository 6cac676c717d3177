"""Enumerates mutants: modules with one small mistake each, as a person might make it.

Not changed, as no caller could notice or because the result would be another program: annotations, docstrings, imports,
`if TYPE_CHECKING`, decorators, assertions, `strict` of `zip`, which is one, and the type argument of `cast`. No result
is left out that the type checker would miss.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "iam": ("checker/iam",),
    "policy": ("checker/policy",),
    "fixes": ("checker/lint/fixes",),
    "rules": ("rules",),
}
DATA = {"checker/policy/names.py"}  # generated from what AWS publishes

_LONGEST = 110


class Mutant(NamedTuple):
    """A change of one expression or statement. ``function`` is empty at the level of a module.

    ``line`` to ``last`` are the lines of the statement, of a compound statement those of the part that is changed.
    ``change`` is the text before and after it; a change that a function has more than once ends with a number.
    """

    file: str
    line: int
    last: int
    function: str
    operator: str
    change: str
    number: int

    @property
    def key(self) -> tuple[str, str, str]:
        return self.file, self.function, self.change


class Site(NamedTuple):
    """A place in a tree, and what may stand there instead. ``above`` are the nodes around it, outermost first."""

    above: tuple[ast.AST, ...]
    field: str
    position: int | None
    operator: str
    new: ast.AST
    function: str

    def put(self, node: ast.AST) -> ast.AST:
        """Put a node into the place, and return the one that was there."""
        parent = self.above[-1]
        if self.position is None:
            old: ast.AST = getattr(parent, self.field)
            setattr(parent, self.field, node)
            return old
        siblings: list[ast.AST] = getattr(parent, self.field)
        old, siblings[self.position] = siblings[self.position], node
        return old


def files_of(package: str) -> tuple[str, ...]:
    """Return the modules of a package, by their paths in the repository."""
    found = (path for folder in PACKAGES[package] for path in sorted((ROOT / folder).rglob("*.py")))
    names = (path.relative_to(ROOT).as_posix() for path in found)
    return tuple(name for name in names if name not in DATA and not name.endswith("__init__.py"))


def mutants_of(file: str, source: str) -> Iterator[Mutant]:
    """Return all mutants of a module, in the order of its text."""
    seen: Counter[tuple[str, str]] = Counter()
    for number, site in enumerate(_sites(ast.parse(source))):
        change = _change(site)
        seen[site.function, change] += 1
        count = seen[site.function, change]
        numbered = f"{change} #{count}" if count > 1 else change
        line, last = _lines(site)
        yield Mutant(file, line, last, site.function, site.operator, numbered, number)


def mutated_tree(source: str, number: int) -> ast.Module:
    """Return the tree of a module with the change of one mutant."""
    tree = ast.parse(source)
    site = next(site for count, site in enumerate(_sites(tree)) if count == number)
    old = site.put(site.new)
    ast.copy_location(site.new, old)
    return ast.fix_missing_locations(tree)


def _change(site: Site) -> str:
    """Show a change with as much around it as fits on a line."""
    old = site.put(site.new)
    site.put(old)
    shown: tuple[str, str] = ast.unparse(old), ast.unparse(site.new)
    for around in reversed(site.above):
        if isinstance(around, ast.stmt) and hasattr(around, "body"):
            break
        before = ast.unparse(around)
        if len(before) > _LONGEST:
            break
        site.put(site.new)
        shown = before, ast.unparse(around)
        site.put(old)
        if isinstance(around, ast.stmt):
            break
    return " -> ".join(shown)


def _lines(site: Site) -> tuple[int, int]:
    place = site.put(site.new)
    site.put(place)
    around = [*site.above, place]
    statement = next(
        number for number in reversed(range(len(around))) if isinstance(around[number], ast.stmt)
    )
    is_compound = hasattr(around[statement], "body") and statement + 1 < len(around)
    whole: Any = around[statement + 1] if is_compound else around[statement]
    whole = whole if hasattr(whole, "lineno") else place
    return whole.lineno, whole.end_lineno or whole.lineno


_SKIPPED = {"annotation", "returns", "decorator_list", "type_params", "format_spec"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def _sites(tree: ast.Module) -> Iterator[Site]:
    yield from _below(tree, (), "")


def _below(node: ast.AST, above: tuple[ast.AST, ...], function: str) -> Iterator[Site]:
    for field, index, child in _children(node):
        name = _name(node, field, function)
        for operator, new in _replacements(child, node):
            if operator != "return" or _may_be_none((*above, node)):
                yield Site((*above, node), field, index, operator, new, name)
        yield from _below(child, (*above, node), name)


def _may_be_none(above: tuple[ast.AST, ...]) -> bool:
    """True in a function that may return None; the type checker refuses it in all others."""
    function = next(one for one in reversed(above) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef))
    return function.returns is None or any(word in ast.unparse(function.returns) for word in _NO_TYPES)


_NO_TYPES = ("None", "Any", "object")


def _name(node: ast.AST, field: str, function: str) -> str:
    """Name the function that a child belongs to; defaults of arguments belong to what is around it."""
    if field != "body" or not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
        return function
    if isinstance(node, ast.ClassDef):
        return function if function and not function.endswith(".") else f"{function}{node.name}."
    own = "<lambda>" if isinstance(node, ast.Lambda) else node.name
    return function if function and not function.endswith(".") else f"{function}{own}"


def is_in_function(mutant: Mutant) -> bool:
    """True if the change is in the body of a function or lambda, and runs when that is called."""
    return bool(mutant.function) and not mutant.function.endswith(".")


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if field in _SKIPPED:
            continue
        children = value if isinstance(value, list) else [value]
        for index, child in enumerate(children):
            if isinstance(child, ast.AST) and not _is_skipped(child, node, index):
                yield field, index if isinstance(value, list) else None, child


def _is_skipped(child: ast.AST, parent: ast.AST, index: int) -> bool:
    if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
        return True  # a docstring
    if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
        return True
    if isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "cast":
        return index == 0 and child is parent.args[0]
    if isinstance(child, ast.keyword) and child.arg == "strict":
        return isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id == "zip"
    return isinstance(child, ast.Import | ast.ImportFrom | ast.Assert | ast.expr_context)


_COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Div: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
_OPPOSITES = (
    ("min", "max"),
    ("any", "all"),
    ("startswith", "endswith"),
    ("lower", "upper"),
    ("removeprefix", "removesuffix"),
    ("partition", "rpartition"),
    ("lstrip", "rstrip"),
    ("union", "intersection"),
)
_OPPOSITE = {**dict(_OPPOSITES), **{two: one for one, two in _OPPOSITES}}


def _replacements(node: ast.AST, parent: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.stmt):
        yield from _statements(node)
    elif isinstance(node, ast.Constant):
        yield from _constants(node, parent)
    elif isinstance(node, ast.expr):
        yield from _expressions(node)
    if _is_condition(node, parent) and not isinstance(node, ast.Compare) and not _is_not(node):
        yield "condition", ast.UnaryOp(ast.Not(), node)  # type: ignore[arg-type] # a condition is an expression
    if isinstance(parent, ast.comprehension) and node in parent.ifs:
        yield "filter", ast.Constant(value=True)


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _is_condition(node: ast.AST, parent: ast.AST) -> bool:
    if isinstance(parent, ast.comprehension):
        return node in parent.ifs
    return isinstance(parent, ast.If | ast.While | ast.IfExp) and node is parent.test


def _statements(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    nothing = ast.Expr(ast.YieldFrom(ast.Tuple([], ast.Load())))
    if isinstance(node, ast.Return) and not _is_none(node.value):
        yield "return", ast.Return(ast.Constant(value=None))
    elif isinstance(node, ast.Continue):
        yield "loop", ast.Break()
        yield "statement", ast.Pass()
    elif isinstance(node, ast.Break):
        yield "loop", ast.Continue()
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
        yield "yield", nothing
    elif isinstance(node, ast.Expr | ast.AugAssign | ast.Raise | ast.Delete):
        yield "statement", ast.Pass()


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _constants(node: ast.Constant, parent: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    value = node.value
    if isinstance(value, bool):
        yield "boolean constant", ast.Constant(value=not value)
    elif isinstance(value, int | float):
        yield "number", ast.Constant(value=value + 1)
    elif isinstance(value, str) and not _is_later_part(node, parent):
        yield "text", ast.Constant(value=f"~{value}~")


def _is_later_part(node: ast.Constant, parent: ast.AST) -> bool:
    """True for all texts of an f-string but the first: one wrong character is enough."""
    if not isinstance(parent, ast.JoinedStr):
        return False
    return node is not next(part for part in parent.values if isinstance(part, ast.Constant))


def _expressions(node: ast.expr) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare):
        for new in _COMPARISONS[type(node.ops[0])]:
            yield "comparison", ast.Compare(node.left, [new(), *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and, or", ast.BoolOp(other, node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "not", node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield "arithmetic", ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.Call):
        yield from _calls(node)


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    name = node.func
    if isinstance(name, ast.Name) and name.id in _OPPOSITE:
        yield "call", ast.Call(ast.Name(_OPPOSITE[name.id], ast.Load()), node.args, node.keywords)
    elif isinstance(name, ast.Attribute) and name.attr in _OPPOSITE:
        function = ast.Attribute(name.value, _OPPOSITE[name.attr], ast.Load())
        yield "call", ast.Call(function, node.args, node.keywords)
