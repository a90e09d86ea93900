"""A few samples are read before training."""

import warnings

import pytest
import torch

from lgtsm.data.bad_videos import BadVideoWarning
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.folder import FolderVideos
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.data.trial import check_samples
from lgtsm.masks import MaskMixture
from lgtsm.video.errors import VideoError
from tests.data_trees import write_frames


class Clips:
    """Clips whose missing shares are given."""

    def __init__(self, shares, top=1):
        self.shares, self.top, self.asked = shares, top, []

    def __len__(self):
        return len(self.shares)

    def __getitem__(self, item):
        self.asked.append(item)
        share = self.shares[item[1] if isinstance(item, tuple) else item]
        return {"hole": self.top * (torch.arange(100).reshape(4, 1, 5, 5) < 100 * share).to(torch.uint8)}


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ([0] * 5, r"The training clips .* in each of the \d+ that were read, nothing is missing"),
        ([1] * 5, "everything is missing"),
        ([0, 1] * 3, "nothing or everything is missing"),
        ([], "no training clips"),
    ],
)
def test_samples_that_teach_nothing_are_refused(shares, words):
    with pytest.raises(ValueError, match=words):
        check_samples(Clips(shares), "training", True)


@pytest.mark.parametrize("shares", [[0.5], [0, 0, 0, 1, 0.01, 0], [0] * 63 + [0.5]])
def test_one_sample_with_a_hole_is_enough(shares):
    clips = Clips(shares)
    check_samples(clips, "validation", False)
    assert set(clips.asked) <= set(range(len(shares)))


def test_few_samples_are_read_of_good_data():
    clips = Clips([0.2] * 10_000)
    check_samples(clips, "training", True)
    assert clips.asked == [(k * 1250, k * 1250) for k in range(8)]


def test_a_hole_of_255_is_refused():
    with pytest.raises(ValueError, match=r"0 \(known\) and 1 \(missing\) only; got values from 0 to 255"):
        check_samples(Clips([0.5], top=255), "training", True)


def test_samples_of_ones_own_without_a_hole_are_only_read():
    check_samples([{"mine": 1}], "training", False)


def test_clips_longer_than_the_videos_are_one_sentence(tmp_path):
    for name in "abc":
        write_frames(tmp_path / name, 4)
    clips = InpaintingClips(FolderVideos(tmp_path), MaskMixture({"box": 1.0}), 5, 16, 16)
    with warnings.catch_warnings(), pytest.raises(VideoError, match=r"must have at least 5 frames .* lower num_frames"):
        warnings.simplefilter("error")
        check_samples(clips, "training", True)


def test_a_bad_video_among_good_ones_is_told_once(tmp_path):
    for k in range(6):
        write_frames(tmp_path / f"v{k}", 2 if k == 2 else 5)
    clips = InpaintingClips(FolderVideos(tmp_path), MaskMixture({"box": 1.0}), 5, 16, 16, max_bad_share=0.5)
    with pytest.warns(BadVideoWarning, match="v2 is skipped") as told:
        check_samples(clips, "training", True)
        check_samples(clips, "training", True)
    assert len(told) == 1


def test_samples_of_procedural_clips_pass():
    check_samples(InpaintingClips(SyntheticVideos(3), MaskMixture({"box": 1.0}), 3, 16, 16), "training", True)
