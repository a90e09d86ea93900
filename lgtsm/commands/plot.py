"""Draw the training curves of runs: `lgtsm plot RUN [RUN ...] [-o FILE.png]`."""

from __future__ import annotations

import argparse

from lgtsm.commands.command_line import command_parser, run_command
from lgtsm.counted import counted


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = command_parser(
        "plot",
        "Draw training logs as a PNG, without any service: loss terms, the discriminator's scores, gradient norms, "
        "learning rates, validation scores, speed and memory. A dashed line marks the start of the GAN stage. Several "
        "runs share the same panels. Resumed runs and runs still in progress are fine.",
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run folder of lgtsm train, or its metrics.csv")
    parser.add_argument("-o", "--output", metavar="FILE", help="the PNG (default: curves.png in the first RUN)")
    parser.add_argument("--smooth", type=int, metavar="N", help="moving mean over N points; 1 for none (default: auto)")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Summarize the logs and draw them."""
    from pathlib import Path

    from lgtsm.outputs import Place, check_outputs
    from lgtsm.training.curves import write_curves
    from lgtsm.training.log import read_log

    if arguments.smooth is not None and arguments.smooth < 1:
        raise ValueError(f"--smooth must be at least 1 point; got {arguments.smooth}.")
    first = Path(arguments.runs[0])
    output = Path(arguments.output or (first.parent if first.is_file() else first) / "curves.png")
    if output.suffix.lower() != ".png":
        raise ValueError(f"-o must name a .png file; got {output}.")
    # A picture may join a run's folder; only a log that is a file can be replaced.
    files = [Place("a log", Path(name)) for name in arguments.runs if not Path(name).is_dir()]
    check_outputs([Place("`output`", output)], files)
    logs = [read_log(name) for name in arguments.runs]
    for log in logs:
        starts = f" in {log.starts} starts" if log.starts > 1 else ""
        gan = f", GAN from step {log.gan_step}" if log.gan_step is not None else ""
        scores = log.columns.get("val/psnr_hole")
        quality = f", PSNR in the hole {scores[1][-1]:.2f} dB at step {scores[0][-1]}" if scores else ""
        print(f"{log.name}: logged to step {log.last_step}{starts}{gan}{quality}")
    titles = write_curves(output, logs, arguments.smooth)
    print(f"{counted(len(titles), 'panel')}: {output}")


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm plot`."""
    run_command(make_parser(), run, argv)
