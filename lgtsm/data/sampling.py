"""Which samples make up which batch: one endless numbered stream, the same for any number of processes and workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from torch.utils.data import Sampler

from lgtsm.checks import check_positive


class StreamBatches(Sampler):
    """Yield batches of (draw, index): the number of a sample in the endless stream, and the video it comes from.

    Draw d takes video permutation_e[d mod n] of pass e = d // n over the n videos. A data set seeds everything random
    about a sample with its draw, so a sample does not depend on workers, order, or on how often training was resumed.
    A global batch is split over the processes in turns: one process of batch 4 and two of batch 2 see the same.

    Args:
        num_videos: n.
        batch_size: samples in one batch of one process.
        num_batches: batches until the iterator ends (one epoch, in Lightning's words).
        seed: seed of the permutations.
        rank, num_replicas: this process and their number.
        batches_done: called when an iterator starts, says how many batches went before; this is what makes a resumed
            run go on where it stopped.
    """

    def __init__(
        self,
        num_videos: int,
        batch_size: int,
        num_batches: int,
        seed: int = 0,
        rank: int = 0,
        num_replicas: int = 1,
        batches_done: Callable[[], int] = lambda: 0,
    ):
        for name, value in {"num_videos": num_videos, "batch_size": batch_size, "num_batches": num_batches}.items():
            check_positive(name, value)
        self.num_videos = num_videos
        self.batch_size = batch_size
        self.num_batches = num_batches
        self.seed = seed
        self.rank = rank
        self.num_replicas = num_replicas
        self.batches_done = batches_done

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        first = self.batches_done()
        for batch in range(first, first + self.num_batches - first % self.num_batches):
            start = batch * self.batch_size * self.num_replicas + self.rank
            draws = range(start, start + self.batch_size * self.num_replicas, self.num_replicas)
            yield [(draw, self._video(draw)) for draw in draws]

    def _video(self, draw: int) -> int:
        number, place = divmod(draw, self.num_videos)
        if getattr(self, "_permuted", None) != number:
            self._permuted = number
            self._permutation = np.random.default_rng([self.seed, number]).permutation(self.num_videos)
        return int(self._permutation[place])
