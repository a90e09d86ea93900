"""Put several evaluations into one table: `lgtsm compare RUN RUN ... [-o OUT]`."""

from __future__ import annotations

import argparse

from lgtsm.commands.command_line import command_parser, run_command

ENDINGS = "md", "html", "tex", "csv", "json"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = command_parser(
        "compare",
        "Put the methods of several evaluations of one protocol into one table: a row for each score and kind of "
        "hole, a column for each method, best in bold. Add their differences from one method, with intervals.",
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder written by lgtsm evaluate protocol=...")
    parser.add_argument("--against", metavar="METHOD", help="compare the others with this one (default: the first)")
    parser.add_argument("-o", "--output", metavar="OUT", help="folder for comparison.md, .html, .tex, .csv and .json")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Print the comparison, and write it where asked."""
    from pathlib import Path

    from lgtsm.document import to_markdown
    from lgtsm.evaluation.comparison import compare, write_comparison
    from lgtsm.outputs import Place, check_outputs
    from lgtsm.places import make_folder
    from lgtsm.whole_files import write_json

    if arguments.output is not None:
        files = [Path(arguments.output, f"comparison.{ending}") for ending in ENDINGS]
        runs = [Place(f"a file of {run}", file) for run in arguments.runs for file in Path(run).glob("*.*")]
        runs = [place for place in runs if place.path.name not in {file.name for file in files}]
        check_outputs([Place(file.name, file) for file in files], runs)
    blocks, plain = compare(arguments.runs, arguments.against)
    print(to_markdown(blocks))
    if arguments.output is not None:
        folder = Path(arguments.output)
        make_folder(folder)
        write_comparison(folder, blocks, plain)
        write_json(folder / "comparison.json", plain)


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm compare`."""
    run_command(make_parser(), run, argv)
