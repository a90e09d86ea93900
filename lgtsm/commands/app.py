"""Fill videos on a page in the browser: `lgtsm app`."""

from __future__ import annotations

import argparse
import webbrowser
from typing import TYPE_CHECKING

from lgtsm.commands.command_line import command_parser, run_command
from lgtsm.threads import wait_patiently

if TYPE_CHECKING:
    from lgtsm.app.jobs import Progress
    from lgtsm.app.marks import Drawing
    from lgtsm.video.mask_edit import HoleSource
    from lgtsm.video.probe import VideoInfo

HOST, PORT, MAX_SIZE, MAX_MINUTES = "127.0.0.1", 7860, "500M", 5.0
STOPPED = "Its temporary files are gone."


def make_parser() -> argparse.ArgumentParser:
    """Return the parser."""
    parser = command_parser(
        "app",
        "Open a page in the browser: open a video, mark what to remove, fill it, download the result "
        "(pip install lgtsm[app]). Stop it with Ctrl-C.",
    )
    parser.add_argument(
        "--host",
        default=HOST,
        help="address to listen on; 0.0.0.0 lets the whole network in, without a password (default: %(default)s)",
    )
    parser.add_argument("--port", type=int, default=PORT, help="0 takes a free one (default: %(default)s)")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="only print the page's address")
    parser.add_argument(
        "--max-size", default=MAX_SIZE, metavar="SIZE", help="largest video, like 500M or 2G (default: %(default)s)"
    )
    parser.add_argument(
        "--max-minutes", type=float, default=MAX_MINUTES, metavar="N", help="longest video (default: %(default)s)"
    )
    parser.add_argument("--device", default="auto", help="cpu, cuda, cuda:1, ... (default: the GPU if there is one)")
    return parser


def run(arguments: argparse.Namespace) -> None:
    """Serve the page until it is stopped."""
    if not 0 <= arguments.port < 2**16:
        raise ValueError(f"--port must be from 0 to {2**16 - 1}; got {arguments.port}.")
    if not arguments.max_minutes > 0:
        raise ValueError(f"--max-minutes must be greater than 0; got {arguments.max_minutes:g}.")
    import torch

    from lgtsm.app.server import serve
    from lgtsm.app.uploads import Limits
    from lgtsm.checks import check_device
    from lgtsm.inference.memory import parse_bytes

    device = arguments.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    check_device(device)
    limits = Limits(parse_bytes(arguments.max_size), 60 * arguments.max_minutes)

    def ready(address: str) -> None:
        print(f"lgtsm app: open {address} in a browser; Ctrl-C ends it.", flush=True)
        if arguments.browser:
            webbrowser.open(address)

    finders, followers = {"Find text": find_text, "Find a logo": find_logo}, {"Follow what is in the box": follow_box}
    serve(arguments.host, arguments.port, limits, device, finders, followers, ready)


def find_text(info: VideoInfo, drawing: Drawing, progress: Progress) -> HoleSource:
    """Return the holes over the text of a video."""
    from lgtsm.commands.mask_options import text_in

    return text_in(info, progress)


def find_logo(info: VideoInfo, drawing: Drawing, progress: Progress) -> HoleSource:
    """Return the hole over what stands still in a video while the picture moves."""
    from lgtsm.commands.mask_options import logo_in

    return logo_in(info, progress)


def follow_box(info: VideoInfo, drawing: Drawing, progress: Progress) -> HoleSource:
    """Return the holes over what is in the last box of a drawing, followed from there."""
    import cv2

    from lgtsm.app.marks import BOX, draw
    from lgtsm.commands.mask_options import track_in
    from lgtsm.masks.track import Anchor

    mark = next(mark for mark in reversed(drawing.marks) if mark.kind == BOX)
    x, y, columns, rows = cv2.boundingRect(draw(mark, info.height, info.width))
    if not columns:
        raise ValueError("The last box must be inside the picture. Draw it again.")
    return track_in([Anchor(mark.frame, (x, y, columns, rows))], info, progress)


def main(argv: list[str] | None = None) -> None:
    """Entry point of `lgtsm app`."""
    wait_patiently()
    run_command(make_parser(), run, argv, STOPPED)
