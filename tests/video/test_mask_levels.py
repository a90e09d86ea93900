"""Labels of objects are told from soft edges, blur and compression."""

import re

import cv2
import numpy as np
import pytest
from PIL import Image

from lgtsm.data.stored_masks import StoredMasks
from lgtsm.data.transforms import Crop, Window
from lgtsm.video import VideoError, read_mask
from lgtsm.video.mask_levels import Levels, named, parse_levels
from lgtsm.video.mask_reader import MaskReader

SIZE = HEIGHT, WIDTH = 96, 160


def disc(radius, x, y, samples=8):
    """A disc with soft edges: the mean of samples x samples points in each pixel, 0 to 1."""
    big = np.zeros((HEIGHT * samples, WIDTH * samples), np.float32)
    cv2.circle(big, (round(x * samples), round(y * samples)), round(radius * samples), 1, -1)
    return cv2.resize(big, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def text():
    return cv2.putText(np.zeros(SIZE, np.uint8), "Logo", (9, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 255, 2, cv2.LINE_AA)


def objects(*levels, soft=False, radius=12):
    """Discs in a row, each of one level."""
    out = np.zeros(SIZE, np.uint8)
    for place, level in enumerate(levels):
        one = disc(radius, (2 * radius + 6) * (place % 5) + 16, (2 * radius + 6) * (place // 5) + 16)
        out = np.maximum(out, np.uint8(np.round((one if soft else one > 0.5) * level)))
    return out


SOFT = {
    "disc": 255 * disc(20, 50, 40),
    "disc of five levels": 255 * disc(20, 50, 40, samples=2),
    "speck": 255 * disc(3, 50.3, 40.2),
    "text": text(),
    "box between pixels": cv2.resize(
        cv2.rectangle(np.zeros((4 * HEIGHT, 4 * WIDTH), np.uint8), (41, 43), (201, 161), 255, -1),
        (WIDTH, HEIGHT),
        interpolation=cv2.INTER_AREA,
    ),
    "small blur": cv2.GaussianBlur(255 * disc(25, 70, 50), (0, 0), 2),
    "blur": cv2.GaussianBlur(255 * disc(25, 70, 50), (0, 0), 6),
    "large blur": cv2.GaussianBlur(255 * disc(45, 70, 50), (0, 0), 15),
    "gray background": np.maximum(255 * disc(20, 50, 40), 30),
}


def saved(tmp_path, write, picture, how):
    """Save a mask as an image or as a film of four frames; return its path and number of frames."""
    picture = np.uint8(np.round(picture))
    if how.startswith("crf"):
        frames = np.stack([np.repeat(np.roll(picture, 2 * t, 1)[..., None], 3, -1) for t in range(4)])
        return write("mask.mp4", frames, crf=int(how[3:])), 4
    path = tmp_path / ("mask.png" if how == "png" else "mask.jpg")
    Image.fromarray(picture).save(path, quality=int(how[3:]) if how != "png" else 0)
    return path, 1


@pytest.mark.parametrize("how", ["png", "jpg30", "jpg75", "jpg95", "crf18", "crf35"])
@pytest.mark.parametrize("name", SOFT)
def test_soft_edges_are_no_labels(tmp_path, write, name, how):
    path, frames = saved(tmp_path, write, SOFT[name], how)
    said = []
    holes = read_mask(path, frames, *SIZE, notice=said.append)
    assert said == []
    differs = (holes[0] != (np.round(SOFT[name]) > 127)).mean()
    assert differs == 0 if how == "png" else differs < 0.01


@pytest.mark.parametrize("how", ["png", "jpg50", "jpg75", "jpg95", "crf18", "crf28"])
@pytest.mark.parametrize("soft", [False, True])
def test_labels_are_all_taken_and_said(tmp_path, write, soft, how):
    picture = objects(85, 170, 255, soft=soft)
    path, frames = saved(tmp_path, write, picture, how)
    said = []
    holes = read_mask(path, frames, *SIZE, notice=said.append)
    assert len(said) == 1 and "taken as objects" in said[0] and "`levels`" in said[0]
    differs = (holes[0] != (picture > 42)).mean()
    assert differs == 0 if how == "png" else differs < 0.01
    if how == "png":
        assert "85, 170 and 255" in said[0]


@pytest.mark.parametrize(
    ("levels", "said"),
    [
        ((1,), "level 1 is taken as white"),
        ((100,), "level 100 is taken as white"),
        ((1, 2, 3), "1, 2 and 3"),
        ((128, 255), "128 and 255"),
        ((255,), None),
        ((200,), None),
        (tuple(range(1, 9)), "1, 2, 3, 4, 5 and 3 more"),
        ((25, 50, 75, 100, 125, 150, 175, 200, 225, 250), "25, 50, 75"),
    ],
)
def test_labels_of_any_number(tmp_path, levels, said):
    picture, heard = objects(*levels), []
    Image.fromarray(picture).save(tmp_path / "mask.png")
    holes = read_mask(tmp_path / "mask.png", 1, *SIZE, notice=heard.append)
    np.testing.assert_array_equal(holes[0], picture > 0)
    assert (said is None and not heard) or said in heard[0]


@pytest.mark.parametrize("how", ["png", "jpg75", "crf18"])
@pytest.mark.parametrize("levels", [(1, 2), (85, 170), (85, 170, 255), (30, 31, 90)])
def test_the_example_takes_the_brightest_label(tmp_path, write, levels, how):
    if how != "png" and min(np.diff(levels)) < 50:
        how = "png"  # labels so close are one after compression
    path, frames = saved(tmp_path, write, objects(*levels), how)
    said = []
    read_mask(path, frames, *SIZE, notice=said.append)
    text = re.search(r"set `levels`, like (\d+-\d+)\.", said[0])[1]
    holes = read_mask(path, frames, *SIZE, levels=parse_levels(text))
    differs = (holes[0] != (objects(*levels) == levels[-1])).mean()
    assert differs == 0 if how == "png" else differs < 0.01


def test_thin_lines_of_ones_are_a_mask(tmp_path):
    """Where there is black and one other level, it counts whatever its shape."""
    Image.fromarray(np.eye(*SIZE, dtype=np.uint8)).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png", 1, *SIZE)[0], np.eye(*SIZE))


def test_levels_of_all_frames_count_together(tmp_path):
    """A frame of dark objects alone is no reason to read the others otherwise."""
    pictures = [objects(255), objects(255, 85), objects(0, 85)]
    for t, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{t}.png")
    np.testing.assert_array_equal(read_mask(tmp_path, 3, *SIZE), np.stack(pictures) > 0)


@pytest.mark.parametrize(
    "text, taken", [("170", (170,)), ("85,255", (85, 255)), ("128-255", (170, 255)), ("1-90", (85,))]
)
def test_levels_can_be_chosen(tmp_path, text, taken):
    picture, said = objects(85, 170, 255), []
    Image.fromarray(picture).save(tmp_path / "mask.png")
    holes = read_mask(tmp_path / "mask.png", 1, *SIZE, notice=said.append, levels=parse_levels(text))
    np.testing.assert_array_equal(holes[0], np.isin(picture, taken))
    assert said == []
    with pytest.raises(VideoError, match=r"no pixel .*levels in it are 0, 85, 170 and 255"):
        read_mask(tmp_path / "mask.png", 1, *SIZE, levels=((7, 9),))


def test_entries_of_a_palette_can_be_chosen(tmp_path):
    image = Image.fromarray(objects(1, 2, 3), "P")
    image.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0])
    image.save(tmp_path / "mask.png")
    np.testing.assert_array_equal(
        read_mask(tmp_path / "mask.png", 1, *SIZE, levels=((2, 2),))[0], objects(1, 2, 3) == 2
    )


@pytest.mark.parametrize("text", ["", "a", "85,", "300", "9-3", "1-2-3", "-5", "1.5"])
def test_what_is_no_level(text):
    with pytest.raises(VideoError, match=r"gray levels .*85,170 or 128-255"):
        parse_levels(text)


def test_names_of_levels():
    assert [named([7]), named([7, 8])] == ["7", "7 and 8"]


def test_counts_against_numpy():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (20, 30), np.uint8) // 64 * 64 for _ in range(3)]
    levels = Levels()
    for picture in pictures:
        levels.add(picture)
    np.testing.assert_array_equal(levels.counts, np.bincount(np.ravel(pictures), minlength=256))
    whole = Levels()
    whole.add(np.full((5, 7), 9, np.uint8))
    assert whole.inside[9] == 35 and whole.brightest == 9


@pytest.mark.parametrize("shape", [(20, 30), (1, 9), (9, 1), (1, 1)])
@pytest.mark.parametrize("ground", [0, 255, 60])
@pytest.mark.parametrize("where", ["nowhere", "a corner", "middle", "edge", "all over", "black and white"])
def test_flat_areas_against_numpy(shape, ground, where):
    rng = np.random.default_rng(0)
    picture = np.full(shape, ground, np.uint8)
    some = np.minimum(ground + rng.integers(0, 6, shape), 255)
    if where == "black and white":
        picture = rng.integers(0, 2, shape, np.uint8) * 255
    elif where != "nowhere":
        rows, columns = {
            "a corner": (slice(-1, None), slice(-1, None)),
            "middle": (slice(3, 12), slice(5, 20)),
            "edge": (slice(1, None), slice(0, 3)),
            "all over": (slice(None), slice(None)),
        }[where]
        picture[rows, columns] = some[rows, columns]
    padded = np.pad(picture.astype(int), 1, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    spread = around.max((2, 3)) - around.min((2, 3))
    levels = Levels()
    levels.add(picture)
    everywhere = np.isin(picture, (0, 255)).all()  # without gray, thin lines are no soft edges
    for counts, chosen in ((levels.counts, True), (levels.inside, spread <= 3), (levels.equal, spread == 0)):
        chosen = np.broadcast_to(chosen | everywhere, shape)
        np.testing.assert_array_equal(counts, np.bincount(picture[chosen], minlength=256))


@pytest.mark.parametrize("meaning", ["hole", "valid", "objects"])
@pytest.mark.parametrize("levels", [(85, 170, 255), (1,), (1, 2), (255,)])
def test_training_sees_the_same_labels(tmp_path, levels, meaning):
    (tmp_path / "masks" / "a").mkdir(parents=True)
    for t in range(3):
        Image.fromarray(np.roll(objects(*levels), t, 1)).save(tmp_path / "masks" / "a" / f"{t}.png")
    crop = Crop(SIZE, (0, 0), SIZE, False)
    hole = StoredMasks(tmp_path / "masks", meaning).read_hole(Window("a", 0, (0, 1, 2), None, SIZE, crop))
    filled = read_mask(tmp_path / "masks" / "a", 3, *SIZE, invert=meaning == "valid")
    np.testing.assert_array_equal(hole, filled)


def test_a_reader_without_a_first_pass_takes_what_is_bright(tmp_path):
    Image.fromarray(objects(85, 170, 255)).save(tmp_path / "mask.png")
    reader = MaskReader(tmp_path / "mask.png", 1, *SIZE)
    np.testing.assert_array_equal(next(iter(reader)), objects(85, 170, 255) > 127)
    assert reader.settle() and not reader.settle()
    np.testing.assert_array_equal(next(iter(reader)), objects(85, 170, 255) > 42)
