"""Write a test set of masks: `lgtsm make_masks ROOT [--kinds ...] [--clips N]`."""

from __future__ import annotations

import argparse

from lgtsm.exits import exit_with_sentence
from lgtsm.version import __version__


def make_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(
        prog="lgtsm make_masks",
        description="Write masks of every kind and bin of hole share as PNG folders, ROOT/random_masks/KIND/CENTER/"
        "CLIP/FRAME.png (255 = valid, 0 = hole), with a manifest and a contact sheet. The same arguments give the same "
        "files; a run that was stopped goes on where it stood.",
    )
    parser.add_argument("root", metavar="ROOT", help="folder of the test set, such as FVI/Test; it is made")
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
        help="middles of the bins in percent (default: 5 15 ... 65)",
    )
    parser.add_argument("--clips", type=int, default=10, help="clips of each kind and bin (default: %(default)s)")
    parser.add_argument(
        "--frames", dest="num_frames", type=int, default=32, help="frames of a clip (default: %(default)s)"
    )
    parser.add_argument("--height", type=int, default=180, help="pixels (default: %(default)s)")
    parser.add_argument("--width", type=int, default=320, help="pixels (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="(default: %(default)s)")
    parser.add_argument("--border", type=int, default=0, help="pixels at each edge that are never masked (default: 0)")
    parser.add_argument("--static", action="store_true", help="masks that do not move")
    parser.add_argument("--version", action="version", version=f"lgtsm {__version__}")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        ValueError: it cannot be done; the sentence says why.
    """
    from rich.console import Console
    from rich.progress import Progress

    from lgtsm.masks.contact_sheet import write_contact_sheet
    from lgtsm.masks.test_set import MANIFEST, TestSet, write_test_set

    a = arguments
    test_set = TestSet(
        tuple(a.kinds), tuple(a.centers), a.clips, a.num_frames, a.height, a.width, a.seed, a.border, a.static
    )
    with Progress(console=Console(stderr=True)) as bar:
        task = bar.add_task("clips", total=None)
        lines = write_test_set(a.root, test_set, lambda done, total: bar.update(task, completed=done, total=total))
    sheet = write_contact_sheet(a.root, lines)
    print(f"{a.root}: {len(lines)} clips, manifest {MANIFEST}, contact sheet {sheet.name}")


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm make_masks`."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    with exit_with_sentence("make_masks", parser):
        run(arguments)
