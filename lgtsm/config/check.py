"""Report missing values in a configuration before building anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from lgtsm.config.build import ConfigError

HINTS = {"data.root": "Name the folder of the data, e.g. data.root=/data/FVI."}
NO_EXPERIMENT = (
    "There is nothing to train yet: no experiment is chosen. Use experiment=demo for a few minutes on procedural "
    "clips, or experiment=clips_lgtsm data.root=VIDEOS for your own videos."
)
NO_EXPERIMENT_FOR_DATA = (
    "No experiment sets sizes and schedule for the videos in {root}. Add experiment=clips_lgtsm, which suits any "
    "folder of videos, or set max_steps and other options yourself."
)


PATHS = ("data.root", "protocol.videos", "checkpoint", "init_from", "resume", "paths.run", "write_inputs")


def check_paths(config: DictConfig) -> None:
    """Refuse empty paths, which would mean the current folder, and values that are no text.

    Raises:
        ConfigError: names the first one.
    """
    if "paths" in config and not isinstance(config.paths, DictConfig):
        raise ConfigError(f"paths holds paths.run and paths.root; got {config.paths!r}. Set one of them.")
    for key in PATHS:
        value = OmegaConf.select(config, key, throw_on_missing=False)
        if value == "" or (value is None and key == "paths.run" and "paths" in config):
            raise ConfigError(f"{key} must not be empty. Give it a value; is a variable of the shell not set?")
        if value is not None and not isinstance(value, str):
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            hint = f" Write ./{value} for a file or folder of that name." if number else ""
            raise ConfigError(f"{key} must be a path; got {value!r}.{hint}")


def check_whole(config: DictConfig, least: Mapping[str, int]) -> None:
    """Refuse values that are no whole numbers, or smaller than the least for their key.

    Raises:
        ConfigError: names the first one.
    """
    for key, smallest in least.items():
        value = OmegaConf.select(config, key)
        if isinstance(value, bool) or not isinstance(value, int) or value < smallest:
            raise ConfigError(f"{key} must be a whole number from {smallest} up; got {value!r}.")


def check_switches(config: DictConfig, *keys: str) -> None:
    """Refuse values that are neither true nor false.

    Raises:
        ConfigError: names the first one.
    """
    for key in keys:
        if not isinstance(config[key], bool):
            raise ConfigError(f"{key} must be true or false; got {config[key]!r}.")


def check_texts(config: DictConfig, *keys: str) -> None:
    """Refuse values that are no text, or empty.

    Raises:
        ConfigError: names the first one.
    """
    for key in keys:
        if not isinstance(config[key], (str, int)) or not str(config[key]).strip():
            raise ConfigError(f"{key} must be text; got {config[key]!r}.")


def check_complete(config: DictConfig) -> None:
    """Refuse a configuration that lacks required values.

    Raises:
        ConfigError: names the first missing key and how to set it.
    """
    check_paths(config)
    missing = missing_keys(OmegaConf.to_container(config, resolve=False))
    if "max_steps" in missing:
        root = None if "data.root" in missing else OmegaConf.select(config, "data.root")
        raise ConfigError(NO_EXPERIMENT if root is None else NO_EXPERIMENT_FOR_DATA.format(root=root))
    if missing:
        key = missing[0]
        raise ConfigError(f"{key} has no value. {HINTS.get(key, f'Set it on the command line: {key}=VALUE.')}")


def missing_keys(node: Any, key: str = "") -> list[str]:
    """Return the sorted keys, below `key`, whose value is ??? in an unresolved configuration of plain values."""
    if node == "???":
        return [key]
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return sorted(found for name, child in children for found in missing_keys(child, f"{key}.{name}".lstrip(".")))
