"""Keep a run's configuration beside its results."""

from __future__ import annotations

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from lgtsm.whole_files import write_text


def write_config(config: DictConfig, folder: str | Path) -> Path:
    """Write the resolved configuration as config.yaml and return its path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "config.yaml"
    write_text(path, OmegaConf.to_yaml(config, resolve=True))
    return path
