"""What memory does not hold at once is filled in several passes, with the same result."""

import cv2
import numpy as np
import pytest

from lgtsm.inference.dry_run import describe_plan
from lgtsm.inference.inpainter import Inpainter
from lgtsm.inference.memory import total_bytes
from lgtsm.inference.options import FillOptions
from lgtsm.inference.plan import make_plan
from lgtsm.inference.records import Filled, Frame
from lgtsm.inference.regions import Region, Segment
from lgtsm.inference.tiles import HoleStore, PixelStore, plan_passes
from lgtsm.os_errors import os_sentence
from lgtsm.video.encoding import Encoding
from lgtsm.video.mask_reader import MaskReader
from lgtsm.video.open import open_video
from lgtsm.video.probe import probe
from lgtsm.video.survey import survey
from lgtsm.video.writer import VideoWriter
from tests.inference.test_stream import SmallReach

SIZE = 72, 96


@pytest.fixture
def inpainter():
    return Inpainter(SmallReach(), precision="fp32")


@pytest.fixture
def film(tmp_path):
    """A video, its mask with a large hole that a corner leaves for some frames, and both as arrays."""
    y, x = np.mgrid[0 : SIZE[0], 0 : SIZE[1]]
    frames = np.stack([np.stack([(y * 3 + 5 * t) % 256, (x * 2 + t) % 256, x + y], -1) for t in range(14)])
    frames = frames.astype(np.uint8)
    holes = np.zeros((14, *SIZE), np.uint8)
    holes[2:9, 8:60, 10:80] = 1
    holes[4, 0:70, 0:20] = 1
    with VideoWriter(tmp_path / "film.mkv", 25, *SIZE, Encoding(lossless=True)) as writer:
        for frame in frames:
            writer.write(frame)
    (tmp_path / "masks").mkdir()
    for t, hole in enumerate(holes):
        cv2.imwrite(str(tmp_path / "masks" / f"{t:02d}.png"), hole * 255)
    return tmp_path / "film.mkv", tmp_path / "masks", frames, holes


def least_bytes(inpainter, holes, **options):
    """What all of it takes with one frame at once."""
    return plan_of(inpainter, holes, FillOptions(frames_at_once=1, **options)).bytes


def plan_of(inpainter, holes, options, num_frames=14):
    return make_plan(inpainter, SIZE, num_frames, survey(holes).runs, options)


def read(path):
    with open_video(path, "pyav") as reader:
        return np.stack(list(reader))


@pytest.mark.parametrize("options", [{}, {"regions": False}, {"feather": 3}])
def test_the_result_is_the_same(tmp_path, monkeypatch, inpainter, film, options):
    video, masks, frames, holes = film
    lossless, out = Encoding(lossless=True), tmp_path / "plenty.mkv"
    plenty = inpainter.fill_file(video, masks, out, lossless, FillOptions(**options))
    budget = least_bytes(inpainter, holes, **options) // 2
    seen, done, watched, opened = [], [], [], []
    monkeypatch.setattr(MaskReader, "__iter__", lambda self, real=MaskReader.__iter__: opened.append(1) or real(self))
    conv = inpainter.model.layers["conv1"].feature
    hook = conv.register_forward_hook(lambda layer, inputs, output: seen.append(output.shape[2] * output.shape[3]))
    scarce = inpainter.fill_file(
        video,
        masks,
        tmp_path / "scarce.mkv",
        lossless,
        FillOptions(max_memory=budget, **options),
        progress=lambda count, total: done.append((count, total)),
        watch=watched.append,
    )
    hook.remove()
    passes = len(scarce.plan.passes)
    assert len(opened) == 2  # for the survey and for filling, however many passes there are
    assert passes > 1 and scarce.plan.bytes <= budget and scarce.cuts == plenty.cuts
    one, other = read(tmp_path / "plenty.mkv"), read(tmp_path / "scarce.mkv")
    assert np.abs(one.astype(int) - other).max() <= 1
    assert np.array_equal(other[holes == 0], frames[holes == 0])
    assert (other[holes == 1] != frames[holes == 1]).mean() > 0.5
    if not options:
        assert np.abs(other.astype(int) - inpainter.fill_bytes(frames, holes)).max() <= 1
    assert max(seen) < SIZE[0] * SIZE[1] / 2
    assert done == [(count, 14 * passes) for count in range(1, 14 * passes + 1)]
    assert [np.array_equal(one.frame.image, frame) for one, frame in zip(watched, frames)] == [True] * 14
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mkv", "masks", "plenty.mkv", "scarce.mkv"]


def test_a_budget_that_nothing_fits_is_refused(inpainter, film):
    with pytest.raises(ValueError, match="max_memory must be at least"):
        plan_of(inpainter, film[3], FillOptions(max_memory=100))


def test_a_pipe_has_one_pass_only(inpainter, film):
    video, _, _, holes = film
    options = FillOptions(max_memory=least_bytes(inpainter, holes) // 2)
    with pytest.raises(ValueError, match="max_memory"):
        plan_of(inpainter, holes, options, num_frames=None)
    plan = plan_of(inpainter, holes, options)
    said = describe_plan(probe(video), 0.1, plan, None, "cpu")
    assert any(line.startswith(f"passes   {len(plan.passes)} times") for line in said)


def test_tiles_cover_the_hole_once_and_fit(inpainter):
    region, margin = Region(0, 20, 72, 96), 4
    inner = region.inner(margin, 72, 120)
    assert inner == Region(0, 24, 72, 92)
    passes = plan_passes(
        [Segment(3, 9, (region,))], margin, 72, 120, 4, lambda regions: sum(r.pixels for r in regions) <= 1600
    )
    count = np.zeros((72, 120), int)
    for segments in passes:
        (segment,) = segments
        assert (segment.start, segment.stop) == (3, 9)
        assert sum(tile.pixels for tile in segment.regions) <= 1600
        for tile in segment.regions:
            tile.inner(margin, 72, 120).cut_holes(count)[:] += 1
    assert count[:, 24:92].min() >= 1
    model = inpainter.model
    one, two = (total_bytes(model, [Region(0, 0, 40, 40)] * n, 1, inpainter.dtype) for n in (1, 2))
    assert two < 2 * one  # the weights, and the work of one at a time


def test_stored_pixels_come_back(tmp_path):
    rng = np.random.default_rng(0)
    holes = (rng.random((5, 12, 16)) > 0.5).astype(np.uint8)
    filled, target = rng.integers(0, 256, (2, 5, 12, 16, 3), dtype=np.uint8)
    segments = [Segment(1, 3, (Region(0, 0, 12, 12),)), Segment(3, 5, (Region(0, 8, 12, 16),))]
    store = PixelStore(segments, 4, 12, 16, tmp_path)
    frames = [Frame(t, target[t], holes[t]) for t in range(5)]
    for t in range(5):
        store.write(Filled(frames[t], filled[t]))
    store.rewind()
    expected = target.copy()
    for t in range(5):
        store.read_into(Filled(frames[t], target[t]))
        columns = {0: slice(0, 0), 1: slice(0, 8), 2: slice(0, 8)}.get(t, slice(12, 16))
        part = np.zeros((12, 16), bool)
        part[:, columns] = holes[t, :, columns] > 0
        expected[t][part] = filled[t][part]
    store.close()
    assert np.array_equal(target, expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [4, 100_000])  # it fails where it is written, or where the buffer is emptied
def test_a_full_disk_names_the_folder_of_what_is_stored(tmp_path, size):
    hole, image = np.ones((8, size), np.uint8), np.zeros((8, size, 3), np.uint8)
    pixels = PixelStore([Segment(0, 1, (Region(0, 0, 8, size),))], 0, 8, size, tmp_path)
    holes = HoleStore([hole], tmp_path)
    for store in (pixels, holes):
        store.close()
        store.file = open("/dev/full", "wb")  # noqa: SIM115
    with pytest.raises(OSError) as refused:
        pixels.write(Filled(Frame(0, image, hole), image))
        pixels.rewind()
    assert os_sentence(refused.value).startswith(f"{tmp_path} cannot be written: the disk is full")
    with pytest.raises(OSError) as refused:
        list(holes)
        list(holes)
    assert os_sentence(refused.value).startswith(f"{tmp_path} cannot be written: the disk is full")
    pixels.close()
    holes.close()
