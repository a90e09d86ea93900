"""The weighted mixture: as often as the weights say, never empty or full, the same in every worker."""

from __future__ import annotations

import math
import pickle
from collections import Counter

import numpy as np
import pytest

from lgtsm.masks import MaskMixture, mixture, sample_hole

KINDS = {"object_like": 0.4, "rand_curve": 0.4, "box": 0.2}


def drawn_kinds(monkeypatch, masks: MaskMixture, count: int) -> list[tuple]:
    calls = []

    def record(kind, num_frames, height, width, seed, num_strokes, hole_share, border, static):
        calls.append((kind, num_strokes, static))
        return np.eye(4, dtype=np.uint8)[None]

    monkeypatch.setattr(mixture, "sample_hole", record)
    for seed in range(count):
        masks(1, 4, 4, seed)
    return calls


def test_kinds_numbers_and_static_clips_come_as_often_as_asked(monkeypatch):
    count = 4000
    masks = MaskMixture({"object_like": 2, "rand_curve": 2, "box": 1, "rand_curve_small": 0}, (1, 5), static_share=0.3)
    calls = drawn_kinds(monkeypatch, masks, count)
    kinds, numbers = Counter(call[0] for call in calls), Counter(call[1] for call in calls)

    def near(found, share):  # four standard deviations of a binomial count
        return abs(found - share * count) < 4 * math.sqrt(count * share * (1 - share))

    assert near(kinds["object_like"], 0.4) and near(kinds["rand_curve"], 0.4) and near(kinds["box"], 0.2)
    assert kinds["rand_curve_small"] == 0
    assert sorted(numbers) == [1, 2, 3, 4, 5] and all(near(found, 0.2) for found in numbers.values())
    assert near(sum(call[2] for call in calls), 0.3)


def test_the_same_seed_gives_the_same_clip_in_any_order_and_copy():
    masks = MaskMixture(KINDS, num_strokes=(1, 5), border=3, static_share=0.2)
    copy = pickle.loads(pickle.dumps(masks))
    first = [masks(4, 48, 64, (1, seed)) for seed in range(12)]
    second = [copy(4, 48, 64, (1, seed)) for seed in reversed(range(12))]
    assert all(np.array_equal(a, b) for a, b in zip(first, reversed(second)))
    assert repr(copy) == repr(masks) and "num_strokes=(1, 5)" in repr(masks)
    assert len({clip.tobytes() for clip in first}) == 12


def test_one_kind_is_that_kind():
    assert np.array_equal(
        MaskMixture({"box": 3.0}, num_strokes=2)(4, 48, 64, 9), sample_hole("box", 4, 48, 64, (9, 0), num_strokes=2)
    )


def test_share_and_border_go_through():
    masks = MaskMixture(KINDS, hole_share=[0.3, 0.4], border=2)
    for seed in range(12):
        hole = masks(4, 64, 64, seed)
        assert 0.3 <= hole.mean() < 0.4 and not hole[:, :2].any()


def test_empty_and_full_clips_are_drawn_again(monkeypatch):
    answers = iter([np.zeros((1, 4, 4), np.uint8), np.ones((1, 4, 4), np.uint8), np.eye(4, dtype=np.uint8)[None]])
    monkeypatch.setattr(mixture, "sample_hole", lambda *arguments: next(answers))
    assert MaskMixture({"box": 1})(1, 4, 4, 0).sum() == 4


def test_many_strokes_never_fill_the_clip():
    masks = MaskMixture({"object_like": 1.0}, num_strokes=20)
    for seed in range(20):
        assert 0 < masks(2, 32, 32, seed).mean() < 1


def test_a_clip_of_one_pixel_is_refused():
    with pytest.raises(ValueError, match=r"empty or full.*num_strokes"):
        MaskMixture({"box": 1.0})(1, 1, 1, 0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kinds": {}}, "kinds.*weights"),
        ({"kinds": ["box"]}, "kinds.*weights"),
        ({"kinds": {"blob": 1}}, "kind must.*blob"),
        ({"kinds": {"box": -1}}, "weight.*box.*-1.0"),
        ({"kinds": {"box": math.nan}}, "weight.*box.*nan"),
        ({"kinds": {"box": 0}}, "one weight"),
        ({"kinds": {"box": 1}, "num_strokes": (5, 1)}, "num_strokes.*\\(5, 1\\)"),
        ({"kinds": {"box": 1}, "num_strokes": (1, 2, 3)}, "num_strokes.*\\(1, 2, 3\\)"),
        ({"kinds": {"box": 1}, "num_strokes": 0}, "num_strokes.* 0"),
        ({"kinds": {"box": 1}, "static_share": 30}, "static_share.* 30"),
        ({"kinds": {"box": 1}, "hole_share": (0.2, 0.1)}, "hole_share.*low < high"),
        ({"kinds": {"box": 1}, "border": -1}, "border.* -1"),
    ],
)
def test_errors_are_sentences(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        MaskMixture(**arguments)


def test_nodes_of_omegaconf_are_taken_and_left_behind():
    config = pytest.importorskip("omegaconf").OmegaConf.create(
        {"kinds": {"object_like": 1, "box": 1}, "num_strokes": [1, 3], "hole_share": [0.1, 0.3]}
    )
    masks = MaskMixture(config.kinds, config.num_strokes, config.hole_share)
    assert type(masks.kinds) is dict and masks.num_strokes == (1, 3) and masks.hole_share == (0.1, 0.3)
