"""Save pictures of validation clips, and send them to loggers that show images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch

from lgtsm.data.batch import as_floats
from lgtsm.ops.to_uint8 import to_uint8
from lgtsm.video.pictures import mark_hole, side_by_side, strip, write_png
from lgtsm.video.writer import VideoWriter


class ValidationPictures(pl.Callback):
    """At each validation, save strips of the first clips: input, filled, target.

    Weights & Biases also gets the clips as side-by-side videos; TensorBoard shows the strips.

    Args:
        folder: where the files go, named by step and clip.
        num_clips: clips of the first validation batch.
        fps: frames per second of the videos.
    """

    def __init__(self, folder: str | Path, num_clips: int = 2, fps: float = 4):
        self.folder = Path(folder)
        self.num_clips = num_clips
        self.fps = fps

    @torch.no_grad()
    def on_validation_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_index: int, *rest: Any
    ) -> None:
        """Draw the first batch's clips."""
        if batch_index != 0 or not trainer.is_global_zero or trainer.sanity_checking:
            return
        video, hole = as_floats(batch)
        video, hole = video[: self.num_clips], hole[: self.num_clips]
        filled = module(video, hole)["filled"].float().clamp(0, 1)
        for clip in range(len(video)):
            target = to_uint8(video[clip])
            marked = mark_hole(target, hole[clip, :, 0].cpu().numpy())
            columns = {"input": marked, "filled": to_uint8(filled[clip]), "target": target}
            image = strip(columns)
            path = self.folder / f"step{trainer.global_step:07d}_clip{clip}.png"
            write_png(path, image)
            for logger in trainer.loggers:
                if isinstance(logger, pl.loggers.WandbLogger):
                    video_path = self._write_video(path.with_suffix(".mp4"), side_by_side(columns))
                    logger.log_image(key=f"clips/{clip}", images=[image], step=trainer.global_step)
                    logger.log_video(key=f"videos/{clip}", videos=[str(video_path)], step=trainer.global_step)
                elif isinstance(logger, pl.loggers.TensorBoardLogger):
                    logger.experiment.add_image(f"clips/{clip}", image, trainer.global_step, dataformats="HWC")

    def _write_video(self, path: Path, frames: np.ndarray) -> Path:
        height, width = frames.shape[1:3]
        with VideoWriter(path, fps=self.fps, height=height, width=width) as writer:
            for frame in frames:
                writer.write(frame)
        return path
