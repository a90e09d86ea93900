"""How the threads of a command wait for each other."""

from __future__ import annotations

import os


def wait_patiently() -> None:
    """Let idle threads sleep instead of spinning; to be called before torch is imported.

    OpenMP's threads spin while they wait for the last of them, and so take its core from it where another program is at
    work: filling took 17 s instead of 1 s on two cores beside one busy process. Sleeping costs 10 % on idle cores.
    OMP_WAIT_POLICY, where it is set, is left as it is.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
