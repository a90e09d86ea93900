"""Streams of frames: exact, only where the hole is, at constant memory."""

import contextlib
import weakref

import cv2
import numpy as np
import pytest
import torch

import lgtsm
from lgtsm.classical import MeanColor, TemporalCopy
from lgtsm.inference.feather import paste_feathered
from lgtsm.inference.fill_frames import fill_frames
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.memory import CHUNKS, choose_chunk, parse_bytes, total_bytes
from lgtsm.inference.options import FillOptions
from lgtsm.inference.plan import make_plan
from lgtsm.inference.records import Frame
from lgtsm.inference.regions import Region, computed_share, plan_regions
from lgtsm.inference.scaled import shrink_hole
from lgtsm.inference.scene_stream import SceneStream
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


def test_methods_that_see_whole_scenes_work_at_a_working_height_too():
    frames, mask = clip(6, 64, 80, holes=[(0, 5, 20, 30)])
    filled, plan = fill(Inpainter(MeanColor()), frames, mask, working_height=32)
    assert (plan.height, plan.width) == (32, 40)
    assert np.array_equal(filled[mask == 0], frames[mask == 0])
    unscaled, _ = fill(Inpainter(MeanColor()), frames, mask)
    assert np.abs(filled.astype(int) - unscaled).max() > 1  # fitted to what is around
    plain, _ = fill(Inpainter(MeanColor()), frames, mask, working_height=32, feather=0)
    small = np.stack([cv2.resize(frame, (40, 32), interpolation=cv2.INTER_AREA) for frame in frames])
    small = Inpainter(MeanColor()).fill_bytes(small, np.stack([shrink_hole(hole, (40, 32)) for hole in mask]))
    large = np.stack([cv2.resize(frame, (80, 64), interpolation=cv2.INTER_CUBIC) for frame in small])
    assert np.array_equal(plain[mask == 1], large[mask == 1])


CONTEXT = 8


def scene_stream(fill, max_memory, piece=1000):
    return SceneStream(fill, piece, CONTEXT, CONTEXT, 60, max_memory=max_memory)


def scene_in_pieces(fill, frames, holes, max_memory, piece=1000):
    stream = scene_stream(fill, max_memory, piece)
    given = [filled for frame in records(frames, holes) for filled in stream.push(frame)]
    given += stream.flush()
    assert [one.frame.number for one in given] == list(range(len(frames)))
    return np.stack([one.image for one in given])


def test_a_scene_that_memory_does_not_hold_is_filled_in_pieces_that_go_on_from_each_other():
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (70, 24, 32, 3), dtype=np.uint8)
    holes = np.zeros((70, 24, 32), np.uint8)
    holes[:, 8:14, 10:20] = 1
    pieces = []

    def fill(piece, hole):
        pieces.append((piece.copy(), hole.copy()))
        # Each frame says how many frames of its piece have a hole before it: what a piece begins with is known.
        number = np.cumsum(hole.any((1, 2)))
        return np.where(hole[..., None] > 0, number[:, None, None, None], piece).astype(np.uint8)

    memory = 40 * (11 + 60) * 24 * 32  # of 40 frames, CONTEXT of them before
    whole = scene_in_pieces(fill, frames, holes, memory)
    assert np.array_equal(whole[holes == 0], frames[holes == 0]) and len(whole) == 70
    first = pieces[0][1]
    assert len(first) == 32 and first.any((1, 2)).all()
    for piece, hole in pieces[1:]:  # begins with what the piece before has filled
        assert not hole[:CONTEXT].any() and hole[CONTEXT:].any((1, 2)).all()
        assert len(piece) <= 40
    assert np.array_equal(pieces[1][0][:CONTEXT], whole[24 - CONTEXT : 24])  # as they were filled
    assert np.array_equal(pieces[1][0][CONTEXT:], frames[24 : 24 + len(pieces[1][0]) - CONTEXT])
    # A piece of so many frames is the same as memory for so many.
    assert np.array_equal(scene_in_pieces(fill, frames, holes, 2**30, 32), whole)


def test_a_scene_that_memory_holds_is_one_piece_and_too_little_memory_gets_a_sentence():
    frames, holes = np.zeros((30, 24, 32, 3), np.uint8), np.ones((30, 24, 32), np.uint8)
    pieces = []

    def fill(piece, hole):
        pieces.append(len(piece))
        return piece

    assert len(scene_in_pieces(fill, frames, holes, 2**30)) == 30 and pieces == [30]
    with pytest.raises(ValueError, match="max_memory must be at least 1 MiB for this hole"):
        scene_in_pieces(fill, frames, holes, 20 * 71 * 24 * 32)


def test_no_frame_of_a_scene_is_lost_or_doubled_at_cuts_and_ends():
    rng = np.random.default_rng(0)

    def fill(piece, hole):
        return np.where(hole[..., None] > 0, 7, piece).astype(np.uint8)

    for _ in range(30):
        count = int(rng.integers(1, 60))
        frames = rng.integers(8, 256, (count, 24, 32, 3), dtype=np.uint8)
        holes = np.zeros((count, 24, 32), np.uint8)
        for t in np.flatnonzero(rng.random(count) < rng.random()):
            top, left = rng.integers(0, 14, 2)
            holes[t, top : top + 6, left : left + 8] = 1
        cuts = rng.random(count) < 0.05
        memory = int(rng.integers(24, 50)) * 71 * 24 * 32
        stream, given = scene_stream(fill, memory, int(rng.integers(16, 50))), []
        for frame, cut in zip(records(frames, holes), cuts):
            if cut:
                given += stream.flush()
            given += stream.push(frame)
        given += [*stream.flush(), *stream.flush()]
        assert [one.frame.number for one in given] == list(range(count))
        assert np.array_equal(np.stack([one.image for one in given]), np.where(holes[..., None] > 0, 7, frames))


def test_a_method_that_is_not_local_sees_whole_frames(inpainter):
    frames = np.random.default_rng(0).integers(0, 256, (3, 300, 420, 3), dtype=np.uint8)
    holes = np.zeros((3, 300, 420), np.uint8)
    holes[:, 5:15, 5:20] = 1
    method = Inpainter(MeanColor())
    filled, _ = fill(method, frames, holes)
    assert np.array_equal(filled, method.fill_bytes(frames, holes))


def test_without_a_budget_the_shortest_pieces_may_take_what_the_machine_has(monkeypatch):
    frames, holes = np.zeros((40, 24, 32, 3), np.uint8), np.ones((40, 24, 32), np.uint8)
    pieces = []

    def fill(piece, hole):
        pieces.append(len(piece))
        return piece

    monkeypatch.setattr("lgtsm.inference.scene_stream.SCENE_MEMORY", 10 * 71 * 24 * 32)  # of 10 frames
    monkeypatch.setattr("lgtsm.inference.scene_stream._machine_memory", lambda: 24 * 71 * 24 * 32)
    assert len(scene_in_pieces(fill, frames, holes, None)) == 40
    assert pieces == [16, 24, 24, 24]
    monkeypatch.setattr("lgtsm.inference.scene_stream._machine_memory", lambda: 23 * 71 * 24 * 32)
    with pytest.raises(ValueError, match="max_memory must be at least"):
        scene_in_pieces(fill, frames, holes, None)


def test_only_the_surroundings_of_a_hole_reach_a_method_that_sees_scenes():
    frames, holes = np.zeros((3, 600, 900, 3), np.uint8), np.zeros((3, 600, 900), np.uint8)
    for t in range(3):
        holes[t, 300:320, 200 + 40 * t : 240 + 40 * t] = 1
    seen = []

    def fill(piece, hole):
        seen.append(hole.shape)
        assert hole.sum() == holes.sum()
        return piece + hole[..., None]

    filled = scene_in_pieces(fill, frames, holes, 2**30)
    assert seen == [(3, 128 + 20 + 128, 128 + 120 + 128)]
    assert np.array_equal(filled[..., 0], holes)


def test_long_scenes_are_filled_in_pieces_of_one_length():
    """Constant memory: however long the scene, a piece and the frames that wait for it are all that is held."""
    frame, hole = np.zeros((24, 32, 3), np.uint8), np.zeros((24, 32), np.uint8)
    hole[8:14, 10:20] = 1
    pieces, alive, most = [], weakref.WeakSet(), 0

    class Image(np.ndarray):
        """An array that a weak set can hold."""

        __hash__ = object.__hash__

    def fill(piece, hole):
        pieces.append(len(piece))
        return piece

    stream, count = scene_stream(fill, None, piece=64), 0
    for number in range(1000):
        image = frame.copy().view(Image)
        alive.add(image)
        count += len(list(stream.push(Frame(number, image, hole))))
        del image
        most = max(most, len(alive))
    assert count + len(list(stream.flush())) == 1000
    assert set(pieces[1:-1]) == {64 + CONTEXT} and most <= 64


@pytest.mark.parametrize("name", lgtsm.list_models(networks=False))
def test_a_stream_gives_what_a_file_gives_and_every_window_is_sound(name):
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (64, 48), interpolation=cv2.INTER_CUBIC)
    frames = np.stack([np.roll(picture, 2 * t, axis=1) for t in range(70)])
    frames[30:] = 255 - frames[30:] // 2  # a cut
    mask = np.zeros((70, 48, 64), np.uint8)
    mask[:, 20:28, 24:34] = 1
    inpainter = Inpainter(lgtsm.create_model(name))
    piece, ahead, behind = inpainter.model.window
    assert piece > ahead >= 0 and behind >= 0
    whole, _ = fill(inpainter, frames, mask, scene_cuts=True)
    taken = []
    source = (taken.append(1) or frame for frame in frames)
    streamed = []
    for image in inpainter.stream(source, mask[0]):
        streamed.append(image)
        assert len(taken) - len(streamed) <= piece
    assert np.array_equal(np.stack(streamed), whole)
    assert np.array_equal(whole[mask == 0], frames[mask == 0])
    # The first scene fits into a piece, and the frames into the surroundings of the hole: it is filled as a clip is.
    assert np.array_equal(whole[:30], inpainter.fill_bytes(frames[:30], mask[:30]))


def test_a_method_that_looks_at_one_frame_answers_at_once():
    frames, mask = clip(5, 16, 16, holes=[(0, 4, 4, 4)])
    inpainter, taken = Inpainter(lgtsm.create_model("telea")), []
    for n, image in enumerate(inpainter.stream((taken.append(1) or f for f in frames), mask), start=1):
        assert len(taken) == n
        assert np.array_equal(image, inpainter.fill_bytes(frames[n - 1 : n], mask[n - 1 : n])[0])


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


def test_a_budget_counts_the_large_originals_of_small_frames():
    small, large = np.zeros((24, 32, 3), np.uint8), np.zeros((240, 320, 3), np.uint8)
    hole = np.ones((24, 32), np.uint8)
    whole = Frame(0, large, np.ones((240, 320), np.uint8))
    memory = 40 * 71 * 24 * 32  # of 40 small frames alone
    pieces = {}
    for name, original in (("alone", None), ("scaled", whole)):
        stream = scene_stream(lambda piece, hole, name=name: pieces.setdefault(name, len(piece)) and piece, memory * 3)
        with contextlib.suppress(ValueError):
            for number in range(200):
                list(stream.push(Frame(number, small, hole, original)))
            list(stream.flush())
    assert pieces["alone"] == 3 * 40 - CONTEXT and "scaled" not in pieces  # 16 originals alone take more


def test_no_flash_where_copies_from_the_piece_before_end():
    """Nobody sees what the hole hides, as it moves with the picture; what fills it must move along, in all pieces."""
    rng = np.random.default_rng(1)
    wide = cv2.resize(rng.integers(0, 256, (16, 60, 3), dtype=np.uint8), (240, 64), interpolation=cv2.INTER_CUBIC)
    frames = np.stack([wide[:, t : t + 128] for t in range(100)])
    frames = np.clip(frames + rng.normal(0, 2, frames.shape), 0, 255).astype(np.uint8)
    holes = np.zeros((100, 64, 128), np.uint8)
    for t in range(100):
        holes[t, 20:40, 104 - t : 124 - t] = 1
    filled = np.stack(list(Inpainter().stream(frames, holes)))
    inside = np.stack([filled[t, 20:40, 104 - t : 124 - t] for t in range(100)]).astype(float)
    changes = np.abs(np.diff(inside, axis=0)).mean((1, 2, 3))
    assert changes.max() < 4 * np.median(changes) + 1
