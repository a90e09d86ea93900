"""Write a network's streaming step as an ONNX file: `lgtsm export -c CHECKPOINT -o step.onnx`."""

from __future__ import annotations

import argparse

from lgtsm.exits import exit_with_sentence
from lgtsm.version import __version__


def make_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(
        prog="lgtsm export",
        description="Write the streaming step of a trained network, one frame in and one out with its state as inputs "
        "and outputs, as an ONNX file, and check with ONNX Runtime that it gives what PyTorch gives. Needs "
        "pip install lgtsm[export].",
    )
    parser.add_argument(
        "-c",
        "--checkpoint",
        metavar="C",
        required=True,
        help="trained network (lgtsm, gtsm or tsm): generator.safetensors, a run's .ckpt, or an authors' .pth",
    )
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="file to write, ending in .onnx")
    parser.add_argument(
        "--height",
        type=int,
        metavar="H",
        help="of the frames, in pixels: the file is for this size only, which may be any; without --height and --width "
        "it takes all sizes that are multiples of 4",
    )
    parser.add_argument("--width", type=int, metavar="W", help="likewise")
    parser.add_argument("--version", action="version", version=f"lgtsm {__version__}")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        ValueError, FileNotFoundError: the checkpoint or the size cannot be used, or the file is not what it should be.
        MissingPackageError: a package of the extra "export" is not installed.
    """
    from lgtsm.export.onnx_export import export_onnx
    from lgtsm.models.weights import load_model

    done = export_onnx(load_model(arguments.checkpoint), arguments.output, arguments.height, arguments.width)
    height, width = done.inputs["frame"][2:]
    size = f"{width}x{height}" if arguments.height else "any size of multiples of 4"
    print(f"{done.path}: frames of {size}, {done.bytes / 1e6:.1f} MB, {done.nodes} operations of opset {done.opset}")
    print(f"a frame comes out {done.delay} steps after it went in; tensors of state {len(done.inputs) - 3}")
    print(
        f"largest difference to PyTorch {done.difference:.1e} in {done.frames} random frames, first and last of a clip "
        "included"
    )


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm export`."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    with exit_with_sentence("export", parser):
        run(arguments)
