"""Do what the command line of `lgtsm inpaint` asks for: one video, a pipe, many videos, or say what there is to do."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import sys
from argparse import Namespace
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from lgtsm.inference.dry_run import describe_plan
from lgtsm.inference.inpainter import FillSummary, Inpainter
from lgtsm.inference.pairs import Pair, pair_by_name, read_pairs
from lgtsm.inference.plan import make_plan
from lgtsm.inference.preview import PreviewWriter
from lgtsm.inference.report import ReportWriter
from lgtsm.inference.trial import try_network
from lgtsm.video.kept import not_kept
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.probe import probe
from lgtsm.video.raw import RawSink, parse_size, read_raw
from lgtsm.video.writer import VideoWriter

LARGE = 720  # rows from which on methods without a network are slow


class Job:
    """What one command line asks for.

    Args:
        arguments: of `lgtsm.commands.inpaint.make_parser`, checked.
        notice: says a sentence about what looks odd but stops nothing.
    """

    def __init__(self, arguments: Namespace, notice: Callable[[str], None]):
        self.arguments, self.notice = arguments, notice
        self.options, self.encoding = fill_options(arguments), make_encoding(arguments)

    def run(self) -> None:
        """Do it.

        Raises:
            ValueError, FileNotFoundError: something that was handed in cannot be used.
            SystemExit: with code 1, if one of many videos failed.
        """
        if self.arguments.pairs is not None or self.arguments.batch:
            self.fill_many()
            return
        mask, inpainter = mask_choice(self.arguments, self.arguments.mask), make_inpainter(self.arguments, self.notice)
        if self.arguments.dry_run:
            self.look(mask, inpainter)
        elif self.arguments.video == "-":
            self.fill_pipe(mask, inpainter)
        else:
            self.fill_one(mask, inpainter)

    def look(self, mask: MaskChoice, inpainter: Inpainter) -> None:
        """Print what there is to do; write nothing."""
        info = probe(self.arguments.video)
        survey = mask.open(info, self.notice).survey
        plan = make_plan(inpainter, (info.height, info.width), info.frames, survey.runs, self.options)
        trial = try_network(inpainter, plan)
        print("\n".join(describe_plan(info, survey.hole_share, plan, trial, str(inpainter.device))))

    def fill_one(self, mask: MaskChoice, inpainter: Inpainter) -> None:
        """Fill one video, and watch it being filled if asked."""
        arguments, to_pipe = self.arguments, self.arguments.output == "-"
        info = probe_with(Path(arguments.video), arguments.fps)
        if arguments.method == "key-frames" and info.height > LARGE and self.options.working_height is None:
            self.notice(
                f"{info.width}x{info.height} takes long without a network; working_height={LARGE // 2} is much faster."
            )
        holes = mask.open(info, self.notice)
        with contextlib.ExitStack() as stack:
            report = ReportWriter(arguments.report, holes.survey) if arguments.report else None
            preview = stack.enter_context(PreviewWriter(arguments.preview, info)) if arguments.preview else None
            watchers = [watcher for watcher in (report, preview) if watcher is not None]
            bar = stack.enter_context(make_bar())
            task = bar.add_task("fill", total=info.frames)
            summary = inpainter.fill_file(
                info,
                holes,
                RawSink(sys.stdout.buffer) if to_pipe else place_of(arguments.output),
                self.encoding,
                self.options,
                progress=lambda done, total: bar.update(task, completed=done, total=total),
                watch=(lambda filled: [watcher(filled) for watcher in watchers]) if watchers else None,
            )
            if report is not None:
                if to_pipe:
                    summary = dataclasses.replace(summary, output="raw frames in a pipe")
                report.write(summary, Path(arguments.video).name)
        if not to_pipe and not Path(arguments.video).is_dir() and not Path(arguments.output).is_dir():
            for sentence in not_kept(info, probe(arguments.output), not arguments.lossless, self.encoding.copied):
                self.notice(sentence)
        where = "" if to_pipe else f"{arguments.output}: "
        said = f"{info.frames} frames of {info.width}x{info.height}, {summary.hole_share:.1%} of the pixels filled"
        print(where + said, file=sys.stderr if to_pipe else sys.stdout)

    def fill_pipe(self, mask: MaskChoice, inpainter: Inpainter) -> None:
        """Fill raw frames from stdin."""
        arguments, options = self.arguments, self.options
        height, width = parse_size(arguments.raw)
        fps = parse_fps(arguments.fps) or Fraction(25)
        frames, hole = read_raw(sys.stdin.buffer, height, width), mask.still_hole(height, width, self.notice)
        if hole is None:
            one, other = itertools.tee(mask.follow(frames, height, width, self.notice))
            frames, hole = (frame for frame, _ in one), (hole for _, hole in other)
        with contextlib.ExitStack() as stack:
            sink = RawSink(sys.stdout.buffer)
            if arguments.output != "-":
                sink = stack.enter_context(VideoWriter(arguments.output, fps, height, width, self.encoding))
            bar = stack.enter_context(make_bar())
            task = bar.add_task("fill", total=None)
            for done, filled in enumerate(inpainter.stream(frames, hole, options), start=1):
                sink.write(filled)
                bar.update(task, completed=done)
        print(f"{done} frames of {width}x{height} filled", file=sys.stderr if arguments.output == "-" else sys.stdout)

    def fill_many(self) -> None:
        """Fill many videos and print the table of what became of them."""
        arguments = self.arguments
        if arguments.pairs is not None:
            pairs = read_pairs(Path(arguments.pairs))
        else:
            masks = Path(arguments.mask) if arguments.mask else None
            pairs = pair_by_name(Path(arguments.video), masks, Path(arguments.output))
        choices = {pair: mask_choice(arguments, pair.mask or arguments.mask) for pair in pairs}
        inpainter = make_inpainter(arguments, self.notice)
        with make_bar() as bar:

            def fill(pair: Pair) -> FillSummary:
                task = bar.add_task(pair.name)
                try:
                    info = probe_with(pair.video, arguments.fps if pair.video.is_dir() else None)
                    return inpainter.fill_file(
                        info,
                        choices[pair].open(info, self.notice),
                        pair.output,
                        self.encoding,
                        self.options,
                        progress=lambda done, total: bar.update(task, completed=done, total=total),
                    )
                finally:
                    bar.remove_task(task)
