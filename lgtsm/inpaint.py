"""Fill the hole in a video: `python -m lgtsm.inpaint VIDEO --mask MASK -o OUT --checkpoint C`."""

from __future__ import annotations

import argparse

from lgtsm import __version__
from lgtsm.exits import exit_with_sentence

METHODS = ("network", "temporal-copy", "mean-colour")


def make_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(
        prog="lgtsm inpaint",
        description="Fill the masked part of a video. Everything outside the mask, the number of frames, the size, the "
        "timing and the sound stay as they are.",
    )
    parser.add_argument("video", metavar="VIDEO", help="video file, or folder of frames")
    parser.add_argument(
        "-m", "--mask", required=True, help="what to remove, in white: an image for all frames, a folder of images, or a video"
    )
    parser.add_argument(
        "-o", "--output", required=True, metavar="OUT", help="video file to write; a name without ending becomes a folder of PNG frames"
    )
    parser.add_argument(
        "-c", "--checkpoint", metavar="C", help="trained network: generator.safetensors or a .ckpt of a run, or an authors' .pth"
    )
    parser.add_argument(
        "--method", choices=METHODS, default="network", help="temporal-copy and mean-colour need no checkpoint (default: network)"
    )
    mask = parser.add_argument_group("mask")
    mask.add_argument("--invert-mask", action="store_true", help="the mask is black where something is to be removed")
    mask.add_argument("--resize-mask", action="store_true", help="scale a mask of another size to the video")
    mask.add_argument("--repeat-mask", action="store_true", help="let a mask that is too short go on with its last frame")
    output = parser.add_argument_group("output")
    output.add_argument("--codec", help="FFmpeg's name of the video encoder (default: libx264, or what the ending asks for)")
    output.add_argument("--crf", type=int, default=16, help="quality, 0 best to 51 worst (default: %(default)s)")
    output.add_argument("--lossless", action="store_true", help="keep every bit of the frames")
    compute = parser.add_argument_group("computing")
    compute.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, ... (default: the GPU where there is one)")
    compute.add_argument("--precision", choices=("fp32", "bf16", "fp16"), default="fp32", help="(default: %(default)s)")
    parser.add_argument("--version", action="version", version=f"lgtsm {__version__}")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        ValueError, FileNotFoundError: something that was handed in cannot be used.
    """
    import sys

    import torch
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from lgtsm.classical.fillers import MeanColour, TemporalCopy
    from lgtsm.inference.fill_file import fill_file
    from lgtsm.inference.inpainter import Inpainter

    if arguments.method == "network" and arguments.checkpoint is None:
        raise ValueError(
            "Which network shall fill the hole? Name its weights with --checkpoint, train one with `lgtsm train`, or "
            "take --method temporal-copy, which needs none."
        )
    device = arguments.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    fillers = {"temporal-copy": TemporalCopy, "mean-colour": MeanColour}
    model = arguments.checkpoint if arguments.method == "network" else fillers[arguments.method]()
    inpainter = Inpainter(model, device, arguments.precision)

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("frames"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done)

        summary = fill_file(
            inpainter,
            arguments.video,
            arguments.mask,
            arguments.output,
            invert_mask=arguments.invert_mask,
            resize_mask=arguments.resize_mask,
            repeat_mask=arguments.repeat_mask,
            codec=arguments.codec,
            crf=arguments.crf,
            lossless=arguments.lossless,
            notice=lambda sentence: print(f"lgtsm inpaint: {sentence}", file=sys.stderr),
            progress=progress,
        )
    info = summary.plan.info
    print(
        f"{summary.output}: {info.frames} frames of {info.width}x{info.height}, "
        f"{summary.plan.hole_share:.1%} of the pixels filled"
    )


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm inpaint`."""
    arguments = make_parser().parse_args(argv)
    with exit_with_sentence("inpaint"):
        run(arguments)


if __name__ == "__main__":
    main()
