"""Make the folder of a run before Hydra does, which has no sentence for what the system refuses."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from lgtsm.exits import exit_with_sentence
from lgtsm.places import make_folder
from lgtsm.whole_files import name_in_errors

LEAST = 2**18  # bytes that a run writes at once: its configuration


class RunFolder(Callback):
    """A callback of Hydra: end the command in a sentence if its folder cannot be made and written."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Check the folder of a single run."""
        _make(config.hydra.run.dir, config.hydra.job.name)

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Check the folder of a sweep."""
        _make(config.hydra.sweep.dir, config.hydra.job.name)


def _make(folder: str, command: str) -> None:
    place = Path(folder)
    with exit_with_sentence(command), name_in_errors(place, place):
        make_folder(place)
        with tempfile.TemporaryFile(dir=place) as trial:
            trial.write(bytes(LEAST))
