import numpy as np
import pytest

from lgtsm.classical.diffusion import smooth_frames
from lgtsm.classical.patch_completion import complete_frame
from lgtsm.classical.patch_matching import RADIUS, describe, enlarge, improve, match_all, vote


def board(height, width, cell=6, shift=0):
    y, x = np.mgrid[0:height, 0:width]
    checks = ((y // cell + (x + shift) // cell) % 2)[..., None]
    return (checks * np.float32((0.7, 0.5, 0.3)) + np.float32((0.1, 0.2, 0.3))).astype(np.float32)


def box(height, width, top, left, bottom, right):
    area = np.zeros((height, width), bool)
    area[top:bottom, left:right] = True
    return area


def filled_smoothly(frame, missing):
    return smooth_frames(np.where(missing[..., None], 0, frame)[None].astype(np.float32), missing[None])[0]


def decibels(a, b, where):
    return -10 * np.log10(max(np.square(a - b)[where].mean(), 1e-10))


def test_a_pattern_goes_on_where_a_smooth_fill_is_gray():
    frame, missing = board(72, 96), box(72, 96, 28, 36, 46, 60)
    smooth = filled_smoothly(frame, missing)
    completed = complete_frame(smooth[None], missing, ~missing[None])
    assert decibels(completed, frame, missing) > 20
    assert decibels(smooth, frame, missing) < 12
    assert np.array_equal(completed[~missing], frame[~missing])


def test_patches_come_from_other_frames_and_only_from_what_is_usable():
    rng = np.random.default_rng(0)
    picture = rng.random((64, 80, 3), np.float32)  # noise: only the picture itself tells what is missing
    missing = box(64, 80, 20, 30, 32, 44)
    frames = np.stack([filled_smoothly(picture, missing), picture])
    usable = np.stack([~missing, np.ones_like(missing)])
    assert decibels(complete_frame(frames, missing, usable, updates=2), picture, missing) > 30
    usable[1] = False
    assert decibels(complete_frame(frames, missing, usable, updates=2), picture, missing) < 15


def test_without_a_patch_to_take_the_frame_stays_as_it_is():
    frame, missing = board(40, 40), box(40, 40, 10, 10, 30, 30)
    assert np.array_equal(complete_frame(frame[None], missing, np.zeros((1, 40, 40), bool)), frame)
    assert np.array_equal(complete_frame(frame[None], np.zeros_like(missing), ~missing[None]), frame)
    tiny = np.full((1, 3, 4, 3), 0.5, np.float32)
    assert np.array_equal(complete_frame(tiny, box(3, 4, 1, 1, 2, 2), ~box(3, 4, 1, 1, 2, 2)[None]), tiny[0])


def test_the_completion_meets_known_pixels_in_another_light():
    """The other frame is brighter: its texture is taken, its light is not."""
    frame = 0.4 * board(72, 96) + 0.1
    missing = box(72, 96, 28, 36, 46, 60)
    frames = np.stack([filled_smoothly(frame, missing), frame + 0.15])
    usable = np.stack([np.zeros_like(missing), np.ones_like(missing)])
    completed = complete_frame(frames, missing, usable)
    assert abs((completed - frame)[missing].mean()) < 0.03


def test_the_seed_decides():
    frame, missing = np.random.default_rng(0).random((90, 90, 3), np.float32), box(90, 90, 25, 25, 65, 65)
    smooth = filled_smoothly(frame, missing)
    first, again, other = (complete_frame(smooth[None], missing, ~missing[None], seed=s) for s in (0, 0, 1))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_descriptions_are_as_far_apart_as_low_passed_patches():
    """Of an image without fine detail, distances are those of the patches, pixel by pixel."""
    y, x = np.mgrid[0:30, 0:30].astype(np.float32) / 30
    image = np.stack([np.sin(2 * x + y), x * y, np.cos(y)], axis=-1).astype(np.float32)
    described = describe(image, np.zeros((30, 30, 1), np.float32))

    def patch(row, column):
        return image[row - RADIUS : row + RADIUS + 1, column - RADIUS : column + RADIUS + 1]

    for a, b in (((5, 6), (20, 17)), ((10, 24), (24, 4)), ((15, 15), (8, 22))):
        expected = np.square(patch(*a) - patch(*b)).sum()
        assert np.square(described[a] - described[b]).sum() == pytest.approx(expected, rel=1e-3)


def test_matching_all_finds_what_a_slow_loop_finds():
    rng = np.random.default_rng(0)
    described = rng.random((2, 8, 9, 5), np.float32)
    sources = rng.random((2, 8, 9)) < 0.5
    y, x = np.nonzero(rng.random((8, 9)) < 0.3)
    found, cost = match_all(described, sources, y, x)
    for row, column, best, value in zip(y, x, found, cost):
        target = described[0, row, column]
        costs = {tuple(c): np.square(described[tuple(c)] - target).sum() for c in np.argwhere(sources)}
        assert tuple(best) == min(costs, key=costs.get)
        assert value == pytest.approx(costs[tuple(best)], rel=1e-4)


def test_improving_never_makes_a_match_worse_and_takes_sources_only():
    rng = np.random.default_rng(0)
    described = rng.random((2, 20, 24, 4), np.float32)
    sources = rng.random((2, 20, 24)) < 0.7
    y, x = np.nonzero(np.ones((20, 24), bool))
    centers = np.argwhere(sources)
    start = centers[rng.integers(len(centers), size=len(y))]
    before = np.square(described[tuple(start.T)] - described[0, y, x]).sum(1)
    found, cost = improve(described, sources, y, x, start, rng)
    np.testing.assert_allclose(cost, np.square(described[tuple(found.T)] - described[0, y, x]).sum(1), rtol=1e-5)
    assert (cost <= before + 1e-6).all() and cost.mean() < 0.8 * before.mean()
    assert sources[tuple(found.T)].all()


def test_enlarged_matches_keep_their_place():
    sources = np.ones((1, 20, 20), bool)
    sources[0, 14:] = False
    number = np.full((10, 10), -1)
    number[4, 3] = 0
    y, x = np.array([8, 8, 9, 9]), np.array([6, 7, 6, 7])
    rng = np.random.default_rng(0)
    carried = enlarge(np.array([[0, 5, 2]]), number, y, x, sources, rng)
    assert carried.tolist() == [[0, 10, 4], [0, 10, 5], [0, 11, 4], [0, 11, 5]]
    drawn = enlarge(np.array([[0, 8, 2]]), number, y, x, sources, rng)  # no source there
    assert sources[tuple(drawn.T)].all()


def test_a_vote_of_equal_patches_is_the_mean_of_what_they_show():
    images = np.random.default_rng(0).random((1, 16, 18, 3), np.float32)
    missing = np.zeros((16, 18), bool)
    y, x = np.array([7, 7]), np.array([6, 9])
    found = np.array([[0, 5, 5], [0, 9, 12]])
    voted = vote(images, missing, y, x, (found, np.zeros(2, np.float32)))
    np.testing.assert_allclose(voted[7, 5], images[0, 5, 4], rtol=1e-5)  # under the first patch only
    np.testing.assert_allclose(voted[8, 8], (images[0, 6, 7] + images[0, 10, 11]) / 2, rtol=1e-5)  # under both
    assert (voted[0] == 0).all()


@pytest.mark.parametrize("side", [40, 200])
def test_better_patches_win_however_deep_the_hole(side):
    """Half of the patches fit and show white, the others do not and show black."""
    size = side + 20
    images = np.zeros((2, size, size, 3), np.float32)
    images[1] = 1
    missing = box(size, size, 10, 10, 10 + side, 10 + side)
    y, x = np.nonzero(missing)
    fits = (y + x) % 2 == 0
    found = np.stack([fits.astype(np.int64), y, x], axis=1)
    voted = vote(images, missing, y, x, (found, np.where(fits, 0, 1).astype(np.float32)))
    assert voted[size // 2, size // 2].min() > 0.99
