"""Write a network's streaming step as an ONNX file: `lgtsm export -c CHECKPOINT -o step.onnx`."""

from __future__ import annotations

import argparse
import sys

from lgtsm.commands.command_line import command_parser, run_command
from lgtsm.commands.own_network import add_own_class, load_network
from lgtsm.counted import counted
from lgtsm.exits import in_flags


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = command_parser(
        "export",
        "Write the streaming step of a trained network as an ONNX file: one frame in, one frame out, with the state "
        "as inputs and outputs. Check with ONNX Runtime that it agrees with PyTorch. Needs pip install lgtsm[export].",
    )
    parser.add_argument(
        "-c",
        "--checkpoint",
        metavar="C",
        required=True,
        help="trained network (lgtsm, gtsm or tsm): generator.safetensors, a run's .ckpt, or an authors' .pth",
    )
    add_own_class(parser)
    parser.add_argument("-o", "--output", metavar="OUT", required=True, help="file to write, ending in .onnx")
    parser.add_argument("--height", type=int, metavar="H", help="fix the frame height, in pixels; it may be any number")
    parser.add_argument("--width", type=int, metavar="W", help="fix the width too (default: all multiples of 4)")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Export the network and report the check."""
    from pathlib import Path

    from lgtsm.export.onnx_export import export_onnx
    from lgtsm.outputs import Place, check_outputs

    output, checkpoint = Path(arguments.output), Path(arguments.checkpoint)
    check_outputs([Place("`output`", output)], [Place("the checkpoint", checkpoint)])

    def notice(sentence: str) -> None:
        print(f"lgtsm export: {in_flags(sentence, make_parser())}", file=sys.stderr)

    network = load_network(arguments.checkpoint, arguments.own_class, notice)
    done = export_onnx(network, arguments.output, arguments.height, arguments.width)
    height, width = done.inputs["frame"][2:]
    size = f"{width}x{height}" if arguments.height else "any size of multiples of 4"
    print(
        f"{done.path}: frames of {size}, {done.bytes / 1e6:.1f} MB, {counted(done.nodes, 'operation')} of "
        f"opset {done.opset}"
    )
    print(
        f"each frame comes out {counted(done.delay, 'step')} after it goes in; "
        f"{counted(len(done.inputs) - 3, 'state tensor')}"
    )
    print(f"differs from PyTorch by at most {done.difference:.1e} over {done.frames} random frames, clip ends included")


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm export`."""
    run_command(make_parser(), run, argv)
