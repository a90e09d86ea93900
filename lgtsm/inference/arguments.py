"""Turn the words of `lgtsm inpaint`'s command line into what the library takes."""

from __future__ import annotations

import sys
from argparse import Namespace
from fractions import Fraction
from pathlib import Path

import torch

from lgtsm import __version__
from lgtsm.inference.batch_state import fingerprint
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.memory import parse_bytes
from lgtsm.inference.plan import FillOptions
from lgtsm.models.catalog import create_model
from lgtsm.precision import allow_tf32
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_choice import KEY_TOLERANCE, MaskChoice
from lgtsm.video.mask_sources import parse_box, parse_colour


def settings(arguments: Namespace, inpainter: Inpainter) -> dict[str, object]:
    """Return all that changes a result, to know whether an output was made with the same."""
    aside = ("video", "output", "mask", "pairs", "batch", "overwrite", "dry_run", "preview", "report", "raw", "device")
    chosen = {name: value for name, value in vars(arguments).items() if name not in aside}
    checkpoint = fingerprint(Path(arguments.checkpoint)) if arguments.checkpoint else None
    return {"lgtsm": __version__, **chosen, "checkpoint": checkpoint, "precision": inpainter.precision}


def mask_choice(arguments: Namespace, mask: str | Path | None) -> MaskChoice:
    """Return where the hole is, by the command line."""
    tolerance = arguments.key_tolerance
    return MaskChoice(
        path=Path(mask) if mask else None,
        boxes=tuple(parse_box(box) for box in arguments.box or ()),
        key_colour=parse_colour(arguments.key_color) if arguments.key_color else None,
        key_tolerance=KEY_TOLERANCE if tolerance is None else tolerance,
        invert=arguments.invert_mask,
        resize=arguments.resize_mask,
        repeat=arguments.repeat_mask,
        dilate=arguments.dilate,
        dilate_time=arguments.dilate_time,
    )


def fill_options(arguments: Namespace) -> FillOptions:
    """Return how to fill, by the command line."""
    return FillOptions(
        working_height=arguments.working_height,
        feather=arguments.feather,
        scene_cuts=not arguments.no_scene_cuts,
        max_memory=None if arguments.max_memory is None else parse_bytes(arguments.max_memory),
        regions=not arguments.full_frames,
        frames_at_once=arguments.frames_at_once,
    )


def encoding(arguments: Namespace) -> dict[str, object]:
    """Return how to write, by the command line."""
    copied = {"audio": not arguments.no_sound, "subtitle": not arguments.no_subtitles}
    copy = tuple(kind for kind, wanted in copied.items() if wanted)
    return {"codec": arguments.codec, "crf": arguments.crf, "lossless": arguments.lossless, "copy": copy}


def make_inpainter(arguments: Namespace) -> Inpainter:
    """Return what fills, by the command line."""
    device = arguments.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    model = arguments.checkpoint if arguments.method == "network" else create_model(arguments.method)
    inpainter = Inpainter(model, device, arguments.precision)
    if inpainter.why_precision is not None:
        allow_tf32(inpainter.device)
        print(f"lgtsm inpaint: precision {inpainter.precision}: {inpainter.why_precision}", file=sys.stderr)
    if arguments.method == "key-frames":
        print(
            "lgtsm inpaint: filling from other frames along the motion, and with patches where no frame shows what is "
            "hidden (--checkpoint FILE fills with a network)",
            file=sys.stderr,
        )
    return inpainter


def parse_fps(text: str | None) -> Fraction | None:
    """Return frames per second that are written like 25, 29.97 or 30000/1001; None for None.

    Raises:
        VideoError: they are not written so.
    """
    try:
        fps = None if text is None else Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise VideoError(f"--fps must be written like 25, 29.97 or 30000/1001; got {text!r}.") from error
    if fps is not None and fps <= 0:
        raise VideoError(f"--fps must be greater than 0; got {text}.")
    return fps
