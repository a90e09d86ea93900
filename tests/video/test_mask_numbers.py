"""Masks find their frames by the numbers in the names."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lgtsm.video.errors import VideoError
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.mask_numbers import numbers_of
from lgtsm.video.probe import probe


def hole_of(number):
    """A hole that tells its number."""
    hole = np.zeros((8, 32), np.uint8)
    hole[2:5, number % 32] = 1
    return hole


def folder(path, names, picture):
    path.mkdir()
    for name, number in names.items():
        Image.fromarray(picture(number)).save(path / name)
    return path


@pytest.fixture
def holes(tmp_path):
    """The numbers of the holes that a folder of masks gives to a folder of frames, or to a file of that many."""

    def holes(frames, masks, **choice):
        some = dict.fromkeys(map("{:04d}.png".format, range(frames)), 0) if isinstance(frames, int) else frames
        info = probe(folder(tmp_path / "frames", some, lambda number: np.zeros((8, 32, 3), np.uint8)))
        if isinstance(frames, int):
            (tmp_path / "film.mp4").touch()
            info = dataclasses.replace(info, path=tmp_path / "film.mp4", index=())
        mask = MaskChoice(folder(tmp_path / "masks", masks, lambda number: hole_of(number) * 255), **choice)
        return [int(hole.any(0).argmax()) for hole in mask.open(info)]

    return holes


def named(pattern, numbers):
    return {pattern.format(number): number for number in numbers}


@pytest.mark.parametrize("pattern", ["{:04d}.png", "img{:d}.png", "shot2_{:03d}_mask1.png"])
def test_equal_numbers(holes, pattern):
    assert holes(named("img{:04d}.png", range(1, 11)), named(pattern, range(1, 11))) == list(range(1, 11))


@pytest.mark.parametrize("first", [0, 3])
def test_numbers_that_are_shifted_are_refused_with_examples(holes, first):
    frames, masks = named("img{:04d}.png", range(1, 11)), named("img{:04d}.png", range(first, first + 10))
    with pytest.raises(VideoError, match=r"by the numbers.* no mask \(.* no frame \(.*`by_order`") as caught:
        holes(frames, masks)
    told = str(caught.value)
    if first == 3:
        assert "2 frames have no mask (img0001.png, img0002.png)" in told
        assert "2 masks have no frame (img0011.png, img0012.png)" in told
    else:
        assert "1 frame has no mask (img0010.png)" in told and "1 mask has no frame (img0000.png)" in told


def test_three_examples_of_many(holes):
    with pytest.raises(VideoError, match=r"8 frames have no mask \(1.png, 2.png, 3.png, \.\.\.\) and 8 masks .*19.png"):
        holes(named("{}.png", range(1, 9)), named("{}.png", range(17, 25)))


def test_order_can_be_forced(holes):
    assert holes(named("{}.png", range(1, 6)), named("{}.png", range(3, 8)), by_order=True) == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("frames", [named("f{:02d}.png", range(1, 9)), 8], ids=["folder", "file"])
def test_a_missing_mask_is_named_and_moves_no_other(holes, frames, tmp_path):
    masks = named("{:04d}.png", [1, 2, 3, 4, 6, 7, 8])
    missing = "f05.png" if isinstance(frames, dict) else "5"
    with pytest.raises(VideoError, match=rf"1 frame has no mask \({missing}\).*`repeat`") as caught:
        holes(frames, masks)
    assert "by_order" not in str(caught.value)  # there are too few


LETTERS = {f"{letter}.png": 0 for letter in "abcdefgh"}


@pytest.mark.parametrize("frames", [named("f{:02d}.png", range(1, 9)), 8, LETTERS], ids=["folder", "file", "letters"])
def test_a_missing_mask_repeats_the_one_before(holes, frames):
    masks = named("{:04d}.png", [1, 2, 3, 4, 6, 7])
    assert holes(frames, masks, repeat=True) == [1, 2, 3, 4, 4, 6, 7, 7]


def test_masks_of_more_frames_than_there_are(holes):
    with pytest.raises(VideoError, match=r"5 masks have no frame \(1.png, 2.png, 6.png, \.\.\.\).*`repeat` to leave"):
        holes(named("{}.png", range(3, 6)), named("{}.png", range(1, 9)))


def test_masks_of_more_frames_can_be_left_out(holes):
    assert holes(named("{}.png", range(3, 6)), named("{}.png", range(1, 9)), repeat=True) == [3, 4, 5]


def test_nothing_comes_before_the_first_mask(holes):
    with pytest.raises(VideoError, match=r"2 frames have no mask \(1.png, 2.png\)"):
        holes(named("{}.png", range(1, 6)), named("{}.png", range(3, 8)), repeat=True)


def test_without_numbers_order_counts(holes):
    masks = {"a.png": 1, "b.png": 2, "c.png": 3}
    assert holes(named("{}.png", range(5, 8)), masks) == [1, 2, 3]


@pytest.mark.parametrize("repeat", [False, True])
def test_masks_that_are_too_few_for_a_file(holes, repeat):
    if not repeat:
        with pytest.raises(VideoError, match=r"6 frames like the video; it has 4.*`repeat`"):
            holes(6, named("{}.png", range(1, 5)))
    else:
        assert holes(6, named("{}.png", range(1, 5)), repeat=True) == [1, 2, 3, 4, 4, 4]


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (["a1", "a2", "a10"], [1, 2, 10]),
        (["s1_01", "s1_02"], [1, 2]),
        (["01_v2", "02_v2"], [1, 2]),
        (["s1_01", "s2_01", "s2_02"], None),
        (["a", "b"], None),
        (["1a", "2b"], None),
        (["1", "1a"], None),
        (["01", "1"], None),
        (["x7"], [7]),
        (["x"], None),
    ],
)
def test_numbers_in_names(names, numbers):
    assert numbers_of([Path(f"{name}.png") for name in names]) == numbers
