"""Known patches through file and back: the stored numbers against the formulas of BT.601 and BT.709."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lgtsm.video import open_video
from lgtsm.video.probe import VideoInfo, probe

PATCHES = np.array([(255, 0, 0), (0, 255, 0), (0, 0, 255), (128, 128, 128), (255, 255, 255), (0, 0, 0), (200, 90, 40)])
WEIGHTS = {"bt709": (0.2126, 0.0722), "smpte170m": (0.299, 0.114), "unknown": (0.299, 0.114)}


def patches(height=32) -> np.ndarray:
    """(2, height, 112, 3): a column of 16 pixels for each color."""
    return np.broadcast_to(np.repeat(PATCHES, 16, 0), (2, height, 112, 3)).astype(np.uint8).copy()


def expected_yuv(matrix: str, full: bool) -> np.ndarray:
    red, blue = WEIGHTS[matrix]
    rgb = PATCHES / 255
    luma = rgb @ (red, 1 - red - blue, blue)
    cb, cr = (rgb[:, 2] - luma) / (2 - 2 * blue), (rgb[:, 0] - luma) / (2 - 2 * red)
    if full:
        return np.stack([255 * luma, 128 + 255 * cb, 128 + 255 * cr], -1)
    return np.stack([16 + 219 * luma, 128 + 224 * cb, 128 + 224 * cr], -1)


def stored_yuv(path) -> np.ndarray:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    out = []
    for plane in frame.planes:
        values = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        middles = (np.arange(len(PATCHES)) * 2 + 1) * plane.width // (2 * len(PATCHES))
        out.append(values[plane.height // 2, middles])
    return np.stack(out, -1)


LIKE = VideoInfo(Path("x"), 112, 32, 2, Fraction(25), Fraction(2, 25), "h264", "yuv420p")


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p"])
@pytest.mark.parametrize("range_", ["tv", "pc"])
@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "unknown"])
def test_the_matrix_and_range_used_are_those_tagged(write, matrix, range_, pix_fmt):
    like = replace(LIKE, pix_fmt=pix_fmt, color_space=matrix, color_range=range_)
    path = write("a.mp4", patches(), like=like, crf=0)
    info = probe(path)
    assert (info.color_space, info.pix_fmt.replace("j", "")) == (matrix, pix_fmt)
    assert info.color_range == range_ or (matrix, range_, info.color_range) == ("unknown", "tv", "unknown")
    assert np.abs(stored_yuv(path) - expected_yuv(matrix, range_ == "pc").clip(0, 255)).max() <= 1.0
    middles = np.arange(len(PATCHES)) * 16 + 8
    got = open_video(path, backend="pyav").read([1])[0, 16, middles]
    assert np.abs(got.astype(int) - PATCHES).max() <= 3
    assert got[3].tolist() == [128, 128, 128]


@pytest.mark.parametrize("range_", ["tv", "pc"])
@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt2020nc", "unknown"])
@pytest.mark.parametrize(
    "place",
    [
        *(
            "dnxhd.mov",
            "prores_ks.mov",
            "png.mov",
            "ffv1.avi",
            "mjpeg.avi",
            "libx264.avi",
            "mpeg4.mp4",
            "libsvtav1.mp4",
        ),
        *("mpeg2video.ts", "libvpx.webm"),
    ],
)
def test_colors_stay_right_where_a_codec_or_container_cannot_tell_them(write, place, matrix, range_):
    like = replace(LIKE, height=128, width=336, color_space=matrix, color_range=range_)
    path = write(place, patches(128).repeat(3, 2), like=like, codec=place.split(".")[0], crf=2)
    got = open_video(path, backend="pyav").read([1])[0, 60, np.arange(len(PATCHES)) * 48 + 24]
    assert np.abs(got.astype(int) - PATCHES).max() <= 6


def test_without_a_source_it_is_bt709_in_tv_range(write):
    info = probe(write("a.mp4", patches()))
    tags = (info.color_space, info.color_primaries, info.color_transfer, info.color_range, info.pix_fmt)
    assert tags == ("bt709", "bt709", "bt709", "tv", "yuv420p")


def test_gray_stays_gray(write):
    gray = np.repeat(patches()[..., :1], 3, -1)
    path = write("a.mkv", gray, like=replace(LIKE, pix_fmt="gray"), codec="ffv1")
    assert probe(path).pix_fmt == "gray"
    np.testing.assert_array_equal(open_video(path, backend="pyav").read([0, 1]), gray)


def test_reading_and_writing_again_does_not_darken(odd, write):
    """swscale's defaults lose one level of brightness each time."""
    frames = open_video(odd / "with_audio.mp4", backend="pyav").read(range(3))
    path = write("a.mp4", frames, like=probe(odd / "with_audio.mp4"), crf=1)
    again = np.stack(list(open_video(path, backend="pyav")))
    difference = again.astype(int) - frames
    assert np.abs(difference.mean(axis=(0, 1, 2))).max() < 0.2
    assert np.abs(difference).mean() < 1.5
