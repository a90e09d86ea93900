"""End a command on bad input: one sentence that names its options, and exit code 2."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lgtsm.optional import UnavailableError

if TYPE_CHECKING:
    from argparse import ArgumentParser

TRACEBACK_VARIABLE = "LGTSM_TRACEBACK"
# A word that may be an argument's name: not part of a path; backticks and a value are optional.
NAMED = re.compile(r"(?<![\w./-])(?P<tick>`?)(?P<name>[a-z]\w*)(?:=(?P<value>[\w.,]*\w))?(?P=tick)(?![\w/-]|\.\w)")


@contextmanager
def exit_with_sentence(command: str, parser: ArgumentParser | None = None) -> Iterator[None]:
    """Turn errors about the user's input into a sentence on stderr and exit code 2.

    These are ValueError, FileNotFoundError and UnavailableError (missing weights or packages). Other errors keep their
    traceback; LGTSM_TRACEBACK=1 keeps it for all.

    Args:
        command: name of the command, printed before the sentence.
        parser: replaces argument names in the sentence by its flags; see `in_flags`.
    """
    try:
        yield
    except (ValueError, FileNotFoundError, UnavailableError) as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        print(f"lgtsm {command}: {in_flags(' '.join(str(error).split()), parser)}", file=sys.stderr)
        sys.exit(2)


def in_flags(sentence: str, parser: ArgumentParser | None) -> str:
    """Replace argument names in an error or notice of the library by the flags of a command.

    A word counts as an argument if it is an option's `dest` and has a value (invert=True, dilate=4), an underscore
    (max_memory), backticks, or starts a sentence ("height must be ..."). Other words stay, so "the mask" never becomes
    a flag. A flag without a value drops the argument's value. A parser of None changes nothing.
    """
    if parser is None:
        return sentence
    options = {action.dest: action for action in parser._actions if action.option_strings}

    def flag(match: re.Match) -> str:
        name, value = match["name"], match["value"]
        begins = re.fullmatch(r"(.*[.?!] )?", sentence[: match.start()]) is not None
        if name not in options or not (value or match["tick"] or "_" in name or begins):
            return match[0]
        action = options[name]
        flag = next(one for one in action.option_strings if one.startswith("--"))
        return f"{flag} {value}" if value and action.nargs != 0 else flag

    return NAMED.sub(flag, sentence)
