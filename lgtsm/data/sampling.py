"""Split one endless numbered stream of samples into batches; it is the same for any number of processes and workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from torch.utils.data import Sampler

from lgtsm.checks import check_positive


class StreamBatches(Sampler):
    """Yield batches of (draw, index): the number of a sample in the endless stream, and its video.

    Draw d takes video permutation_e[d mod n] of pass e = d // n over the n videos. The draw seeds everything random
    about a sample, so a sample does not depend on workers, order, or resumed training. Processes take turns in a global
    batch: one process with batch 4 and two with batch 2 see the same samples.

    Args:
        num_videos: n.
        batch_size: samples per batch and process.
        num_batches: batches per iterator (one epoch, in Lightning's words).
        seed: seed of the permutations.
        rank, num_replicas: number of this process, and of all processes.
        batches_done: called when an iterator starts; returns the number of batches so far, so that a resumed run
            continues where it stopped.
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
        self.num_videos, self.batch_size, self.num_batches = num_videos, batch_size, num_batches
        self.seed, self.rank, self.num_replicas = seed, rank, num_replicas
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
