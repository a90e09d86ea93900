"""Write a test set of masks: `lgtsm make_masks ROOT [--kinds ...] [--clips N]`."""

from __future__ import annotations

import argparse
from pathlib import Path

from lgtsm.commands.command_line import command_parser, progress_bar, run_command
from lgtsm.counted import counted
from lgtsm.exits import GOES_ON


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = command_parser(
        "make_masks",
        "Write masks of every kind and bin of hole share as PNG folders, ROOT/random_masks/KIND/CENTER/CLIP/FRAME.png "
        "(255 = valid, 0 = hole), with a manifest and a contact sheet. The same arguments give the same files; a "
        "stopped run continues where it left off.",
    )
    parser.add_argument("root", metavar="ROOT", help="folder for the test set, such as FVI/Test; created if missing")
    parser.add_argument(
        "--kinds",
        nargs="+",
        metavar="KIND",
        default=["rand_curve", "object_like", "box"],
        help="object_like, object_like_middle, object_like_small, rand_curve, rand_curve_small, box "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--centers",
        "--centres",
        nargs="+",
        type=int,
        metavar="C",
        default=[5, 15, 25, 35, 45, 55, 65],
        help="bin centers in percent (default: 5 15 ... 65)",
    )
    parser.add_argument("--clips", type=int, default=10, help="clips per kind and bin (default: %(default)s)")
    parser.add_argument("--frames", dest="num_frames", type=int, default=32, help="per clip (default: %(default)s)")
    parser.add_argument("--height", type=int, default=180, help="pixels (default: %(default)s)")
    parser.add_argument("--width", type=int, default=320, help="pixels (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--border", type=int, default=0, help="never mask this many pixels at each edge (default: 0)")
    parser.add_argument("--static", action="store_true", help="draw masks that do not move")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Write the masks, their manifest and a contact sheet."""
    from lgtsm.masks.contact_sheet import write_contact_sheet
    from lgtsm.masks.test_set import MANIFEST, TestSet, write_test_set

    a = arguments
    check_root(Path(a.root))
    test_set = TestSet(
        tuple(a.kinds), tuple(a.centers), a.clips, a.num_frames, a.height, a.width, a.seed, a.border, a.static
    )
    with progress_bar("clips") as progress:
        lines = write_test_set(a.root, test_set, progress)
    sheet = write_contact_sheet(a.root, lines)
    print(f"{a.root}: {counted(len(lines), 'clip')}, manifest {MANIFEST}, contact sheet {sheet.name}")


def check_root(root: Path) -> None:
    """Refuse a folder of videos, whose reader would take the masks for more of them.

    Raises:
        ValueError: names a video file, an image or a folder of frames in it.
    """
    from lgtsm.masks.test_set import CONTACT_SHEET, RECIPE
    from lgtsm.video.listing import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS

    def has_ending(path: Path, endings: frozenset[str]) -> bool:
        return path.suffix.lower() in endings and not path.name.startswith(".")

    if not root.is_dir() or (root / RECIPE).exists():
        return
    for path in sorted(set(root.iterdir()) - {root / CONTACT_SHEET}):
        frames = path.is_dir() and any(has_ending(file, IMAGE_EXTENSIONS) for file in path.iterdir())
        if frames or has_ending(path, VIDEO_EXTENSIONS | IMAGE_EXTENSIONS):
            raise ValueError(
                f"{root} must be a folder for masks, beside the folder of the videos; it holds {path.name}, which is "
                f"one of them. Name another, such as {root.absolute().with_name('masks')}."
            )


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm make_masks`."""
    run_command(make_parser(), run, argv, GOES_ON)
