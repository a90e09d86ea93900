"""Draw the training curves of runs: `lgtsm plot RUN [RUN ...] [-o FILE.png]`."""

from __future__ import annotations

import argparse

from lgtsm.exits import exit_with_sentence
from lgtsm.version import __version__


def make_parser() -> argparse.ArgumentParser:
    """Return the command line's parser."""
    parser = argparse.ArgumentParser(
        prog="lgtsm plot",
        description="Draw what training has logged as a PNG, without any service: loss parts, the discriminator's "
        "scores, gradient norms, learning rates, validation scores, speed and memory, with a dashed line where the GAN "
        "begins. Several runs are drawn over each other. Runs that are still going, or were resumed, are fine.",
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folder of lgtsm train, or its metrics.csv")
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="the PNG (default: curves.png in the first RUN's folder)"
    )
    parser.add_argument(
        "--smooth", type=int, metavar="N", help="moving mean over N points; 1 for none (default: by the curve's length)"
    )
    parser.add_argument("--version", action="version", version=f"lgtsm {__version__}")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Do what the command line asks for.

    Raises:
        ValueError, FileNotFoundError: a run has no log, or the options cannot be used.
    """
    from pathlib import Path

    from lgtsm.training.curves import write_curves
    from lgtsm.training.log import read_log

    if arguments.smooth is not None and arguments.smooth < 1:
        raise ValueError(f"--smooth must be at least 1 point; got {arguments.smooth}.")
    first = Path(arguments.runs[0])
    output = Path(arguments.output or (first.parent if first.is_file() else first) / "curves.png")
    if output.suffix.lower() != ".png":
        raise ValueError(f"-o must name a .png file; got {output}.")
    logs = [read_log(name) for name in arguments.runs]
    for log in logs:
        starts = f" in {log.starts} starts" if log.starts > 1 else ""
        gan = f", GAN from step {log.gan_step}" if log.gan_step is not None else ""
        scores = log.columns.get("val/psnr_hole")
        quality = f", PSNR in the hole {scores[1][-1]:.2f} dB at step {scores[0][-1]}" if scores else ""
        print(f"{log.name}: logged to step {log.last_step}{starts}{gan}{quality}")
    titles = write_curves(output, logs, arguments.smooth)
    print(f"{len(titles)} panels: {output}")


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm plot`."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    with exit_with_sentence("plot", parser):
        run(arguments)
