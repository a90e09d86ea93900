"""Objects that are followed from a box, in scenes whose truth is known."""

import cv2
import numpy as np
import pytest

from lgtsm.masks.aligned_frames import AlignedFrames, fit_camera
from lgtsm.masks.track import Anchor, TrackMask
from lgtsm.video.mask_reader import MaskReader
from lgtsm.video.open import open_video

HEIGHT, WIDTH, SIDE = 96, 160, 24


def texture(height, width, seed, cell=6):
    """Return smooth random colors, uint8."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // cell + 2, width // cell + 2, 3), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def scene(length=30, pan=2, across=2.5, hidden=(), color=None):
    """Return frames of a square that moves before a panning camera, and where it shows.

    hidden: frames in which it is behind something.
    """
    wall = texture(HEIGHT, WIDTH + pan * length, 1)
    thing = texture(SIDE, SIDE, 2, 5) if color is None else np.full((SIDE, SIDE, 3), color, np.uint8)
    frames, holes = [], []
    for t in range(length):
        frame, hole = wall[:, pan * t : pan * t + WIDTH].copy(), np.zeros((HEIGHT, WIDTH), np.uint8)
        x, y = round(20 + across * t), 30 + round(8 * np.sin(t / 6))
        if t not in hidden:
            frame[y : y + SIDE, x : x + SIDE] = thing
            hole[y : y + SIDE, x : x + SIDE] = 1
        frames.append(frame)
        holes.append(hole)
    return np.stack(frames), np.stack(holes)


def follow(frames, anchors, fps=10.0, cuts=()):
    return TrackMask(lambda numbers: frames[list(numbers)], len(frames), fps, frames.shape[1:3], anchors, cuts)


def box_of(hole, margin=3):
    """Return a loose box around a hole."""
    rows, columns = np.nonzero(hole)
    left, top = max(0, columns.min() - margin), max(0, rows.min() - margin)
    right, bottom = min(hole.shape[1], columns.max() + margin + 1), min(hole.shape[0], rows.max() + margin + 1)
    return int(left), int(top), int(right - left), int(bottom - top)


def overlap(found, true):
    """Return the mean intersection over union of frames that show the object."""
    shares = [(f & t).sum() / (f | t).sum() for f, t in zip(found, true, strict=True) if t.any()]
    return float(np.mean(shares))


@pytest.mark.parametrize(("pan", "anchor"), [(0, 0), (-2, 12)])
def test_a_moving_object_is_followed_both_ways_whatever_the_camera_does(pan, anchor):
    frames, holes = scene(pan=abs(pan))
    if pan < 0:
        frames, holes = frames[:, :, ::-1], holes[:, :, ::-1]
    track = follow(frames, [Anchor(anchor, box_of(holes[anchor]))])
    found = np.stack(list(track))
    assert found.shape == holes.shape and found.dtype == np.uint8 and set(np.unique(found)) == {0, 1}
    assert overlap(found, holes) > 0.85
    assert track.lost == [] and track.remarks == []
    assert np.array_equal(found, np.stack(list(track)))  # again
    assert np.array_equal(found[7:9], np.stack(list(track.part(7, 9))))


def test_an_object_that_stands_still_is_told_by_its_colors():
    frames, holes = scene(pan=0, across=0, color=(20, 230, 40))
    frames, holes = np.repeat(frames[:1], 12, 0), np.repeat(holes[:1], 12, 0)
    assert overlap(np.stack(list(follow(frames, [Anchor(5, box_of(holes[5], 8))]))), holes) > 0.8


def test_an_object_that_hides_for_a_moment_is_found_again():
    frames, holes = scene(hidden=range(12, 18))
    track = follow(frames, [Anchor(0, box_of(holes[0]))])
    found = np.stack(list(track))
    assert overlap(found[18:], holes[18:]) > 0.8
    assert found[13:17].sum() < 0.2 * SIDE**2 * 4
    assert track.lost == []


def test_following_stops_with_a_sentence_where_the_object_is_gone_and_goes_on_from_the_next_box():
    frames, holes = scene(hidden=range(10, 24))
    track = follow(frames, [Anchor(0, box_of(holes[0]))], fps=10.0)
    found = np.stack(list(track))
    ((first, last),) = track.lost
    assert first in (10, 11) and last == 29
    assert not found[first:].any()
    (remark,) = track.remarks
    assert f"from {first / 10:.1f} s to 3.0 s (frames {first} to 29)" in remark and "`track`" in remark
    again = follow(frames, [Anchor(26, box_of(holes[26])), Anchor(0, box_of(holes[0]))])
    assert overlap(np.stack(list(again)), holes) > 0.8


def test_a_mask_that_spills_is_held_to_the_shape_of_the_object_and_told():
    frames, holes = scene()
    for t in range(14, len(frames)):  # the wall around takes the object's colors, and changes all the time
        rows, columns = np.nonzero(holes[t])
        around = slice(max(0, rows.min() - 30), rows.max() + 30), slice(max(0, columns.min() - 30), columns.max() + 30)
        noise = np.random.default_rng(t).permutation(frames[t][holes[t] > 0])
        patch = frames[t][around]
        patch[holes[t][around] == 0] = np.resize(noise, (int((holes[t][around] == 0).sum()), 3))
    track = follow(frames, [Anchor(0, box_of(holes[0]))])
    assert track.spilled and min(track.spilled) >= 14
    assert f"first at {min(track.spilled) / 10:.1f} s (frame {min(track.spilled)})" in track.remarks[-1]
    assert max(hole.sum() for hole in track) < 4 * SIDE**2


def test_following_ends_at_cuts():
    frames, holes = scene(length=26)
    frames = np.concatenate([frames, 255 - frames[:8]])
    found = np.stack(list(follow(frames, [Anchor(3, box_of(holes[3]))], cuts=[26])))
    assert overlap(found[:26], holes) > 0.8
    assert not found[26:].any()


def test_a_rider_is_followed_from_one_box(data_folder):
    folder = data_folder / "bmx-trees"
    with open_video(folder / "video.mp4", "pyav") as video:
        frames = np.stack(list(video))
    true = np.stack(list(MaskReader(folder / "masks", *frames.shape[:3])))
    found = np.stack(list(follow(frames, [Anchor(0, box_of(true[0]))], fps=24.0)))
    wide = np.ones((7, 7), np.uint8)
    grown, true_grown = (np.stack([cv2.dilate(hole, wide) for hole in holes]) for holes in (found, true))
    assert overlap(grown, true_grown) > 0.55  # the box holds painted letters that look like the rider
    assert grown[true > 0].mean() > 0.8


def test_the_difference_to_the_background_is_zero_but_for_what_moves():
    frames, holes = scene()
    aligned = AlignedFrames(lambda numbers: frames[list(numbers)], 0, len(frames), (HEIGHT, WIDTH))
    difference = aligned.difference(15)
    seen = np.zeros((HEIGHT, WIDTH), bool)
    seen[8:-8, 16:-16] = True  # shown by frames both ways
    near = cv2.dilate(holes[15], np.ones((7, 7), np.uint8)) > 0
    assert np.median(difference[holes[15] > 0]) > 20
    assert np.quantile(difference[seen & ~near], 0.95) < 8


def test_the_camera_is_the_homography_that_most_points_follow():
    true = np.array([[1.01, 0.005, 2.0], [-0.004, 0.99, -1.5], [1e-5, 2e-5, 1.0]])
    grid = np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), -1).astype(np.float64)
    moved = cv2.perspectiveTransform(grid.reshape(1, -1, 2), true).reshape(grid.shape)
    flow = (moved - grid).astype(np.float32)
    flow[30:60, 40:90] += (9, -7)  # an object of its own
    assert (
        np.abs(cv2.perspectiveTransform(grid.reshape(1, -1, 2), fit_camera(flow)) - moved.reshape(1, -1, 2)).max() < 0.1
    )
    nonsense = np.random.default_rng(0).normal(0, 400, flow.shape).astype(np.float32)
    zoom = abs(np.linalg.det(fit_camera(nonsense)[:2, :2]))
    assert 0.1 < zoom < 10
