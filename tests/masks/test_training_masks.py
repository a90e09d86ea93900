"""The masks that the paper's experiments train on."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from lgtsm.masks import MaskMixture, sample_hole

CONFIGS = Path(__file__).parents[2] / "conf/mask"


def mixture(name):
    """Build a mixture from its YAML and that of `drawn`."""
    own, drawn = (yaml.safe_load((CONFIGS / f"{file}.yaml").read_text()) for file in (name, "drawn"))
    values = {key: value for key, value in {**drawn, **own}.items() if key not in ("_target_", "defaults")}
    return MaskMixture(**values)


def test_masks_of_fvi_cover_the_seven_bins_with_strokes_alone():
    masks = mixture("fvi")
    assert "box" not in " ".join(masks.kinds)
    shares = [masks(7, 90, 160, seed).mean() for seed in range(400)]
    counts = np.histogram(shares, np.arange(0, 0.8, 0.1))[0]
    assert counts.min() >= 8
    assert np.count_nonzero(np.array(shares) > 0.7) < 40


def test_masks_of_face_forensics_hold_a_third_of_squares():
    masks = mixture("face_forensics")
    still = 0
    for seed in range(150):
        hole = masks(6, 128, 128, seed)
        first = hole[0]
        rows, columns = first.any(axis=1), first.any(axis=0)
        if (hole == first).all() and first.sum() == rows.sum() * columns.sum():
            assert rows.sum() == columns.sum()
            assert 48 <= rows.sum() <= 64
            still += 1
    assert 30 < still < 70


@pytest.mark.parametrize("size", [(128, 128), (180, 320), (33, 20)])
def test_a_static_box_is_one_square_inside_the_frame(size):
    for seed in range(60):
        hole = sample_hole("static_box", 3, *size, seed, num_strokes=4)
        assert (hole == hole[0]).all()
        rows, columns = np.flatnonzero(hole[0].any(axis=1)), np.flatnonzero(hole[0].any(axis=0))
        assert hole[0].sum() == len(rows) * len(columns)
        assert abs(len(rows) - len(columns)) <= 1
        assert 0.375 * min(size) - 1 <= len(rows) <= 0.5 * min(size) + 1
        assert len(rows) == rows[-1] - rows[0] + 1


def test_a_static_box_meets_a_share():
    for seed in range(10):
        hole = sample_hole("static_box", 3, 90, 160, seed, hole_share=(0.1, 0.2))
        assert (hole == hole[0]).all()
        assert 0.1 <= hole.mean() < 0.2
