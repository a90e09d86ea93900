"""Weights & Biases: one of its runs for one run folder, however often that is resumed."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.utilities import rank_zero_only

from lgtsm.whole_files import write_text

ID_FILE = "wandb_id.txt"


class RunFolderWandbLogger(WandbLogger):
    """Lightning's logger, whose run goes on where that of the same folder stopped, and ends with the training.

    Args:
        folder: run folder; it keeps the run's id, and offline everything that is logged (in FOLDER/wandb).
        project: of Weights & Biases.
        name: of the run.
        offline: keep everything on this machine; `wandb sync FOLDER/wandb/offline-run-*` uploads it later.
        log_model: checkpoints as artifacts: False, True (those there are at the end) or "all" (whenever one is saved).
            Lightning refuses this offline; here it waits on this machine with the rest.
        **options: further arguments of `WandbLogger` and `wandb.init`: entity, group, tags, notes, ...
    """

    def __init__(
        self,
        folder: str | Path,
        project: str = "lgtsm",
        name: str | None = None,
        offline: bool = False,
        log_model: bool | str = False,
        **options: Any,
    ):
        options = {"id": _run_id(Path(folder)), **options}
        if offline:
            options["mode"] = "offline"
        super().__init__(name=name, save_dir=folder, project=project, log_model=log_model, **options)

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Log checkpoints where that is wanted, and end the run, so that a next training has one of its own."""
        super().finalize(status)
        if self._experiment is not None:
            self._experiment.finish(exit_code=0 if status == "success" else 1)
            self._experiment = None


def _run_id(folder: Path) -> str | None:
    if rank_zero_only.rank != 0:
        return None  # the first process alone logs
    path = folder / ID_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, secrets.token_hex(4) + "\n")
    return path.read_text().strip()
