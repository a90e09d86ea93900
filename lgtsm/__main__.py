"""`lgtsm COMMAND ...` and `python -m lgtsm COMMAND ...`: hand over to lgtsm.commands.COMMAND."""

from __future__ import annotations

import sys  # and nothing else of our own yet: Ctrl-C during an import out here would be a traceback

TYPE_CHECKING = False  # as type checkers know it; `typing` takes its time
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

COMMANDS = {
    "train": "train a model, with Hydra configs (experiment=NAME KEY=VALUE ...)",
    "plot": "draw the training curves of runs, as a PNG",
    "evaluate": "score networks, methods without weights, or folders of results",
    "compare": "put several evaluations into one table",
    "reproduce": "train and score the systems of a table of the paper, and put it beside the published one",
    "inpaint": "fill the hole in a video file or frame folder",
    "mask": "write the mask of a video: text, logos, an object that is followed, boxes",
    "app": "open a page in the browser to mark and fill a video",
    "export": "write a network's streaming step as an ONNX file",
    "make_masks": "write a test set of masks, kinds x bins x clips",
    "get_data": "say where a published data set is to be had, and where it belongs",
    "check_data": "check a data set before training on it",
    "prepare_data": "copy videos into a form that training reads faster",
    "benchmark": "measure speed: networks, training, filling, masks, data",
}


def run_named(name: str, *arguments: Any) -> None:
    """Run a command; a signal while it is being imported is told like one while it works."""
    from importlib import import_module

    from lgtsm.exits import exit_with_sentence

    with exit_with_sentence(name):
        import_module(f"lgtsm.commands.{name}").main(*arguments)


def entry_point(name: str) -> Callable[..., None]:
    """Return the function that runs a command."""
    return lambda *arguments: _from_the_start(run_named, name, *arguments)


def main() -> None:
    """Run the named command."""
    _from_the_start(_main)


def _from_the_start(run: Callable[..., None], *arguments: Any) -> None:
    """Run a function; end in a sentence where Ctrl-C comes before `exit_with_sentence` is there to tell of it."""
    try:
        run(*arguments)
    except KeyboardInterrupt:
        import os

        if os.environ.get("LGTSM_TRACEBACK"):
            raise
        print("lgtsm: stopped by Ctrl-C before anything began. Start it again.", file=sys.stderr)
        raise SystemExit(130) from None


def _main() -> None:
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in ("-h", "--help", "--version"):
        from lgtsm.exits import exit_with_sentence

        with exit_with_sentence(name):
            if name == "--version":
                _print_version()
            else:
                _print_help()
        return
    if name not in COMMANDS:
        print(f"lgtsm has no command {name!r}. Choose from {', '.join(COMMANDS)}.", file=sys.stderr)
        sys.exit(2)
    sys.argv = [f"lgtsm {name}", *sys.argv[2:]]
    run_named(name)


def _print_help() -> None:
    width = max(map(len, COMMANDS))
    print("usage: lgtsm COMMAND [ARGUMENTS]\n\ncommands (each has its own --help):")
    print("\n".join(f"  {command:<{width}}  {purpose}" for command, purpose in COMMANDS.items()))


def _print_version() -> None:
    from lgtsm.version import __version__

    print(__version__)


if __name__ == "__main__":
    main()
