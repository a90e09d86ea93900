"""The hole that somebody draws, against a loop over pixels."""

import math
import pickle

import numpy as np
import pytest

from lgtsm.app.marks import Cut, Drawing, DrawnMask, Mark, draw, read_mark
from lgtsm.video.errors import VideoError
from lgtsm.video.mask_sources import StillMask
from lgtsm.video.probe import probe
from lgtsm.video.times import parse_span

HEIGHT, WIDTH = 20, 30


def box(left, top, right, bottom, frame=0):
    return Mark("box", frame, ((left, top), (right, bottom)))


def dot(x, y, frame, kind="brush", size=6):
    return Mark(kind, frame, ((x, y),), size)


def holes(*marks, found=(), frames=6):
    return np.stack(list(DrawnMask(marks, found, frames, HEIGHT, WIDTH)))


@pytest.mark.parametrize(
    ("mark", "rows", "columns"),
    [
        (box(3, 4, 9, 12), (4, 12), (3, 9)),
        (box(9, 12, 3, 4), (4, 12), (3, 9)),  # drawn the other way round
        (box(2.6, 3.2, 7.1, 8.9), (3, 9), (2, 8)),  # every pixel that it touches
        (box(-5, 15, 60, 90), (15, 20), (0, 30)),
    ],
)
def test_a_box_covers_every_pixel_that_it_touches(mark, rows, columns):
    expected = np.zeros((HEIGHT, WIDTH), np.uint8)
    for y in range(*rows):
        for x in range(*columns):
            expected[y, x] = 1
    assert np.array_equal(draw(mark, HEIGHT, WIDTH), expected)


def test_a_stroke_is_as_wide_as_its_brush_and_as_long_as_its_way():
    drawn = draw(Mark("brush", 0, ((6, 5), (20, 5), (20, 14)), 6), HEIGHT, WIDTH)
    away = np.array(
        [
            [
                min(
                    math.dist((x, y), (min(max(x, 6), 20), 5)),
                    math.dist((x, y), (20, min(max(y, 5), 14))),
                )
                for x in range(WIDTH)
            ]
            for y in range(HEIGHT)
        ]
    )
    assert drawn[away <= 2.5].all()
    assert not drawn[away > 4.3].any()


def test_paint_counts_until_the_next_painted_frame_and_the_first_before_it():
    first, second = dot(5, 5, 2), dot(20, 10, 4)
    one, other = draw(first, HEIGHT, WIDTH), draw(second, HEIGHT, WIDTH)
    drawn = holes(second, first)
    assert [np.array_equal(hole, one) for hole in drawn] == [True] * 4 + [False] * 2
    assert np.array_equal(drawn[4], other) and np.array_equal(drawn[5], other)


def test_a_box_counts_in_every_frame():
    drawn = holes(box(1, 1, 5, 5, frame=3), dot(20, 10, 2))
    assert drawn[:, 1:5, 1:5].all() and drawn[:, 10, 20].all()


def test_the_eraser_takes_away_what_it_touches_for_as_long_as_that_counts():
    text = StillMask(draw(box(0, 15, 30, 18), HEIGHT, WIDTH), 6, "text")
    marks = box(0, 0, 10, 10), dot(20, 5, 0), dot(20, 5, 3)
    before = holes(*marks, found=[text])
    erased = [dot(5, 5, 4, "eraser"), dot(5, 16, 4, "eraser"), dot(20, 5, 4, "eraser")]
    after = holes(*marks, *erased, found=[text])
    assert before[:, 5, 5].all() and not after[:, 5, 5].any()
    assert before[:, 16, 5].all() and not after[:, 16, 5].any() and after[:, 16, 25].all()
    assert after[:3, 5, 20].all() and not after[3:, 5, 20].any()  # the paint of frame 0 is another one
    assert holes(*marks, *erased, box(4, 4, 7, 7), found=[text])[:, 5, 5].all()  # what comes later stays


def test_holes_stay_the_same_object_while_nothing_changes():
    mask = DrawnMask(
        [dot(5, 5, 0), dot(20, 10, 4)], [StillMask(np.eye(HEIGHT, WIDTH, dtype=np.uint8), 6, "")], 6, 20, 30
    )
    assert len({id(hole) for hole in list(mask)}) == 2
    assert len(mask) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "star"},
        {"frame": 24},
        {"frame": -1},
        {"points": []},
        {"points": [[1, 2]]},
        {"points": [[1, 2], [float("nan"), 3]]},
        {"points": [[1, 2], [1e9, 3]]},
        {"points": "ab"},
        {"size": 0},
        {"size": None},
        {"points": [[0, 0]] * 20_001, "kind": "brush"},
    ],
)
def test_marks_that_cannot_be_are_refused(data_folder, change):
    info = probe(data_folder / "bmx-trees" / "video.mp4")
    good = {"kind": "box", "frame": 23, "size": 4, "points": [[1, 2], [30, 40]]}
    assert read_mark(good, info) == Mark("box", 23, ((1, 2), (30, 40)), 4)
    with pytest.raises(ValueError, match="reload the page"):
        read_mark(good | change, info)


def test_a_drawing_grows_and_keeps_to_its_part(data_folder):
    info = probe(data_folder / "bmx-trees" / "video.mp4")
    drawing = Drawing((box(100, 50, 110, 60),), grow=5, part=parse_span("4-9"))
    mask = pickle.loads(pickle.dumps(drawing)).open(info)  # as it goes to the worker
    grown = np.stack(list(mask))
    assert grown[4:10].any((1, 2)).all() and not grown[:4].any() and not grown[10:].any()
    y, x = np.mgrid[:160, :288]
    away = np.hypot(np.maximum(0, np.maximum(50 - y, y - 59)), np.maximum(0, np.maximum(100 - x, x - 109)))
    assert np.array_equal(grown[4], away <= 5)
    for number in (3, 4, 9, 10):
        assert np.array_equal(drawing.hole(info, number), grown[number])
    assert np.array_equal(np.stack(list(Cut(drawing.source(info), 5, 8))), list(drawing.source(info))[5:8])


class Skips(StillMask):
    """Holes that tell which frames were asked for."""

    def __init__(self, frames):
        super().__init__(np.zeros((HEIGHT, WIDTH), np.uint8), frames, "Found")
        self.asked = []

    def __iter__(self):
        pytest.fail("all frames were asked for")

    def part(self, start, stop):
        self.asked += range(start, stop)
        return (np.full((HEIGHT, WIDTH), number % 2, np.uint8) for number in range(start, stop))


def test_holes_of_a_part_cost_nothing_before_it():
    found, still = Skips(1000), StillMask(np.eye(HEIGHT, WIDTH, dtype=np.uint8), 1000, "Still")
    mask = DrawnMask([box(3, 4, 9, 12), dot(20, 10, 900)], [found, still], 1000, HEIGHT, WIDTH)
    (even,) = Cut(mask, 990, 991)
    assert found.asked == [990]
    expected = np.eye(HEIGHT, WIDTH) > 0
    expected[4:12, 3:9] = True
    assert np.array_equal(even[:, :15] > 0, expected[:, :15]) and even[10, 20]
    assert next(mask.part(991, 992)).all()


def test_an_empty_drawing_says_what_to_do(data_folder):
    with pytest.raises(VideoError, match="Draw a box or paint over what you want to remove"):
        Drawing().open(probe(data_folder / "bmx-trees" / "video.mp4"))
