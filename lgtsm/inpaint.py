"""Fill the hole in a video: `python -m lgtsm.inpaint VIDEO --mask MASK -o OUT`."""

from __future__ import annotations

import argparse

from lgtsm import __version__
from lgtsm.exits import exit_with_sentence
from lgtsm.models.catalog import list_models
from lgtsm.threads import wait_patiently

DEFAULT_METHOD = "key-frames"
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
        description="Fill the masked part of a video of any length and size, at a memory that does not grow.\n"
        "Everything outside the mask, the number of frames, the size, the timing and the sound stay as they are.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("video", metavar="VIDEO", nargs="?", help="video file, folder of frames, or - for raw frames")
    parser.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="video file to write; a name without ending becomes a folder of PNG frames; - sends raw frames",
    )
    parser.add_argument(
        "-c",
        "--checkpoint",
        metavar="C",
        help="fill with a trained network: generator.safetensors, a run's .ckpt, or an authors' .pth",
    )
    parser.add_argument(
        "--method",
        choices=("network", *list_models(networks=False)),
        help="key-frames needs no checkpoint: it copies what other frames show along the motion, and completes the "
        "rest with patches; tccds does so more slowly, the others are there to compare (default: network with "
        "--checkpoint, else key-frames)",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="say what there is to do, how long it takes and how much memory; write nothing",
    )
    parser.add_argument("--version", action="version", version=f"lgtsm {__version__}")
    _add_mask(parser)
    _add_computing(parser)
    _add_output(parser)
    _add_batch(parser)
    return parser


def _add_mask(parser: argparse.ArgumentParser) -> None:
    which = parser.add_argument_group("what to remove", "one of --mask, --box and --key-color")
    which.add_argument("-m", "--mask", help="in white: an image for all frames, a folder of images, or a video")
    which.add_argument(
        "--box",
        action="append",
        metavar="X,Y,W,H",
        help="a box, in pixels from the left top corner; may be given again",
    )
    which.add_argument(
        "--key-color",
        "--key-colour",
        metavar="RRGGBB",
        help="all pixels of this color, say painted over in an editor",
    )
    which.add_argument(
        "--key-tolerance",
        type=int,
        metavar="N",
        help="how far red, green and blue may be from it, 0 to 255 (default: 24)",
    )
    which.add_argument("--invert-mask", action="store_true", help="remove what is not named: the mask is black there")
    which.add_argument(
        "--dilate", type=int, default=0, metavar="N", help="widen it by N pixels: where edges or shadows are left over"
    )
    which.add_argument(
        "--dilate-time", type=int, default=0, metavar="N", help="and by N frames: where the mask is late or has gaps"
    )
    which.add_argument("--resize-mask", action="store_true", help="scale a mask of another size to the video")
    which.add_argument(
        "--repeat-mask", action="store_true", help="let a mask that is too short go on with its last frame"
    )


def _add_computing(parser: argparse.ArgumentParser) -> None:
    compute = parser.add_argument_group("computing")
    compute.add_argument(
        "--device", default="auto", help="cpu, cuda, cuda:1, ... (default: the GPU where there is one)"
    )
    compute.add_argument(
        "--precision",
        choices=("auto", "fp32", "bf16", "fp16"),
        default="auto",
        help="of a network; auto takes what the device computes fast and says which (default: auto)",
    )
    compute.add_argument(
        "--max-memory",
        metavar="SIZE",
        help="like 4G: what filling may take; a network then sees fewer frames at once, with the same result, other "
        "methods work on shorter pieces of a scene (default for those: 4G)",
    )
    compute.add_argument(
        "--frames-at-once", type=int, metavar="N", help="more are faster, 1 answers soonest in a pipe (default: 8)"
    )
    compute.add_argument(
        "--working-height",
        type=int,
        metavar="N",
        help="fill at N rows and bring the result back up: for holes larger than the network can see around (their "
        "middle stays blurred or gray), or to save time; leave it out for small holes, which are sharper without",
    )
    compute.add_argument(
        "--feather",
        type=int,
        metavar="N",
        help="pixels over which the fill is fitted to the known ones beside it, inside the hole: against an edge that "
        "can be seen (default: 8 with --working-height, else 0)",
    )
    compute.add_argument(
        "--no-scene-cuts", action="store_true", help="take the video for one scene: where flashes are taken for cuts"
    )
    compute.add_argument(
        "--full-frames", action="store_true", help="compute whole frames, not only what the hole depends on: to compare"
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    output = parser.add_argument_group("output", "an old OUT is replaced, at once and only by a whole new one")
    output.add_argument(
        "--codec",
        help="FFmpeg's name of the video encoder (default: libx264, or what the ending asks for); for a folder png or "
        "jpg (default: png)",
    )
    output.add_argument("--crf", type=int, default=16, help="quality, 0 best to 51 worst (default: %(default)s)")
    output.add_argument("--lossless", action="store_true", help="keep every bit of the frames")
    output.add_argument("--no-sound", action="store_true", help="leave the sound out: where OUT cannot hold it")
    output.add_argument("--no-subtitles", action="store_true", help="leave the subtitles out, likewise")
    output.add_argument("--fps", help="frames per second of a folder or a pipe, like 25 or 30000/1001 (default: 25)")
    output.add_argument("--raw", metavar="WxH", help="size of the frames that VIDEO - brings (rgb24)")
    output.add_argument("--preview", metavar="FILE", help="also write a video: input with the hole marked, and result")
    output.add_argument(
        "--report", metavar="FOLDER", help="also write a page: frames, a slice through time, where the time went"
    )


def _add_batch(parser: argparse.ArgumentParser) -> None:
    batch = parser.add_argument_group(
        "many videos",
        "What is done is skipped, failures do not stop the rest, and a run that was killed is finished by\n"
        "the same command. The exit code is 1 if a video failed.",
    )
    batch.add_argument(
        "--batch", action="store_true", help="VIDEO, --mask and OUT are folders; masks have the names of their videos"
    )
    batch.add_argument("--pairs", metavar="CSV", help="take them from a table with the columns video, mask, output")
    batch.add_argument("--overwrite", action="store_true", help="do again what is done")


def chosen_method(arguments: argparse.Namespace) -> str:
    """Return what fills: --method, else the network of --checkpoint, else what needs none."""
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
        "With --pairs, videos and outputs come from the table; leave out VIDEO and -o.": a.pairs is not None
        and (a.video is not None or a.output is not None),
        "Which video shall be filled? Name a file, a folder of frames, or - for a pipe.": a.video is None
        and a.pairs is None,
        "Where shall the result go? Name a file or a folder with -o.": a.output is None
        and (a.batch or not a.dry_run)
        and a.pairs is None,
        "--overwrite is for --batch and --pairs; the output of one video is always replaced.": a.overwrite and not many,
        "Many videos cannot go through a pipe; name folders, or fill one video.": many and "-" in (a.video, a.output),
        "--preview and --report are for one video; leave them out of --batch and --pairs.": many
        and bool(a.preview or a.report),
        "--preview and --report need a file to read; they cannot look at a pipe.": pipe and bool(a.preview or a.report),
        "--dry-run needs a file to read; it cannot know what a pipe will bring.": pipe and a.dry_run,
        "How large are the frames of the pipe? Say --raw WIDTHxHEIGHT.": pipe and a.raw is None,
        "--raw is for VIDEO -, a pipe of raw frames; a file says itself how large it is.": not pipe
        and a.raw is not None,
        "--key-tolerance is for --key-color; name the colour, or leave it out.": a.key_tolerance is not None
        and a.key_color is None,
        f"--feather compares the fill with the known pixels beside it, and --method {method} gives none there; leave "
        "it out, or add --working-height.": bool(a.feather) and a.working_height is None and method != "network",
        "--frames-at-once and --max-memory both say how many frames go in at once; keep one.": a.max_memory is not None
        and a.frames_at_once is not None,
        "--frames-at-once must be at least 1.": a.frames_at_once is not None and a.frames_at_once < 1,
        "--feather must be 0 or more.": a.feather is not None and a.feather < 0,
        "The hole must be named by --mask, --box or --key-color.": a.pairs is None
        and not (a.mask or a.box or a.key_color),
        "Which network shall fill the hole? Name its weights with --checkpoint, train one with `lgtsm train`, or leave "
        "--method out, which needs none.": method == "network" and a.checkpoint is None,
        f"--checkpoint is for a network, and --method {method} is none; leave one of them out.": method != "network"
        and a.checkpoint is not None,
        f"--method {method} looks at other frames too and cannot fill a pipe; fill a file, or name a network with "
        "--checkpoint.": pipe and method != "network",
        "--codec, --crf and --lossless are for files; raw frames in a pipe are always whole.": a.output == "-"
        and bool(a.codec or a.lossless),
    }
    for sentence, is_wrong in wrong.items():
        if is_wrong:
            raise ValueError(sentence)


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm inpaint`."""
    wait_patiently()
    arguments = make_parser().parse_args(argv)
    with exit_with_sentence("inpaint"):
        check(arguments)
        arguments.method = chosen_method(arguments)
        from lgtsm.inference.command import run

        run(arguments)


if __name__ == "__main__":
    main()
