"""What a machine may lack: packages that only some users have, and files to download."""

from __future__ import annotations

import importlib
from types import ModuleType


class UnavailableError(RuntimeError):
    """Something that this machine would have to download, or have, is not to be had; `short` says so in few words."""

    short = "it is not there"


class MissingPackageError(UnavailableError, ImportError):
    """A package that this call needs is not installed."""

    short = "a package is missing"


def require(package: str, purpose: str, install: str) -> ModuleType:
    """Return the imported module `package`.

    Args:
        package: importable name, e.g. "decord".
        purpose: what needs it, the start of the sentence, e.g. "reading video with decord".
        install: what to type after `pip install`, e.g. "lgtsm[tensorboard]".

    Raises:
        MissingPackageError: the package is absent; the sentence says what to install.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        missing = MissingPackageError(f"{purpose} needs the package {package}: pip install {install} ({error}).")
        missing.short = f"no package {package}"
        raise missing from error
