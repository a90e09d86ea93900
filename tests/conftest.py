"""Fixtures shared by all tests."""

import os
import signal
import tempfile
from pathlib import Path

import pytest
import torch

from tests.chromium import chromium

# The tests' tensors are small: more threads would only wait for each other.
torch.set_num_threads(1)

# A shell lets what it starts in the background ignore Ctrl-C, and all that is started from there.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

DATA = Path(__file__).parent / "data"


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def data_folder() -> Path:
    """Small real files, with their licenses."""
    return DATA


@pytest.fixture
def make_clip():
    """Return make(batch, time, height, width) -> (video, hole) with a box hole that moves."""

    def make(batch=1, time=4, height=32, width=40):
        generator = torch.Generator().manual_seed(batch + 10 * time + 100 * height)
        coarse = torch.rand(batch * time, 3, max(2, height // 8), max(2, width // 8), generator=generator)
        video = torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear").unflatten(0, (batch, time))
        hole = torch.zeros(batch, time, 1, height, width)
        for t in range(time):
            top, left = height // 4, (width // 4 + 2 * t) % max(1, width // 2)
            hole[:, t, :, top : top + max(1, height // 3), left : left + max(1, width // 3)] = 1
        return video, hole

    return make


def pytest_configure(config):
    """Keep tests, and the commands they start, out of the user's cache folder."""
    folder = tempfile.TemporaryDirectory(prefix="lgtsm-cache-")
    config.add_cleanup(folder.cleanup)
    os.environ["XDG_CACHE_HOME"] = folder.name


def pytest_collection_modifyitems(config, items):
    """Tests marked gpu run where there is a GPU, those marked browser where there is Chromium; elsewhere not."""
    there = {"gpu": torch.cuda.is_available(), "browser": chromium() is not None}
    missing = [name for name, is_there in there.items() if not is_there]
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in missing)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
