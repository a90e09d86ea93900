"""Try the folder of a run before anything is computed, and before Hydra makes it, which has no sentence of its own."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from lgtsm.exits import exit_with_sentence
from lgtsm.places import make_folder
from lgtsm.whole_files import name_in_errors

LEAST = 2**18  # bytes that a run writes at once: its configuration


class SweepFolder(Callback):
    """A callback of Hydra: end the command in a sentence if a sweep's folder cannot be made and written."""

    def on_multirun_start(self, config: DictConfig, **_: Any) -> None:
        """Try the folder of a sweep."""
        with exit_with_sentence(config.hydra.job.name):
            try_folder(config.hydra.sweep.dir)


def try_folder(folder: str | Path) -> None:
    """Make a folder, write into it, and leave nothing behind.

    Raises:
        OSError: names the folder.
    """
    place = Path(folder).absolute()
    made = [parent for parent in (place, *place.parents) if not parent.exists()]
    try:
        with name_in_errors(place):
            make_folder(place)
            with tempfile.TemporaryFile(dir=place) as trial:
                trial.write(bytes(LEAST))
    finally:
        with suppress(OSError):
            for parent in made:
                parent.rmdir()
