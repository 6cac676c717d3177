"""The modules of a package, found by listing its folder: `pkgutil` takes longer to import than a small file to check."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType


def modules_of(package: ModuleType) -> Iterator[str]:
    """Yield the names of the modules and packages inside a package, sorted in each folder; none for a module."""
    for place in getattr(package, "__path__", ()):
        folder = Path(place)
        yield from sorted(_in_folder(folder)) if folder.is_dir() else _in_archive(place)


def _in_folder(folder: Path) -> Iterator[str]:
    for path in folder.iterdir():
        is_module = path.suffix == ".py" and path.stem != "__init__"
        if is_module or (path / "__init__.py").is_file():
            yield path.stem


def _in_archive(path: str) -> Iterator[str]:
    from pkgutil import iter_modules

    return (module.name for module in iter_modules([path]))
