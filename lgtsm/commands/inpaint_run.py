"""Run `lgtsm inpaint`: fill one video, a pipe or many videos, or describe the work."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from lgtsm.commands.mask_options import mask_choice
from lgtsm.commands.own_network import load_network
from lgtsm.commands.shown_progress import shown_later
from lgtsm.counted import counted
from lgtsm.inference.batch import Result, run_batch, summary_table
from lgtsm.inference.copy_video import Copied, copy_video
from lgtsm.inference.dry_run import describe_plan
from lgtsm.inference.inpainter import FillSummary, Inpainter
from lgtsm.inference.memory import parse_bytes
from lgtsm.inference.options import DEFAULT_CHUNK, FillOptions
from lgtsm.inference.pairs import Pair, check_pairs, pair_by_name, read_pairs
from lgtsm.inference.plan import make_plan
from lgtsm.inference.preview import PreviewWriter
from lgtsm.inference.replacing import fingerprint
from lgtsm.inference.report import ReportWriter
from lgtsm.inference.trial import try_network
from lgtsm.models.methods import load_method
from lgtsm.outputs import Place, check_outputs
from lgtsm.places import check_place, make_folder
from lgtsm.precision import allow_tf32
from lgtsm.sole_writer import SoleWriter
from lgtsm.version import __version__
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import NothingMaskedError, VideoError
from lgtsm.video.frame_folder import is_images
from lgtsm.video.interlacing import PROGRESSIVE
from lgtsm.video.kept import not_kept
from lgtsm.video.picture_kept import frames_not_kept, picture_not_kept
from lgtsm.video.probe import VideoInfo, probe
from lgtsm.video.raw import RawSink, parse_size, read_raw
from lgtsm.video.writer import VideoWriter

PATCHING = ("flow-fusion", "key-frames")  # methods with patches
LARGE = 720  # rows from which on these are slow


Notice = Callable[[str], None]


def run(arguments: Namespace, notice: Notice, named: Callable[[str], str] = str) -> None:
    """Run the command.

    Args:
        arguments: of `lgtsm.commands.inpaint.make_parser`, checked.
        notice: prints a sentence about something odd that stops nothing.
        named: rewords a sentence of the library to name flags.

    Raises:
        ValueError, FileNotFoundError: an input cannot be used.
        SystemExit: with code 1, if one of many videos failed.
    """
    if arguments.pairs is not None or arguments.batch:
        fill_many(arguments, notice, named)
        return
    check_paths(arguments)
    if "-" in (arguments.video, arguments.output):
        check_pipes(arguments)
    if arguments.dry_run:
        describe(arguments, notice)
    elif arguments.video == "-":
        fill_pipe(arguments, notice)
    else:
        fill_one(arguments, notice)


def describe(arguments: Namespace, notice: Notice) -> None:
    """Print the work to do; write nothing."""
    options, info = (
        fill_options(arguments),
        probe_with(arguments, Path(arguments.video), parse_fps(arguments.fps), notice),
    )
    inpainter = make_inpainter(arguments, notice)
    survey = mask_choice(arguments, arguments.mask).open(info, notice).survey
    tell_method(arguments, inpainter, notice)
    plan = make_plan(inpainter, (info.height, info.width), info.frames, survey.runs, options)
    trial = try_network(inpainter, plan)
    print("\n".join(describe_plan(info, survey.hole_share, plan, trial, str(inpainter.device))))


def fill_one(arguments: Namespace, notice: Notice) -> None:
    """Fill one video, with preview and report if asked."""
    mask, options, encoding = mask_choice(arguments, arguments.mask), fill_options(arguments), make_encoding(arguments)
    info = probe_with(arguments, Path(arguments.video), parse_fps(arguments.fps), notice)
    to_pipe = arguments.output == "-"
    check_places(arguments, info, encoding)
    inpainter = make_inpainter(arguments, notice)
    with contextlib.ExitStack() as stack:
        for place in (arguments.report, arguments.preview, None if to_pipe else arguments.output):
            if place is not None:
                stack.enter_context(SoleWriter(place))
        try:
            holes = mask.open(info, notice)
        except NothingMaskedError as error:
            if not arguments.smart_copy:
                raise
            stack.close()  # the copy takes its place for itself
            copy_video(info, place_of(arguments.output), encoding)
            left_out = " and ".join(f"--{name}" for name in ("preview", "report") if getattr(arguments, name))
            without = f", without {left_out}" if left_out else ""
            notice(f"{error} So {arguments.video} is copied as it is{without}.")
            print(f"{arguments.output}: {counted(info.frames, 'frame')} of {info.width}x{info.height}, nothing filled")
            return
        tell_method(arguments, inpainter, notice)
        tell_interlaced(info, notice)
        if arguments.method in PATCHING and info.height > LARGE and options.working_height is None:
            size = f"{info.width}x{info.height}"
            notice(f"{size} takes long; working_height={LARGE // 2} is much faster.")
        report = ReportWriter(arguments.report, holes.survey) if arguments.report else None
        preview = stack.enter_context(PreviewWriter(arguments.preview, info)) if arguments.preview else None
        watchers = [watcher for watcher in (report, preview) if watcher is not None]
        bar = stack.enter_context(shown_later())
        task = bar.add_task("fill", total=info.frames)
        summary = inpainter.fill_file(
            info,
            holes,
            RawSink(sys.stdout.buffer) if to_pipe else place_of(arguments.output),
            encoding,
            options,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            watch=(lambda filled: [watcher(filled) for watcher in watchers]) if watchers else None,
        )
        if report is not None:
            if to_pipe:
                summary = dataclasses.replace(summary, output=Path("raw frames in a pipe"))
            report.write(summary, Path(arguments.video).name)
    for sentence in changes(summary, encoding):
        notice(sentence)
    where = "" if to_pipe else f"{arguments.output}: "
    said = (
        f"{counted(info.frames, 'frame')} of {info.width}x{info.height}, {summary.hole_share:.1%} of the pixels filled"
    )
    print(where + said, file=sys.stderr if to_pipe else sys.stdout)


def tell_interlaced(info: VideoInfo, notice: Notice) -> None:
    """Say that an interlaced video is better deinterlaced first."""
    if info.field_order != PROGRESSIVE:
        notice(
            f"{info.path.name} is interlaced ({info.field_order}). Its fields are kept, but whole frames are filled: "
            "what moves may look combed in the hole. Better deinterlace first: ffmpeg -i IN -vf bwdif OUT.mp4"
        )


def changes(summary: FillSummary, encoding: Encoding) -> list[str]:
    """Return sentences on what the output does not hold as the source did."""
    source, output = summary.info, summary.output
    if not isinstance(output, Path):
        return list(summary.notices)
    if source.index is None:
        return [*summary.notices, *picture_not_kept(source.path, output)]
    if is_images(output):
        return [*summary.notices, *frames_not_kept(source)]
    try:
        result = probe(output)
    except VideoError as error:  # a transport stream of a few small packets
        return [*summary.notices, f"The output is written, but cannot be compared with its source. {error}"]
    return [*summary.notices, *not_kept(source, result, not encoding.lossless, encoding.copied)]


def fill_pipe(arguments: Namespace, notice: Notice) -> None:
    """Fill raw frames from stdin."""
    mask, options = mask_choice(arguments, arguments.mask), fill_options(arguments)
    if options.frames_at_once is None and options.max_memory is None:
        options = dataclasses.replace(options, frames_at_once=DEFAULT_CHUNK)
    height, width = parse_size(arguments.raw)
    fps = parse_fps(arguments.fps) or Fraction(25)
    inpainter = make_inpainter(arguments, notice)
    frames = read_raw(sys.stdin.buffer, height, width)
    holes: Any = mask.still_hole(height, width, notice)
    if holes is None:
        one, other = itertools.tee(mask.follow(frames, height, width, notice, fps))
        frames, holes = (frame for frame, _ in one), (hole for _, hole in other)
    with contextlib.ExitStack() as stack:
        if arguments.output == "-":
            sink: Any = RawSink(sys.stdout.buffer)
        else:
            sink = stack.enter_context(VideoWriter(arguments.output, fps, height, width, make_encoding(arguments)))
        tell_method(arguments, inpainter, notice)
        bar = stack.enter_context(shown_later())
        task = bar.add_task("fill", total=None)
        for done, filled in enumerate(inpainter.stream(frames, holes, options), start=1):
            sink.write(filled)
            bar.update(task, completed=done)
    for sentence in getattr(sink, "notices", ()):
        notice(sentence)
    print(
        f"{counted(done, 'frame')} of {width}x{height} filled",
        file=sys.stderr if arguments.output == "-" else sys.stdout,
    )


def fill_many(arguments: Namespace, notice: Notice, named: Callable[[str], str]) -> None:
    """Fill many videos and print a table of the results."""
    options, encoding, fps = fill_options(arguments), make_encoding(arguments), parse_fps(arguments.fps)
    if arguments.pairs is not None:
        pairs = read_pairs(Path(arguments.pairs))
    else:
        masks = Path(arguments.mask) if arguments.mask else None
        pairs = pair_by_name(Path(arguments.video), masks, Path(arguments.output))
    check_pairs(pairs, places({"the table of pairs": arguments.pairs, "the checkpoint": arguments.checkpoint}))
    choices = {(pair.video, pair.mask): mask_choice(arguments, pair.mask or arguments.mask) for pair in pairs}
    with contextlib.ExitStack() as stack:
        inpainter = make_inpainter(arguments, notice)
        if arguments.batch and not (arguments.dry_run or arguments.share):
            make_folder(Path(arguments.output))
            stack.enter_context(SoleWriter(arguments.output, inside=True))
        tell_method(arguments, inpainter, notice)
        bar = stack.enter_context(shown_later())

        def opened(pair: Pair) -> VideoInfo:
            return probe_with(arguments, pair.video, fps if pair.video.is_dir() else None, notice)

        @contextlib.contextmanager
        def task(pair: Pair) -> Iterator[Callable[[int, int], None]]:
            number = bar.add_task(pair.name)
            try:
                yield lambda done, total: bar.update(number, completed=done, total=total)
            finally:
                bar.remove_task(number)

        def fill(pair: Pair) -> FillSummary:
            info = opened(pair)
            tell_interlaced(info, lambda sentence: notice(f"{pair.name}: {sentence}"))
            with task(pair) as progress:
                mask = choices[pair.video, pair.mask].open(info, notice)
                summary = inpainter.fill_file(info, mask, pair.output, encoding, options, progress)
            for sentence in changes(summary, encoding):
                notice(f"{pair.name}: {sentence}")
            return summary

        def copy(pair: Pair) -> Copied:
            with task(pair) as progress:
                return copy_video(opened(pair), pair.output, encoding, progress)

        def told(result: Result) -> None:
            notice(f"{result.pair.name}: {result.state}" + (f". {result.why}" if result.why else ""))

        results = run_batch(
            pairs,
            fill,
            settings(arguments, inpainter),
            arguments.overwrite,
            arguments.dry_run,
            told,
            copy,
            look=lambda pair: choices[pair.video, pair.mask].open(opened(pair)),
            share=arguments.share,
        )
    Console(markup=False).print(summary_table(results, named))
    if any(result.state == "failed" for result in results):
        sys.exit(1)


def check_paths(arguments: Namespace) -> None:
    """Refuse outputs that would replace an input or each other, before anything is read."""
    a = arguments
    outputs = {"`output`": a.output, "`preview`": a.preview, "`report`": a.report}
    inputs = {"the video": a.video, "the mask": a.mask, "the checkpoint": a.checkpoint}
    check_outputs(places(outputs), places(inputs))


def places(named: dict[str, str | None]) -> list[Place]:
    """Return the paths that are given, without pipes."""
    return [Place(name, Path(place)) for name, place in named.items() if place not in (None, "-")]


def check_places(arguments: Namespace, info: VideoInfo, encoding: Encoding) -> None:
    """Refuse outputs that cannot be written, before a mask is read or a network loaded."""
    if arguments.report is not None:
        check_place(Path(arguments.report), folder=True)
    if arguments.preview is not None:
        check_place(Path(arguments.preview))
    if arguments.output != "-":
        # Opened for nothing: container, codec and pixel format are known to fit before the work begins.
        writer = VideoWriter(
            place_of(arguments.output), None, info.height, info.width, encoding, like=info, source_path=info.path
        )
        writer.abort()


def check_pipes(arguments: Namespace) -> None:
    """Refuse pipes that are closed."""
    for name, given, stream in (("stdin", arguments.video, sys.stdin), ("stdout", arguments.output, sys.stdout)):
        if given == "-" and stream is None:
            raise VideoError(f"- stands for a pipe, but {name} is closed. Name a file, or open it.")


def settings(arguments: Namespace, inpainter: Inpainter) -> dict[str, object]:
    """Return everything that changes a result, to tell whether an output is up to date."""
    aside = (
        "video",
        "output",
        "mask",
        "pairs",
        "batch",
        "overwrite",
        "share",
        "dry_run",
        "preview",
        "report",
        "raw",
        "device",
        "strict",
        "allow_gaps",
    )
    chosen = {name: value for name, value in vars(arguments).items() if name not in aside}
    checkpoint = fingerprint(Path(arguments.checkpoint)) if arguments.checkpoint else None
    return {"lgtsm": __version__, **chosen, "checkpoint": checkpoint, "precision": inpainter.precision}


def fill_options(arguments: Namespace) -> FillOptions:
    """Return the options of the fill."""
    return FillOptions(
        working_height=arguments.working_height,
        feather=arguments.feather,
        scene_cuts=not arguments.no_scene_cuts,
        max_memory=None if arguments.max_memory is None else parse_bytes(arguments.max_memory),
        regions=not arguments.full_frames,
        frames_at_once=arguments.frames_at_once,
        see_through=arguments.see_through,
    )


def make_encoding(arguments: Namespace) -> Encoding:
    """Return the encoding of the output."""
    return Encoding(
        codec=arguments.codec,
        crf=arguments.crf,
        lossless=arguments.lossless,
        smart_copy=arguments.smart_copy,
        sound=arguments.sound,
        subtitles=arguments.subtitles,
    )


def make_inpainter(arguments: Namespace, notice: Notice) -> Inpainter:
    """Return the method that the command line chooses."""
    device = arguments.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
        if device == "cuda" and arguments.share:  # torchrun numbers the processes of a machine
            device += f":{int(os.environ.get('LOCAL_RANK', 0)) % torch.cuda.device_count()}"
    if arguments.method == "network":
        model = load_network(arguments.checkpoint, arguments.own_class, notice)
    else:
        model = load_method(arguments.method, arguments.quality)
    inpainter = Inpainter(model, device, arguments.precision)
    if inpainter.why_precision is not None:
        allow_tf32(inpainter.device)
    return inpainter


def tell_method(arguments: Namespace, inpainter: Inpainter, notice: Notice) -> None:
    """Say what was chosen for the user, once all inputs are known to be fine."""
    if inpainter.why_precision is not None:
        notice(f"computing in {inpainter.precision}: {inpainter.why_precision}")
    if arguments.method in PATCHING:
        notice(
            "filling from other frames along the motion, and with patches where no frame shows what is hidden "
            "(--checkpoint FILE fills with a network of your own)"
        )


def probe_with(arguments: Namespace, video: Path, fps: Fraction | None, notice: Notice) -> VideoInfo:
    """Probe a video and say what is wrong with it; `fps`, if given, is the frame rate of a folder.

    Raises:
        VideoError: the video cannot be read, or is a file and keeps its own times; with --strict, it is damaged.
    """
    info = probe(video, arguments.strict, arguments.allow_gaps)
    for fault in info.faults:
        notice(fault)
    if fps is None:
        return info
    if not video.is_dir():
        raise VideoError(f"--fps is for folders and pipes; the frames of {video} keep their own times. Leave it out.")
    return dataclasses.replace(info, fps=fps, duration=info.frames / fps)


def parse_fps(text: str | None) -> Fraction | None:
    """Parse frames per second like 25, 29.97 or 30000/1001; None stays None.

    Raises:
        VideoError: the text is not such a number.
    """
    try:
        fps = None if text is None else Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise VideoError(f"--fps must be written like 25, 29.97 or 30000/1001; got {text!r}.") from error
    if fps is not None and fps <= 0:
        raise VideoError(f"--fps must be greater than 0; got {text}.")
    return fps


def place_of(output: str) -> Path:
    """Return the output path; a trailing slash, or a name without an extension, means a folder."""
    if output.endswith("/") and Path(output).suffix:
        raise VideoError(f"{output} must be a folder's name without an ending, or a file's without a slash at the end.")
    return Path(output)
