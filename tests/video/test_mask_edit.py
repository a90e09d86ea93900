import numpy as np
import pytest
from PIL import Image

from lgtsm.masks.object_masks import dilate_hole, dilate_hole_in_time
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.mask_edit import Mask, widen_in_time
from lgtsm.video.mask_sources import box_hole, key_hole, parse_box, parse_color
from lgtsm.video.probe import probe


@pytest.fixture
def holes():
    return (np.random.default_rng(0).random((9, 30, 41)) > 0.995).astype(np.uint8)


@pytest.mark.parametrize("dilate", [0, 1, 2, 5])
@pytest.mark.parametrize("dilate_time", [0, 1, 3, 20])
def test_edits_equal_those_of_whole_arrays(holes, dilate, dilate_time):
    mask = Mask(list(holes), dilate=dilate, dilate_time=dilate_time)
    expected = dilate_hole_in_time(dilate_hole(holes, dilate), dilate_time)
    for _ in range(2):  # as often as asked
        assert np.array_equal(np.stack(list(mask)), expected)
    assert mask.survey.hole_share == pytest.approx(expected.mean())
    assert len(mask) == 9


def test_inverting_comes_before_widening():
    hole = np.ones((5, 7), np.uint8)
    hole[2, 3] = 0
    (edited,) = Mask([hole], invert=True, dilate=1)
    assert np.argwhere(edited).tolist() == [[1, 3], [2, 2], [2, 3], [2, 4], [3, 3]]


def test_widening_in_time_holds_few_frames_and_keeps_what_is_carried(holes):
    taken = 0

    def source():
        nonlocal taken
        for number, hole in enumerate(holes):
            taken += 1
            yield number, hole

    for number, (carried, _) in enumerate(widen_in_time(source(), 2)):
        assert carried == number
        assert taken == min(9, number + 3)  # two frames ahead, no more


def test_notice_and_errors_of_edits(holes):
    said = []
    Mask(list(holes), invert=True, notice=said.append)
    assert len(said) == 1 and "`invert`" in said[0]
    with pytest.raises(VideoError, match="every pixel"):
        Mask(list(holes), dilate=60)
    with pytest.raises(VideoError, match="no pixel"):
        Mask([np.zeros((3, 3), np.uint8)])


def test_boxes():
    assert parse_box("3, 1,2,4") == (3, 1, 2, 4)
    hole = box_hole([(3, 1, 2, 4), (0, 0, 1, 1)], 6, 7)
    assert hole.sum() == 9 and hole[1:5, 3:5].all() and hole[0, 0] == 1
    for wrong in ("1,2,3", "1,2,0,4", "-1,2,3,4", "1,2,3,x"):
        with pytest.raises(VideoError, match="x,y,w,h"):
            parse_box(wrong)
    with pytest.raises(VideoError, match="5,2,2,4"):
        box_hole([(5, 2, 9, 9)], 6, 7)
    with pytest.raises(VideoError, match="No part"):
        box_hole([(9, 2, 9, 9)], 6, 7)


def test_key_color():
    assert parse_color("00fF10") == (0, 255, 16)
    with pytest.raises(VideoError, match="RRGGBB"):
        parse_color("green")
    frame = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    expected = (np.abs(frame.astype(int) - (10, 240, 16)).max(-1) <= 100).astype(np.uint8)
    assert 0 < expected.mean() < 1
    assert np.array_equal(key_hole(frame, (10, 240, 16), 100), expected)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "none"),
        ({"path": "m.png", "boxes": ((0, 0, 1, 1),)}, "`mask` and `box`"),
        ({"boxes": ((0, 0, 1, 1),), "key_color": (0, 0, 0)}, "`box` and `key_color`"),
        ({"boxes": ((0, 0, 1, 1),), "resize": True}, "`resize`"),
        ({"key_color": (0, 0, 0), "repeat": True}, "`repeat`"),
        ({"boxes": ((0, 0, 1, 1),), "dilate": -1}, "dilate .*-1"),
        ({"key_color": (0, 0, 0), "key_tolerance": 300}, "key_tolerance .*300"),
    ],
)
def test_contradictions_are_sentences(options, words):
    with pytest.raises(VideoError, match=words):
        MaskChoice(**options)


def test_a_stream_gets_the_holes_of_the_file(write, make_clip, tmp_path):
    clip = make_clip(7)
    path = write("clip.mkv", clip, lossless=True)
    (tmp_path / "masks").mkdir()
    for t in range(7):
        Image.fromarray(box_hole([(5 + t, 4, 6, 9)], *clip.shape[1:3]) * 255).save(tmp_path / "masks" / f"{t}.png")
    Image.open(tmp_path / "masks" / "2.png").save(tmp_path / "one.png")
    for choice in (
        MaskChoice(boxes=((3, 4, 5, 6),), dilate=2),
        MaskChoice(path=tmp_path / "one.png", invert=True),
        MaskChoice(key_color=(250, 30, 10), dilate=1, dilate_time=2),
        MaskChoice(path=tmp_path / "masks", dilate=1, dilate_time=1),
    ):
        pairs = list(choice.follow(iter(clip), *clip.shape[1:3]))
        assert np.array_equal(np.stack([frame for frame, _ in pairs]), clip)
        mask = choice.open(probe(path))
        assert np.array_equal(np.stack([hole for _, hole in pairs]), np.stack(list(mask)))
        assert 0 < mask.survey.hole_share < 1
    keyed = MaskChoice(key_color=(250, 30, 10)).open(probe(path))
    assert [int(hole[4:12, 3 + t : 11 + t].sum()) for t, hole in enumerate(keyed)] == [64] * 7


def test_a_mask_that_ends_before_the_stream(tmp_path, make_clip):
    clip = make_clip(5)
    (tmp_path / "masks").mkdir()
    for t in range(3):
        Image.fromarray(box_hole([(5 + t, 4, 6, 9)], *clip.shape[1:3]) * 255).save(tmp_path / "masks" / f"{t}.png")
    with pytest.raises(VideoError, match="`repeat`"):
        list(MaskChoice(path=tmp_path / "masks").follow(iter(clip), *clip.shape[1:3]))
    last = [hole for _, hole in MaskChoice(path=tmp_path / "masks", repeat=True).follow(iter(clip), *clip.shape[1:3])]
    assert np.array_equal(last[4], last[2]) and len(last) == 5
    said = []
    assert len(list(MaskChoice(path=tmp_path / "masks").follow(iter(clip[:2]), *clip.shape[1:3], said.append))) == 2
    assert "ended after 2" in said[0]
