"""How a command ends when its input cannot be used: one sentence, in the words of its options, and exit code 2."""

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
# A word that may be an argument's name: no part of a path, perhaps in backticks, perhaps with a value.
NAMED = re.compile(r"(?<![\w./-])(?P<tick>`?)(?P<name>[a-z]\w*)(?:=(?P<value>[\w.,]*\w))?(?P=tick)(?![\w/-]|\.\w)")


@contextmanager
def exit_with_sentence(command: str, parser: ArgumentParser | None = None) -> Iterator[None]:
    """Turn errors about the user's input into a sentence on stderr and exit code 2.

    These are ValueError, FileNotFoundError and the library's own errors for missing weights and packages; anything
    else keeps its traceback. LGTSM_TRACEBACK=1 keeps it for these too.

    Args:
        command: name of the command, put before the sentence.
        parser: whose options replace the arguments that an error names; see `in_flags`.
    """
    try:
        yield
    except (ValueError, FileNotFoundError, UnavailableError) as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        print(f"lgtsm {command}: {in_flags(' '.join(str(error).split()), parser)}", file=sys.stderr)
        sys.exit(2)


def in_flags(sentence: str, parser: ArgumentParser | None) -> str:
    """Say a sentence of the library with a command's flags where it names arguments.

    An argument is named by its option's `dest`: with a value (invert=True, dilate=4), with an underscore (max_memory),
    in backticks, or as the first word of a sentence ("height must be ..."). Other words stay, so that "the mask" never
    becomes a flag. An option that takes no value loses the one that its argument has.

    Args:
        sentence: of an error or a notice.
        parser: of the command; None changes nothing.
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
