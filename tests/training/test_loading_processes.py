"""Loading processes and the signals that ask a run to stop."""

import os
import signal

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from lgtsm.training.loading_errors import without_traceback
from lgtsm.training.stop_signals import outlive_stop_signals
from lgtsm.video.errors import VideoError


class Numbers(Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, index):
        return torch.tensor([index, os.getpid()])


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2, signal.SIGTERM])
def test_a_signal_to_all_processes_of_a_job_leaves_the_loading_ones_at_work(number):
    # SLURM signals every process of a step; the run's current step still needs its data.
    loader = DataLoader(Numbers(), num_workers=1, batch_size=1, prefetch_factor=1, worker_init_fn=outlive_stop_signals)
    seen = []
    for batch in loader:
        index, process = batch[0].tolist()
        seen.append(index)
        if index == 1:
            os.kill(process, number)
    assert seen == list(range(8))


class Broken(Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        raise VideoError("a.mp4 is cut off: see (b.mp4).\nRepair it, or remove it.")


def test_an_error_in_a_loading_process_is_its_own_sentence():
    with pytest.raises(VideoError, match="Original Traceback"):
        list(DataLoader(Broken(), num_workers=1))
    with pytest.raises(VideoError) as told, without_traceback():
        list(DataLoader(Broken(), num_workers=1))
    assert str(told.value) == "a.mp4 is cut off: see (b.mp4).\nRepair it, or remove it."
    with pytest.raises(ValueError, match=r"^plain$"), without_traceback():
        raise ValueError("plain")
