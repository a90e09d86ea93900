"""Report what a machine lacks: optional packages and downloadable files."""

from __future__ import annotations

import importlib
from types import ModuleType


class UnavailableError(RuntimeError):
    """A package or file that this machine lacks and cannot get; `short` says so in a few words."""

    short = "it is not there"


class MissingPackageError(UnavailableError, ImportError):
    """A required package is not installed."""

    short = "a package is missing"


def require(package: str, purpose: str, install: str) -> ModuleType:
    """Return the imported module `package`.

    Args:
        package: importable name, e.g. "decord".
        purpose: start of the error message, e.g. "reading video with decord".
        install: what to type after `pip install`, e.g. "lgtsm[tensorboard]".

    Raises:
        MissingPackageError: the package is absent; the message says what to install.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        missing = MissingPackageError(f"{purpose} needs the package {package}: pip install {install} ({error}).")
        missing.short = f"no package {package}"
        raise missing from error
