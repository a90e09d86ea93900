"""Run a command that Hydra composes: its errors become ours, and only the job itself makes folders."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from lgtsm.config.build import ConfigError
from lgtsm.config.check import check_paths
from lgtsm.config.folder import config_folder
from lgtsm.whole_files import write_text

TWICE = re.compile(r"(\S+) appears more than once in the final defaults list")
NO_NAME = "Config group override must be a string or a list"
UNKNOWN = re.compile(r"Could not override '([^']+)'\.\nTo append")
# Options that plugins bring, and the extra that installs each.
PLUGINS = {"hydra/sweeper/optuna": "sweep", "hydra/launcher/submitit_slurm": "slurm"}
FULL_ERROR = "HYDRA_FULL_ERROR"


def run_job(job: Callable[[], object]) -> None:
    """Call a function decorated by `hydra.main`.

    Raises:
        ConfigError: the command line asks for what the configuration does not have.
    """
    if os.environ.get(FULL_ERROR):
        job()
        return
    os.environ[FULL_ERROR] = "1"  # else Hydra prints its own errors and exits
    try:
        job()
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(_sentence(error)) from error
    except ValueError as error:  # raised plainly by Hydra
        if not str(error).startswith(NO_NAME):
            raise
        raise ConfigError(_names_no_option(sys.argv[1:])) from error
    finally:
        del os.environ[FULL_ERROR]


def _sentence(error: Exception) -> str:
    missing = getattr(error, "missing_cfg_file", None)
    if isinstance(error, MissingConfigException) and missing and error.options is not None:
        group, _, name = missing.rpartition("/")
        if missing in PLUGINS:
            return f"{group}={name} needs a plugin of Hydra: pip install lgtsm[{PLUGINS[missing]}]."
        near = difflib.get_close_matches(name, error.options, 1)
        meant = f" Did you mean {near[0]}?" if near else ""
        return f"{group}={name}: {group} has no option {name}.{meant} It has: {', '.join(sorted(error.options))}."
    if isinstance(error, OverrideParseException):
        return f"{error.override} cannot be read as KEY=VALUE. Quote a value with special characters: \"KEY='VALUE'\"."
    if twice := TWICE.match(str(error)):
        return f"{twice[1]} is chosen twice. Write {twice[1]}=NAME once, without a plus sign."
    unknown = UNKNOWN.match(str(error))
    if unknown is not None:
        return (
            f"The configuration has no key or group {unknown[1]}. Check its spelling, or add it with a plus sign: "
            f"+{unknown[1]}=VALUE."
        )
    told = str(error).split("Config search path:")[0].split("\n    full_key:")[0]
    return ". ".join(filter(None, (" ".join(line.split()).rstrip(".") for line in told.splitlines()))) + "."


def _names_no_option(words: list[str]) -> str:
    """Say which words of the command line give a group a number or nothing instead of a name."""
    groups = []
    for word in words:
        group, equals, value = word.partition("=")
        is_group = (Path(config_folder()) / group.lstrip("+").partition("@")[0]).is_dir()
        if equals and is_group and not isinstance(yaml.safe_load(value), (str, list)):
            groups.append(word)
    return f"{' and '.join(groups) or 'One value'} must name an option of a group, as in experiment=demo."


def run_folder(config: DictConfig) -> str:
    """Return the folder of this run: `paths.run`, or in a sweep, or after `hydra.run.dir=FOLDER`, that of Hydra.

    Raises:
        ConfigError: a path of the configuration is none.
    """
    check_paths(config)
    if HydraConfig.get().run.dir == "":
        raise ConfigError("hydra.run.dir must not be empty. Give it a value; is a variable of the shell not set?")
    return HydraConfig.get().runtime.output_dir if _made_by_hydra() else os.path.abspath(config.paths.run)


def _made_by_hydra() -> bool:
    return in_sweep() or HydraConfig.get().run.dir != "."


def in_sweep() -> bool:
    """Return whether this is one of several jobs."""
    return HydraConfig.get().mode == RunMode.MULTIRUN


def needs_value() -> bool:
    """Return whether this is a job of a sweep that goes by the values that jobs return."""
    return in_sweep() and not str(HydraConfig.get().sweeper._target_).endswith("BasicSweeper")


def write_overrides(folder: str | Path) -> None:
    """Write what the command line changed as overrides.yaml; nothing if Hydra did not start this process."""
    if HydraConfig.initialized():
        write_text(Path(folder) / "overrides.yaml", OmegaConf.to_yaml(HydraConfig.get().overrides.task))


def name_in_sweep(config: DictConfig) -> None:
    """Tell the runs of a sweep apart in Weights & Biases, unless they have names: one group, numbered names."""
    wandb = config.get("logger", {}).get("wandb")
    if not in_sweep() or wandb is None:
        return
    hydra = HydraConfig.get()
    if wandb.get("group") is None:
        wandb.group = f"{config.name} {Path(hydra.sweep.dir).name}"
    if wandb.name == config.name:
        wandb.name = f"{config.name} {hydra.job.num}"


def remove_if_empty(folder: str | Path) -> None:
    """Remove the folder that Hydra made for a job, if the job wrote nothing."""
    if not _made_by_hydra():
        return
    with suppress(OSError):
        Path(folder).rmdir()
        if in_sweep():
            Path(folder).parent.rmdir()
