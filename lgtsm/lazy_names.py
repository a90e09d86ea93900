"""Public names of a package that are imported on first use, so that importing the package stays light."""

from __future__ import annotations

import importlib
import sys

TYPE_CHECKING = False  # `typing` takes its time, in which Ctrl-C would be a traceback
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


def on_first_use(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package.

    Write imports of the same names under `TYPE_CHECKING` for type checkers, and the functions under its opposite, or
    checkers would take any name for a public one.

    Args:
        package: the package's `__name__`.
        modules: the module of each public name.
    """

    def find(name: str) -> Any:
        if name in modules:
            return getattr(importlib.import_module(modules[name]), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    def names() -> list[str]:
        return sorted({*modules, *vars(sys.modules[package])})

    return find, names
