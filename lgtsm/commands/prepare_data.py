"""Copy videos into a form that training reads faster: `lgtsm prepare_data SRC DST`."""

from __future__ import annotations

import argparse

from lgtsm.commands.command_line import command_parser, progress_bar, run_command
from lgtsm.counted import counted
from lgtsm.exits import GOES_ON


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = command_parser(
        "prepare_data",
        "Copy a folder of videos for training: cut at scene changes, scaled down to the size that training crops "
        "from, with many key frames. The copy has a manifest; a stopped run continues where it left off.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("source", metavar="SRC", help="folder of videos or frame folders, at any depth")
    parser.add_argument("target", metavar="DST", help="folder for the copy; train with data=folder data.root=DST")
    parser.add_argument("--height", type=int, default=180, help="height of the training clips, in pixels")
    parser.add_argument("--width", type=int, default=320, help="their width, in pixels")
    parser.add_argument("--scale", type=float, default=1.2, help="make the copy this many times that size")
    parser.add_argument("--key-frame-distance", type=int, default=8, metavar="N", help="a key frame at least every N")
    parser.add_argument("--crf", type=int, default=18, help="quality; 0 is best")
    parser.add_argument("--least-frames", type=int, default=16, help="leave out shorter scenes")
    parser.add_argument("--keep-cuts", action="store_true", help="do not cut at scene changes")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Copy the videos and say how many were left out."""
    import sys

    from lgtsm.data.prepare import MANIFEST, Preparation, prepare_videos

    a = arguments
    how = Preparation(a.height, a.width, a.scale, a.key_frame_distance, a.crf, a.least_frames, not a.keep_cuts)
    with progress_bar("videos") as progress:
        lines = prepare_videos(a.source, a.target, how, progress)
    bad = [line for line in lines if "error" in line]
    for line in bad:
        print(f"lgtsm prepare_data: {line['video']} is left out: {line['error']}", file=sys.stderr)
    scenes = sum(len(line["scenes"]) for line in lines)
    frames = sum(scene["frames"] for line in lines for scene in line["scenes"])
    left_out = sum(line["left_out"] for line in lines)
    print(
        f"{a.target}: {counted(len(lines) - len(bad), 'video')} gave {counted(scenes, 'scene')} of "
        f"{counted(frames, 'frame')}; left out: {counted(left_out, 'frame')} of short "
        f"scenes and {counted(len(bad), 'unreadable video')}; manifest {MANIFEST}"
    )


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm prepare_data`."""
    run_command(make_parser(), run, argv, GOES_ON)
