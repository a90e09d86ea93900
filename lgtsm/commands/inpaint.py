"""Fill the hole in a video: `lgtsm inpaint VIDEO --mask MASK -o OUT`."""

from __future__ import annotations

import argparse
import sys

from lgtsm.commands.command_line import check_given
from lgtsm.commands.mask_options import WAYS, add_mask_options, finders, is_marked
from lgtsm.commands.own_network import add_own_class
from lgtsm.exits import GOES_ON, START_AGAIN, exit_with_sentence, in_flags
from lgtsm.inference.options import DEFAULT_CHUNK, SCALED_FEATHER, SCENE_MEMORY
from lgtsm.models.catalog import BEST_PASSES, DEFAULT_METHOD, MODELS, QUALITIES, list_methods
from lgtsm.precision_names import AUTO, PRECISIONS
from lgtsm.threads import wait_patiently
from lgtsm.version import __version__
from lgtsm.video.encoding import DEFAULT_CRF

EXAMPLES = """examples:
  lgtsm inpaint clip.mp4 --mask mask.png -o out.mp4
  lgtsm inpaint clip.mp4 --box 20,10,160,48 -o out.mp4 --preview look.mp4 --report page
  lgtsm inpaint clip.mp4 --mask masks -o out.mp4 --checkpoint generator.safetensors
  lgtsm inpaint 4k.mp4 --mask masks --working-height 540 --max-memory 4G --dry-run -o out.mp4
  lgtsm inpaint VIDEOS --mask MASKS -o FILLED --batch
  ffmpeg -i in.mp4 -f rawvideo -pix_fmt rgb24 - | lgtsm inpaint - --raw 1280x720 --mask m.png -o - -c C | ffplay ...
"""


def make_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(
        prog="lgtsm inpaint",
        description="Fill the masked part of a video of any length and size, in constant memory.\n"
        "Pixels outside the mask, frame count, size, timing and sound stay as they are.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "video", metavar="VIDEO", nargs="?", help="video file, folder of frames, picture, or - for raw frames"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="video file to write, or picture; a name without an extension makes a folder of PNG frames, named like "
        "those that came in; - sends raw frames",
    )
    parser.add_argument(
        "-c",
        "--checkpoint",
        metavar="C",
        help="fill with a trained network: generator.safetensors, a run's .ckpt, or an authors' .pth",
    )
    add_own_class(parser)
    parser.add_argument(
        "--method",
        choices=("network", *list_methods()),
        help=f"(default: network with --checkpoint, else {DEFAULT_METHOD}) "
        + "; ".join(f"{name}: {MODELS[name].what}" for name in list_methods()),
    )
    parser.add_argument(
        "--quality",
        choices=QUALITIES,
        default="normal",
        help=f"best: let {' or '.join(BEST_PASSES)} see the video in four ways, mirrored and backwards too (default: "
        "normal)",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the work, its time and its memory; write nothing",
    )
    parser.add_argument("--version", action="version", version=f"lgtsm {__version__}")
    parser.add_argument(
        "--strict",
        action="store_true",
        help="refuse a damaged VIDEO, such as one that holds fewer pictures than its header says, instead of filling "
        "what there is",
    )
    parser.add_argument(
        "--allow-gaps",
        action="store_true",
        help="take a folder of frames whose numbers leave some out, like 1, 2, 4",
    )
    add_mask_options(parser)
    _add_computing(parser)
    _add_output(parser)
    _add_batch(parser)
    return parser


def _add_computing(parser: argparse.ArgumentParser) -> None:
    compute = parser.add_argument_group("computing")
    compute.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, ... (default: the GPU if there is one)")
    compute.add_argument(
        "--precision",
        choices=(AUTO, *PRECISIONS),
        default=AUTO,
        help="precision of a network; auto picks the fastest that the device supports (default: %(default)s)",
    )
    compute.add_argument(
        "--max-memory",
        metavar="SIZE",
        help="limit the memory of the fill, like 4G; a network then takes fewer frames at once, with the same result; "
        f"other methods fill shorter pieces of a scene (default for those: {SCENE_MEMORY // 2**30}G)",
    )
    compute.add_argument(
        "--frames-at-once",
        type=int,
        metavar="N",
        help="frames that a network takes at once: more run faster, 1 answers soonest in a pipe (default: "
        f"{DEFAULT_CHUNK})",
    )
    compute.add_argument(
        "--working-height",
        type=int,
        metavar="N",
        help="fill at N rows and scale the fill back up: faster, and better for holes larger than the network can "
        "see across, whose middle stays blurred; leave it out for small holes, which come out sharper without",
    )
    compute.add_argument(
        "--feather",
        type=int,
        metavar="N",
        help="blend the fill into the known pixels over N pixels inside the hole, to hide a visible edge (default: "
        f"{SCALED_FEATHER} with --working-height, else 0)",
    )
    compute.add_argument(
        "--see-through",
        action="store_true",
        help="bring back the picture under a half-transparent logo or watermark that stays in one place, and fill only "
        "where nothing can be seen through it",
    )
    compute.add_argument(
        "--no-scene-cuts", action="store_true", help="treat the video as one scene, where flashes look like cuts"
    )
    compute.add_argument(
        "--full-frames", action="store_true", help="compute whole frames, not just around the hole: to compare"
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    output = parser.add_argument_group("output", "an existing OUT is replaced once the new one is complete")
    output.add_argument(
        "--codec",
        help="FFmpeg's name of the video encoder (default: that of the source's codec, or the usual one for the "
        "extension); for a folder png or jpg (default: png)",
    )
    output.add_argument(
        "--crf",
        type=int,
        help=f"quality, 0 best to 51 worst (default: about the bit rate of VIDEO, {DEFAULT_CRF} where it has none)",
    )
    output.add_argument("--lossless", action="store_true", help="keep every bit of the frames as 8-bit RGB")
    output.add_argument(
        "--smart-copy",
        action="store_true",
        help="copy groups of pictures without a hole as they are, instead of encoding them again (H.264 in .mp4, .mov "
        "and .mkv)",
    )
    for kind, them in (("sound", "it"), ("subtitles", "them")):
        output.add_argument(
            f"--no-{kind}", dest=kind, action="store_false", help=f"drop the {kind}, for an OUT that cannot hold {them}"
        )
    output.add_argument("--fps", help="frames per second of a folder or a pipe, like 25 or 30000/1001 (default: 25)")
    output.add_argument("--raw", metavar="WxH", help="size of the frames that come in with VIDEO - (rgb24)")
    output.add_argument(
        "--preview", metavar="FILE", help="also write a video of the input, hole marked, and the result"
    )
    output.add_argument(
        "--report", metavar="FOLDER", help="also write a page: frames, a slice through time, where the time went"
    )


def _add_batch(parser: argparse.ArgumentParser) -> None:
    batch = parser.add_argument_group(
        "many videos",
        "Finished videos are skipped, a failure does not stop the rest, and the same command resumes a\n"
        "run that was killed. The exit code is 1 if a video failed.",
    )
    batch.add_argument(
        "--batch", action="store_true", help="VIDEO, --mask and OUT are folders; each mask is named like its video"
    )
    batch.add_argument("--pairs", metavar="CSV", help="read the videos from a table: columns video, mask, output")
    batch.add_argument(
        "--overwrite",
        action="store_true",
        help="fill finished videos again, and replace files of others at their places",
    )
    batch.add_argument(
        "--share",
        action="store_true",
        help="share the videos with other runs of the same command, as under torchrun or in a job array; one that is "
        "killed has its video taken over",
    )


def chosen_method(arguments: argparse.Namespace) -> str:
    """Return the method: --method, else network with --checkpoint, else the default one."""
    if arguments.method is not None:
        return arguments.method
    return DEFAULT_METHOD if arguments.checkpoint is None else "network"


def check(arguments: argparse.Namespace) -> None:
    """Refuse options that contradict each other, before anything is loaded.

    Raises:
        ValueError: the first contradiction, in a sentence.
    """
    a = arguments
    many, pipe, method = a.batch or a.pairs is not None, a.video == "-", chosen_method(a)
    wrong = {
        "Name the table with --pairs or the folders with --batch, not both.": a.batch and a.pairs is not None,
        "--pairs takes videos and outputs from the table; leave out VIDEO and -o.": a.pairs is not None
        and (a.video is not None or a.output is not None),
        "VIDEO is missing. Name a file, a folder of frames, or - for a pipe.": a.video is None and a.pairs is None,
        "The output is missing. Name a file or a folder with -o.": a.output is None
        and (a.batch or not a.dry_run)
        and a.pairs is None,
        "--overwrite is for --batch and --pairs; a single output is always replaced.": a.overwrite and not many,
        "--share is for --batch and --pairs; a single video is filled by one run.": a.share and not many,
        "--overwrite with --share would fill again what another run has filled; move the old outputs away.": a.share
        and a.overwrite,
        "A pipe carries one video; name folders, or fill one video.": many and "-" in (a.video, a.output),
        "--preview and --report are for one video; leave them out of --batch and --pairs.": many
        and bool(a.preview or a.report),
        "--preview and --report need a file to read, and the input is a pipe.": pipe and bool(a.preview or a.report),
        "--dry-run needs a file to read, and the input is a pipe.": pipe and a.dry_run,
        "The frame size of the pipe is missing. Say --raw WIDTHxHEIGHT.": pipe and a.raw is None,
        "--see-through needs a file to read, and the input is a pipe.": pipe and a.see_through,
        "--raw is for VIDEO -, a pipe of raw frames; a file knows its own size.": not pipe and a.raw is not None,
        "--key-tolerance is for --key-color; name the color, or leave it out.": a.key_tolerance is not None
        and a.key_color is None,
        f"--feather compares the fill with the known pixels beside it, and --method {method} fills the hole alone; "
        "leave it out, or add --working-height.": bool(a.feather) and a.working_height is None and method != "network",
        "--frames-at-once and --max-memory both set how many frames go in at once; keep one.": a.max_memory is not None
        and a.frames_at_once is not None,
        f"--frames-at-once is for a network, and --method {method} is not one; leave it out.": a.frames_at_once
        is not None
        and method != "network",
        f"The mask is missing. Mark the hole with {WAYS}.": a.pairs is None and not is_marked(a),
        f"--{' and --'.join(finders(a))} needs a file to read, and the input is a pipe.": pipe and bool(finders(a)),
        "--shadow needs a file to read, and the input is a pipe.": pipe and a.shadow,
        "--method network needs weights. Name them with --checkpoint, train some with `lgtsm train`, or leave out "
        "--method.": method == "network" and a.checkpoint is None,
        f"--checkpoint is for a network, and --method {method} is not one; leave one of them out.": method != "network"
        and a.checkpoint is not None,
        f"--quality best is for --method {' or '.join(BEST_PASSES)}, and not for {method}; "
        "leave one of them out.": a.quality == "best" and method not in BEST_PASSES,
        "--own-class is for a network of your own; name its weights with --checkpoint, or leave it out.": a.own_class
        is not None
        and a.checkpoint is None,
        "--smart-copy keeps the codec of VIDEO; leave out --codec and --lossless.": a.smart_copy
        and bool(a.codec or a.lossless),
        "--smart-copy is for a video file that becomes one; a pipe carries raw frames.": a.smart_copy
        and "-" in (a.video, a.output),
        "--codec, --crf and --lossless are for files; a pipe carries raw frames.": a.output == "-"
        and bool(a.codec or a.lossless),
    }
    for sentence, is_wrong in wrong.items():
        if is_wrong:
            raise ValueError(sentence)


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm inpaint`."""
    wait_patiently()
    parser = make_parser()
    arguments = parser.parse_args(argv)
    many = arguments.batch or arguments.pairs is not None
    with exit_with_sentence("inpaint", parser, GOES_ON if many else START_AGAIN):
        check_given(arguments, parser)
        check(arguments)
        arguments.method = chosen_method(arguments)
        from lgtsm.commands.inpaint_run import run

        def named(said: str) -> str:
            return in_flags(said, parser)

        run(arguments, lambda said: print(f"lgtsm inpaint: {named(said)}", file=sys.stderr), named)
