"""One of two real processes: `python -m tests.metrics.two_processes FOLDER`, with torchrun's variables set."""

import json
import sys
from pathlib import Path

import torch

from lgtsm.evaluation.processes import join_processes
from tests.metrics.cases import NAMES, make_metric, make_pairs, plain


def main() -> None:
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    with join_processes() as processes:
        assert processes.world_size == 2
        assert processes.of_first(f"from {processes.rank}") == "from 0"
        part = slice(0, 3) if processes.rank == 0 else slice(3, None)
        found = {}
        for name in NAMES:
            metric = make_metric(name, folder)
            metric.update(*(t[part] for t in make_pairs()))
            found[name] = plain(metric.compute())
        processes.barrier()
    (folder / f"found_{processes.rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
