"""Keep a run's configuration beside its results, without what came from the environment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.resolvers.oc import env

from lgtsm.whole_files import write_text


def write_config(config: DictConfig, folder: str | Path) -> Path:
    """Write the configuration, as `plain` gives it, as config.yaml and return its path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yaml"
    write_text(path, OmegaConf.to_yaml(OmegaConf.create(plain(config))))
    return path


def plain(config: DictConfig | ListConfig) -> Any:
    """Return a configuration as plain values: resolved, but for values from environment variables.

    A value that `${oc.env:NAME}` has a part in may be a secret: it keeps its interpolation, at whatever number of
    references.
    """
    with _environment_watched() as read:
        return _plain(config, read)


def _plain(node: DictConfig | ListConfig, read: list[str]) -> Any:
    written: Any = OmegaConf.to_container(node, resolve=False)
    names = list(written) if isinstance(written, dict) else range(len(written))
    values = [_value(node, name, written[name], read) for name in names]
    return dict(zip(names, values)) if isinstance(written, dict) else values


def _value(node: DictConfig | ListConfig, name: Any, written: Any, read: list[str]) -> Any:
    if OmegaConf.is_missing(node, name):
        return written
    read.clear()
    value = node[name]
    if read:
        return written
    return _plain(value, read) if isinstance(value, (DictConfig, ListConfig)) else value


@contextmanager
def _environment_watched() -> Iterator[list[str]]:
    """Yield a list that names each environment variable that an interpolation reads."""
    read: list[str] = []

    def watched(key: str, *default: str | None) -> str | None:
        read.append(key)
        return env(key, *default)

    OmegaConf.register_new_resolver("oc.env", watched, replace=True)
    try:
        yield read
    finally:
        OmegaConf.register_new_resolver("oc.env", env, replace=True)
