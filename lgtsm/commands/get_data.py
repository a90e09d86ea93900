"""Say where a published data set is to be had, and what is there already: `lgtsm get_data NAME [FOLDER]`."""

from __future__ import annotations

import argparse
import os

from lgtsm.commands.command_line import command_parser, run_command

NAMES = ("fvi", "face_forensics", "davis", "youtube_vos", "networks")
VARIABLE = "LGTSM_DATA"


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = command_parser(
        "get_data",
        "Name the public pages of a data set, the folder it belongs in, and what is there already, compared with the "
        "published number of videos. Nothing is downloaded: the pages ask for terms or accounts.",
    )
    parser.add_argument("name", metavar="NAME", choices=NAMES, help=", ".join(NAMES))
    where = f"where it belongs (default: its own in the folder that {VARIABLE} names, else in ./data)"
    parser.add_argument("folder", metavar="FOLDER", nargs="?", help=where)
    parser.add_argument("--open", action="store_true", help="open the pages in a browser")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Print pages, layout, and what is there."""
    from pathlib import Path

    from lgtsm.data.pages import PUBLISHED

    chosen = PUBLISHED[arguments.name]
    folder = Path(arguments.folder or Path(os.environ.get(VARIABLE, "data"), chosen.folder))
    print(f"{chosen.title}:")
    for what, page in chosen.pages.items():
        print(f"  {what}: {page}")
    for note in chosen.notes:
        print(note)
    print(f"Put it into {folder}:")
    for line in chosen.layout:
        print(f"  {folder}/{line}")
    if folder.is_dir():
        print("There now:")
        for line in chosen.found(folder):
            print(f"  {line}")
    if arguments.open:
        import webbrowser

        unopened = [page for page in chosen.pages.values() if not webbrowser.open(page)]
        if unopened:
            raise ValueError(f"No browser opens {', '.join(unopened)}. Copy the addresses to a machine with one.")


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm get_data`."""
    run_command(make_parser(), run, argv)
