import math

import numpy as np
import pytest
import torch
from torch import nn

from lgtsm.evaluation.columns import best_of, cell, column
from lgtsm.evaluation.efficiency import measure_efficiency
from lgtsm.evaluation.figures import frames_picture, slices_picture
from lgtsm.evaluation.intervals import interval


def test_the_interval_is_that_of_the_mean():
    rng = np.random.default_rng(3)
    values = rng.normal(5, 2, 200)
    mean, low, high = interval({str(k): v for k, v in enumerate(values)}, {str(k): 1 for k in range(200)})
    half = 1.96 * values.std(ddof=1) / math.sqrt(200)
    assert mean == pytest.approx(values.mean())
    assert (mean - low, high - mean) == (pytest.approx(half, rel=0.1), pytest.approx(half, rel=0.1))


def test_weights_are_frames_and_seeds_are_kept():
    sums, weights = {"a": 3.0 * 10, "b": 1.0 * 30}, {"a": 10.0, "b": 30.0}
    mean, low, high = interval(sums, weights, seed=4)
    assert mean == pytest.approx(1.5)
    assert (low, high) == (pytest.approx(1), pytest.approx(3))
    assert interval(dict(reversed(sums.items())), weights, seed=4) == (mean, low, high)
    assert all(math.isnan(bound) for bound in interval({"a": 1.0}, {"a": 1.0})[1:])


def test_cells_and_best():
    good, bad, none = {"mean": 0.1234567, "low": 0.1, "high": 0.2}, {"mean": 0.3, "low": None}, {"unavailable": "why"}
    assert cell("lpips", good, bold=True) == "**0.1235** [0.1000, 0.2000]"
    assert (cell("lpips", bad), cell("lpips", none), cell("lpips", None)) == (
        "0.3000",
        "n/a (why)",
        "n/a (not computed)",
    )
    assert cell("video_fid_eval", bad) == "0.3000 [no interval]"
    assert best_of("lpips", {"a": good, "b": bad, "c": none}) == {"a"}
    assert best_of("psnr", {"a": good, "b": bad, "c": none}) == {"b"}
    assert best_of("lpips", {"a": good, "c": none}) == set()
    assert best_of("lpips", {"a": good, "b": {"mean": 0.12349}}) == {"a", "b"}
    assert "not published" in column("lpips_squeeze_not_published").title
    assert column("anything").title == "anything"


def test_efficiency_counts_what_can_be_counted_by_hand():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 5, 3, padding=1)

        def forward(self, video, hole):
            return {"filled": self.conv(video.flatten(0, 1))}

    found = measure_efficiency(Net(), torch.rand(1, 4, 3, 10, 12), torch.zeros(1, 4, 1, 10, 12))
    assert found["parameters"] == 3 * 5 * 9 + 5
    assert found["gflop_per_frame"] == pytest.approx(2 * 3 * 5 * 9 * 10 * 12 / 1e9)
    assert found["frames_per_second"] > 0
    assert isinstance(found["peak_memory_mib"], str) or found["peak_memory_mib"] >= 0


def test_a_slice_is_the_row_that_is_missing_most():
    target = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((3, 6, 480, 3), np.uint8)
    hole = np.zeros((3, 6, 480), np.uint8)
    hole[:, 4, :100] = 1
    target[:, 4] += 100
    picture = slices_picture({"hole": hole, "target": target, "m": target + 50}, ["m", "absent"])
    assert picture.shape == (3 * (16 + 120), 480, 3)
    assert picture[16 : 16 + 120 : 40, 0].tolist() == [[255, 0, 255]] * 3
    assert picture[-120::40, 300, 0].tolist() == [100, 101, 102]


@pytest.mark.parametrize(("width", "columns", "shown"), [(320, 3, 320), (60, 4, 240), (2000, 2, 2000)])
def test_frames_are_as_many_as_a_page_shows_without_shrinking(width, columns, shown):
    target = np.zeros((6, 4, width, 3), np.uint8)
    picture = frames_picture({"hole": target[..., 0], "target": target, "m": target}, ["m"])
    assert picture.shape[1] == columns * shown


def test_memory_that_was_freed_before_counts_again():
    class Fills(nn.Module):
        def forward(self, video, hole):
            return {"filled": torch.ones(30 * 2**18)}  # 30 MiB, small enough for the C library to keep

    for _ in range(2):
        found = measure_efficiency(Fills(), torch.rand(1, 1, 3, 8, 8), torch.zeros(1, 1, 1, 8, 8))["peak_memory_mib"]
        assert isinstance(found, str) or 25 < found < 100
