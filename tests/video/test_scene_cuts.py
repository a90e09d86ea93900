"""Cuts are found at the frame where they are, and nowhere else."""

import numpy as np
import pytest

from lgtsm.video.open import open_video
from lgtsm.video.scene_cuts import SceneCutDetector


@pytest.fixture
def shots(data, odd):
    """Frames of two real shots."""
    with (
        open_video(data / "bmx-trees" / "video.mp4", "pyav") as first,
        open_video(odd / "with_audio.mp4", "pyav") as second,
    ):
        return list(first), [frame for _, frame in zip(range(20), second)]


def resized(frame, size=(160, 96)):
    import cv2

    return cv2.resize(frame, size, interpolation=cv2.INTER_AREA)


def scene_starts(frames):
    """The numbers of the frames with which scenes start, 0 first."""
    detector = SceneCutDetector()
    return [0, *(number for number, frame in enumerate(frames) if detector.is_cut(frame))]


def test_one_frame_at_a_time(shots):
    detector = SceneCutDetector()
    frames = [resized(frame) for frame in shots[0] + shots[1] + shots[0][:10]]
    found = [number for number, frame in enumerate(frames) if detector.is_cut(frame)]
    assert found == [24, 44]
    assert all(type(SceneCutDetector().is_cut(frame)) is bool for frame in frames[:2])


def test_no_cut_in_a_shot_at_any_size(shots):
    for shot in shots:
        assert scene_starts(shot) == [0]
        assert scene_starts(resized(frame, (640, 360)) for frame in shot) == [0]


def test_motion_pans_fades_and_flicker_are_no_cuts():
    rng = np.random.default_rng(0)
    import cv2

    wide = cv2.resize(rng.integers(0, 255, (12, 60, 3), dtype=np.uint8), (900, 180), interpolation=cv2.INTER_CUBIC)
    pan = [wide[:, 12 * t : 12 * t + 320] for t in range(40)]
    assert scene_starts(pan) == [0]
    fade = [(pan[0] * (1 - t / 30)).astype(np.uint8) for t in range(30)]
    assert scene_starts(fade) == [0]
    noise = [np.clip(pan[0] + rng.normal(0, 12, pan[0].shape), 0, 255).astype(np.uint8) for _ in range(20)]
    assert scene_starts(noise) == [0]


def test_memory_is_small_and_the_first_frame_is_never_a_cut():
    detector = SceneCutDetector()
    assert detector.is_cut(np.full((2000, 3000, 3), 255, np.uint8)) is False
    assert sum(part.nbytes for part in detector._before) < 10_000
