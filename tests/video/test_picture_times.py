"""Picture times that repeat, run backwards or cannot be true: the input is named, every picture kept."""

import re
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from lgtsm.video import Encoding, VideoWriter, open_video
from lgtsm.video.picture_times import increasing
from lgtsm.video.probe import probe
from tests.video.mutations import pictures, write_video

TICK = Fraction(1, 90000)


@pytest.mark.parametrize(
    "times, expected, moved",
    [
        ([0, 3600, 7200, 10800], [0, 3600, 7200, 10800], 0),
        ([0, 3600, 3600, 10800], [0, 3600, 3601, 10800], 1),
        ([5, 5, 5, 6], [5, 6, 7, 8], 3),
        ([0, 7200, 3600, 10800], [0, 3600, 7200, 10800], 2),
        ([900000, 903600, 0, 3600], [900000, 903600, 907200, 910800], 2),
        ([0], [0], 0),
        ([0, 100000, 0, 100000, 0], [0, 100000, 200000, 300000, 400000], 3),
    ],
)
def test_times_become_increasing(times, expected, moved):
    got, count = increasing(times, TICK)
    assert (got.tolist(), count) == (expected, moved)


def test_random_times_become_increasing():
    rng = np.random.default_rng(0)
    for _ in range(200):
        times = rng.integers(-200000, 200000, rng.integers(1, 30)).tolist()
        got, _ = increasing(times, TICK)
        assert len(got) == len(times) and (np.diff(got) > 0).all()


def matroska_with_times(path, times):
    """Write pictures with increasing times, and then change their time codes to `times` milliseconds."""
    write_video(path, pictures(), "mjpeg", "yuvj420p")
    data = bytearray(path.read_bytes())
    blocks = list(re.finditer(rb"\x81(..)\x80\xff\xd8\xff", data, re.DOTALL))  # track 1, time, key frame, a JPEG
    for block, old, new in zip(blocks, range(0, 240, 40), times, strict=True):
        cluster = old - struct.unpack(">h", block[1])[0]
        struct.pack_into(">h", data, block.start(1), new - cluster)
    path.write_bytes(data)


@pytest.mark.parametrize("times", [(0, 40, 40, 120, 160, 200), (0, 80, 40, 120, 160, 200), (500, 540, 10, 50, 90, 130)])
def test_a_file_whose_times_repeat_or_run_backwards(tmp_path, write, times):
    matroska_with_times(tmp_path / "a.mkv", times)
    info = probe(tmp_path / "a.mkv")
    assert info.frames == 6 and (np.diff(info.pts) > 0).all()
    assert "a.mkv has" in info.faults[0] and "picture times that repeat or run backwards" in info.faults[0]
    frames = np.stack(list(open_video(tmp_path / "a.mkv", "pyav")))
    np.testing.assert_array_equal(open_video(tmp_path / "a.mkv", "pyav").read([4, 1]), frames[[4, 1]])
    write("out.mkv", frames, None, info, codec="ffv1", lossless=True)
    again = probe(tmp_path / "out.mkv")
    assert again.frames == 6 and again.faults == ()
    np.testing.assert_array_equal(np.stack(list(open_video(tmp_path / "out.mkv", "pyav"))), frames)


def test_times_that_cannot_be_true(tmp_path):
    write_video(tmp_path / "a.nut", pictures(), "mjpeg", "yuvj420p")
    with av.open(str(tmp_path / "a.nut")) as source, av.open(str(tmp_path / "b.nut"), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(source.demux(video=0)):
            if packet.size:
                packet.pts = packet.dts = packet.pts + (2**50 if number == 5 else 0)
                packet.stream = stream
                output.mux(packet)
    info = probe(tmp_path / "b.nut")
    assert "b.nut has picture times that cannot be true" in info.faults[0]
    assert (info.frames, info.fps, info.duration) == (6, 25, Fraction(6, 25))


def test_times_that_are_all_the_same(tmp_path):
    matroska_with_times(tmp_path / "a.mkv", (0, 0, 0, 0, 0, 0))
    info = probe(tmp_path / "a.mkv")
    assert "a.mkv has picture times that are mostly the same, so a constant rate was taken." in info.faults[0]
    assert (info.frames, info.fps, info.duration, info.variable_frame_rate) == (6, 25, Fraction(6, 25), False)


def test_a_rate_that_is_too_slow_for_the_numbers_of_ffmpeg(tmp_path, make_clip):
    times = [0, 40, 80, 2_160_115_727, 2_160_115_767, 2_160_115_807]  # ms; 25 days of nothing, as damage makes them
    source, output = tmp_path / "leap.mkv", tmp_path / "o.mkv"
    with VideoWriter(source, 25, 36, 52, Encoding(codec="ffv1"), timestamps=[Fraction(t, 1000) for t in times]) as made:
        for frame in make_clip(6):
            made.write(frame)
    info = probe(source)
    assert info.frames == 6 and max(info.fps.as_integer_ratio()) < 2**31
    VideoWriter(output, None, info.height, info.width, like=info, source_path=source).abort()
