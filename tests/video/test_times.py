"""Parts of a video, as people write them, and the holes that they leave."""

from fractions import Fraction

import numpy as np
import pytest

from lgtsm.video.errors import VideoError
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.mask_sources import parse_timed_box
from lgtsm.video.probe import probe
from lgtsm.video.times import covered, parse_span


@pytest.mark.parametrize(
    ("text", "start", "end", "in_frames"),
    [
        ("3s-8s", 3, 8, False),
        ("0.5s-", Fraction(1, 2), None, False),
        ("-8s", None, 8, False),
        ("00:01:03.5-01:02:03", Fraction(127, 2), 3723, False),
        ("1:03-70s", 63, 70, False),
        ("120-240", 120, 240, True),
        (" 5 - 5 ", 5, 5, True),
        ("7-", 7, None, True),
    ],
)
def test_what_people_write(text, start, end, in_frames):
    span = parse_span(text)
    assert (span.start, span.end, span.in_frames) == (start, end, in_frames)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3s", "START-END"),
        ("-", "START-END"),
        ("", "START-END"),
        ("3s-5s-7s", "START-END"),
        ("three-five", "START-END"),
        ("3s-90", "both ends"),
        ("8s-3s", "end after its start"),
        ("3s-3s", "end after its start"),
        ("9-5", "end after its start"),
    ],
)
def test_what_is_no_part_is_a_sentence(text, words):
    with pytest.raises(VideoError, match=words):
        parse_span(text)


def test_frames_on_screen_at_a_moment_of_the_part_are_in_it():
    times = [Fraction(n, 10) for n in range(11)]  # ten frames of 0.1 s
    assert np.flatnonzero(covered([parse_span("0.3s-0.5s")], times)).tolist() == [3, 4]
    assert np.flatnonzero(covered([parse_span("0.35s-0.41s")], times)).tolist() == [3, 4]
    assert np.flatnonzero(covered([parse_span("2-4"), parse_span("0.85s-")], times)).tolist() == [2, 3, 4, 8, 9]
    uneven = [Fraction(n) for n in (0, 1, 5, 6)]  # the second frame stays for four seconds
    assert covered([parse_span("3s-4s")], uneven) == [False, True, False]
    for text, end in (("1s-2s", "1.00 s"), ("10-12", "frame 9")):
        with pytest.raises(VideoError, match=f"The part {text} must hold a frame of the video, which ends at {end}."):
            covered([parse_span(text)], times)


def test_times_of_a_video_of_variable_rate(data_folder):
    info = probe(data_folder / "odd" / "vfr_traffic.mp4")
    times = info.times()
    assert len(times) == info.frames + 1
    assert times[0] == 0
    assert times == sorted(times)
    assert abs(times[-1] - info.duration) < Fraction(1, 1000)


def test_holes_come_and_go(write, make_clip):
    clip = make_clip(10)
    info = probe(write("clip.mkv", clip, lossless=True))
    rate = info.fps
    early, late = parse_span("0-3"), parse_span(f"{float(5 / rate)}s-{float(8 / rate)}s")
    boxes = ((2, 3, 5, 6), (1, 9, 4, 4))
    for choice, frames in (
        (MaskChoice(boxes=boxes, box_spans=(early, late)), {0: range(4), 1: range(5, 8)}),
        (MaskChoice(boxes=boxes, box_spans=(None, late)), {0: range(10), 1: range(5, 8)}),
        (MaskChoice(boxes=boxes, between=(early, late)), {0: (*range(4), *range(5, 8)), 1: (*range(4), *range(5, 8))}),
    ):
        holes = np.stack(list(choice.open(info)))
        expected = np.zeros_like(holes)
        for number, (x, y, columns, rows) in enumerate(boxes):
            expected[list(frames[number]), y : y + rows, x : x + columns] = 1
        assert np.array_equal(holes, expected)
        streamed = choice.follow(iter(clip), *clip.shape[1:3], fps=rate)
        assert np.array_equal(np.stack([hole for _, hole in streamed]), expected)
        assert choice.still_hole(*clip.shape[1:3]) is None
    inverted = np.stack(list(MaskChoice(boxes=boxes[:1], between=(early,), invert=True, dilate_time=1).open(info)))
    assert inverted[:5].any(axis=(1, 2)).all() and not inverted[5:].any()
    with pytest.raises(VideoError, match="an entry for each box; got 1 for 2"):
        MaskChoice(boxes=boxes, box_spans=(early,))


def test_a_box_with_its_part():
    assert parse_timed_box("20,10,160,48") == ((20, 10, 160, 48), None)
    box, span = parse_timed_box("20,10,160,48@00:03-8s")
    assert box == (20, 10, 160, 48)
    assert (span.start, span.end) == (3, 8)
    with pytest.raises(VideoError, match="START-END"):
        parse_timed_box("20,10,160,48@")
