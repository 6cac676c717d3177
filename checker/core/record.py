"""`typing.NamedTuple`, created in a tenth of the time.

A run of `checker check FILE` imports about 180 named tuples. Those of the standard library compile a constructor
and every annotation for each of them, which is a third of such a run. Here classes with as many fields
share one that is compiled when it is first called, and annotations stay the texts that they are. Type checkers see
`typing.NamedTuple`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import NamedTuple as NamedTuple  # noqa: PLC0414 - this is its public name
else:
    from functools import cache
    from types import FunctionType

    # `_tuplegetter` is what `collections.namedtuple` reads fields with, where the interpreter has it.
    try:
        from _collections import _tuplegetter as field_reader
    except ImportError:
        from operator import itemgetter

        def field_reader(index: int, doc: str) -> property:
            """Read the field at an index."""
            return property(itemgetter(index), doc=doc)

    class _Builder(type):
        """Builds a class of tuples from the annotations of a class body."""

        def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
            """Return a class that is a tuple, and no instance of this builder."""
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body.pop(field) for field in fields if field in body}
            _check(name, fields, defaults)
            members = {**_METHODS, **body, "_fields": fields, "_field_defaults": defaults}
            members |= {field: field_reader(index, "") for index, field in enumerate(fields)}
            members |= {"__slots__": (), "__match_args__": fields}
            others = tuple(base for base in bases if base is not _Base)
            made = type(name, (tuple, *others), members)
            made.__new__ = staticmethod(_first_constructor(made))
            return made

    def _check(name: str, fields: tuple[str, ...], defaults: dict[str, Any]) -> None:
        """Refuse what a tuple cannot hold."""
        if any(field.startswith("_") for field in fields):
            raise ValueError(f"a field of {name} begins with an underscore")
        late = [field for field in fields[len(fields) - len(defaults) :] if field not in defaults]
        if late:
            raise TypeError(f"field {late[0]} of {name} follows one that has a default")

    def _first_constructor(made: type) -> Callable[..., Any]:
        """Return a constructor that replaces itself with that of the fields."""

        def construct(cls: type, /, *values: Any, **named: Any) -> Any:
            made.__new__ = staticmethod(_constructor(made))
            return made.__new__(cls, *values, **named)

        return construct

    def _constructor(made: type) -> Callable[..., Any]:
        """Return the constructor of a class, with the names of its fields as parameters."""
        template = _template(len(made._fields))
        names = {"co_varnames": ("_cls", *made._fields), "co_qualname": f"{made.__qualname__}.__new__"}
        code = template.__code__.replace(**names)
        return FunctionType(code, template.__globals__, "__new__", tuple(made._field_defaults.values()))

    @cache
    def _template(count: int) -> FunctionType:
        """Compile the constructor of all classes with a number of fields: most of its cost does not depend on names."""
        names = "".join(f"_{index}, " for index in range(count))
        source = f"lambda _cls, {names}: _new(_cls, ({names}))"
        return eval(source, {"_new": tuple.__new__, "__builtins__": {}})  # noqa: S307 - numbers alone

    def _make(cls: type, values: Iterable[Any]) -> Any:
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"{cls.__name__} has {len(cls._fields)} fields, not {len(made)}")
        return made

    def _replace(self: Any, /, **changes: Any) -> Any:
        made = self._make(map(changes.pop, self._fields, self))
        if changes:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(map(repr, changes))}")
        return made

    def _asdict(self: Any) -> dict[str, Any]:
        return dict(zip(self._fields, self, strict=True))

    def _repr(self: Any) -> str:
        shown = ", ".join(f"{field}={value!r}" for field, value in self._asdict().items())
        return f"{type(self).__name__}({shown})"

    def _arguments(self: Any) -> tuple[Any, ...]:
        return tuple(self)

    _METHODS = {
        "_make": classmethod(_make),
        "_replace": _replace,
        "__replace__": _replace,
        "_asdict": _asdict,
        "__repr__": _repr,
        "__getnewargs__": _arguments,
    }
    _Base = type.__new__(_Builder, "NamedTuple", (), {})

    def NamedTuple() -> None:  # noqa: N802 - it stands for a class
        """Stand for the base class of a class of tuples."""

    NamedTuple.__mro_entries__ = lambda _bases: (_Base,)
