"""The options that mark what to remove, of `lgtsm inpaint` and `lgtsm mask`."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from lgtsm.video.mask_sources import KEY_TOLERANCE, parse_color, parse_timed_box
from lgtsm.video.times import parse_span

if TYPE_CHECKING:
    import numpy as np

    from lgtsm.masks.text import TextMask
    from lgtsm.video.mask_choice import MaskChoice
    from lgtsm.video.probe import VideoInfo


def add_mask_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that mark what to remove."""
    which = parser.add_argument_group("what to remove", "one of --mask, --box, --key-color and --text")
    which.add_argument(
        "-m",
        "--mask",
        help="white or any bright color marks the hole: an image for all frames, a folder of images, a video, or a "
        "NumPy array (.npy)",
    )
    which.add_argument(
        "--box",
        action="append",
        metavar="X,Y,W,H[@PART]",
        help="remove a box: left, top, width, height in pixels; only in a part of the video: 20,10,200,40@3s-8s; "
        "repeat for more boxes",
    )
    which.add_argument(
        "--key-color",
        "--key-colour",
        metavar="RRGGBB",
        help="remove every pixel of this color, such as one painted in an editor",
    )
    which.add_argument(
        "--key-tolerance",
        type=int,
        metavar="N",
        help=f"let red, green and blue differ from it by N, 0 to 255 (default: {KEY_TOLERANCE})",
    )
    which.add_argument(
        "--text",
        action="store_true",
        help="remove lines of text, such as subtitles and captions, wherever they stand (pip install lgtsm[text])",
    )
    which.add_argument(
        "--between",
        action="append",
        metavar="PART",
        help="remove only in a part of the video: 3s-8s, 00:01:03.5- (to the end), or frames 120-240, counted from 0; "
        "repeat for more parts; the rest stays as it is",
    )
    which.add_argument("--invert-mask", dest="invert", action="store_true", help="black marks the hole, white stays")
    which.add_argument(
        "--dilate", type=int, default=0, metavar="N", help="grow the mask by N pixels, to cover edges and shadows"
    )
    which.add_argument(
        "--dilate-time", type=int, default=0, metavar="N", help="grow the mask by N frames, to bridge lags and gaps"
    )
    which.add_argument(
        "--resize-mask", dest="resize", action="store_true", help="scale a mask of another size to the video"
    )
    which.add_argument(
        "--repeat-mask", dest="repeat", action="store_true", help="repeat the last frame of a mask that is too short"
    )
    which.add_argument(
        "--mask-by-order",
        dest="by_order",
        action="store_true",
        help="pair a folder of masks with a folder of frames by order, not by the numbers in their names",
    )
    which.add_argument(
        "--mask-levels",
        dest="levels",
        metavar="LEVELS",
        help="gray levels of the mask to remove, like 85,170 or 128-255; of a colored palette, its entries (default: "
        "bright ones, or all labels of objects)",
    )


def mask_choice(arguments: Namespace, mask: str | Path | None) -> MaskChoice:
    """Return the mask that the command line chooses."""
    from lgtsm.video.mask_choice import MaskChoice
    from lgtsm.video.mask_levels import parse_levels

    tolerance = arguments.key_tolerance
    boxes = [parse_timed_box(box) for box in arguments.box or ()]
    return MaskChoice(
        path=Path(mask) if mask else None,
        boxes=tuple(box for box, _ in boxes),
        box_spans=tuple(span for _, span in boxes) if any(span for _, span in boxes) else (),
        between=tuple(map(parse_span, arguments.between or ())),
        key_color=parse_color(arguments.key_color) if arguments.key_color else None,
        key_tolerance=KEY_TOLERANCE if tolerance is None else tolerance,
        text=text_in if arguments.text else None,
        invert=arguments.invert,
        resize=arguments.resize,
        repeat=arguments.repeat,
        by_order=arguments.by_order,
        levels=parse_levels(arguments.levels) if arguments.levels else (),
        dilate=arguments.dilate,
        dilate_time=arguments.dilate_time,
    )


def text_in(info: VideoInfo, progress: Callable[[int, int], None] = lambda done, total: None) -> TextMask:
    """Return the holes over the text of a video from `probe`; call `progress` with the frames done and their number.

    Raises:
        UnavailableError: the detector is not there.
    """
    from lgtsm.masks.text import TextDetector, TextMask
    from lgtsm.threads import usable_cores
    from lgtsm.video.open import open_video

    def frames() -> Iterator[np.ndarray]:
        with open_video(info.path, "pyav", index=info.index, allow_gaps=info.allow_gaps) as video:
            for done, frame in enumerate(video, start=1):
                yield frame
                progress(done, info.frames)

    return TextMask(frames, info.frames, float(info.fps), TextDetector(threads=usable_cores()))
