"""Log to Weights & Biases: one run there per run folder, even across resumes."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Literal

from pytorch_lightning.loggers import WandbLogger
from pytorch_lightning.utilities import rank_zero_only

from lgtsm.whole_files import write_text

ID_FILE = "wandb_id.txt"


class RunFolderWandbLogger(WandbLogger):
    """Lightning's logger, but its run continues that of the same folder and ends with the training.

    Args:
        folder: run folder; holds the run's id, and when offline also the log (in FOLDER/wandb).
        project: project on Weights & Biases.
        name: name of the run.
        offline: keep everything on this machine; `wandb sync FOLDER/wandb/offline-run-*` uploads it later.
        log_model: upload checkpoints as artifacts: False, True (those left at the end) or "all" (each when saved).
            Lightning refuses this offline; here they wait on this machine with the rest.
        **options: further arguments of `WandbLogger` and `wandb.init`: entity, group, tags, notes, ...
    """

    def __init__(
        self,
        folder: str | Path,
        project: str = "lgtsm",
        name: str | None = None,
        offline: bool = False,
        log_model: bool | Literal["all"] = False,
        **options: Any,
    ):
        self._folder, known = Path(folder), _known_id(Path(folder))
        options = {"id": known, **options}
        if offline:
            options["mode"] = "offline"
        super().__init__(name=name, save_dir=folder, project=project, log_model=log_model, **options)

    @property
    def experiment(self) -> Any:
        """The run of W&B; the first use starts it and notes its id in the folder."""
        if self._experiment is None and rank_zero_only.rank == 0:
            _keep_id(self._folder, self._wandb_init["id"])
        return super().experiment

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Log checkpoints if asked to, and end the run, so that the next training gets its own."""
        super().finalize(status)
        if self._experiment is not None:
            self._experiment.finish(exit_code=0 if status == "success" else 1)
            self._experiment = None


def _known_id(folder: Path) -> str | None:
    if rank_zero_only.rank != 0:
        return None  # only the first process logs
    path = folder / ID_FILE
    return path.read_text().strip() if path.exists() else secrets.token_hex(4)


def _keep_id(folder: Path, run_id: str) -> None:
    if not (folder / ID_FILE).exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / ID_FILE, run_id + "\n")
