"""Compose a configuration as a command line would."""

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from lgtsm.config.folder import config_folder


def composed(name, *overrides):
    GlobalHydra.instance().clear()
    with initialize_config_dir(config_folder(), version_base="1.3"):
        return compose(name, list(overrides))
