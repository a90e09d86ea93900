"""The node: frames and a mask in, filled frames out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from lgtsm.counted import counted
from lgtsm.inference.inpainter import Inpainter
from lgtsm.models.catalog import BEST_PASSES, DEFAULT_METHOD, QUALITIES, list_methods
from lgtsm.models.methods import load_method
from lgtsm.ops.to_uint8 import to_uint8
from lgtsm.video.mask_edit import Mask

MOST_DILATION = 512  # pixels, the end of the widget's range


class InpaintVideo:
    """Fill the masked part of a video. Pixels outside the mask come back bit for bit.

    Source of the attributes: ComfyUI's documentation, "Properties of a custom node".
    """

    CATEGORY = "video"
    DESCRIPTION = "Fill the masked part of a video. Pixels outside the mask stay as they are."
    FUNCTION = "fill"
    RETURN_TYPES = ("IMAGE",)
    RETURN_NAMES = ("frames",)
    OUTPUT_TOOLTIPS = ("The frames, filled.",)

    def __init__(self):
        # ComfyUI keeps the node between runs, so a method is loaded once.
        self._loaded: tuple[tuple[str, ...], Inpainter] | None = None

    @classmethod
    def INPUT_TYPES(cls) -> dict:
        """Return the inputs, their types and widgets."""
        best = " or ".join(BEST_PASSES)
        return {
            "required": {
                "frames": ("IMAGE", {"tooltip": "All frames of the video, in order, as one batch."}),
                "mask": ("MASK", {"tooltip": "White = remove. One mask for all frames, or one for each frame."}),
                "method": (list_methods(), {"default": DEFAULT_METHOD, "tooltip": "How to fill."}),
                "dilate": (
                    "INT",
                    {"default": 0, "min": 0, "max": MOST_DILATION, "tooltip": "Grow the mask by so many pixels."},
                ),
                "quality": (
                    list(QUALITIES),
                    {"default": QUALITIES[0], "tooltip": f"best takes four times as long; for {best}."},
                ),
            }
        }

    def fill(self, frames: Tensor, mask: Tensor, method: str, dilate: int, quality: str) -> tuple[Tensor]:
        """Fill a video.

        Args:
            frames: IMAGE, (frames, height, width, 3) in [0, 1].
            mask: MASK, (frames, height, width), (1, height, width) or (height, width) in [0, 1]; from 0.5 on it marks
                what to remove.
            method: of `lgtsm.list_methods()`.
            dilate: pixels by which the mask grows on all sides.
            quality: "normal" or "best".

        Returns:
            IMAGE, like `frames`; filled in steps of 1/255 inside the mask, and bit for bit the same outside.

        Raises:
            ValueError, VideoError: frames and mask do not fit together, or the method does not know the quality.
        """
        holes = holes_in(mask, frames, dilate)
        inpainter = self._inpainter(method, quality)
        filled, done = frames.clone(), progress(len(frames))
        images = inpainter.stream(_bytes(frames), holes)
        for number, (image, hole) in enumerate(zip(images, holes, strict=True)):
            missing = hole.astype(bool)
            pixels = torch.from_numpy(image[missing]).to(filled)
            filled[number, torch.from_numpy(missing).to(filled.device)] = pixels / 255
            done(number + 1)
        return (filled,)

    def _inpainter(self, method: str, quality: str) -> Inpainter:
        device = chosen_device()
        chosen = method, quality, device
        if self._loaded is None or self._loaded[0] != chosen:
            self._loaded = None  # before the next one takes memory
            self._loaded = chosen, Inpainter(load_method(method, quality), device)
        return self._loaded[1]


def holes_in(mask: Tensor, frames: Tensor, dilate: int = 0) -> Mask:
    """Return the holes of all frames.

    Raises:
        ValueError: frames and mask are not such tensors, or do not fit together.
        VideoError: nothing or everything is masked.
    """
    if frames.ndim != 4 or frames.shape[-1] != 3 or not frames.numel():
        raise ValueError(
            f"frames must be images (frames, height, width, 3); got {tuple(frames.shape)}. Connect pictures without "
            "an alpha channel."
        )
    for number, frame in enumerate(frames):  # one by one, to take little memory
        if not torch.isfinite(frame).all():
            raise ValueError(
                f"frames must hold finite numbers; frame {number} holds NaN or Inf. Check where it is made."
            )
    mask = mask[None] if mask.ndim == 2 else mask
    count, *size = frames.shape[:3]
    if mask.ndim != 3 or list(mask.shape[1:]) != size:
        raise ValueError(
            f"mask must have the size of the frames, {size[1]}x{size[0]}; it is {tuple(mask.shape)}. Load Image gives "
            "a mask of 64x64 for a picture without transparency: connect another one, or scale it."
        )
    if len(mask) not in (1, count):
        raise ValueError(
            f"mask must have one picture, or one for each of the {counted(count, 'frame')}; it has {len(mask)}."
        )
    holes = [np.asarray((picture >= 0.5).to("cpu", torch.uint8)) for picture in mask]
    return Mask(holes * (count // len(holes)), dilate=dilate)


def progress(total: int) -> Callable[[int], object]:
    """Return done(frames), which moves ComfyUI's progress bar, and raises where the user has cancelled the run."""
    try:
        from comfy.utils import ProgressBar
    except ImportError:  # outside ComfyUI
        return lambda done: None
    return ProgressBar(total).update_absolute


def chosen_device() -> str:
    """Return the device that ComfyUI computes on, if it is a CUDA device; else the CPU."""
    try:
        from comfy.model_management import get_torch_device
    except ImportError:
        return "cuda" if torch.cuda.is_available() else "cpu"
    device = get_torch_device()
    return str(device) if device.type == "cuda" else "cpu"


def _bytes(frames: Tensor) -> Iterator[np.ndarray]:
    return (to_uint8(frame.movedim(-1, 0)) for frame in frames)
