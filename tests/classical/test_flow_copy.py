import cv2
import numpy as np
import pytest
import torch

from lgtsm.classical import TCCDS, FlowCopy, KeyFrames, TemporalCopy
from lgtsm.classical.device_paths import DevicePaths
from lgtsm.classical.flow import sample_points
from lgtsm.classical.flow_copy import TOGETHER, _Paths, copy_along_flow
from lgtsm.video import open_video
from tests.reference.flow_copy import join_flows, slow_copy_along_flow
from tests.reference.moving_hole import as_tensors, decibels_inside, moving_hole

# OpenCV 4 takes points to the nearest 1/32 pixel, OpenCV 5 as they are.
SAMPLING = 1e-5 if cv2.__version__ >= "5" else 2 / 32
METHODS = {"flow_copy": FlowCopy, "key_frames": KeyFrames, "tccds": TCCDS}


def slow_sample(image, y, x):
    """Bilinear, one point."""
    height, width = image.shape[:2]
    top, left = int(np.floor(y)), int(np.floor(x))
    down, right = y - top, x - left
    below, beside = min(top + 1, height - 1), min(left + 1, width - 1)
    return (
        (1 - down) * ((1 - right) * image[top, left] + right * image[top, beside])
        + down * ((1 - right) * image[below, left] + right * image[below, beside])
    )  # fmt: skip


def slow_copy(frames, hole, forward, backward, max_miss):
    """One pixel after the other."""
    color, missing = frames.copy(), hole.copy()
    num_frames, height, width = hole.shape
    for t, row, column in np.argwhere(hole):
        total, weight = np.zeros(3), 0.0
        for step, flow, back in ((1, forward, backward), (-1, backward, forward)):
            s, y, x = t, float(row), float(column)
            while 0 <= s + step < num_frames:
                pair = min(s, s + step)
                dx, dy = slow_sample(flow[pair], y, x)
                s, y, x = s + step, y + dy, x + dx
                if not (0 <= y <= height - 1 and 0 <= x <= width - 1):
                    break
                back_x, back_y = slow_sample(back[pair], y, x)
                if (dx + back_x) ** 2 + (dy + back_y) ** 2 > max_miss**2:
                    break
                if slow_sample(hole[s, ..., None].astype(float), y, x)[0] == 0:
                    total += slow_sample(frames[s], y, x) / (s - t) ** 2
                    weight += 1 / (s - t) ** 2
                    break
        if weight:
            color[t, row, column], missing[t, row, column] = total / weight, False
    return color, missing


def test_copying_equals_slow_loop():
    rng = np.random.default_rng(0)
    frames = rng.random((5, 12, 14, 3), np.float32)
    hole = np.zeros((5, 12, 14), bool)
    hole[:, 3:9, 4:11] = True
    hole[1, 5:7] = False
    forward = np.float32((1.25, -0.5)) + rng.uniform(-0.4, 0.4, (4, 12, 14, 2)).astype(np.float32)
    backward = np.float32((-1.25, 0.5)) + rng.uniform(-0.4, 0.4, (4, 12, 14, 2)).astype(np.float32)
    copied = copy_along_flow(frames, hole, join_flows(forward, backward), max_miss=0.4)
    color, missing = slow_copy(frames, hole, forward, backward, max_miss=0.4)
    assert 0 < missing.sum() < hole.sum()
    assert (copied.missing != missing).mean() <= SAMPLING
    same = copied.missing == missing
    np.testing.assert_allclose(copied.color[same], color[same], atol=SAMPLING)
    assert np.array_equal(copied.color[copied.missing], frames[copied.missing])


@pytest.mark.parametrize("most_steps", [None, 1, 3])
@pytest.mark.parametrize("with_sources", [False, True])
@pytest.mark.parametrize("size", [(1, 9, 8), (2, 1, 30), (7, 40, 33), (2 * TOGETHER + 3, 24, 31)])
def test_following_many_frames_at_once_equals_one_after_the_other(size, with_sources, most_steps):
    rng = np.random.default_rng(sum(size))
    count, height, width = size
    frames = rng.random((*size, 3), np.float32)
    smooth = np.stack([cv2.GaussianBlur(noise, (0, 0), 3) for noise in rng.normal(0, 1, size).astype(np.float32)])
    holes = [np.zeros(size, bool), smooth > np.quantile(smooth, 0.3), rng.random(size) < 0.7, np.ones(size, bool)]
    holes[1][::5] = False  # some frames without missing pixels
    forward = np.float32((0.75, -0.5)) + rng.normal(0, 0.2, (count - 1, height, width, 2)).astype(np.float32)
    backward = rng.normal(0, 0.2, forward.shape).astype(np.float32) - np.float32((0.75, -0.5))
    for hole in holes:
        sources = None
        if with_sources:
            sources = ~hole & (rng.random(size) < 0.5)
            sources[[0, -1]] = False
        copied = copy_along_flow(frames, hole, join_flows(forward, backward), 0.8, most_steps, sources)
        slow = slow_copy_along_flow(frames, hole, forward, backward, 0.8, most_steps, sources)
        assert np.array_equal(copied.missing, slow.missing) and np.array_equal(copied.color, slow.color)
        assert list(copied.found) == list(slow.found)
        for directions, slow_directions in zip(copied.found.values(), slow.found.values()):
            for part, slow_part in zip(directions, slow_directions):
                assert all(np.array_equal(*pair) for pair in zip(part, slow_part))


def follow_both(frames, hole, flows, *settings, device="cpu"):
    """Return what paths find: by NumPy and OpenCV, and by torch."""
    group = np.flatnonzero(hole.any((1, 2))).tolist()
    for paths in (_Paths(frames, hole, flows, *settings), DevicePaths(frames, hole, flows, *settings, device)):
        yield [found for ahead in (True, False) for found in paths.follow(group, ahead)]


def moving_clip(size, seed):
    """Return frames, a hole of 40 % in blobs, absent in every seventh frame, and sources for half of the pixels."""
    rng = np.random.default_rng(seed)
    smooth = np.stack([cv2.GaussianBlur(noise, (0, 0), 3) for noise in rng.normal(0, 1, size).astype(np.float32)])
    hole = smooth > np.quantile(smooth, 0.6)
    hole[::7] = False
    return rng.random((*size, 3), np.float32), hole, ~hole & (rng.random(size) < 0.5)


def roughly_moving_clip():
    """Return smooth frames, a hole, and flows that differ from pixel to pixel."""
    frames, hole, _ = moving_clip((12, 60, 80), 1)
    rough = np.random.default_rng(2).normal(0, 3, (11, 60, 80, 2)).astype(np.float32)
    forward = np.float32((0.7, -0.4)) + np.stack([cv2.GaussianBlur(noise, (0, 0), 6) for noise in rough])
    frames = np.stack([cv2.GaussianBlur(frame, (0, 0), 2) for frame in frames])
    return frames, hole, join_flows(forward, -forward)


@pytest.mark.parametrize("most_steps", [None, 1, 3])
@pytest.mark.parametrize("with_sources", [False, True])
def test_paths_on_a_device_find_the_same_where_nothing_is_rounded(most_steps, with_sources):
    frames, hole, sources = moving_clip((12, 30, 41), 0)
    forward = np.broadcast_to(np.float32((0.75, -0.5)), (11, 30, 41, 2))
    settings = 0.8, most_steps, sources if with_sources else None
    cpu, device = follow_both(frames, hole, join_flows(forward, -forward), *settings)
    assert len(cpu) == len(device) > 0 and sum(len(found.pixels) for found in cpu) > 500
    for expected, found in zip(cpu, device):
        assert np.array_equal(found.pixels, expected.pixels) and np.array_equal(found.steps, expected.steps)
        np.testing.assert_allclose(found.color, expected.color, atol=1e-6)


def test_paths_on_a_device_differ_by_rounding_only():
    frames, hole, flows = roughly_moving_clip()
    cpu, device = follow_both(frames, hole, flows, 0.8, None, None)
    total, same, off = 0, 0, []
    for expected, found in zip(cpu, device):
        _, mine, its = np.intersect1d(expected.pixels, found.pixels, return_indices=True)
        total += len(np.union1d(expected.pixels, found.pixels))
        same += (expected.steps[mine] == found.steps[its]).sum()
        off.append(np.abs(expected.color[mine] - found.color[its]).max(1))
    assert total > 5000 and same / total > 0.99
    assert np.quantile(np.concatenate(off), 0.99) < 0.01


@pytest.mark.gpu
def test_a_gpu_copies_what_the_cpu_copies():
    frames, hole, flows = roughly_moving_clip()
    cpu, gpu = (copy_along_flow(frames, hole, flows, 0.8, device=name) for name in ("cpu", "cuda"))
    assert (cpu.missing == gpu.missing)[hole].mean() > 0.99
    both = hole & ~cpu.missing & ~gpu.missing
    assert np.quantile(np.abs(cpu.color - gpu.color)[both], 0.99) < 0.01


def test_paths_on_a_device_without_anything_to_find():
    frames, hole, _ = moving_clip((3, 20, 30), 3)
    nothing = np.zeros_like(hole)
    for hidden, sources in ((np.ones_like(hole), None), (hole, nothing)):
        for results in follow_both(frames, hidden, np.zeros((3, 20, 30, 4), np.float32), 1.0, None, sources):
            assert all(len(found.pixels) == len(found.color) == len(found.steps) == 0 for found in results)


def test_whole_pixel_flow_copies_exactly():
    rng = np.random.default_rng(0)
    frames = rng.random((2, 8, 9, 3), np.float32)
    frames[1, 1:, 2:] = frames[0, :-1, :-2]
    hole = np.zeros((2, 8, 9), bool)
    hole[0, 2:5, 2:5] = True
    forward = np.broadcast_to(np.float32((2, 1)), (1, 8, 9, 2))
    copied = copy_along_flow(np.where(hole[..., None], 0, frames), hole, join_flows(forward, -forward))
    assert np.array_equal(copied.color, frames) and not copied.missing.any()


def test_paths_end_after_the_most_steps_and_at_pixels_that_are_no_source():
    """Nothing moves; each frame shows its own number, and the hole is open in the first and the last frame only."""
    frames = np.zeros((8, 16, 18, 3), np.float32) + np.arange(8, dtype=np.float32)[:, None, None, None] / 10
    hole = np.zeros((8, 16, 18), bool)
    hole[1:7, 5:9, 6:12] = True
    still = np.zeros((8, 16, 18, 4), np.float32)
    for most in (1, 2, None):
        copied = copy_along_flow(frames, hole, still, most_steps=most)
        reached = [t for t in range(1, 7) if most is None or t <= most or 7 - t <= most]
        assert [t for t in range(1, 7) if not copied.missing[t].any()] == reached
    only_last = np.zeros_like(hole)
    only_last[7] = True
    copied = copy_along_flow(frames, hole, still, sources=only_last)
    assert not copied.missing.any()
    np.testing.assert_allclose(copied.color[hole], 0.7, atol=1e-6)
    assert copy_along_flow(frames, hole, still, sources=np.zeros_like(hole)).missing.sum() == hole.sum()


def test_sampling_is_exact_on_pixels_and_on_the_border_and_equals_one_point_at_a_time():
    image = np.random.default_rng(0).random((4, 5, 3), np.float32)
    y, x = (a.ravel().astype(np.float32) for a in np.indices((4, 5)))
    assert np.array_equal(sample_points(image, x + 1j * y), image.reshape(-1, 3))
    y, x = (np.random.default_rng(1).uniform(0, side, 700).astype(np.float32) for side in (3, 4))
    expected = [slow_sample(image, down, right) for down, right in zip(y, x)]
    np.testing.assert_allclose(sample_points(image, x + 1j * y), expected, atol=SAMPLING)
    assert sample_points(image, (x + 1j * y)[:0]).shape == (0, 3)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("speed", [(3, 1), (8, -2)])
def test_photograph_panned_by_whole_pixels(name, speed, data_folder):
    with open_video(data_folder / "bmx-trees" / "video.mp4", "pyav") as reader:
        photograph = reader.read([0])[0]
    right, down = speed
    top = 0 if down > 0 else 40
    corners = [(top + down * t, right * t) for t in range(10)]
    frames = np.stack([photograph[y : y + 96, x : x + 128] for y, x in corners])
    video, hole = as_tensors(frames, moving_hole(10, 96, 128))
    assert decibels_inside(METHODS[name]()(video, hole)["filled"], video, hole) > 35
    assert decibels_inside(TemporalCopy()(video, hole)["filled"], video, hole) < 20


@pytest.mark.parametrize("name", METHODS)
def test_hand_held_clip_with_every_hidden_pixel_seen_elsewhere(name, data_folder):
    with open_video(data_folder / "hand-held" / "a_learning-area-frog_00.mp4", "pyav") as reader:
        frames = reader.read(range(0, 30, 3))[:, 20:140, 20:180]
    video, hole = as_tensors(frames, moving_hole(10, *frames.shape[1:3]))
    assert (hole.amin(1) == 0).all()
    assert decibels_inside(METHODS[name]()(video, hole)["filled"], video, hole) > 34
    assert decibels_inside(TemporalCopy()(video, hole)["filled"], video, hole) < 28


def test_never_seen_pixels_are_smooth_not_empty():
    video, hole = torch.full((1, 3, 3, 20, 24), 0.25), torch.zeros(1, 3, 1, 20, 24)
    video[..., 12:] = 0.75
    hole[..., 5:15, 8:16] = 1  # in every frame
    inside = FlowCopy()(video, hole)["filled"][..., 5:15, 8:16]
    assert inside.min() >= 0.25 and inside.max() <= 0.75
    assert (inside.diff(dim=-1) >= -1e-3).all()


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("size", [(1, 1, 1), (1, 30, 41), (3, 5, 7), (2, 3, 40), (4, 33, 26)])
def test_any_size_known_pixels_bit_exact_and_hole_not_looked_at(name, size):
    method = METHODS[name]()
    time, height, width = size
    video, hole = torch.rand(2, time, 3, height, width), (torch.rand(2, time, 1, height, width) < 0.3).float()
    hole[0, :, :, : height // 2, : width // 2] = 1
    hole[1, -1] = 1
    filled = method(video.masked_fill(hole.expand_as(video) > 0, torch.nan), hole)["filled"]
    known = (hole == 0).expand_as(video)
    assert torch.equal(filled[known], video[known])
    assert torch.equal(filled, method(video, hole)["filled"])
    assert filled.isfinite().all() and filled.min() >= 0 and filled.max() <= 1 + 1e-5


@pytest.mark.parametrize("name", METHODS)
def test_nothing_known_nothing_missing_and_other_precisions(name):
    method, video = METHODS[name](), torch.rand(1, 3, 3, 20, 24)
    assert (method(video, torch.ones(1, 3, 1, 20, 24))["filled"] == 0.5).all()
    assert torch.equal(method(video, torch.zeros(1, 3, 1, 20, 24))["filled"], video)
    hole = torch.zeros(1, 3, 1, 20, 24)
    hole[..., 5:12, 6:14] = 1
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        filled = method(video.to(dtype), hole.to(dtype))["filled"]
        known = (hole == 0).expand_as(video)
        assert filled.dtype == dtype and torch.equal(filled[known], video.to(dtype)[known])


@pytest.mark.parametrize("name", METHODS)
def test_refuses_what_is_no_video(name):
    with pytest.raises(ValueError, match=r"^hole"):
        METHODS[name]()(torch.rand(1, 3, 3, 8, 8), torch.zeros(1, 2, 1, 8, 8))
    with pytest.raises(ValueError, match="max_miss"):
        METHODS[name](max_miss=0)


@pytest.mark.parametrize("threads", [1, 2])
def test_copying_in_place_gives_the_same(threads):
    """Points between pixels take in traces of missing ones, so nothing may be written while paths are followed."""
    rng = np.random.default_rng(0)
    frames, hole = rng.random((24, 40, 50, 3), np.float32), rng.random((24, 40, 50)) < 0.3
    # Each pixel takes 1/1024 from its neighbor down to the right: too little for that one to hide it.
    forward = np.full((23, 40, 50, 2), 1 / 32, np.float32)
    flows = join_flows(forward, -forward)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        expected = copy_along_flow(frames, hole, flows, 0.8)
        written = frames.copy()
        found = copy_along_flow(written, hole, flows, 0.8, in_place=True)
    finally:
        torch.set_num_threads(before)
    assert found.color is written and not np.array_equal(expected.color, frames)
    assert np.array_equal(written, expected.color) and np.array_equal(found.missing, expected.missing)


def test_memory_may_lie_in_any_order():
    frames, hole, _ = moving_clip((6, 40, 50), 5)
    visible = np.where(hole[..., None], 0, frames)
    expected = FlowCopy().fill_clip(visible, hole)
    assert np.array_equal(FlowCopy().fill_clip(np.asfortranarray(visible), np.asfortranarray(hole)), expected)
