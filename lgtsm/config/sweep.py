"""Sweep over a folder inside a config group: Hydra's own `glob` searches only the group's first level."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from lgtsm.config.build import ConfigError
from lgtsm.config.folder import config_folder

GLOB = re.compile(r"([\w/]+)=glob\(([^()\[\],'\"=]+/[^()\[\],'\"=]+)\)")


def expand_globs(arguments: Sequence[str]) -> list[str]:
    """Replace each GROUP=glob(FOLDER/PATTERN) by GROUP=FOLDER/A,FOLDER/B,..., sorted by name.

    Args:
        arguments: a command line; folders after --config-dir are searched too.

    Raises:
        ConfigError: no file of the group matches.
    """
    return [_expand(argument, arguments) for argument in arguments]


def _expand(argument: str, arguments: Sequence[str]) -> str:
    match = GLOB.fullmatch(argument)
    if match is None:
        return argument
    group, pattern = match.groups()
    folders = [Path(config_folder()), *_own_folders(arguments)]
    files = [(folder / group, file) for folder in folders for file in (folder / group).glob(f"{pattern}.yaml")]
    names = sorted({file.relative_to(folder).with_suffix("").as_posix() for folder, file in files})
    if not names:
        raise ConfigError(f"{argument}: there is no {group}/{pattern}.yaml in {' or '.join(map(str, folders))}.")
    return f"{group}={','.join(names)}"


def _own_folders(arguments: Sequence[str]) -> list[Path]:
    found: list[str] = []
    for place, argument in enumerate(arguments):
        option, equals, value = argument.partition("=")
        if option in ("--config-dir", "-cd"):
            found += [value] if equals else arguments[place + 1 : place + 2]
    return [Path(folder) for folder in found]
