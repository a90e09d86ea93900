"""Keep what a run was made of beside what it made."""

from __future__ import annotations

import os
from pathlib import Path

from omegaconf import DictConfig, OmegaConf


def write_config(config: DictConfig, folder: str | Path) -> Path:
    """Write the resolved configuration as config.yaml and return its path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yaml"
    temporary = folder / f".config.yaml.{os.getpid()}"
    temporary.write_text(OmegaConf.to_yaml(config, resolve=True))
    temporary.replace(path)
    return path
