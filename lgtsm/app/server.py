"""Serve the page: its folder, its worker, its end."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from lgtsm.app.jobs import JobQueue
from lgtsm.app.session import Session, Sessions
from lgtsm.app.tasks import Finder, inpainter
from lgtsm.app.uploads import Limits
from lgtsm.optional import require
from lgtsm.whole_files import remove


def serve(
    host: str,
    port: int,
    limits: Limits,
    device: str,
    finders: Mapping[str, Finder],
    followers: Mapping[str, Finder],
    ready: Callable[[str], object],
) -> None:
    """Serve the page until this process is asked to stop; then end the worker and remove all files.

    Args:
        host: address to listen on. port: 0 takes a free one.
        limits: of videos. device: to fill on.
        finders, followers: as in `lgtsm.app.page.Page`.
        ready: called with the page's address once it answers.

    Raises:
        MissingPackageError: Gradio is not installed.
        OSError: nothing can listen there.
    """
    folder = Path(tempfile.mkdtemp(prefix="lgtsm-app-"))
    jobs = sessions = page = None
    try:
        port = free_port(host, port)
        os.environ["GRADIO_TEMP_DIR"] = str(folder / "uploads")
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        gradio = require("gradio", "the page", "lgtsm[app]")
        from lgtsm.app.page import HERE, THEME, Page

        jobs = JobQueue(folder, partial(inpainter, device))
        sessions = Sessions(folder / "sessions", lambda place: Session(place, jobs, limits, device))
        gradio.set_static_paths([folder / "sessions"])  # served as they are: copies would outlive their session
        page = Page(sessions, limits, finders, followers)
        page.blocks.launch(
            server_name=host,
            server_port=port,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            max_file_size=limits.max_bytes,
            footer_links=[],
            ssr_mode=False,
            enable_monitoring=False,
            theme=THEME,
            css_paths=[HERE / "page.css"],
        )
        ready(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        threading.Event().wait()
    finally:
        if page is not None and page.blocks.server is not None:
            page.blocks.server.force_exit = True  # open tabs never let go by themselves,
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # and to cut them off is no error
            page.blocks.close(verbose=False)
        for part in (jobs, sessions):
            if part is not None:
                part.close()
        remove(folder)


def free_port(host: str, port: int) -> int:
    """Return the port if it is free, or a free one for 0.

    Raises:
        OSError: nothing can listen there; it names the place.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except (OSError, OverflowError) as error:
            raise ValueError(
                f"The page cannot listen on {host}, port {port} ({getattr(error, 'strerror', error)}). Choose another "
                "`host` or `port`."
            ) from error
        return int(trial.getsockname()[1])
