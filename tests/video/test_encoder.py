"""Encoders: formats near the source, profiles, silence, alpha, HDR, and what is said where writing fails."""

import dataclasses
import errno
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lgtsm.video import Encoding, VideoError, VideoWriter, open_video
from lgtsm.video.encoder import Encoder
from lgtsm.video.encoding_choices import choose_codec
from lgtsm.video.hdr import HDR10
from lgtsm.video.output_container import cannot_write
from lgtsm.video.pixel_formats import choose_pix_fmt
from lgtsm.video.probe import probe


def formats_of(codec):
    return [known.name for known in av.codec.Codec(codec, "w").video_formats]


def like(write, make_clip, form, codec="ffv1"):
    """A probed source in a pixel format."""
    return probe(write(f"{form}.mkv", make_clip(2), codec=codec, pix_fmt=form))


@pytest.mark.parametrize(
    ("codec", "source", "chosen"),
    [
        ("prores_ks", "yuv420p", "yuv422p10le"),
        ("prores_ks", "yuv444p", "yuv444p10le"),
        ("prores_ks", "yuva444p10le", "yuva444p10le"),
        ("prores_ks", "gray", "yuv422p10le"),
        ("dnxhd", "yuv420p", "yuv422p"),
        ("dnxhd", "yuv420p10le", "yuv422p10le"),
        ("dnxhd", "yuv444p", "yuv444p10le"),
        ("libx264", "yuv420p", "yuv420p"),
        ("libx264", "yuv411p", "yuv422p"),
        ("libx264", "yuv410p", "yuv420p"),
        ("libx264", "yuv420p12le", "yuv420p10le"),
        ("libx264", "yuva420p", "yuv420p"),
        ("libx264", "bgr0", "yuv420p"),
        ("libx265", "yuv422p12le", "yuv422p12le"),
        ("libx265", "yuva420p", "yuv420p"),
        ("libx265", "gray16le", "gray12le"),
        ("libsvtav1", "yuv422p10le", "yuv420p10le"),
        ("libsvtav1", "gray", "yuv420p"),
        ("libvpx-vp9", "yuva420p10le", "yuva420p"),
        ("libvpx-vp9", "yuva444p", "yuva420p"),
        ("libvpx", "yuva444p12le", "yuva420p"),
        ("mpeg4", "yuv444p10le", "yuv420p"),
        ("mjpeg", "yuv422p", "yuvj422p"),
        ("ffv1", "yuva422p10le", "yuva422p10le"),
        ("png", "yuv420p", "rgb24"),
        ("png", "gray", "gray"),
        ("png", "yuv444p10le", "rgb48be"),
        ("qtrle", "bgra", "argb"),
    ],
)
def test_the_nearest_format_never_has_less_if_that_can_be_avoided(write, make_clip, codec, source, chosen):
    info = like(write, make_clip, source)
    assert info.alpha == source.startswith(("yuva", "bgra"))
    assert choose_pix_fmt(formats_of(codec), Encoding(codec), info, 36, 52, codec) == chosen
    if codec != "dnxhd":  # which takes 256x120 pixels at least
        path = write("out.avi" if codec == "mjpeg" else "out.mov" if codec in ("png", "qtrle") else "out.mkv",
                     make_clip(2), None, like=info, codec=codec)  # fmt: skip
        assert probe(path).frames == 2


def test_a_source_without_a_format_is_for_players():
    assert choose_pix_fmt(formats_of("libx264"), Encoding(), None, 36, 52, "libx264") == "yuv420p"
    assert choose_pix_fmt(formats_of("libx264"), Encoding(), None, 35, 51, "libx264") == "yuv444p"
    with pytest.raises(VideoError, match=r"mpeg4 cannot hold frames of 51x35 in any .*yuv420p"):
        choose_pix_fmt(formats_of("mpeg4"), Encoding(), None, 35, 51, "mpeg4")


@pytest.mark.parametrize(
    ("codec", "source", "profile"),
    [
        ("prores_ks", "yuv420p", "HQ"),
        ("prores_ks", "yuv444p", "4444"),
        ("dnxhd", "yuv420p", "DNXHR HQ"),
        ("dnxhd", "yuv422p10le", "DNXHR HQX"),
        ("dnxhd", "yuv444p10le", "DNXHR 444"),
    ],
)
@pytest.mark.parametrize("suffix", [".mov", ".mxf"])
def test_prores_and_dnxhr_of_any_source(write, make_clip, codec, source, profile, suffix):
    clip = make_clip(3, 120, 256, noise=False)
    info = probe(write("source.mkv", clip, codec="ffv1", pix_fmt=source))
    path = write(f"out{suffix}", clip, None, like=info, codec=codec)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.profile == profile
    got = np.stack(list(open_video(path, "pyav"))).astype(int)
    assert np.abs(got - clip).mean() < 3
    assert probe(path).color_space == info.color_space or suffix == ".mxf"


def test_the_profile_of_prores_is_that_of_the_source(write, make_clip, tmp_path):
    with av.open(str(tmp_path / "lt.mov"), "w") as output:
        stream = output.add_stream("prores_ks", 25, options={"profile": "lt"})
        stream.width, stream.height, stream.pix_fmt = 52, 36, "yuv422p10le"
        for frame in make_clip(2):
            output.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24").reformat(format="yuv422p10le")))
        output.mux(stream.encode(None))
    info = probe(tmp_path / "lt.mov")
    assert info.profile == "LT"
    assert probe(write("out.mov", make_clip(2), None, like=info, codec="prores_ks")).profile == "LT"


def test_a_frame_too_small_for_dnxhr_is_no_full_disk(write, make_clip):
    with pytest.raises(VideoError) as caught:
        write("out.mov", make_clip(1), codec="dnxhd")
    assert "the disk" not in str(caught.value) and "dnxhd takes frames of at least 256x120" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "codec", "size", "fps", "sentence"),
    [
        ("a.mov", "dnxhd", (96, 160), 25, r"dnxhd takes frames of at least 256x120; these are 160x96\. Scale them up"),
        ("a.mxf", "dnxhd", (96, 160), 25, r"dnxhd takes frames of at least 256x120; these are 160x96\. Scale them up"),
        ("a.mp4", "libsvtav1", (2, 2), 25, r"libsvtav1 takes frames of at least 4x4; these are 2x2"),
        ("a.mp4", "libx265", (8, 8), 25, r"libx265 takes frames of at least 16x16; these are 8x8"),
        ("a.mpg", "mpeg1video", (64, 4098), 25, r"mpeg1video takes frames of at most 4094x4094; these are 4098x64"),
        ("a.3gp", "h263", (96, 160), 25, r"h263 takes frames of 128x96, 176x144, 352x288; these are 160x96"),
        ("a.mpg", None, (96, 160), 7, r"mpeg2video takes 24, 25, 30, 50, 60 frames a second here; the video has 7\. "),
        ("a.mxf", None, (96, 160), 12.5, r"libx264 takes 24, 25, .* frames a second here; the video has 12\.5\. "),
    ],
)
def test_what_an_encoder_takes_is_named(write, tmp_path, name, codec, size, fps, sentence):
    with pytest.raises(VideoError, match=sentence):
        write(name, np.zeros((1, *size, 3), np.uint8), fps, codec=codec)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "codec", "size"),
    [("a.mov", "dnxhd", (120, 256)), ("a.mp4", "libsvtav1", (4, 4)), ("a.mp4", "libx265", (16, 16)),
     ("a.mpg", "mpeg1video", (64, 4094)), ("a.3gp", "h263", (144, 176))],
)  # fmt: skip
def test_the_limits_are_true(write, name, codec, size):
    info = probe(write(name, np.full((3, *size, 3), 90, np.uint8), codec=codec))
    assert (info.height, info.width, info.frames) == (*size, 3)


def test_encoders_are_silent(tmp_path):
    program = (
        "import numpy as np; from lgtsm.video import Encoding, VideoWriter\n"
        "for codec in ('libsvtav1', 'libx265', 'libx264', 'libvpx-vp9', 'prores_ks', 'ffv1'):\n"
        f"    with VideoWriter(f'{tmp_path}/{{codec}}.mkv', 25, 64, 96, Encoding(codec)) as writer:\n"
        "        for t in range(4): writer.write(np.full((64, 96, 3), 20 * t, np.uint8))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(list(tmp_path.iterdir())) == 6


HDR = HDR10(
    tuple(
        (Fraction(x), Fraction(y))
        for x, y in (("0.68", "0.32"), ("0.265", "0.69"), ("0.15", "0.06"), (".3127", ".329"))
    ),
    (Fraction("0.005"), Fraction(1000)),
    (1000, 400),
)


@pytest.mark.parametrize(("codec", "suffix"), [("libx264", ".mp4"), ("libx265", ".mkv"), ("libsvtav1", ".mp4")])
@pytest.mark.parametrize("part", ["all", "light", "display", "none"])
def test_hdr10_metadata_come_back(write, make_clip, codec, suffix, part):
    hdr = {
        "all": HDR,
        "light": HDR10(light=(1000, 400)),
        "display": dataclasses.replace(HDR, light=None),
        "none": HDR10(),
    }[part]
    clip = make_clip(3, 64, 96)
    source = dataclasses.replace(probe(write("plain.mkv", clip)), hdr=hdr, pix_fmt="yuv420p10le")
    found = probe(write(f"out{suffix}", clip, None, like=source, codec=codec)).hdr
    assert found.light == hdr.light
    assert (found.points is None, found.luminance is None) == (hdr.points is None, hdr.luminance is None)
    if hdr.points is not None:
        got, wanted = np.array(found.points, float), np.array(hdr.points, float)
        assert np.abs(got - wanted).max() < 2e-5  # AV1 keeps 1/65536, the others 1/50000
        assert np.abs(np.array(found.luminance, float) - np.array(hdr.luminance, float)).max() < 1e-4


@pytest.mark.parametrize("codec", ["libx264", "libx265", "libsvtav1"])
def test_hdr10_metadata_without_sense_cost_nothing(write, make_clip, codec):
    clip = make_clip(2, 64, 96)
    plain = probe(write("plain.mkv", clip))
    ends = {
        name: tuple((Fraction(value),) * 2 for _ in range(4)) for name, value in (("zero", 0), ("one", 1), ("far", 9))
    }
    for number, (points, luminance, light) in enumerate(
        [
            (ends["zero"], (Fraction(0), Fraction(0)), (0, 1)),
            (ends["one"], (Fraction(0), Fraction(100_000)), (65535, 65535)),
            (ends["far"], (Fraction(-1), Fraction(1)), (2**31, 70_000)),
            (ends["one"], (Fraction(2), Fraction(1)), (1, 0)),
        ]
    ):
        source = dataclasses.replace(plain, hdr=HDR10(points, luminance, light))
        assert probe(write(f"{number}.mkv", clip, None, like=source, codec=codec)).frames == 2


@pytest.mark.parametrize(
    ("name", "codec", "form"),
    [("a.mov", "prores", "yuva444p10le"), ("a.webm", "vp9", "yuva420p"), ("a.mkv", "ffv1", "yuva420p"),
     ("a.avi", "ffv1", "yuva420p"), ("a.mp4", "h264", "yuv420p")],
)  # fmt: skip
def test_a_source_with_alpha_gets_a_codec_with_alpha(write, make_clip, tmp_path, name, codec, form):
    info = like(write, make_clip, "yuva420p")
    with VideoWriter(tmp_path / name, None, 36, 52, like=info) as writer:
        assert (writer._sink.pix_fmt, writer._sink.alpha) == (form, "a" in form[3:])
        for frame in make_clip(2):
            writer.write(frame)
    after = probe(tmp_path / name)
    assert (after.codec, after.alpha) == (codec, name != "a.mp4")


def test_alpha_without_loss_and_chosen_codecs(write, make_clip, tmp_path):
    info = like(write, make_clip, "bgra")
    for name, options, form in (
        ("a.mkv", {"lossless": True}, "bgra"),
        ("a.mov", {"lossless": True}, "rgba"),
        ("b.mov", {"codec": "png"}, "rgba"),
        ("c.mov", {"codec": "qtrle"}, "argb"),
        ("d.mov", {"pix_fmt": "yuv420p"}, "yuv420p"),
        ("e.mov", {"codec": "libx264"}, "yuv420p"),
    ):
        assert probe(write(name, make_clip(2), None, like=info, **options)).pix_fmt == form
    assert choose_codec(tmp_path / "a.mov", Encoding()) == "libx264"


def test_a_gif_has_alpha_only_where_it_shows(odd):
    assert not probe(odd / "animated.gif").alpha


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("img%03d.tga", r"img%03d.tga must be a video file or a folder; .tga holds one picture.*folder: .*/img/$"),
        ("%05d.jp2", r"folder: .*/frames/$"),
        ("a.m3u8", r"must be one video file; .m3u8 \(hls\) is a list of other files. Write to a.mp4"),
        ("a.mpd", r"must be one video file; .mpd \(dash\) is a list"),
    ],
)
def test_names_that_are_no_video_file_offer_one(write, make_clip, tmp_path, name, sentence):
    with pytest.raises(VideoError, match=sentence):
        write(name, make_clip(1))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a%03d.mp4", "2026-11-25T12:30:45.mkv", "concat:a.ts", "http:x.mov", "%d%%s.webm"])
def test_odd_names_of_files_are_taken_as_they_are(write, make_clip, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with VideoWriter(name, 25, 36, 52) as writer:
        for frame in make_clip(2):
            writer.write(frame)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_full_disk_is_named_only_where_it_is_full(make_clip, tmp_path):
    with pytest.raises(VideoError, match=r"a.mkv cannot be written: the disk is full \(No space left on device\)"):
        encoder = None
        full = tmp_path / "full.mkv"
        full.symlink_to("/dev/full")
        try:
            encoder = Encoder(full, Path("a.mkv"), Fraction(25), 36, 52, Encoding(lossless=True), None, None, None)
            for t, frame in enumerate(make_clip(60)):
                encoder.write(frame, Fraction(t, 25), Fraction(1, 25), t == 0)
            encoder.finish()
        finally:
            if encoder is not None:
                encoder.abort()
    other = cannot_write(tmp_path / "a.mkv", "libx264", OSError(errno.EIO, "Input/output error"))
    assert "Input/output error" in str(other) and "is full" not in str(other)
    last = cannot_write(tmp_path / "a.mkv", "libx264", ValueError("nonsense"))
    assert "FFmpeg says: nonsense" in str(last) and "the disk" not in str(last)
    absent = cannot_write(tmp_path / "a.mkv", "h264_nvenc", PermissionError(errno.EPERM, "Operation not permitted"))
    assert "as h264_nvenc in .mkv; FFmpeg says: Operation not permitted" in str(absent)
    denied = cannot_write(tmp_path / "a.mkv", "libx264", PermissionError(errno.EACCES, "Permission denied"))
    assert "another disk or folder" in str(denied)


def test_a_timecode_that_the_container_refuses_costs_nothing(write, make_clip):
    source = dataclasses.replace(probe(write("plain.mkv", make_clip(3))), timecode="nonsense")
    assert probe(write("out.mov", make_clip(3), None, like=source)).timecode is None
    kept = dataclasses.replace(source, timecode="01:02:03:04")
    assert probe(write("out2.mov", make_clip(3), None, like=kept)).timecode == "01:02:03:04"


def test_the_default_flag_of_matroska_is_as_before(write, make_clip):
    source = probe(write("plain.mkv", make_clip(3)))
    assert source.disposition == 1
    for flags in (0, 1, 2, 5):
        changed = dataclasses.replace(source, disposition=flags)
        assert probe(write(f"{flags}.mkv", make_clip(3), None, like=changed)).disposition == flags


def test_fields_and_hdr_share_the_options_of_x264(write, make_clip):
    clip = make_clip(3, 64, 96)
    plain = probe(write("plain.mkv", clip))
    source = dataclasses.replace(plain, hdr=HDR, field_order="bottom field first")
    found = probe(write("out.mp4", clip, None, like=source))
    assert (found.field_order, found.hdr.light) == ("bottom field first", (1000, 400))


def test_svt_av1_does_not_take_the_processors_for_itself(tmp_path, make_clip):
    """Started by root, it would give itself real-time priority."""
    with VideoWriter(tmp_path / "out.mkv", 25, 64, 96, Encoding(codec="libsvtav1")) as writer:
        for frame in make_clip(5, 64, 96):
            writer.write(frame)
        policies = [os.sched_getscheduler(int(task.name)) for task in Path("/proc/self/task").iterdir()]
    assert set(policies) == {os.SCHED_OTHER}
