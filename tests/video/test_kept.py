"""What an output could not keep is said, with the way out: pixel shape, colors, bits, transparency."""

import dataclasses
import re
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from lgtsm.video import VideoWriter, open_video
from lgtsm.video.kept import not_kept
from lgtsm.video.picture_kept import frames_not_kept
from lgtsm.video.probe import probe


@pytest.fixture
def wide(write, make_clip):
    """A probed source whose pixels are 16/11 as wide as high."""
    plain = probe(write("plain.mkv", make_clip(3, 64, 96)))
    return dataclasses.replace(plain, sample_aspect_ratio=Fraction(16, 11), names_aspect=True)


def shape_of(path):
    """The pixel shape of the first frame, read with PyAV alone: of the container, else of the codec."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.webm", "libvpx-vp9"), ("a.webm", "libvpx"), ("a.mkv", "ffv1"), ("a.mkv", "prores_ks"), ("a.avi", "ffv1"),
     ("a.flv", "libsvtav1"), ("a.gif", "gif")],
)  # fmt: skip
def test_a_lost_pixel_shape_names_what_keeps_it(write, make_clip, wide, name, codec):
    path = write(name, make_clip(3, 64, 96), None, like=wide, codec=codec)
    after = probe(path)
    (sentence,) = [one for one in not_kept(wide, after) if "pixel shape" in one]
    assert sentence == (
        f"The pixel shape changed from 16/11 to {shape_of(path)}; {after.codec} in {path.suffix} does not keep it. "
        ".mp4 and .mov keep it with any codec, H.264 and H.265 in every container that takes them."
    )


@pytest.mark.parametrize(
    ("suffix", "codecs"),
    [
        (".mp4", ("libx264", "libx265", "libvpx-vp9", "libsvtav1", "ffv1", "png", "mpeg2video", "mpeg4", "mjpeg")),
        (".mov", ("libx264", "libx265", "prores_ks", "png", "mpeg2video", "mpeg4", "mjpeg", "qtrle")),
        *((suffix, ("libx264", "libx265")) for suffix in (".mkv", ".ts", ".mpg", ".flv", ".nut")),
        *((suffix, ("libx264",)) for suffix in (".avi", ".mxf", ".m4v", ".3gp")),
    ],
)
def test_the_way_out_is_true(write, make_clip, wide, suffix, codecs):
    for codec in codecs:
        path = write(f"{codec}{suffix}", make_clip(2, 64, 96), None, like=wide, codec=codec)
        assert shape_of(path) == Fraction(16, 11), codec
        assert not any("pixel shape" in one for one in not_kept(wide, probe(path)))


def test_a_gif_tells_how_far_its_colors_are_off(write, make_clip, tmp_path):
    clip = make_clip(3, 64, 96)
    source = probe(write("source.mp4", clip))
    with VideoWriter(tmp_path / "a.gif", None, 64, 96, like=source) as writer:
        for frame in clip:
            writer.write(frame)
    with Image.open(tmp_path / "a.gif") as image:  # another decoder
        got = []
        for number in range(image.n_frames):
            image.seek(number)
            got.append(np.asarray(image.convert("RGB")).astype(int))
    change = np.abs(np.stack(got) - clip).max()
    assert change > 10
    (sentence,) = writer.notices
    assert sentence.startswith(f"Colors changed by up to {change} of 255 levels: {tmp_path / 'a.gif'} holds 256 colors")
    assert not any("color" in one or "pixel format" in one for one in not_kept(source, probe(tmp_path / "a.gif")))


def test_a_gif_of_few_colors_has_nothing_to_tell(tmp_path, make_clip):
    clip = make_clip(3, 64, 96, noise=False) // 128 * 255
    with VideoWriter(tmp_path / "a.gif", 25, 64, 96) as writer:
        for frame in clip:
            writer.write(frame)
    assert writer.notices == []
    np.testing.assert_array_equal(open_video(tmp_path / "a.gif", "pyav").read(range(3)), clip)


@pytest.mark.parametrize(
    ("form", "name", "codec", "words"),
    [
        ("yuv420p10le", "a.webm", "libvpx-vp9", "pixel format changed from yuv420p10le to yuv420p for vp9 in .webm"),
        ("yuv420p10le", "a.webm", None, None),
        ("yuv444p", "a.mp4", "mpeg4", "pixel format changed from yuv444p to yuv420p for mpeg4 in .mp4"),
        ("yuva420p", "a.mp4", None, "Lost: alpha; h264 in .mp4 does not keep it"),
        ("yuv422p10le", "a.mkv", "libx265", None),
        ("yuv444p", "a.webm", None, None),
    ],
)
def test_lost_bits_chroma_and_alpha_are_said(write, make_clip, form, name, codec, words):
    clip = make_clip(2, 64, 96)
    source = probe(write("source.mkv", clip, codec="ffv1", pix_fmt=form))
    path = write(name, clip, None, like=source, codec=codec)
    said = not_kept(source, probe(path))
    lost = [one for one in said if re.search("pixel format|Lost: alpha", one)]
    assert (words is None and not lost) or any(words in one for one in lost), said


def test_pictures_of_a_video_tell_what_they_lost(write, make_clip, wide):
    clip = make_clip(2, 64, 96)
    deep = probe(write("deep.mkv", clip, codec="ffv1", pix_fmt="yuva444p10le"))
    said = frames_not_kept(deep)
    assert ["transparency" in said[0], "more than 8 bits a color (yuva444p10le)" in said[1], len(said)] == [1, 1, 2]
    assert "16/11 as wide as high" in frames_not_kept(wide)[0]
    assert frames_not_kept(probe(write("plain.mp4", clip))) == []
