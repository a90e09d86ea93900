"""Run a command whose configuration Hydra composes from the command line."""

from __future__ import annotations

from collections.abc import Callable

from lgtsm.config.build import ConfigError
from lgtsm.config.job import run_job
from lgtsm.exits import exit_with_sentence


def run_hydra(command: str, job: Callable[[], object]) -> None:
    """Call a function decorated by `hydra.main`; what cannot be composed ends in a sentence and exit code 2."""
    try:
        run_job(job)
    except ConfigError as error:
        with exit_with_sentence(command):
            raise error
