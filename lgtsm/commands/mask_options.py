"""The options that mark what to remove, of `lgtsm inpaint` and `lgtsm mask`."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lgtsm.video.mask_sources import KEY_TOLERANCE, parse_color, parse_timed_box, parse_track
from lgtsm.video.times import parse_span

if TYPE_CHECKING:
    import numpy as np

    from lgtsm.masks.logo import LogoMask
    from lgtsm.masks.shadow import ShadowMask
    from lgtsm.masks.text import TextMask
    from lgtsm.masks.track import Anchor, TrackMask
    from lgtsm.video.mask_choice import Finder, MaskChoice
    from lgtsm.video.mask_edit import HoleSource
    from lgtsm.video.mask_sources import Box
    from lgtsm.video.probe import VideoInfo
    from lgtsm.video.times import Moment

WAYS = "--track, --text, --logo, --box, --key-color or --mask"
Progress = Callable[[int, int], object]  # called with the frames done and their number


def no_progress(done: int, total: int) -> None:
    """Show nothing."""


def add_mask_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that mark what to remove."""
    which = parser.add_argument_group(
        "what to remove", "one of --mask, --box and --key-color, or any of --track, --text and --logo"
    )
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
        "--track",
        action="append",
        metavar="X,Y,W,H[@TIME]",
        help="follow and remove an object, from a box around it in one frame (default: the first): 20,10,80,90@3s; "
        "correct it with further boxes, 20,10,80,90@3s/60,12,80,90@5s; repeat for more objects",
    )
    which.add_argument(
        "--shadow",
        action="store_true",
        help="with --track, or a --mask that moves: also remove what moves with the object, such as its shadow or "
        "a thing that it holds",
    )
    which.add_argument(
        "--text",
        action="store_true",
        help="remove lines of text, such as subtitles and captions, wherever they stand (pip install lgtsm[text])",
    )
    which.add_argument(
        "--logo",
        action="store_true",
        help="remove what stands still while the picture moves, such as a logo or a watermark, half-transparent or not",
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
        found=finders(arguments),
        shadow=shadow_of if arguments.shadow else None,
        invert=arguments.invert,
        resize=arguments.resize,
        repeat=arguments.repeat,
        by_order=arguments.by_order,
        levels=parse_levels(arguments.levels) if arguments.levels else (),
        dilate=arguments.dilate,
        dilate_time=arguments.dilate_time,
    )


def is_marked(arguments: Namespace) -> bool:
    """Tell whether the command line says what to remove."""
    return bool(arguments.mask or arguments.box or arguments.key_color or finders(arguments))


def finders(arguments: Namespace) -> dict[str, Finder]:
    """Return the functions that find what the command line asks for, by the names of their options."""
    found: dict[str, Finder] = {}
    if arguments.track:
        found["track"] = partial(tracks_in, objects=[parse_track(track) for track in arguments.track])
    if arguments.text:
        found["text"] = partial(_shown, text_in, "Looking for text")
    if arguments.logo:
        found["logo"] = partial(_shown, logo_in, "Looking for a logo")
    return found


def _shown(find: Callable[[VideoInfo, Progress], HoleSource], doing: str, info: VideoInfo) -> HoleSource:
    """Return the holes that `find` finds in a video from `probe`, and show progress under the name `doing`."""
    from lgtsm.commands.shown_progress import shown_later

    with shown_later() as bar:
        task = bar.add_task(doing, total=info.frames)
        return find(info, lambda done, total: bar.update(task, completed=done, total=total))


def tracks_in(info: VideoInfo, objects: Sequence[Sequence[tuple[Box, Moment | None]]]) -> HoleSource:
    """Return the holes over objects that are followed from boxes, and show progress.

    Args:
        info: from `probe`.
        objects: boxes around each object with their moments; None is the first frame.

    Raises:
        VideoError: a box or a moment is outside the video.
    """
    from lgtsm.masks.track import Anchor
    from lgtsm.video.mask_sources import UnionMask, box_hole

    times = info.times()
    anchors = []
    for boxes in objects:
        box_hole([box for box, _ in boxes], info.height, info.width)  # refuses a box outside the frame
        anchors.append([Anchor(moment.frame(times) if moment else 0, box) for box, moment in boxes])
    several = len(anchors) > 1
    followed = [
        _shown(partial(track_in, own), f"Following {number} of {len(anchors)}" if several else "Following", info)
        for number, own in enumerate(anchors, 1)
    ]
    return UnionMask(followed) if several else followed[0]


def track_in(anchors: Sequence[Anchor], info: VideoInfo, progress: Progress = no_progress) -> TrackMask:
    """Return the holes over an object of a video from `probe`, followed from boxes; `progress` as in `text_in`."""
    from lgtsm.masks.track import TrackMask
    from lgtsm.video.open import open_probed

    with open_probed(info) as video:
        return TrackMask(
            video.read,
            info.frames,
            float(info.fps),
            (info.height, info.width),
            anchors,
            _cuts(video),
            lambda done: progress(done, info.frames),
        )


def shadow_of(info: VideoInfo, holes: HoleSource) -> HoleSource:
    """Return holes over an object of a video from `probe`, widened to what moves with it, and show progress."""
    return _shown(partial(_shadow_in, holes), "Looking for the shadow", info)


def _shadow_in(holes: HoleSource, info: VideoInfo, progress: Progress) -> ShadowMask:
    from lgtsm.masks.shadow import ShadowMask
    from lgtsm.video.open import open_probed

    with open_probed(info) as video:
        size = info.height, info.width
        return ShadowMask(video.read, holes, size, _cuts(video), lambda done: progress(done, info.frames))


def _cuts(frames: Iterable[np.ndarray]) -> list[int]:
    """Return the numbers of the frames that start a new scene."""
    from lgtsm.video.scene_cuts import SceneCutDetector

    detector = SceneCutDetector()
    return [number for number, frame in enumerate(frames) if detector.is_cut(frame)]


def logo_in(info: VideoInfo, progress: Progress = no_progress) -> LogoMask:
    """Return the hole over what stands still while a video from `probe` moves; `progress` as in `text_in`."""
    from lgtsm.masks.logo import LogoMask

    return LogoMask(partial(_frames, info, progress), info.frames)


def text_in(info: VideoInfo, progress: Progress = no_progress) -> TextMask:
    """Return the holes over the text of a video from `probe`; call `progress` with the frames done and their number.

    Raises:
        UnavailableError: the detector is not there.
    """
    from lgtsm.masks.text import TextDetector, TextMask
    from lgtsm.threads import usable_cores

    detector = TextDetector(threads=usable_cores())
    return TextMask(partial(_frames, info, progress), info.frames, float(info.fps), detector)


def _frames(info: VideoInfo, progress: Progress) -> Iterator[np.ndarray]:
    from lgtsm.video.open import open_probed

    with open_probed(info) as video:
        for done, frame in enumerate(video, start=1):
            yield frame
            progress(done, info.frames)
