"""Do what the command line of `lgtsm inpaint` asks for: one video, a pipe, many videos, or say what there is to do."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from argparse import Namespace
from fractions import Fraction
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from lgtsm.inference.arguments import encoding, fill_options, make_inpainter, mask_choice, parse_fps, settings
from lgtsm.inference.batch import Result, run_batch, summary_table
from lgtsm.inference.dry_run import describe_plan
from lgtsm.inference.fill_file import FillSummary, fill_file
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.pairs import Pair, pair_by_name, read_pairs
from lgtsm.inference.plan import FillOptions, make_plan
from lgtsm.inference.preview import PreviewWriter
from lgtsm.inference.raw import RawSink, fill_pipe, parse_size, read_raw
from lgtsm.inference.report import ReportWriter
from lgtsm.inference.trial import try_network
from lgtsm.progress_lines import ProgressLines
from lgtsm.video.errors import VideoError
from lgtsm.video.kept import not_kept
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.probe import probe
from lgtsm.video.writer import VideoWriter

LARGE = 720  # rows from which on methods without a network are slow


def run(arguments: Namespace) -> None:
    """Do it.

    Args:
        arguments: of `lgtsm.inpaint.make_parser`, checked.

    Raises:
        ValueError, FileNotFoundError: something that was handed in cannot be used.
        SystemExit: with code 1, if one of many videos failed.
    """
    if arguments.pairs is not None or arguments.batch:
        run_many(arguments)
        return
    mask, inpainter, options = (
        mask_choice(arguments, arguments.mask),
        make_inpainter(arguments),
        fill_options(arguments),
    )
    if arguments.dry_run:
        run_dry(Path(arguments.video), mask, inpainter, options)
    elif arguments.video == "-":
        run_pipe(arguments, mask, inpainter, options)
    else:
        run_one(arguments, mask, inpainter, options)


def run_dry(video: Path, mask: MaskChoice, inpainter: Inpainter, options: FillOptions) -> None:
    """Print what there is to do; writes nothing."""
    info = probe(video)
    holes = mask.open(info, notice)
    plan = make_plan(inpainter, info, holes, options)
    print("\n".join(describe_plan(plan, try_network(inpainter, plan), str(inpainter.device))))


def run_one(arguments: Namespace, mask: MaskChoice, inpainter: Inpainter, options: FillOptions) -> None:
    """Fill one video, and watch it being filled if asked."""
    video, fps = Path(arguments.video), parse_fps(arguments.fps)
    info = probe(video)
    if fps is not None and not video.is_dir():
        raise VideoError(f"--fps is for folders and pipes; the frames of {video} keep their own times. Leave it out.")
    if arguments.method == "key-frames" and info.height > LARGE and options.working_height is None:
        notice(
            f"{info.width}x{info.height} takes long without a network; --working-height {LARGE // 2} is much faster."
        )
    holes = mask.open(info, notice)
    plan = make_plan(inpainter, info, holes, options)
    sink = RawSink(sys.stdout.buffer) if arguments.output == "-" else _place(arguments.output)
    with contextlib.ExitStack() as stack:
        report = ReportWriter(arguments.report, plan.survey) if arguments.report else None
        preview = stack.enter_context(PreviewWriter(arguments.preview, info, fps)) if arguments.preview else None
        watchers = [watcher for watcher in (report, preview) if watcher is not None]

        def watch(*views) -> None:
            for watcher in watchers:
                watcher(*views)

        bar = stack.enter_context(make_bar())
        task = bar.add_task("fill", total=info.frames)
        summary = fill_file(
            inpainter,
            info,
            holes,
            sink,
            encoding=encoding(arguments),
            options=options,
            plan=plan,
            progress=lambda stage, done, total: bar.update(task, completed=done, total=total),
            watch=watch if watchers else None,
            fps=fps,
        )
        if report is not None:
            if arguments.output == "-":
                summary = dataclasses.replace(summary, output="raw frames in a pipe")
            report.write(summary, video.name)
    if arguments.output != "-" and not video.is_dir() and not Path(arguments.output).is_dir():
        copied = encoding(arguments).copied
        for sentence in not_kept(info, probe(arguments.output), not arguments.lossless, copied):
            notice(sentence)
    where = "" if arguments.output == "-" else f"{arguments.output}: "
    said = f"{info.frames} frames of {info.width}x{info.height}, {summary.plan.hole_share:.1%} of the pixels filled"
    print(where + said, file=sys.stderr if arguments.output == "-" else sys.stdout)


def run_pipe(arguments: Namespace, mask: MaskChoice, inpainter: Inpainter, options: FillOptions) -> None:
    """Fill raw frames from stdin."""
    height, width = parse_size(arguments.raw)
    fps = parse_fps(arguments.fps) or Fraction(25)
    frames = read_raw(sys.stdin.buffer, height, width)
    with contextlib.ExitStack() as stack:
        if arguments.output == "-":
            sink = RawSink(sys.stdout.buffer)
        else:
            sink = stack.enter_context(VideoWriter(arguments.output, fps, height, width, encoding(arguments)))
        bar = stack.enter_context(make_bar())
        task = bar.add_task("fill", total=None)
        done = fill_pipe(
            inpainter,
            frames,
            height,
            width,
            mask,
            sink,
            options,
            notice,
            lambda done: bar.update(task, completed=done),
        )
    print(f"{done} frames of {width}x{height} filled", file=sys.stderr if arguments.output == "-" else sys.stdout)


def run_many(arguments: Namespace) -> None:
    """Fill many videos and print the table of what became of them."""
    if arguments.pairs is not None:
        pairs = read_pairs(Path(arguments.pairs))
    else:
        masks = Path(arguments.mask) if arguments.mask else None
        pairs = pair_by_name(Path(arguments.video), masks, Path(arguments.output))
    for pair in pairs:
        mask_choice(arguments, pair.mask or arguments.mask)  # contradictions come up before any work
    options, fps = fill_options(arguments), parse_fps(arguments.fps)
    inpainter = make_inpainter(arguments)
    with make_bar() as bar:

        def fill(pair: Pair) -> FillSummary:
            task = bar.add_task(pair.name)
            try:
                info = probe(pair.video)
                return fill_file(
                    inpainter,
                    info,
                    mask_choice(arguments, pair.mask or arguments.mask).open(info, notice),
                    pair.output,
                    encoding=encoding(arguments),
                    options=options,
                    progress=lambda stage, done, total: bar.update(task, completed=done, total=total),
                    fps=fps if pair.video.is_dir() else None,
                )
            finally:
                bar.remove_task(task)

        results = run_batch(pairs, fill, settings(arguments, inpainter), arguments.overwrite, arguments.dry_run, told)
    Console().print(summary_table(results))
    if any(result.state == "failed" for result in results):
        sys.exit(1)


def told(result: Result) -> None:
    """Say on stderr what became of one of many videos."""
    notice(f"{result.pair.name}: {result.state}" + (f". {result.why}" if result.why else ""))


def make_bar() -> Progress | ProgressLines:
    """Return what counts frames on stderr: a bar in a terminal, lines in a log."""
    console = Console(stderr=True)
    if not console.is_terminal:
        return ProgressLines("frames")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("frames"))
    return Progress(*columns, TimeRemainingColumn(), console=console)


def notice(sentence: str) -> None:
    """Say something on stderr that looks odd but stops nothing."""
    print(f"lgtsm inpaint: {sentence}", file=sys.stderr)


def _place(output: str) -> Path:
    """Return where to write; a slash at the end means a folder, as does a name without ending."""
    if output.endswith("/") and Path(output).suffix:
        raise VideoError(f"{output} must be a folder's name without an ending, or a file's without a slash at the end.")
    return Path(output)
