import cv2
import numpy as np

from lgtsm.classical import patch_search

RADIUS = 1


def tiny_clip():
    rng = np.random.default_rng(1)
    frames = rng.random((2, 16, 18, 3), np.float32)
    missing = np.zeros((2, 16, 18), bool)
    missing[0, 5:9, 6:11] = True
    targets = patch_search.target_centers(missing, RADIUS)
    sources = patch_search.source_centers(~missing, RADIUS)
    return frames, missing, targets, sources, rng


def patch(frames, t, y, x):
    return frames[t, y - RADIUS : y + RADIUS + 1, x - RADIUS : x + RADIUS + 1]


def test_which_patches_are_targets_and_sources():
    _, missing, targets, sources, _ = tiny_clip()
    for t, y, x in np.ndindex(*missing.shape):
        in_frame = RADIUS <= y < 16 - RADIUS and RADIUS <= x < 18 - RADIUS
        touched = in_frame and patch(missing, t, y, x).any()
        assert targets[t, y, x] == touched
        assert sources[t, y, x] == (in_frame and not touched)


def test_patch_match_finds_what_brute_force_finds():
    frames, _, targets, sources, rng = tiny_clip()
    frames = np.stack([cv2.GaussianBlur(frame, (0, 0), 1.5) for frame in frames])
    field = patch_search.random_field(sources, rng)
    patch_search.search(frames, targets, sources, field, RADIUS, rng, rounds=60)
    best = []
    for t, y, x in np.argwhere(targets):
        own = patch(frames, t, y, x)
        costs = [np.square(patch(frames, *center) - own).sum() / 9 for center in np.argwhere(sources)]
        found = field.source[t, y, x]
        assert sources[tuple(found)]
        np.testing.assert_allclose(field.cost[t, y, x], np.square(patch(frames, *found) - own).sum() / 9, rtol=1e-4)
        best.append(min(costs))
    found = field.cost[targets]
    assert (found <= np.array(best) * (1 + 1e-4)).mean() > 0.8
    assert found.mean() < 1.1 * np.mean(best)


def test_copies_elsewhere_in_the_clip_are_found_through_neighbors():
    frames, _, targets, sources, rng = tiny_clip()
    frames[1, 4:13, 3:14] = frames[0, 3:12, 5:16]  # what lies under the hole, one row down and two columns to the left
    field = patch_search.random_field(sources, rng)
    patch_search.search(frames, targets, sources, field, RADIUS, rng, rounds=12)
    expected = np.stack([np.ones((16, 18)), *(np.mgrid[0:16, 0:18] + np.array([[[1]], [[-2]]]))], axis=-1)
    assert (field.source == expected).all(-1)[targets].mean() > 0.95


def test_a_link_hands_over_what_another_frame_found():
    frames, missing, targets, sources, rng = tiny_clip()
    missing[1] = missing[0]
    targets, sources = patch_search.target_centers(missing, RADIUS), patch_search.source_centers(~missing, RADIUS)
    frames[1] = frames[0]
    frames[:, 11:15, 1:17] = frames[0, 5:9, 1:17]
    first = patch_search.random_field(sources, rng)
    here = np.stack(np.mgrid[0:16, 0:18], axis=-1)
    patch_search.search(frames, targets, sources, first, RADIUS, rng, rounds=20)
    linked = patch_search.PatchField(first.source.copy(), first.cost.copy())
    linked.source[1] = linked.source[1, 12, 8]  # forget
    patch_search.search(frames, targets, sources, linked, RADIUS, rng, rounds=1, links=[(1, 0, here)])
    assert (linked.cost[1] <= first.cost[0] + 1e-6)[targets[1]].all()


def slow_vote(frames, missing, targets, field):
    """Plain mean over the patches that cover each pixel."""
    voted = frames.copy()
    for t, y, x in np.argwhere(missing):
        shown = []
        for down, right in np.ndindex(2 * RADIUS + 1, 2 * RADIUS + 1):
            center = t, y + down - RADIUS, x + right - RADIUS
            if targets[center]:
                s, source_y, source_x = field.source[center]
                shown.append(frames[s, source_y - down + RADIUS, source_x - right + RADIUS])
        voted[t, y, x] = np.mean(shown, axis=0)
    return voted


def test_vote_equals_slow_loop():
    frames, missing, targets, sources, rng = tiny_clip()
    field = patch_search.random_field(sources, rng)
    field.cost[:] = 1
    missing[:] = False
    missing[0, 7, 8] = True  # one pixel: all patches over it are as deep or at its border, and none is better
    targets = np.zeros_like(targets)
    targets[0, 6:9, 7:10] = True
    voted = patch_search.vote(frames, missing, targets, field, RADIUS)
    expected = slow_vote(frames, missing, targets, field)
    weight = np.float32([1.3**-0.955 if (y, x) == (7, 8) else 1 for y, x in np.argwhere(targets[0])])
    shown = [frames[tuple(field.source[0, y, x] + (0, 7 - y, 8 - x))] for y, x in np.argwhere(targets[0])]
    np.testing.assert_allclose(voted[0, 7, 8], np.average(shown, axis=0, weights=weight), atol=1e-3)
    np.testing.assert_allclose(voted, expected, atol=0.05)
    assert np.array_equal(voted[~missing], frames[~missing])


def test_enlarging_keeps_a_coherent_field_coherent():
    sources = np.zeros((2, 20, 24), bool)
    sources[:, 1:-1, 1:-1] = True
    rng = np.random.default_rng(0)
    coarse = patch_search.PatchField(
        np.stack(np.meshgrid(np.arange(2), np.arange(10), np.arange(12), indexing="ij"), -1), np.ones((2, 10, 12))
    )
    coarse.source[..., 2] = np.minimum(coarse.source[..., 2] + 2, 10)
    fine = patch_search.enlarge(coarse, sources, RADIUS, rng)
    offset = fine.source - np.stack(np.meshgrid(np.arange(2), np.arange(20), np.arange(24), indexing="ij"), -1)
    assert (offset[:, 2:-2, 2:-8] == (0, 0, 4)).all()
