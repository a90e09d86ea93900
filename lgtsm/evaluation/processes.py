"""One evaluation in several processes, started by torchrun."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

import torch.distributed as dist

LONGEST_WAIT = timedelta(days=7)


class Processes(NamedTuple):
    """The rank of this process and the number of all."""

    rank: int = 0
    world_size: int = 1

    def barrier(self) -> None:
        """Wait until every process is here."""
        if self.world_size > 1:
            dist.barrier()

    def of_first(self, value: str) -> str:
        """Return the first process's value."""
        if self.world_size == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values, src=0)
        return values[0]

    def device(self, name: str) -> str:
        """Return this process's own GPU if `name` is "cuda" and there are several processes."""
        return f"cuda:{os.environ.get('LOCAL_RANK', 0)}" if name == "cuda" and self.world_size > 1 else name


@contextmanager
def join_processes() -> Iterator[Processes]:
    """Join the others through gloo if torchrun started this process; all must see the same files."""
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield Processes()
        return
    dist.init_process_group("gloo", timeout=LONGEST_WAIT)
    try:
        yield Processes(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
