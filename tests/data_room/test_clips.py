import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from lgtsm.data.batch import as_floats
from lgtsm.data.clips import InpaintingClips, MixedVideos
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.masks import MaskMixture


def make_clips(**options):
    return InpaintingClips(
        SyntheticVideos(8, seed=1), MaskMixture({"box": 1.0}), num_frames=3, height=24, width=32, **options
    )


def test_shapes_types_and_ranges():
    sample = make_clips()[0]
    assert sample["video"].shape == (3, 3, 24, 32)
    assert sample["hole"].shape == (3, 1, 24, 32)
    assert sample["video"].dtype == sample["hole"].dtype == torch.uint8
    assert set(sample["hole"].unique().tolist()) == {0, 1}
    video, hole = as_floats(next(iter(DataLoader(make_clips(), batch_size=2))))
    assert video.shape == (2, 3, 3, 24, 32)
    assert video.dtype == hole.dtype == torch.float32
    assert 0 <= video.min() < video.max() <= 1


def test_samples_do_not_depend_on_workers_or_order():
    clips = make_clips(seed=5)
    batches = [[(draw, draw % 8)] for draw in range(12)]
    alone = list(DataLoader(clips, batch_sampler=batches))
    with_workers = list(DataLoader(clips, batch_sampler=batches, num_workers=2))
    backwards = list(DataLoader(clips, batch_sampler=batches[::-1]))[::-1]
    for a, b, c in zip(alone, with_workers, backwards, strict=True):
        for key in ("video", "hole"):
            assert torch.equal(a[key], b[key])
            assert torch.equal(a[key], c[key])
        assert a["name"] == b["name"] == c["name"]


def test_draws_differ_and_seeds_differ():
    clips = make_clips()
    assert not torch.equal(clips[0, 3]["hole"], clips[1, 3]["hole"])
    assert not torch.equal(clips[0, 3]["hole"], make_clips(seed=1)[0, 3]["hole"])
    assert torch.equal(clips[3]["hole"], clips[3]["hole"])


def test_synthetic_videos_move_and_are_the_same_each_time():
    videos = SyntheticVideos(20, seed=0)
    for index in range(5):
        clip = videos.read_clip(index, 6, 48, 64)
        assert np.array_equal(clip, videos.read_clip(index, 6, 48, 64))
        assert clip.std() > 5
    moving = [np.abs(np.diff(videos.read_clip(i, 4, 48, 64).astype(int), axis=0)).mean() for i in range(10)]
    assert np.median(moving) > 1
    assert not np.array_equal(videos.read_clip(0, 2, 48, 64), SyntheticVideos(20, seed=1).read_clip(0, 2, 48, 64))
    with pytest.raises(IndexError, match="index 20"):
        videos.read_clip(20, 2, 48, 64)


def test_mixture_of_sources_has_the_wanted_shares_and_misses_nothing():
    few, many = SyntheticVideos(3, seed=0), SyntheticVideos(50, seed=1)
    mixed = MixedVideos({"few": few, "many": many}, {"few": 0.25, "many": 0.75})
    names = [mixed.name(i) for i in range(len(mixed))]
    assert {few.name(i) for i in range(3)} | {many.name(i) for i in range(50)} == set(names)
    assert sum(name.startswith("synthetic_0_") for name in names) / len(names) == pytest.approx(0.25, abs=0.02)
    index = names.index(many.name(7))
    assert np.array_equal(mixed.read_clip(index, 2, 16, 16, None), many.read_clip(7, 2, 16, 16))
    assert len(MixedVideos({"few": few, "many": many}, {"few": 1.0, "many": 0.0})) == 3
    with pytest.raises(ValueError, match=r"source.*share"):
        MixedVideos({"few": few}, {})
