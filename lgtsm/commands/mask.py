"""Make a mask that can be looked at and corrected: `lgtsm mask VIDEO --text -o MASK`."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from lgtsm.commands.command_line import command_parser, run_command
from lgtsm.commands.mask_options import WAYS, add_mask_options, is_marked, mask_choice
from lgtsm.counted import counted
from lgtsm.exits import in_flags

if TYPE_CHECKING:
    from lgtsm.video.mask_edit import Mask
    from lgtsm.video.probe import VideoInfo


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = command_parser(
        "mask",
        "Write the mask of a video, white where to remove, so that it can be looked at, corrected and given to "
        "lgtsm inpaint: a lossless video like VIDEO, or for a folder of frames a folder of PNG with the same names.",
    )
    parser.add_argument("video", metavar="VIDEO", help="video file or folder of frames")
    parser.add_argument(
        "-o", "--output", metavar="MASK", required=True, help=".mkv or .mp4 file; without an extension, a folder of PNG"
    )
    parser.add_argument("--strict", action="store_true", help="refuse a damaged VIDEO")
    parser.add_argument(
        "--allow-gaps", action="store_true", help="take a folder whose numbers leave some out, like 1, 2, 4"
    )
    add_mask_options(parser)
    return parser


def run(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """Find the holes and write them."""
    from lgtsm.outputs import Place, check_outputs
    from lgtsm.places import check_place
    from lgtsm.video.probe import probe

    if not is_marked(arguments):
        raise ValueError(f"Nothing is marked. Say what to remove with {WAYS}.")
    output, video = Path(arguments.output), Path(arguments.video)
    given = [Place("the video", video), *([Place("the mask", Path(arguments.mask))] if arguments.mask else [])]
    check_outputs([Place("the output", output)], given)
    check_place(output, folder=not output.suffix)  # before minutes of looking
    info = probe(video, arguments.strict, arguments.allow_gaps)

    def notice(said: str) -> None:
        print(f"lgtsm mask: {in_flags(said, parser)}", file=sys.stderr)

    for fault in info.faults:
        notice(fault)
    holes = mask_choice(arguments, arguments.mask).open(info, notice)
    _write(holes, info, output)
    share = f"{holes.survey.hole_share:.1%} of the pixels masked"
    print(f"{output}: {counted(info.frames, 'frame')} of {info.width}x{info.height}, {share}")


def _write(holes: Mask, info: VideoInfo, output: Path) -> None:
    import numpy as np

    from lgtsm.video.encoding import Encoding
    from lgtsm.video.frame_folder import list_images
    from lgtsm.video.pictures import write_png
    from lgtsm.video.writer import VideoWriter
    from lgtsm.whole_files import whole_folder

    images = (np.repeat(hole[..., None] * np.uint8(255), 3, axis=2) for hole in holes)
    if not output.suffix:
        names = [f"{number:05d}" for number in range(info.frames)]
        if info.path.is_dir():
            names = [file.stem for file in list_images(info.path, info.allow_gaps)]
        with whole_folder(output) as temporary:
            for name, image in zip(names, images, strict=True):
                write_png(temporary / f"{name}.png", image)
        return
    encoding = Encoding(lossless=True, sound=False, subtitles=False)
    times = None if info.index is None else info.times()[:-1]
    with VideoWriter(output, info.fps, info.height, info.width, encoding, timestamps=times) as writer:
        for image in images:
            writer.write(image)


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm mask`."""
    parser = make_parser()
    run_command(parser, partial(run, parser=parser), argv)
