"""Say what is missing in a configuration before anything is built."""

from __future__ import annotations

from omegaconf import DictConfig, OmegaConf

from lgtsm.config.build import ConfigError

HINTS = {"data.root": "Name the folder of the data, e.g. data.root=/data/FVI."}


def check_complete(config: DictConfig) -> None:
    """Refuse a configuration with values that the user has to give and has not.

    Raises:
        ConfigError: names the first one and how to give it.
    """
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        key = missing[0]
        raise ConfigError(f"{key} has no value. {HINTS.get(key, f'Set it on the command line: {key}=VALUE.')}")
