"""Errors of loading processes, as they were raised there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

# What torch makes of the message of an error that a loading process raised.
WRAPPED = re.compile(r"Caught \w+ in DataLoader worker process \d+\.\nOriginal Traceback")


@contextmanager
def without_traceback() -> Iterator[None]:
    """Raise an error about the user's data with its own message, where torch has put a worker's traceback into it."""
    try:
        yield
    except (ValueError, OSError) as error:
        text = str(error)
        if not WRAPPED.match(text):
            raise
        told = re.findall(r"^[\w.]*(?:Error|Warning|Exception): (.*?)\n?\Z", text, re.MULTILINE | re.DOTALL)
        raise type(error)(told[-1] if told else text) from error
