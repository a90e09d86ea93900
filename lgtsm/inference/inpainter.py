"""Fill videos with a network or a method without weights."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice, check_device, check_positive, check_video_and_hole
from lgtsm.classical.key_frames import KeyFrames
from lgtsm.inference.feather import feather_margin
from lgtsm.inference.regions import plan_regions
from lgtsm.inference.stream import Chunks, VideoStream
from lgtsm.models.weights import load_model
from lgtsm.ops.compositing import composite
from lgtsm.precision import AUTO, DTYPES, autocast, choose_precision
from lgtsm.video.scene_cuts import SceneCutDetector


class Inpainter:
    """Fill the holes of videos.

    Args:
        model: a method(video, hole) -> {"filled", ...}, or the path of a weight file or checkpoint; None takes
            `lgtsm.classical.KeyFrames`, which needs no weights.
        device: where to compute, e.g. "cpu", "cuda", "cuda:1".
        precision: "fp32", or "bf16" / "fp16" for mixed precision; "auto" takes what the device computes fast, and fp32
            for methods without weights. The attribute `precision` says what it has come to, `why_precision` why (None
            where nothing was chosen).

    Raises:
        FileNotFoundError, ValueError: the checkpoint is missing or is none; no such device or precision.
    """

    def __init__(self, model: nn.Module | str | Path | None = None, device: str = "cpu", precision: str = AUTO):
        check_choice("precision", precision, (AUTO, *DTYPES))
        self.device = check_device(device)
        if model is None:
            model = KeyFrames()
        self.model = (load_model(model) if isinstance(model, (str, Path)) else model).eval().to(self.device)
        self.why_precision: str | None = None
        if precision == AUTO:
            precision = "fp32"
            if self.has_weights:
                precision, self.why_precision = choose_precision(self.device)
        self.precision = precision
        self.dtype = DTYPES[precision]

    @property
    def has_weights(self) -> bool:
        """Whether the method is a network."""
        return any(True for _ in self.model.parameters())

    @property
    def can_stream(self) -> bool:
        """Whether the method takes a video piece by piece, or has to see a whole scene."""
        return hasattr(self.model, "step")

    def stream(
        self,
        frames: Iterable[np.ndarray],
        holes: Iterable[np.ndarray] | np.ndarray,
        chunk: int = 1,
        scene_cuts: bool = True,
        feather: int = 0,
    ) -> Iterator[np.ndarray]:
        """Fill frames as they come, from any source, at a memory that does not grow.

        A frame comes back as soon as the network has seen all that its result depends on: at once for causal networks,
        else `model.temporal_reach[1]` frames later; the last ones when `frames` ends.

        Args:
            frames: uint8 (height, width, 3), RGB, in order.
            holes: uint8 (height, width) each, 1 = missing; or one array for all frames, and then only the surroundings
                of the hole are computed.
            chunk: frames that go in at once: more are faster, and come later.
            scene_cuts: begin anew at every cut.
            feather: pixels over which the fill is fitted to the known pixels beside it; 0 leaves it as it is.

        Yields:
            uint8 (height, width, 3); known pixels are those of `frames` byte for byte.

        Raises:
            ValueError: the method cannot stream, or frames and holes do not fit together.
        """
        if not self.can_stream:
            raise ValueError(
                f"{type(self.model).__name__} has to see a whole clip and cannot stream. Use fill(), or a network of "
                "lgtsm, gtsm or tsm."
            )
        check_positive("chunk", chunk)
        regions = None
        if isinstance(holes, np.ndarray) and holes.ndim == 2:
            reach = self.model.spatial_reach + feather_margin(feather)
            plan = plan_regions([holes], reach, (0, 0), self.model.size_step)
            regions = plan[0].regions if plan else ()
            holes = itertools.repeat(holes)
        stream = Chunks(VideoStream(self.model, self.device, self.dtype, regions, feather), chunk)
        detector = SceneCutDetector() if scene_cuts else None

        for frame, hole in zip(frames, holes):  # a repeated hole has no end
            if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or hole.shape != frame.shape[:2]:
                raise ValueError(
                    "A stream takes uint8 frames (height, width, 3) and holes (height, width) of the same size; got "
                    f"{frame.dtype} {frame.shape} and {hole.shape}."
                )
            if detector is not None and detector.is_cut(frame):
                yield from stream.flush()
            yield from stream.push(frame, hole)
        yield from stream.flush()

    def fill_file(self, video: str | Path, mask: str | Path, out: str | Path, **options: Any) -> Any:
        """Fill a video file of any length; arguments and result as in `lgtsm.inference.fill_file.fill_file`."""
        from lgtsm.inference.fill_file import fill_file

        return fill_file(self, video, mask, out, **options)

    @torch.inference_mode()
    def fill(self, video: Tensor, hole: Tensor) -> Tensor:
        """Fill the whole clip at once.

        Args:
            video: (batch, time, 3, height, width) in [0, 1], or one clip without the batch dimension.
            hole: (batch, time, 1, height, width), or one clip's (time, 1, height, width); 1 = missing.

        Returns:
            The filled video, of the shape, type and device of `video`, clipped to [0, 1] inside the hole; known
            pixels are those of `video` bit for bit.

        Raises:
            ValueError: video and hole are not such tensors.
        """
        single = isinstance(video, Tensor) and video.ndim == 4
        if single:
            video, hole = video[None], hole[None] if isinstance(hole, Tensor) else hole
        check_video_and_hole(video, hole)
        on_device = video.to(self.device, torch.float32), hole.to(self.device, torch.float32)
        with autocast(self.device, self.precision):
            predicted = self.model(*on_device)["filled"]
        filled = composite(video, hole, predicted.float().clamp(0, 1).to(video.device))
        return filled[0] if single else filled
