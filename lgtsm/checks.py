"""Argument checks for public functions and methods, with full-sentence errors."""

from __future__ import annotations

import numbers

import torch
from torch import Tensor

# What options are, by their annotations.
KINDS = {
    "int": (numbers.Integral, "a whole number"),
    "float": (numbers.Real, "a number"),
    "bool": (bool, "True or False"),
    "str": (str, "text"),
}


def check_video(video: Tensor, name: str = "video") -> None:
    """Refuse anything but a floating (batch, time, 3, height, width) tensor with at least one frame.

    Raises:
        ValueError: wrong shape or type; the message says which came.
    """
    if not isinstance(video, Tensor):
        raise ValueError(f"{name} must be a torch.Tensor (batch, time, 3, height, width); got {type(video).__name__}.")
    if video.ndim != 5 or video.shape[2] != 3:
        raise ValueError(
            f"{name} must be (batch, time, 3, height, width); got {tuple(video.shape)}. "
            "Add a batch dimension with unsqueeze(0), or move the colors to dimension 2 with permute."
        )
    if min(video.shape) < 1:
        raise ValueError(
            f"{name} must have at least one frame and one pixel; got the empty shape {tuple(video.shape)}."
        )
    if not video.is_floating_point():
        raise ValueError(
            f"{name} must be floating point in [0, 1]; got {video.dtype}. Divide 8-bit frames by 255 first."
        )


def check_video_and_hole(video: Tensor, hole: Tensor) -> None:
    """Refuse a video and a hole that do not fit together.

    Raises:
        ValueError: `video` fails `check_video`, or `hole` is not (batch, time, 1, height, width) of the same size and
            device.
    """
    check_video(video)
    if not isinstance(hole, Tensor):
        raise ValueError(f"hole must be a torch.Tensor (batch, time, 1, height, width); got {type(hole).__name__}.")
    expected = (*video.shape[:2], 1, *video.shape[3:])
    if tuple(hole.shape) != expected:
        hint = " A hole has one channel." if hole.ndim == 5 and hole.shape[2] != 1 else ""
        raise ValueError(
            f"hole must be (batch, time, 1, height, width) like video {tuple(video.shape)}; "
            f"got {tuple(hole.shape)}.{hint}"
        )
    if hole.device != video.device:
        raise ValueError(f"hole must be on the device of video ({video.device}); got {hole.device}. Move one of them.")


def check_choice(name: str, value: object, choices: tuple) -> None:
    """Refuse a value outside the choices, and name them all."""
    if value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}; got {value!r}.")


def check_kind(name: str, value: object, annotation: str) -> None:
    """Refuse a value of another kind than its annotation; those that are not in `KINDS` allow all.

    Raises:
        ValueError: says the kind.
    """
    kind, words = KINDS.get(annotation, (object, ""))
    if not isinstance(value, kind) or (isinstance(value, bool) and annotation in ("int", "float")):
        raise ValueError(f"`{name}` must be {words}; got {value!r:.100}.")


def check_positive(name: str, value: float) -> None:
    """Refuse a number that is not greater than zero."""
    if not value > 0:
        raise ValueError(f"{name} must be greater than 0; got {value!r}.")


def check_device(device: str) -> torch.device:
    """Return the torch device, or refuse one that this machine lacks.

    Raises:
        ValueError: the device does not exist.
    """
    try:
        found = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device must be something like 'cpu', 'cuda' or 'cuda:1'; got {device!r}.") from error
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(
            f"device {device!r} needs an NVIDIA GPU that torch can use, but there is none. Use device='cpu'."
        )
    return found
