"""Make a copy of videos that training reads faster: `lgtsm prepare_data SRC DST`."""

from __future__ import annotations

import argparse

from lgtsm.exits import exit_with_sentence
from lgtsm.version import __version__


def make_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(
        prog="lgtsm prepare_data",
        description="Copy a folder of videos for training: cut at scene changes, scaled down to what clips are cut "
        "from, with many key frames. The copy has a manifest; a run that was stopped goes on where it stood.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("source", metavar="SRC", help="folder of videos or frame folders, at any depth")
    parser.add_argument("target", metavar="DST", help="folder of the copy; train with data=folder data.root=DST")
    parser.add_argument("--height", type=int, default=180, help="of the clips to be trained on, in pixels")
    parser.add_argument("--width", type=int, default=320)
    parser.add_argument("--scale", type=float, default=1.2, help="the copy covers so many times that size")
    parser.add_argument("--key-frame-distance", type=int, default=8, metavar="N", help="a key frame at least every N")
    parser.add_argument("--crf", type=int, default=18, help="quality, 0 the best")
    parser.add_argument("--least-frames", type=int, default=16, help="leave out shorter scenes")
    parser.add_argument("--keep-cuts", action="store_true", help="do not cut at scene changes")
    parser.add_argument("--version", action="version", version=f"lgtsm {__version__}")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        ValueError: there are no videos, or the target is taken.
    """
    import sys

    from rich.console import Console
    from rich.progress import Progress

    from lgtsm.data.prepare import MANIFEST, Preparation, prepare_videos

    a = arguments
    how = Preparation(a.height, a.width, a.scale, a.key_frame_distance, a.crf, a.least_frames, not a.keep_cuts)
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("videos", total=None)
        lines = prepare_videos(a.source, a.target, how, lambda done, all: bar.update(task, completed=done, total=all))
    bad = [line for line in lines if "error" in line]
    for line in bad:
        print(f"lgtsm prepare_data: {line['video']} is left out: {line['error']}", file=sys.stderr)
    scenes = sum(len(line["scenes"]) for line in lines)
    frames = sum(scene["frames"] for line in lines for scene in line["scenes"])
    left_out = sum(line["left_out"] for line in lines)
    print(
        f"{a.target}: {len(lines) - len(bad)} videos gave {scenes} scenes of {frames} frames; {left_out} frames of "
        f"short scenes and {len(bad)} unreadable videos were left out; manifest {MANIFEST}"
    )


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm prepare_data`."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    with exit_with_sentence("prepare_data", parser):
        run(arguments)
