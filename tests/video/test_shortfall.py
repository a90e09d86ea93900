"""A file that was cut off says so, with both numbers; whole files of every container say nothing."""

import re
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from lgtsm.video import VideoError
from lgtsm.video.container_end import ends_early
from lgtsm.video.probe import probe
from tests.video.mutations import CONTAINERS, pictures, write_video


def write(path, number=60, options=None, codec=None, pix_fmt="yuv420p", sound=False):
    codec = codec or CONTAINERS["a" + path.suffix][0]
    pix_fmt = "rgb8" if codec == "gif" else pix_fmt
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(number)]  # every picture takes much space
    write_video(path, noise, codec, pix_fmt, options, sound)
    return path.read_bytes()


@pytest.mark.parametrize("suffix, promised", [(".mkv", True), (".webm", True), (".gif", False)])
@pytest.mark.parametrize("share", [0.5, 0.7, 0.9, 0.99])
def test_a_file_cut_anywhere(tmp_path, suffix, promised, share):
    path = tmp_path / f"a{suffix}"
    data = write(path)
    assert probe(path).faults == () and probe(path, strict=True).frames == 60
    path.write_bytes(data[: int(share * len(data))])
    info = probe(path)
    if info.frames == 60:  # the index alone is missing
        promised = False
    (said,) = info.faults
    assert said.startswith(f"{path} is cut off: it holds {info.frames} ")
    if promised:
        assert re.search(r"of about 60 pictures \(\d\.\d\d of 2\.40 s\)", said)
        assert share - 0.3 < info.frames / 60 < share + 0.05
    with pytest.raises(VideoError, match=r"cut off.*`strict`"):
        probe(path, strict=True)


@pytest.mark.parametrize("suffix", [".avi", ".flv", ".mxf", ".mp4", ".mov", ".ogv", ".wmv", ".apng", "fragments"])
def test_no_container_that_tells_is_taken_for_whole(tmp_path, suffix):
    """Wherever the file is cut, it is refused or said; an .avi of less is never silent."""
    flags, suffix = ("frag_every_frame+empty_moov", ".mp4") if suffix == "fragments" else ("faststart", suffix)
    path = tmp_path / f"a{suffix}"
    codec = "mjpeg" if suffix == ".mov" else None
    pix_fmt = {".mov": "yuvj420p", ".apng": "rgb24"}.get(suffix, "yuv420p")
    data = write(
        path, options={"movflags": flags} if suffix in (".mp4", ".mov") else None, codec=codec, pix_fmt=pix_fmt
    )
    assert probe(path).faults == () and probe(path).frames == 60
    for size in np.linspace(len(data) // 2, len(data) * 0.97, 16).astype(int):
        path.write_bytes(data[:size])
        try:
            info = probe(path)
        except VideoError as error:
            assert path.name in str(error)
        else:
            if info.frames < 60 or info.faults:  # all pictures may be there, and an index be missing
                assert f"it holds {info.frames} " in info.faults[0], size


def test_a_download_that_reserved_its_place(tmp_path):
    path = tmp_path / "a.mkv"
    data = write(path)
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))
    info = probe(path)
    assert info.frames < 60 and "of about 60 pictures" in info.faults[0]


def test_sound_that_is_cut_off_with_the_pictures(tmp_path):
    """The segment's length is that of the sound; the tag with that of the pictures is taken away."""
    path = tmp_path / "a.mkv"
    data = write(path, sound=True).replace(b"DURATION", b"DIRECTED")
    path.write_bytes(data)
    assert probe(path).faults == ()
    path.write_bytes(data[: int(len(data) * 0.5)])
    assert probe(path).frames < 60 and "of about" in probe(path).faults[0]


ENDINGS = [".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts", ".flv", ".wmv", ".ogv", ".mpg", ".mxf", ".nut", ".gif"]


@pytest.mark.parametrize("suffix", ENDINGS)
@pytest.mark.parametrize("kind", ["b-frames", "one", "sound", "long last", "variable", "late start", "streamed"])
def test_whole_files_say_nothing(tmp_path, suffix, kind):
    path = tmp_path / f"a{suffix}"
    codec = {".mov": "libx264", ".mkv": "libx264"}.get(suffix) or CONTAINERS["a" + suffix][0]
    times = {
        "long last": [0, 1, 2, 3, 4, 5],
        "variable": [0, 1, 2, 5, 6, 30],
        "late start": [50, 51, 52, 53, 54, 55],
        "one": [0],
    }.get(kind, range(6))
    if suffix in (".avi", ".mxf", ".mpg") and kind == "variable":
        times = range(6)  # they hold a constant rate
    has_sound = kind == "sound" and suffix not in (".gif", ".mxf")
    sound = {".webm": "libopus", ".ogv": "libopus", ".avi": "mp2", ".mpg": "mp2", ".wmv": "mp2", ".flv": "aac"}.get(
        suffix, "aac"
    )
    options = {"live": "1"} if kind == "streamed" and suffix in (".mkv", ".webm") else {}
    with av.open(str(path), "w", container_options=options) as output:
        stream = output.add_stream(codec, rate=25, options={"bf": "2"} if kind == "b-frames" and "264" in codec else {})
        stream.height, stream.width, stream.pix_fmt = 48, 64, "rgb8" if suffix == ".gif" else "yuv420p"
        track = output.add_stream(sound, rate=48000) if has_sound else None
        for picture, time in zip(pictures(), times):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 25)
            frame.duration = 250 if kind == "long last" and time == times[-1] else 1
            output.mux(stream.encode(frame))
        for packet in stream.encode(None):
            if kind == "long last":
                packet.duration = 250 if packet.pts == times[-1] else 1
            output.mux(packet)
        if track is not None:
            for start in range(0, 48000, 1000):
                form = track.codec_context.format.name
                shape = (1, 2000) if not form.endswith("p") else (2, 1000)
                kind_of = np.int16 if form.startswith("s16") else np.float32
                silence = av.AudioFrame.from_ndarray(np.zeros(shape, kind_of), format=form, layout="stereo")
                silence.sample_rate, silence.pts, silence.time_base = 48000, start, Fraction(1, 48000)
                output.mux(track.encode(silence))
            output.mux(track.encode(None))
    info = probe(path)
    assert info.faults == () and info.frames >= len(times) - 1, info.faults
    assert info.audio_codecs or not has_sound


def test_an_edit_list_that_hides_frames(tmp_path):
    write(tmp_path / "whole.mp4", 60)
    with av.open(str(tmp_path / "whole.mp4")) as source, av.open(str(tmp_path / "cut.mp4"), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.pts, packet.dts = packet.pts - 2048, packet.dts - 2048  # four pictures before zero
                packet.stream = stream
                output.mux(packet)
    info = probe(tmp_path / "cut.mp4")
    assert info.frames <= 60 and info.faults == ()


def test_padding_after_the_end_is_no_fault(tmp_path):
    for name in ("a.mkv", "a.mp4", "a.avi", "a.gif"):
        (tmp_path / name).write_bytes(write(tmp_path / name) + bytes(4096))
        info = probe(tmp_path / name)
        assert (info.frames, info.faults) == (60, ()), name


def test_gifs_of_pillow_and_of_this_library_end(tmp_path, odd):
    frames = [Image.fromarray(frame) for frame in pictures()]
    frames[0].save(tmp_path / "p.gif", save_all=True, append_images=frames[1:], comment=b"x" * 700)
    for path in (tmp_path / "p.gif", odd / "animated.gif"):
        assert not ends_early(path, "gif") and probe(path).faults == ()


def test_an_avi_that_was_streamed_is_whole(tmp_path):
    path = tmp_path / "a.avi"
    data = write(path)
    for length in (0, 2**32 - 1):  # the sizes that nobody came back to fill in
        path.write_bytes(data[:4] + length.to_bytes(4, "little") + data[8:])
        assert probe(path, strict=True).frames == 60


FRAGMENTS = {"movflags": "frag_every_frame+empty_moov"}
AFTER = {
    "zeros": bytes(4096),
    "text": b"<html>what a proxy adds</html>\n" * 20,
    "a short text": b"\nend\n",
    "ID3v1": b"TAG" + b"a title".ljust(125, b"\0"),
    "ID3v2": b"ID3\4\0\0\0\0\0\x0a" + b"0123456789",
}


@pytest.mark.parametrize(
    "name, options",
    [
        ("a.mp4", {}),
        ("a.mp4", {"movflags": "faststart"}),
        ("a.mp4", FRAGMENTS),
        ("a.mov", {"movflags": "faststart"}),
        ("a.mkv", {}),
        ("a.webm", {}),
        ("a.avi", {}),
        ("a.gif", {}),
        ("a.wmv", {}),
        ("a.ogv", {}),
        ("a.apng", {}),
    ],
)
def test_what_hangs_on_to_a_whole_file_is_no_fault(tmp_path, name, options):
    path = tmp_path / name
    codec, pix_fmt = {".mov": ("mjpeg", "yuvj420p"), ".apng": ("apng", "rgb24")}.get(path.suffix, (None, "yuv420p"))
    whole = write(path, 12, options, codec, pix_fmt)
    for kind, more in AFTER.items():
        if (kind, options) != ("a short text", FRAGMENTS):  # too short to tell from the head of a fragment
            path.write_bytes(whole + more)
            assert probe(path, strict=True).frames == 12, kind


@pytest.mark.parametrize("flags", ["", "faststart"])
def test_one_file_after_another(tmp_path, flags):
    """The first one is read; nothing of it is missing, even where the second one is cut."""
    path = tmp_path / "a.mp4"
    whole = write(path, 12, {"movflags": flags} if flags else {})
    for more in (whole, whole[: len(whole) // 2]):
        path.write_bytes(whole + more)
        assert probe(path, strict=True).frames == 12
