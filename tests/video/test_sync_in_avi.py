"""Sound and pictures of AVI stay together, pass after pass: flashes and clicks."""

from fractions import Fraction

import av
import numpy as np
import pytest

from lgtsm.video import Encoding, VideoWriter, open_video
from lgtsm.video.probe import probe

RATE = 48000


def write_flashes(path, video, audio, sound_at=0.0):
    """Write a film of 25 pictures: every fifth is white, and clicks; the sound begins at `sound_at` s."""
    with av.open(str(path), "w") as output:
        shown, heard = output.add_stream(video, 25), output.add_stream(audio, RATE)
        shown.width, shown.height, shown.pix_fmt, shown.codec_context.time_base = 96, 64, "yuv420p", Fraction(1, 25)
        output.start_encoding()
        packets = []
        for t in range(25):
            image = np.full((64, 96, 3), 20 if t % 5 else 240, np.uint8)
            frame = av.VideoFrame.from_ndarray(image).reformat(format="yuv420p")
            frame.pts, frame.time_base = t, Fraction(1, 25)
            packets += shown.encode(frame)
        sound = np.zeros((1, RATE), np.float32)
        for t in range(0, 25, 5):
            sound[0, t * RATE // 25 :][:200] = 0.8
        first, size = round(sound_at * RATE), heard.codec_context.frame_size or 960
        resampler = av.AudioResampler(heard.codec_context.format.name, "mono", RATE)
        for start in range(first, RATE - size + 1, size):
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[:, start : start + size]), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
            packets += [packet for one in resampler.resample(frame) for packet in heard.encode(one)]
        packets += [*shown.encode(None), *heard.encode(None)]
        output.mux(sorted(packets, key=lambda packet: packet.dts * packet.time_base))
    return path


def delays(path):
    """How much later than its flash each click comes, in seconds.

    AVI and ASF store when a picture is decoded, which is when it is shown as long as nothing is reordered.
    """
    with av.open(str(path)) as container:
        decoded = container.format.name in ("avi", "asf")
        packets = [packet for packet in container.demux(video=0) if packet.size]
        times = sorted((one.dts if decoded else one.pts) * one.time_base for one in packets)
    with av.open(str(path)) as container:
        pictures = zip(container.decode(video=0), times, strict=True)
        flashes = [float(time) for frame, time in pictures if frame.to_ndarray(format="gray").mean() > 128]
    with av.open(str(path)) as container:
        clicks, to_float = [], av.AudioResampler("fltp", "mono", RATE)
        for frame in container.decode(audio=0):
            for one in to_float.resample(frame):
                loud = np.flatnonzero(np.abs(one.to_ndarray()[0]) > 0.3)
                clicks += [float(one.pts * one.time_base) + at / RATE for at in loud]
    clicks = [at for at, before in zip(clicks, [-1, *clicks]) if at - before > 0.05]
    return [min((click - flash for click in clicks), key=abs) for flash in flashes[1:]]


def pass_on(source, target, **encoding):
    info = probe(source)
    with (
        open_video(source, "pyav") as reader,
        VideoWriter(
            target, None, info.height, info.width, Encoding(**encoding), like=info, source_path=source
        ) as writer,
    ):
        for frame in reader:
            writer.write(frame)
    return target, writer.notices


@pytest.mark.parametrize(
    ("video", "audio", "name"),
    [
        ("libx264", "pcm_s16le", "film.mkv"),
        ("libx264", "pcm_s16le", "film.avi"),
        ("mpeg4", "pcm_s16le", "film.avi"),
        ("libx264", "ac3", "film.avi"),
        ("libx264", "libmp3lame", "film.avi"),
        ("mpeg4", "libmp3lame", "film.avi"),  # FFmpeg leaves a gap behind its first picture
        ("libx264", "libmp3lame", "film.ts"),  # begins late
    ],
)
def test_four_passes_move_nothing(tmp_path, video, audio, name):
    path = write_flashes(tmp_path / name, video, audio)
    before = delays(path)
    assert len(before) == 4 and max(map(abs, before)) < 0.025
    for number in range(4):
        path, notices = pass_on(path, tmp_path / f"{number}.avi")
        assert notices == []
        np.testing.assert_allclose(delays(path), before, rtol=0, atol=0.0011)
        for suffix in (".mkv", ".mp4") if audio != "pcm_s16le" else (".mkv",):
            again, _ = pass_on(path, tmp_path / f"{number}{suffix}")
            np.testing.assert_allclose(delays(again), before, rtol=0, atol=0.0011)


@pytest.mark.parametrize(("codec", "passes"), [(None, 4), ("libx264", 2)])
def test_asf_moves_nothing(tmp_path, codec, passes):
    path = write_flashes(tmp_path / "film.mkv", "libx264", "libmp3lame")
    for number in range(passes):
        path, _ = pass_on(path, tmp_path / f"{number}.wmv", codec=codec)
        assert max(map(abs, delays(path))) < 0.0015


def test_sound_that_avi_cannot_place_is_said(tmp_path):
    late = write_flashes(tmp_path / "late.mkv", "libx264", "pcm_s16le", 0.3)
    _, (sentence,) = pass_on(late, tmp_path / "late.avi")
    assert "start of sound 1 of late.mkv comes 0.30 s after that of the pictures" in sentence
    assert "that much early. Write to .mp4 or .mkv." in sentence


def test_gaps_of_an_avi_are_kept_in_an_avi(tmp_path):
    source = write_flashes(tmp_path / "gap.avi", "mpeg4", "libmp3lame")
    assert list(probe(source).pts) == [0, *range(2, 26)]
    path, _ = pass_on(source, tmp_path / "out.avi", codec="mpeg4")
    assert list(probe(path).pts) == [0, *range(2, 26)]
