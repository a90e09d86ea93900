import itertools
import os
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from lgtsm.video import VideoError, VideoWriter, open_video
from lgtsm.video.probe import probe


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def packets(path, kind):
    """(seconds, bytes) of every packet of the first stream of a kind."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [(p.pts * p.time_base, bytes(p)) for p in container.demux(stream) if p.size]


@pytest.mark.parametrize("size", [(36, 52), (35, 51), (1, 3)])
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.avi", "folder", "folder.d/"])
def test_lossless_comes_back_bit_for_bit(write, make_clip, name, size):
    clip = make_clip(5, 36, 52)[:, : size[0], : size[1]]
    if name == "a.avi" and size == (1, 3):
        size, clip = (3, 4), make_clip(5, 36, 52)[:, :3, :4]
    path = write(name, clip, lossless="." in name and not name.endswith("/"))
    for backend in ("pyav", "auto"):
        np.testing.assert_array_equal(open_video(path, backend=backend).read(range(5)), clip)


@pytest.mark.parametrize("fps", [24, 25.0, Fraction(30000, 1001), Fraction(25, 2), 60])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
def test_rate_count_and_size_are_kept(write, make_clip, name, fps):
    path = write(name, make_clip(10), fps)
    info = probe(path)
    assert (info.frames, info.fps, info.height, info.width) == (10, fps, 36, 52)
    assert not info.variable_frame_rate
    capture = cv2.VideoCapture(str(path))
    assert sum(iter(lambda: capture.grab(), False)) == 10
    assert abs(capture.get(cv2.CAP_PROP_FPS) - fps) < 0.01
    capture.release()


def test_odd_sizes_are_kept_with_full_chroma(write, make_clip):
    clip = make_clip(4)[:, :35, :51]
    info = probe(write("a.mp4", clip))
    assert (info.height, info.width, info.pix_fmt) == (35, 51, "yuv444p")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("name", ["vfr_traffic.mp4", "sar_12_11.3gp", "odd_321x181_h264_yuv444.mp4", "fps_59_94.mp4"])
def test_like_keeps_times_format_and_colors(odd, tmp_path, name, suffix):
    before, path = probe(odd / name), tmp_path / f"out{suffix}"
    with open_video(odd / name) as reader, VideoWriter(path, None, reader.height, reader.width, like=before) as writer:
        for frame in reader:
            writer.write(frame // 4)
    after = probe(path)
    assert (after.frames, after.pix_fmt, after.color_space) == (before.frames, before.pix_fmt, before.color_space)
    assert (after.color_primaries, after.color_range) == (before.color_primaries, before.color_range)
    assert after.variable_frame_rate == before.variable_frame_rate
    assert after.sample_aspect_ratio == before.sample_aspect_ratio
    seconds = [(info.pts - info.pts[0]) * float(info.time_base) for info in (before, after)]
    assert np.abs(seconds[0] - seconds[1]).max() < 0.0011
    if not before.variable_frame_rate:
        assert after.fps == before.fps


def test_given_timestamps_are_kept(write, make_clip):
    times = [Fraction(0), Fraction(1, 10), Fraction(1, 4), Fraction(1)]
    path = write("a.mp4", make_clip(4), timestamps=times)
    info = probe(path)
    assert [int(pts) * info.time_base for pts in info.pts] == times
    assert info.variable_frame_rate


def test_timestamps_must_rise_and_be_enough(make_clip, tmp_path):
    for times, sentence in (([0, 0], "timestamp.* 0.0 s after 0.0 s"), ([0], "timestamp.* none")):
        with (
            pytest.raises(VideoError, match=sentence),
            VideoWriter(tmp_path / "a.mp4", 25, 36, 52, timestamps=times) as writer,
        ):
            for frame in make_clip(2):
                writer.write(frame)
    assert names(tmp_path) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_sound_is_copied_byte_for_byte_in_time(odd, write, make_clip, suffix):
    source = odd / "with_audio.mp4"
    path = write(f"a{suffix}", make_clip(90), None, like=probe(source), source_path=source)
    before, after = packets(source, "audio"), packets(path, "audio")
    assert [data for _, data in before] == [data for _, data in after]
    first = [packets(file, "video")[0][0] for file in (source, path)]
    for (old, _), (new, _) in zip(before, after, strict=True):
        assert abs((old - first[0]) - (new - first[1])) <= Fraction(2, 1000)


def test_sound_can_be_left_out_and_must_fit_the_container(odd, write, make_clip, tmp_path):
    source = odd / "with_audio.mp4"
    assert probe(write("a.webm", make_clip(), source_path=source, sound=False)).audio_codecs == ()
    with pytest.raises(VideoError, match=r"b.webm .*sound .*with_audio.mp4.* aac"):
        write("b.webm", make_clip(), source_path=source)
    assert names(tmp_path) == ["a.webm"]


def test_subtitles_are_copied_or_refused(write, make_clip, tmp_path):
    (tmp_path / "text.srt").write_text("1\n00:00:00,080 --> 00:00:00,200\nHello\n\n")
    plain, source = write("plain.mkv", make_clip()), tmp_path / "source.mkv"
    with av.open(str(plain)) as video, av.open(str(tmp_path / "text.srt")) as text, av.open(str(source), "w") as output:
        copies = [(file, output.add_stream_from_template(file.streams[0])) for file in (text, video)]
        for file, copy in copies:
            for packet in file.demux():
                if packet.size:
                    packet.stream = copy
                    output.mux(packet)
    assert probe(source).subtitles == ("subrip",)
    path = write("out.mkv", make_clip(), source_path=source)
    assert packets(path, "subtitles") == packets(source, "subtitles") == [(Fraction(80, 1000), b"Hello")]
    with pytest.raises(VideoError, match=r"subtitles .*source.mkv.*mp4 .*subrip"):
        write("out.mp4", make_clip(), source_path=source)


def test_gif(write, make_clip):
    clip = make_clip(6, noise=False)
    path = write("a.gif", clip, 10)
    info = probe(path)
    assert (info.codec, info.frames, info.fps) == ("gif", 6, 10)
    assert np.abs(np.stack(list(open_video(path))).astype(int) - clip).mean() < 6  # 256 colors a frame
    with pytest.raises(VideoError, match=r"lossless: .gif"):
        write("b.gif", clip, lossless=True)


def test_gif_has_a_coarse_clock(write, make_clip, tmp_path):
    with pytest.raises(VideoError, match=r"a\.gif holds 100 frames a second at most; the video has 120\. Use \.mp4"):
        write("a.gif", make_clip(), fps=120)
    assert names(tmp_path) == []


def test_jpeg_folder(write, make_clip):
    clip = make_clip(3, noise=False)
    path = write("frames", clip, codec="jpg")
    assert names(path) == ["00000.jpg", "00001.jpg", "00002.jpg"]
    assert np.abs(open_video(path).read(range(3)).astype(int) - clip).mean() < 5


def test_an_exception_leaves_nothing_and_keeps_what_was_there(tmp_path, make_clip):
    for name in ("a.mp4", "folder"):
        if name == "a.mp4":
            (tmp_path / name).write_text("before")
        with pytest.raises(KeyError), VideoWriter(tmp_path / name, 25, 36, 52) as writer:
            writer.write(make_clip()[0])
            assert not (tmp_path / name).is_dir()
            raise KeyError
    assert names(tmp_path) == ["a.mp4"] and (tmp_path / "a.mp4").read_text() == "before"


def test_no_frames_is_an_error(tmp_path):
    with (
        pytest.raises(VideoError, match=r"at least one frame"),
        VideoWriter(tmp_path / "a.mp4", 25, 8, 8),
    ):
        pass
    assert names(tmp_path) == []


def test_a_failing_end_leaves_nothing(tmp_path, make_clip, monkeypatch):
    writer = VideoWriter(tmp_path / "a.mp4", 25, 36, 52)
    writer.write(make_clip()[0])
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("no room")))
    with pytest.raises(OSError, match=r"no room"):
        writer.close()
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("a.xyz", {}, "container '.xyz'"),
        ("a.mp4", {"codec": "nonsense"}, "encoder 'nonsense'"),
        ("a.webm", {"codec": "libx264"}, "libx264 in .webm"),
        ("a.mp4", {"pix_fmt": "yuv420p", "odd": True}, "yuv420p .*51x35"),
        ("a.mp4", {"codec": "libx264", "lossless": True}, "libx264 .*RGB"),
        ("a.mp4", {"pix_fmt": "pal8"}, "libx264 .*'pal8'"),
        ("nowhere/a.mp4", {}, "nowhere .*not exist"),
        ("a.avi", {"timestamps": [0, 1]}, "variable frame rate.*AVI"),
    ],
)
def test_what_does_not_go_together_gets_a_sentence(write, make_clip, tmp_path, name, options, sentence):
    with pytest.raises(VideoError, match=sentence):
        write(name, make_clip(2)[:, :35, :51] if options.pop("odd", False) else make_clip(2), **options)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mkv", "libx265"), ("a.webm", None), ("a.webm", "libvpx"), ("a.avi", "mjpeg"), ("a.mp4", "mpeg4")],
)
def test_other_codecs_look_right(write, make_clip, name, codec):
    clip = make_clip(6, 48, 64, noise=False)
    path = write(name, clip, codec=codec)
    got = np.stack(list(open_video(path, backend="pyav"))).astype(int)
    assert got.shape == clip.shape
    assert np.abs(got - clip).mean() < 6
    assert np.abs((got - clip).mean(axis=(0, 1, 2))).max() < 1.5


def test_places_that_are_taken(tmp_path, write, make_clip):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    (tmp_path / "d.mp4").mkdir()
    (tmp_path / "new").mkdir()
    with pytest.raises(VideoError, match=r"full .*empty"):
        write("full", make_clip(1))
    with pytest.raises(VideoError, match=r"d.mp4 .*folder"):
        write("d.mp4", make_clip(1))
    assert names(write("new", make_clip(1))) == ["00000.png"]


def test_frames_of_another_shape_or_type(tmp_path, make_clip):
    with VideoWriter(tmp_path / "a.mp4", 25, 36, 52) as writer:
        writer.write(make_clip()[0])
        with pytest.raises(VideoError, match=r"\(36, 52, 3\) .*\(36, 51, 3\)"):
            writer.write(make_clip()[0][:, :51])
        with pytest.raises(VideoError, match=r"float64"):
            writer.write(make_clip()[0] / 255)
    with pytest.raises(VideoError, match=r"closed"):
        writer.write(make_clip()[0])
    with pytest.raises(VideoError, match=r"fps"):
        VideoWriter(tmp_path / "b.mp4", None, 36, 52)
    with pytest.raises(ValueError, match=r"fps .* 0"):
        VideoWriter(tmp_path / "b.mp4", 0, 36, 52)
    assert names(tmp_path) == ["a.mp4"]


def test_turned_sources_are_written_upright(odd, tmp_path, write):
    source = odd / "three_frames.mp4"
    data = bytearray(source.read_bytes())
    at = data.find(b"tkhd") + 44
    data[at : at + 36] = b"".join(n.to_bytes(4, "big", signed=True) for n in (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30))
    (tmp_path / "turned.mp4").write_bytes(data)
    before = probe(tmp_path / "turned.mp4")
    assert (before.rotation, before.width, before.height) == (90, 180, 320)
    frames = np.stack(list(open_video(tmp_path / "turned.mp4", backend="pyav")))
    after = probe(write("out.mp4", frames, None, like=before))
    assert (after.rotation, after.width, after.height) == (0, 180, 320)


def test_memory_of_packets_stays_bounded_by_interleaving(odd, write, make_clip):
    """Sound lies between the pictures in the file, not behind them all."""
    path = write("a.mp4", make_clip(90), None, like=probe(odd / "with_audio.mp4"), source_path=odd / "with_audio.mp4")
    with av.open(str(path)) as container:
        kinds = [packet.stream.type for packet in container.demux() if packet.size]
    assert sum(a != b for a, b in itertools.pairwise(kinds)) > 20
