"""The memory meter, for this process on a CPU."""

import resource

import pytest
import torch

from lgtsm import memory_meter
from lgtsm.memory_meter import memory_in_use, memory_needed, peak_memory

CPU = torch.device("cpu")


def test_peak_memory_is_that_of_this_process():
    assert peak_memory(CPU) == pytest.approx(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10, rel=0.05)
    assert 1 < memory_in_use(CPU) <= peak_memory(CPU)


def test_what_is_kept_and_freed_before_does_not_count():
    kept = torch.ones(50 * 2**18)
    for _ in range(2):
        assert 25 < memory_needed(lambda: torch.ones(30 * 2**18), CPU) < 45
    assert kept.sum() > 0


def test_where_nobody_tells_there_is_no_number(tmp_path, monkeypatch):
    monkeypatch.setattr(memory_meter, "STATUS", tmp_path / "status")
    monkeypatch.setattr(memory_meter, "MARK", tmp_path / "none" / "clear_refs")
    assert memory_in_use(CPU) is peak_memory(CPU) is memory_needed(lambda: 0, CPU) is None
