"""Scenes filled piece by piece: bounded windows, constant memory, nothing lost or doubled."""

import contextlib
import weakref

import cv2
import numpy as np
import pytest

import lgtsm
from lgtsm.classical import MeanColor
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.records import Frame
from lgtsm.inference.scaled import shrink_hole
from lgtsm.inference.scene_stream import SceneStream
from tests.inference.test_stream import clip, fill, records


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


def test_a_method_that_is_not_local_sees_whole_frames():
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
    filled = np.stack(list(Inpainter(lgtsm.create_model("key-frames")).stream(frames, holes)))
    inside = np.stack([filled[t, 20:40, 104 - t : 124 - t] for t in range(100)]).astype(float)
    changes = np.abs(np.diff(inside, axis=0)).mean((1, 2, 3))
    assert changes.max() < 4 * np.median(changes) + 1
