"""The one doorway from a configuration to objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import InterpolationToMissingValueError

ALLOWED_PREFIXES = ("lgtsm.", "torch.", "torchmetrics.", "pytorch_lightning.")


class ConfigError(ValueError):
    """A value of the configuration cannot be used; the sentence names its key."""


def build(config: DictConfig | None, key: str, expected: type | tuple[type, ...] | None = None, **extra: Any) -> Any:
    """Build what the configuration describes under `key`.

    Args:
        config: the node with `_target_`; None builds None, and so does the target null.
        key: its place in the whole configuration, for error messages.
        expected: type (or types) that must come out.
        extra: further arguments for the target.

    Raises:
        ConfigError: a target outside this library and its frameworks, arguments that it refuses, or another type.
    """
    if config is None or config.get("_target_", "") is None:
        return None
    for place, target in targets(config, key):
        if not target.startswith(ALLOWED_PREFIXES):
            raise ConfigError(f"{place}._target_ must start with one of {', '.join(ALLOWED_PREFIXES)}; got {target!r}.")
    try:
        built = instantiate(config, _convert_="all", **extra)
    except InstantiationException as error:
        cause = error.__cause__
        if isinstance(cause, (ValueError, FileNotFoundError)) and cause.args:
            raise ConfigError(f"{key}: {cause}") from error
        if cause is not None and type(cause).__module__.startswith("lgtsm"):
            raise cause from error
        raise ConfigError(f"{key} cannot be built: {error}") from error
    if expected is not None and not isinstance(built, expected):
        names = " or ".join(t.__name__ for t in (expected if isinstance(expected, tuple) else (expected,)))
        raise ConfigError(f"{key} must describe a {names}; {config.get('_target_')} gave a {type(built).__name__}.")
    return built


def build_all(config: DictConfig | None, key: str, expected: type | None = None) -> list[Any]:
    """Build every entry of a group, in order; entries that are null are left out."""
    return [build(node, f"{key}.{name}", expected) for name, node in (config or {}).items() if node is not None]


def targets(config: Any, key: str) -> Iterator[tuple[str, str]]:
    """Yield (key, target) of every `_target_` at or below a node."""
    if isinstance(config, DictConfig):
        if config.get("_target_") is not None:
            yield key, str(config["_target_"])
        for name in config:
            try:
                value = None if OmegaConf.is_missing(config, name) else config[name]
            except InterpolationToMissingValueError:
                continue
            yield from targets(value, f"{key}.{name}")
    elif isinstance(config, ListConfig):
        for index, node in enumerate(config):
            yield from targets(node, f"{key}[{index}]")
