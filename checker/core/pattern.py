"""Regular expressions of modules, compiled when they are first used: a run needs few of those that it imports."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, AnyStr

if TYPE_CHECKING:

    def pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
        """Return what `re.compile` returns."""
else:

    class pattern:  # noqa: N801 - used as a function
        """A regular expression that compiles itself when a method or attribute of it is first used."""

        def __init__(self, text: AnyStr, flags: int = 0) -> None:
            self._compile = lambda: re.compile(text, flags)

        def __getattr__(self, name: str) -> Any:
            """Compile, and keep the methods as attributes, so that later calls are as fast as those of `re`."""
            compiled = self._compile()
            for method in ("fullmatch", "match", "search", "sub", "subn", "split", "findall", "finditer"):
                setattr(self, method, getattr(compiled, method))
            return getattr(compiled, name)
