"""Measure speed: `lgtsm benchmark masks|data ... [--json FILE]`."""

from __future__ import annotations

import argparse
from typing import Any

from lgtsm.commands.command_line import check_given, command_parser
from lgtsm.counted import counted
from lgtsm.exits import exit_with_sentence
from lgtsm.threads import wait_patiently


def make_parser() -> argparse.ArgumentParser:
    """Return the parser: one subcommand per subject, which sets `function` and `parser`."""
    parser = command_parser(
        "benchmark", "Time alternatives in turns; print medians and spread, with the hardware and the commit."
    )
    subjects = parser.add_subparsers(dest="subject", metavar="SUBJECT", required=True)
    shared = argparse.ArgumentParser(add_help=False, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    shared.add_argument("--json", metavar="FILE", help="write all measurements to FILE")
    shared.add_argument("--repeats", type=int, default=5, help="turns")
    shared.add_argument("--seed", type=int, default=0)
    shared.add_argument("--height", type=int, default=180)
    shared.add_argument("--width", type=int, default=320)
    options: dict[str, Any] = {"parents": [shared], "formatter_class": argparse.ArgumentDefaultsHelpFormatter}

    masks = subjects.add_parser("masks", help="drawing holes", **options)
    masks.add_argument("--kind", default="object_like")
    masks.add_argument("--strokes", dest="num_strokes", metavar="STROKES", type=int, default=5)
    masks.add_argument("--frames", dest="num_frames", metavar="FRAMES", type=int, default=32)
    masks.add_argument("--clips", type=int, default=40, help="clips per turn")
    masks.set_defaults(function=run_masks, parser=masks)

    data = subjects.add_parser("data", help="the data pipeline against decoding alone", **options)
    data.add_argument("folder", help="folder of videos or of frame folders")
    data.add_argument("--frames", dest="num_frames", metavar="FRAMES", type=int, default=7)
    data.add_argument("--batch-size", type=int, default=5)
    data.add_argument("--batches", type=int, default=20, help="batches per turn")
    data.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2])
    data.add_argument("--limit", type=int, default=40, help="use at most this many videos")
    data.add_argument("--video-files", metavar="DIR", help="original videos of the frame folders, to time decord")
    data.add_argument("--memory-clips", type=int, default=0, metavar="N", help="read N clips and record memory")
    data.set_defaults(function=run_data, parser=data)
    return parser


def run_masks(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time how fast holes are drawn."""
    from lgtsm.benchmarks.masks import measure_masks

    a = arguments
    result = measure_masks(a.kind, a.num_strokes, a.num_frames, a.height, a.width, a.clips, a.repeats, a.seed)
    print_rates(
        f"{a.num_strokes} {a.kind} strokes, {counted(a.num_frames, 'frame')} {a.width}x{a.height}",
        "clips/s",
        result["rates"],
    )
    return result


def run_data(arguments: argparse.Namespace) -> dict[str, Any]:
    """Time the data pipeline."""
    from lgtsm.benchmarks.data import measure_data, measure_memory

    a = arguments
    clips, timing = (a.folder, a.num_frames, a.height, a.width), (a.batch_size, a.batches, a.workers, a.repeats)
    result = measure_data(*clips, *timing, a.seed, a.limit, a.video_files)
    print_rates(
        f"clips of {counted(a.num_frames, 'frame')} {a.width}x{a.height} from {a.folder}", "frames/s", result["rates"]
    )
    for name, ratio in result["ratios"].items():
        print(f"{name}: {ratio['median']:.2f} (from {ratio['least']:.2f} to {ratio['greatest']:.2f})")
    if a.memory_clips:
        result["memory"] = measure_memory(a.folder, a.memory_clips, a.num_frames, a.height, a.width)
        for point in result["memory"]:
            print(f"{point['clips']:>8.0f} clips: {point['mib']:.0f} MiB")
    return result


def print_rates(title: str, unit: str, rates: dict[str, dict[str, Any]]) -> None:
    """Print a table of `lgtsm.benchmarks.timing.measure`."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title))  # which may hold a path
    for column in ("", f"median {unit}", "least", "greatest", "per CPU second"):
        table.add_column(column, justify="right" if column else "left")
    for name, rate in rates.items():
        table.add_row(name, *(f"{rate[key]:.1f}" for key in ("median", "least", "greatest", "cpu_median")))
    Console().print(table)


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm benchmark`."""
    wait_patiently()
    arguments = make_parser().parse_args(argv)
    with exit_with_sentence("benchmark", arguments.parser):
        check_given(arguments, arguments.parser)
        from pathlib import Path

        from lgtsm.outputs import Place, check_outputs
        from lgtsm.places import check_place
        from lgtsm.surroundings import surroundings
        from lgtsm.video.listing import list_videos
        from lgtsm.whole_files import write_json

        if arguments.json:
            read = list_videos(arguments.folder) if arguments.subject == "data" else []
            check_outputs([Place("`json`", Path(arguments.json))], [Place("a video", path) for path in read])
            check_place(Path(arguments.json))
        about = surroundings()
        print(f"{about['processor']}, {about['cores']} cores, load {about['load']}, commit {about['commit']}")
        result = arguments.function(arguments)
        if arguments.json:
            write_json(arguments.json, {"subject": arguments.subject, "surroundings": about, **result})
