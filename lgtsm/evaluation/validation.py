"""The validation clips of a training as a protocol: the data set's own holes as the only kind, and no bins."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from lgtsm.data.batch import as_floats
from lgtsm.data.clips import InpaintingClips
from lgtsm.evaluation.ledger import IDENTITY
from lgtsm.evaluation.methods import ModuleMethod, make_methods, sha256
from lgtsm.evaluation.protocol import Protocol, Unit
from lgtsm.evaluation.run import evaluate
from lgtsm.metrics.frame_quality import FrameQuality
from lgtsm.video.errors import VideoError

FINGERPRINTED = 4  # first clips whose pixels identify the set


class ValidationProtocol(Protocol):
    """Every clip of a data set with the data set's own hole. Another video replaces an unusable one, as in training.

    Args:
        clips: the data set, read by index.
        name: title in the report.
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
            ValueError: too many videos are unusable.
        """
        return as_floats({key: part[None] for key, part in self._read(unit.video).items()})

    def describe(self) -> dict[str, Any]:
        """Return plain values; two evaluations with equal values can be compared."""
        digest = hashlib.sha256()
        for index in range(min(FINGERPRINTED, len(self.clips))):
            for part in self._read(index).values():
                digest.update(part.numpy().tobytes())
        return super().describe() | {"clips_sha256": digest.hexdigest()[:16]}

    def _read(self, index: int) -> dict[str, Tensor]:
        try:
            sample = self.clips[index]
        except VideoError as error:  # stop the run: not just this clip is unusable
            raise ValueError(str(error)) from error
        return {key: sample[key] for key in ("video", "hole")}


def score_trained(
    clips: InpaintingClips, network: nn.Module, weights: Path, name: str, folder: str | Path
) -> dict[str, Any]:
    """Score a trained network beside mean-color and temporal-copy, and write the report.

    Args:
        clips: the training's validation clips.
        network: in eval mode.
        weights: its file, for its identity.
        name: of the network in tables.
        folder: for the report; an earlier one there is deleted.

    Returns:
        the result of `lgtsm.evaluation.run.evaluate`.
    """
    if (Path(folder) / IDENTITY).is_file():
        shutil.rmtree(folder, ignore_errors=True)
    methods = make_methods(["mean-color", "temporal-copy"])
    methods.append(ModuleMethod(name, network, {"checkpoint": weights.name, "sha256": sha256(weights)}))
    document = evaluate(ValidationProtocol(clips), methods, {"frame_quality": FrameQuality()}, {}, folder)
    assert document is not None
    return document
