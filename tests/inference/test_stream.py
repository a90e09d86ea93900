"""Streams of frames: exact, only where the hole is, at constant memory."""

import weakref

import cv2
import numpy as np
import pytest
import torch

import lgtsm
from lgtsm.classical import TemporalCopy
from lgtsm.inference.feather import paste_feathered
from lgtsm.inference.fill_frames import fill_frames
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.memory import CHUNKS, choose_chunk, parse_bytes, total_bytes
from lgtsm.inference.options import FillOptions
from lgtsm.inference.plan import make_plan
from lgtsm.inference.records import Frame
from lgtsm.inference.regions import Region, computed_share, plan_regions
from lgtsm.inference.scaled import shrink_hole
from lgtsm.video.survey import survey


class SmallReach(torch.nn.Module):
    """The streaming generator of a network that sees 6 pixels and 3 frames each way, so that tests can be small."""

    def __new__(cls):
        torch.manual_seed(0)
        model = lgtsm.create_model("lgtsm", width=4)
        for name in list(model.layers):
            if name not in ("conv1", "conv10", "conv11"):
                del model.layers[name]
        model.layers["conv1"].feature.padding = model.layers["conv1"].gate.padding = (2, 2)
        return model.eval()


@pytest.fixture
def inpainter():
    return Inpainter(SmallReach(), precision="fp32")


def clip(num_frames, height=64, width=80, holes=()):
    """A moving gradient, and a hole (first frame, last frame, top, left) of 6x6 for each entry."""
    y, x = np.mgrid[0:height, 0:width]
    frames = np.stack(
        [np.stack([(y * 3 + 5 * t) % 256, (x * 2 + t) % 256, (x + y) % 256], -1) for t in range(num_frames)]
    )
    mask = np.zeros((num_frames, height, width), np.uint8)
    for first, last, top, left in holes:
        mask[first : last + 1, top : top + 6, left : left + 6] = 1
    return frames.astype(np.uint8), mask


def records(frames, holes):
    return [Frame(number, *pair) for number, pair in enumerate(zip(frames, holes, strict=True))]


def fill(inpainter, frames, mask, scene_cuts=False, **options):
    options = FillOptions(scene_cuts=scene_cuts, **options)
    plan = make_plan(inpainter, mask.shape[1:], len(mask), survey(mask).runs, options)
    filled = list(fill_frames(inpainter, records(frames, mask), plan.segments, plan, options))
    assert [one.frame.number for one in filled] == list(range(len(frames)))
    return np.stack([one.image for one in filled]), plan


def test_small_reach_is_small():
    model = SmallReach()
    assert (model.temporal_reach, model.spatial_reach) == ((2, 2), 4)  # the last layer is too narrow to shift


@pytest.mark.parametrize(
    "holes",
    [
        [(0, 29, 20, 30)],
        [(0, 29, 5, 5), (0, 29, 50, 70)],  # two regions
        [(4, 6, 20, 30), (22, 23, 40, 10)],  # two segments
        [(0, 0, 0, 0), (29, 29, 58, 74)],  # corners, first and last frame
        [(0, 29, 20, 30), (10, 12, 24, 40)],
    ],
)
def test_regions_give_the_full_frame_result(inpainter, holes):
    frames, mask = clip(30, holes=holes)
    whole = inpainter.fill_bytes(frames, mask)
    by_regions, plan = fill(inpainter, frames, mask)
    assert plan.computed < 0.7
    # Bytes: a difference of 1e-4 may turn a rounding, never two.
    assert np.abs(by_regions.astype(int) - whole).max() <= 1
    assert (by_regions != whole).mean() < 1e-4
    assert np.array_equal(by_regions[mask == 0], frames[mask == 0])


def test_regions_of_the_real_network_agree_within_1e_4():
    model = lgtsm.create_model("lgtsm", width=4).eval()
    reach, step = model.spatial_reach, model.size_step
    hole = np.zeros((1, 520, 8), np.uint8)
    hole[:, 250:262, 2:6] = 1
    (segment,) = plan_regions(survey(hole).runs, 1, (520, 8), reach, (0, 0), step)
    (region,) = segment.regions
    assert (region.top, region.bottom) == ((250 - reach) // step * step, -(-(262 + reach) // step) * step)
    video, missing = torch.rand(1, 1, 3, 520, 8), torch.from_numpy(hole)[:, None, None].float()
    with torch.no_grad():
        whole = model(video, missing)["filled"]
        part = model(video[..., region.top : region.bottom, :], missing[..., region.top : region.bottom, :])["filled"]
    torch.testing.assert_close(
        whole[..., 250:262, :], part[..., 250 - region.top : 262 - region.top, :], atol=1e-4, rtol=0
    )


@pytest.mark.parametrize("chunk", [1, 3, 8])
def test_stream_equals_the_whole_clip_and_is_late_by_the_reach(inpainter, chunk):
    frames, mask = clip(20, holes=[(0, 19, 20, 30)])
    taken = []

    def source():
        for frame in frames:
            taken.append(len(taken))
            yield frame

    given = []
    for frame in inpainter.stream(source(), mask[0], FillOptions(frames_at_once=chunk)):
        given.append(frame)
        if len(taken) < 20:
            assert len(taken) - len(given) <= 3 + chunk
    assert np.abs(np.stack(given).astype(int) - inpainter.fill_bytes(frames, mask)).max() <= 1


def test_causal_stream_answers_at_once():
    model = lgtsm.create_model("lgtsm", width=4, causal=True)
    frames, mask = clip(5, 16, 16, holes=[(0, 4, 4, 4)])
    counts = []
    stream = Inpainter(model).stream((counts.append(1) or f for f in frames), iter(mask))
    for n, _ in enumerate(stream, start=1):
        assert len(counts) == n


def test_a_cut_keeps_scenes_apart(inpainter):
    frames, mask = clip(20, holes=[(0, 19, 20, 30)])
    frames[10:] = 255 - frames[10:] // 3
    filled, _ = fill(inpainter, frames, mask, scene_cuts=True)
    apart = np.concatenate(
        [inpainter.fill_bytes(f, m) for f, m in ((frames[:10], mask[:10]), (frames[10:], mask[10:]))]
    )
    assert np.abs(filled.astype(int) - apart).max() <= 1
    through, _ = fill(inpainter, frames, mask)
    assert np.abs(through.astype(int) - apart).max() > 1
    # A method that has to see whole scenes gets them one by one.
    copier = Inpainter(TemporalCopy())
    filled, _ = fill(copier, frames, mask, scene_cuts=True)
    apart = np.concatenate([copier.fill_bytes(f, m) for f, m in ((frames[:10], mask[:10]), (frames[10:], mask[10:]))])
    assert np.array_equal(filled, apart)


def test_frames_without_a_hole_in_reach_are_not_computed(inpainter):
    frames, mask = clip(60, holes=[(30, 31, 20, 30)])
    seen = []
    inpainter.model.layers["conv1"].feature.register_forward_hook(
        lambda conv, inputs, output: seen.append(output.shape)
    )
    fill(inpainter, frames, mask)
    assert sum(shape[0] for shape in seen) == 2 + 2 + 2
    assert max(shape[2] for shape in seen) <= 20
    assert fill(inpainter, frames, mask * 0)[1].segments == []


def test_plan_computes_nothing_twice_in_time():
    holes = np.zeros((40, 32, 32), np.uint8)
    for t in (3, 9, 10, 30):
        holes[t, 10:14, 10:14] = 1
    plan = plan_regions(survey(holes).runs, 40, (32, 32), 2, (3, 3), 4)
    assert [(s.start, s.stop) for s in plan] == [(0, 14), (27, 34)]
    assert plan[0].regions == (Region(8, 8, 16, 16),)
    assert computed_share(plan, 40, 32, 32) == pytest.approx((14 + 7) * 64 / (40 * 32 * 32))


def test_working_height_keeps_known_pixels_and_fills_the_hole_smoothly(inpainter):
    frames, mask = clip(6, 64, 80, holes=[(0, 5, 20, 30)])
    filled, plan = fill(inpainter, frames, mask, working_height=32)
    assert (plan.height, plan.width) == (32, 40)
    assert np.array_equal(filled[mask == 0], frames[mask == 0])
    assert (filled[mask == 1] != frames[mask == 1]).any()


def test_feathered_paste():
    y, x = np.mgrid[0:40, 0:50]
    frame = np.stack([x * 4, y * 5, x + y], -1).astype(np.uint8)
    hole = cv2.circle(np.zeros((40, 50), np.uint8), (25, 20), 9, 1, -1)
    brighter = np.clip(frame.astype(int) + 40, 0, 255).astype(np.uint8)
    plain, smooth = (paste_feathered(frame, hole, brighter, feather) for feather in (0, 6))
    assert np.array_equal(plain[hole == 1], brighter[hole == 1])
    for out in (plain, smooth):
        assert np.array_equal(out[hole == 0], frame[hole == 0])
    edge = (hole == 1) & (cv2.erode(hole, np.ones((3, 3), np.uint8)) == 0)
    error = [np.abs(out[edge].astype(int) - frame[edge]).mean() for out in (plain, smooth)]
    assert error[1] < 0.4 * error[0]
    # Far from the edge the fill stands as it is; a fill that fits needs no change.
    assert np.array_equal(paste_feathered(frame, hole, frame, 6), frame)


def test_shrunk_hole_covers_every_pixel_that_it_touches():
    hole = np.zeros((30, 40), np.uint8)
    hole[7, 11] = hole[29, 39] = 1
    small = shrink_hole(hole, (13, 10))
    assert small.sum() == 2
    assert small[2, 3] == small[9, 12] == 1


def test_memory_words_and_choice():
    assert parse_bytes("4G") == 4 * 2**30
    assert parse_bytes("1.5 MiB") == 1.5 * 2**20
    with pytest.raises(ValueError, match="500M or 4G; got 'lots'"):
        parse_bytes("lots")
    model, regions = lgtsm.create_model("lgtsm", width=8), [Region(0, 0, 128, 128)]
    need = {chunk: total_bytes(model, regions, chunk, torch.float32, (128, 128)) for chunk in CHUNKS}
    assert list(need.values()) == sorted(need.values(), reverse=True)
    for chunk, needed in need.items():
        assert choose_chunk(model, regions, needed, torch.float32, (128, 128)) == chunk
    with pytest.raises(ValueError, match=r"at least \d+ MiB.*working_height of about \d+"):
        choose_chunk(model, regions, need[1] - 1, torch.float32, (128, 128))


def test_wrong_frames_and_missing_holes_get_a_sentence(inpainter):
    frames, mask = clip(3, holes=[(0, 2, 20, 30)])
    with pytest.raises(ValueError, match="2 holes, and more frames"):
        list(inpainter.stream(frames, mask[:2]))
    with pytest.raises(ValueError, match=r"must be uint8 .*got float64"):
        next(inpainter.stream(frames / 255, mask))


class Scarce:
    """A network's step on a GPU that has memory for `most` frames at once."""

    def __init__(self, model, most, monkeypatch):
        self.whole, self.most, self.sizes, self.held = type(model).step, most, [], []
        monkeypatch.setattr(type(model), "step", self)

    def __get__(self, model, kind):
        return lambda *inputs: self.step(model, *inputs)

    def step(self, model, video, *rest):
        # What the failed step before had allocated must be free again when the next one is tried.
        assert all(tensor() is None for tensor in self.held)
        self.sizes.append(video.shape[1])
        if video.shape[1] > self.most:
            allocated = video * 2
            self.held.append(weakref.ref(allocated))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.whole(model, video, *rest)


def test_gpu_memory_that_runs_out_halves_the_chunk(inpainter, monkeypatch):
    frames, mask = clip(30, holes=[(0, 29, 20, 30)])
    expected, _ = fill(inpainter, frames, mask)
    scarce = Scarce(inpainter.model, 3, monkeypatch)
    filled, _ = fill(inpainter, frames, mask)
    assert np.abs(filled.astype(int) - expected).max() <= 1
    # 8 frames do not fit, 4 do not, 2 do; from then on it is 2.
    assert scarce.sizes == [8, 4] + [2] * 15
    assert len(scarce.held) == 2


def test_a_gpu_too_small_for_one_frame_is_a_sentence(inpainter, monkeypatch):
    frames, mask = clip(4, holes=[(0, 3, 20, 30)])
    Scarce(inpainter.model, 0, monkeypatch)
    with pytest.raises(ValueError, match=r"memory for one frame of 16x16 at a time.*working_height"):
        fill(inpainter, frames, mask)


@pytest.mark.parametrize("distance", range(6, 14))
def test_holes_near_each_other(inpainter, distance):
    """Their rectangles overlap without being joined, and each sees too little around the other's hole."""
    frames, mask = clip(8, holes=[(0, 7, 20, 20), (0, 7, 20 + distance, 20 + distance)])
    filled, _ = fill(inpainter, frames, mask)
    assert np.abs(filled.astype(int) - inpainter.fill_bytes(frames, mask)).max() <= 1


def test_what_a_region_sees_enough_around():
    region = Region(0, 16, 40, 48)
    assert region.inner(4, 40, 64) == Region(0, 20, 40, 44)
    assert region.inner(30, 60, 64) == Region(0, 46, 10, 46)
    assert Region(2, 20, 30, 44).seen_from(region) == Region(2, 4, 30, 28)


@pytest.mark.parametrize("holes", [[(0, 9, 20, 30)], [(0, 9, 20, 20), (0, 9, 38, 38)]])
def test_a_feathered_fill_is_the_networks_own_fitted_to_what_is_known(inpainter, holes):
    frames, mask = clip(10, holes=holes)
    video = torch.from_numpy(frames).permute(0, 3, 1, 2)[None] / 255
    with torch.no_grad():
        predicted = inpainter.model(video, torch.from_numpy(mask)[None, :, None].float())["predicted"][0]
    predicted = (predicted.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    expected = np.stack([paste_feathered(*views, 5) for views in zip(frames, mask, predicted)])
    for regions in (True, False):
        filled, _ = fill(inpainter, frames, mask, feather=5, regions=regions)
        assert np.array_equal(filled[mask == 0], frames[mask == 0])
        assert np.abs(filled.astype(int) - expected).max() <= 1
    plain, _ = fill(inpainter, frames, mask)
    assert np.abs(plain.astype(int) - expected).max() > 5
    if len(holes) == 1:
        streamed = np.stack(list(inpainter.stream(frames, mask[0], FillOptions(feather=5, scene_cuts=False))))
        assert np.abs(streamed.astype(int) - expected).max() <= 1


def test_holes_may_be_bool_and_the_answer_comes_as_soon_whatever_else_is_asked_for(inpainter):
    frames, mask = clip(20, holes=[(0, 19, 20, 30)])
    expected = list(inpainter.stream(frames, mask[0]))
    for holes in (mask[0] > 0, list(mask > 0)):
        assert np.abs(np.stack(list(inpainter.stream(frames, holes))).astype(int) - expected).max() <= 1
    delays = []
    for options in (FillOptions(), FillOptions(feather=2)):
        taken = []
        next(inpainter.stream((taken.append(1) or frame for frame in frames), mask[0], options))
        delays.append(len(taken))
    assert delays[0] == delays[1] < 8


@pytest.mark.parametrize("name", ["working_height", "max_memory", "frames_at_once", "feather"])
def test_options_out_of_range_are_refused(name):
    with pytest.raises(ValueError, match=rf"{name} must be at least \d; got -1"):
        FillOptions(**{name: -1})
