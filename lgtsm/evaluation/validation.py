"""The clips that a training validates on, as a protocol: one kind of holes, those of the data set, and no bins."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from lgtsm.data.batch import as_floats
from lgtsm.data.clips import InpaintingClips
from lgtsm.evaluation.methods import ModuleMethod, make_methods, sha256
from lgtsm.evaluation.protocol import Protocol, Unit
from lgtsm.evaluation.run import evaluate
from lgtsm.metrics.frame_quality import FrameQuality
from lgtsm.video.errors import VideoError

LOOKED_AT = 4  # clips, from the first: what they show tells one set of clips from another


class ValidationProtocol(Protocol):
    """Every clip of a data set with the hole that the data set gives it.

    A video that cannot be used is skipped as in training: another one takes its place.

    Args:
        clips: the data set, asked by index.
        name: what the report calls it.
    """

    centers = (None,)

    def __init__(self, clips: InpaintingClips, name: str = "validation"):
        self.clips, self.name, self.seed = clips, name, clips.seed
        self.size = clips.num_frames, clips.height, clips.width
        self.masks = "stored" if clips.stored else "drawn"
        self.kinds = (self.masks,)
        names = [clips.videos.name(index) for index in range(len(clips))]
        # A mixture repeats its smaller sources.
        self.video_names = [f"{own}_{index}" if own in names[:index] else own for index, own in enumerate(names)]

    def read(self, unit: Unit) -> tuple[Tensor, Tensor]:
        """Return video and hole of a unit; see `Protocol`.

        Raises:
            ValueError: too many videos cannot be used.
        """
        return as_floats({key: part[None] for key, part in self._read(unit.video).items()})

    def describe(self) -> dict[str, Any]:
        """Return plain values by which two evaluations are of the same, or not."""
        digest = hashlib.sha256()
        for index in range(min(LOOKED_AT, len(self.clips))):
            for part in self._read(index).values():
                digest.update(part.numpy().tobytes())
        return super().describe() | {"clips_sha256": digest.hexdigest()[:16]}

    def _read(self, index: int) -> dict[str, Tensor]:
        try:
            sample = self.clips[index]
        except VideoError as error:  # the end of the run, not the problem of one clip
            raise ValueError(str(error)) from error
        return {key: sample[key] for key in ("video", "hole")}


def score_trained(
    clips: InpaintingClips, network: nn.Module, weights: Path, name: str, folder: str | Path
) -> dict[str, Any]:
    """Score a network after its training, beside the mean color and the temporal copy; write the report.

    Args:
        clips: that the training validated on.
        network: in eval mode.
        weights: its file, which tells it from others.
        name: of the network in tables.
        folder: for the report; what an earlier training left there goes.

    Returns:
        what `lgtsm.evaluation.run.evaluate` returns.
    """
    shutil.rmtree(folder, ignore_errors=True)
    methods = make_methods(["mean-color", "temporal-copy"])
    methods.append(ModuleMethod(name, network, {"checkpoint": weights.name, "sha256": sha256(weights)}))
    document = evaluate(ValidationProtocol(clips), methods, {"frame_quality": FrameQuality()}, {}, folder)
    assert document is not None
    return document
