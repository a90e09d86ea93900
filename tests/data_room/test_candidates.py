import itertools

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from lgtsm.data.batch import as_floats, given_candidates
from lgtsm.data.candidates import CandidateClips
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.masks import MaskMixture


class Finder:
    """Candidates that name their frame, pixel and channel, and how often they were found."""

    def __init__(self):
        self.calls = 0

    def __call__(self, frames, hole):
        self.calls += 1
        assert not frames[hole].any()
        found = np.zeros((*hole.shape, 16), np.float32)
        found[..., :3] = frames
        found[..., 6:9], found[..., 3:6] = 0.2, 0.6  # before, after
        found[..., 12], found[..., 14], found[..., 15] = hole, 1, 0.5
        return found


def make_clips(folder, find, kind="box", speed=0.01, **options):
    videos, masks = SyntheticVideos(6, seed=1, camera_speed=speed), MaskMixture({kind: 1.0})
    return CandidateClips(videos, masks, 8, 40, 48, find, folder, **{"cut": (3, 16, 24), **options})


def test_cut_outs_carry_their_own_part_of_the_candidates(tmp_path):
    clips = make_clips(tmp_path, Finder())
    backwards = []
    for number in range(24):
        sample = clips[number, number % 6]
        assert sample["video"].shape == (3, 3, 16, 24) and sample["candidates"].shape == (3, 16, 16, 24)
        assert sample["candidates"].dtype == torch.uint8
        hole = sample["hole"].bool()
        assert hole.any()
        assert torch.equal(sample["candidates"][:, 12:13] > 0, hole)
        known = ~hole.expand(-1, 3, -1, -1)
        assert torch.equal(sample["candidates"][:, :3][known], sample["video"][known])
        after, before = sample["candidates"][:, 3:6], sample["candidates"][:, 6:9]
        backwards.append(bool((after < before).all()))
        nearness = [51 * 5, 128] if not backwards[-1] else [128, 255]
        assert [int(sample["candidates"][0, k].max()) for k in (14, 15)] == nearness
    assert 4 < sum(backwards) < 20


def test_candidates_are_found_once_and_kept(tmp_path):
    first, again = Finder(), Finder()
    items = [(number, number % 6) for number in range(30)]
    clips = make_clips(tmp_path, first, variants=2)
    samples = [clips[item] for item in items]
    assert first.calls <= 12
    kept = make_clips(tmp_path, again, variants=2)
    for item, sample in zip(items, samples):
        for key, value in kept[item].items():
            assert torch.equal(value, sample[key]) if isinstance(value, torch.Tensor) else value == sample[key]
    assert again.calls == 0


def name_places(frames, hole):
    """Return candidates whose shades name the color, and whose distances name the row and the column."""
    y, x = np.indices(hole.shape[1:])
    found = np.zeros((*hole.shape, 16), np.float32)
    found[..., :3], found[..., 9:12] = frames, (0.2, 0.4, 0.6)
    found[..., 12], found[..., 13], found[..., 14:] = hole, y / 255, x[..., None] / 255
    return found


def test_square_cut_outs_are_turned_in_every_way_and_colors_swapped(tmp_path):
    clips = make_clips(tmp_path, name_places, variants=1, cut=(2, 16, 16))
    turns, orders = set(), set()
    for number in range(80):
        sample = clips[number, 0]
        candidates = sample["candidates"][0].int()
        down = [candidates[k, 1, 0] - candidates[k, 0, 0] for k in (13, 14)]
        right = [candidates[k, 0, 1] - candidates[k, 0, 0] for k in (13, 14)]
        turns.add((*map(int, down), *map(int, right)))
        orders.add(tuple(candidates[9:12, 0, 0].tolist()))
        known = ~sample["hole"].bool().expand(-1, 3, -1, -1)
        assert torch.equal(sample["candidates"][:, :3][known], sample["video"][known])
    assert len(turns) == 8 and all(abs(a) + abs(b) == 1 == abs(a) + abs(c) for a, b, c, _ in turns)
    assert orders == set(itertools.permutations((51, 102, 153)))


@pytest.mark.parametrize("change", [{"seed": 5}, {"kind": "object_like"}, {"speed": 0.02}])
def test_other_clips_are_not_mixed_up_with_kept_ones(tmp_path, change):
    make_clips(tmp_path, Finder())[0, 0]
    other = Finder()
    make_clips(tmp_path, other, **change)[0, 0]
    assert other.calls == 1


def test_a_batch_hands_them_on_as_floats(tmp_path):
    batch = next(iter(DataLoader(make_clips(tmp_path, Finder()), batch_sampler=[[(0, 0), (1, 1)]], num_workers=1)))
    video, _ = as_floats(batch)
    candidates = given_candidates(batch)["candidates"]
    assert candidates.shape == (2, 3, 16, 16, 24) and 0 <= candidates.min() < candidates.max() <= 1
    known = (candidates[:, :, 12:13] == 0).expand_as(video)
    assert torch.equal(candidates[:, :, :3][known], video[known])
    assert given_candidates({"video": batch["video"]}) == {}


@pytest.mark.parametrize("cut", [(3, 16), (9, 16, 16), (3, 0, 16), (3, 41, 16)])
def test_a_cut_out_larger_than_the_clips_is_refused(tmp_path, cut):
    with pytest.raises(ValueError, match=r"cut must be three numbers.*\(8, 40, 48\)"):
        make_clips(tmp_path, Finder(), cut=cut)
