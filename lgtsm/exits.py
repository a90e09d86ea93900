"""How a command ends when its input cannot be used: one sentence and exit code 2."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

TRACEBACK_VARIABLE = "LGTSM_TRACEBACK"


@contextmanager
def exit_with_sentence(command: str) -> Iterator[None]:
    """Turn errors about the user's input into a sentence on stderr and exit code 2.

    These are ValueError, FileNotFoundError and the library's own errors for missing weights and packages; anything
    else keeps its traceback. LGTSM_TRACEBACK=1 keeps it for these too.

    Args:
        command: name of the command, put before the sentence.
    """
    from lgtsm.optional import MissingPackageError

    try:
        yield
    except (ValueError, FileNotFoundError, MissingPackageError, UnavailableError) as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        print(f"lgtsm {command}: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


class UnavailableError(RuntimeError):
    """Something that this machine would have to download, or have, is not to be had."""
