"""What `lgtsm inpaint` keeps of a file beside its pictures: subtitles, chapters, fonts, languages, lengths."""

import struct
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from lgtsm.commands.inpaint import main
from lgtsm.video.encoding import Encoding
from lgtsm.video.probe import probe
from lgtsm.video.writer import VideoWriter
from tests.entry_points.calling import exit_code

CHAPTERS = [
    {"id": k + 1, "start": 200 * k, "end": 200 * (k + 1), "time_base": Fraction(1, 1000), "metadata": {"title": title}}
    for k, title in enumerate(("One", "Two"))
]
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def call(*words):
    """Run the command without a network; returns its exit code."""
    return exit_code(main, *words, "--box", "4,4,12,10", "--method", "mean-color")


def write_film(path, subtitles):
    """Write half a second of video with sound, subtitles (packets by time in ms), chapters and, in Matroska, a font."""
    with av.open(str(path), "w") as output:
        video, sound = output.add_stream("libx264", 25), output.add_stream("aac", 44100)
        video.width, video.height, video.pix_fmt = 64, 40, "yuv420p"
        text = output.add_stream(subtitles)
        text.codec_context.time_base, text.codec_context.subtitle_header = Fraction(1, 1000), ASS_HEADER
        text.metadata["language"] = sound.metadata["language"] = "fra"
        text.disposition = av.stream.Disposition.default
        output.metadata["title"] = "My film"
        output.set_chapters(CHAPTERS)
        if path.suffix == ".mkv":
            output.add_attachment("font.ttf", "font/ttf", b"letters")
        for start, words in ((80, b"Hello"), (320, b"and goodbye")):
            packet = av.Packet(struct.pack(">H", len(words)) + words if subtitles == "mov_text" else words)
            packet.pts = packet.dts = start
            packet.duration, packet.time_base, packet.stream = 100, Fraction(1, 1000), text
            output.mux(packet)
        tone = (0.2 * np.sin(np.arange(22050) / 20)).astype(np.float32)[None]
        for start in range(0, 22050, 1024):
            frame = av.AudioFrame.from_ndarray(tone[:, start : start + 1024], "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = 44100, start, Fraction(1, 44100)
            output.mux(sound.encode(frame))
        for t in range(12):
            frame = av.VideoFrame.from_ndarray(np.full((40, 64, 3), 15 * t, np.uint8), "rgb24")
            frame.pts, frame.time_base = t, Fraction(1, 25)
            output.mux(video.encode(frame))
        output.mux([*video.encode(None), *sound.encode(None)])
    return path


def film(path):
    """All that is beside the pictures, read with nothing of ours."""
    with av.open(str(path)) as container:
        kinds = [stream.type for stream in container.streams]
        facts = {
            "title": container.metadata.get("title"),
            "chapters": [(c["start"] * c["time_base"], c["metadata"]["title"]) for c in container.chapters()],
            "languages": [s.language for s in container.streams if s.type in ("audio", "subtitle")],
            "default": [bool(s.disposition & av.stream.Disposition.default) for s in container.streams.subtitles],
            "attached": [(s.name, s.data) for s in container.streams if s.type == "attachment"],
        }
        packets = {"audio": [], "subtitle": []}
        for packet in container.demux([s for s in container.streams if s.type in packets]):
            # MP4 fills the time between subtitles with empty ones, some of no length.
            if packet.size and bytes(packet) != b"\0\0":
                packets[packet.stream.type].append((float(packet.pts * packet.time_base), bytes(packet)))
    return kinds, facts, packets


@pytest.mark.parametrize(("name", "subtitles"), [("film.mkv", "subrip"), ("film.mp4", "mov_text")])
def test_a_film_stays_whole(tmp_path, capsys, name, subtitles):
    source, out = write_film(tmp_path / name, subtitles), tmp_path / f"out_{name}"
    assert call(source, "-o", out) == 0
    assert "lgtsm inpaint:" not in capsys.readouterr().err  # nothing to complain of
    (_, facts, before), (kinds, facts_after, after) = film(source), film(out)
    assert kinds[0] == "video"
    assert facts_after == facts
    assert facts["title"] == "My film" and len(facts["chapters"]) == 2 and facts["languages"] == ["fra", "fra"]
    assert facts["attached"] == ([("font.ttf", b"letters")] if name == "film.mkv" else [])
    for kind in before:
        assert [data for _, data in after[kind]] == [data for _, data in before[kind]]
        assert np.allclose([at for at, _ in after[kind]], [at for at, _ in before[kind]], atol=0.0011)
    assert any(b"and goodbye" in data for _, data in after["subtitle"])


@pytest.mark.parametrize(
    ("name", "subtitles", "target", "offered"),
    [("film.mkv", "subrip", "out.mp4", ".mkv"), ("film.mp4", "mov_text", "out.mkv", ".mp4")],
)
def test_what_cannot_be_copied_is_said_and_can_be_left_out(tmp_path, capsys, name, subtitles, target, offered):
    source = write_film(tmp_path / name, subtitles)
    assert call(source, "-o", tmp_path / target) == 2
    said = capsys.readouterr().err
    assert f"cannot hold the subtitles of {name}" in said and f"does not take {subtitles}" in said
    assert f"Write to a file ending in {offered}, or leave the subtitles out" in said
    assert not (tmp_path / target).exists()
    assert call(source, "-o", tmp_path / target, "--no-subtitles") == 0
    assert "not all kept" not in capsys.readouterr().err
    info = probe(tmp_path / target)
    assert (info.audio_codecs, info.subtitles) == (("aac",), ())
    assert call(source, "-o", tmp_path / target, "--no-sound", "--no-subtitles") == 0
    assert probe(tmp_path / target).audio_codecs == ()


def test_the_last_frame_is_shown_as_long_as_before(tmp_path, data_folder):
    """Its end is nowhere but in its own length, which is not the mean one."""
    source = data_folder / "odd" / "vfr_traffic.mp4"
    assert call(source, "-o", tmp_path / "out.mp4") == 0
    before, after = probe(source), probe(tmp_path / "out.mp4")
    assert before.variable_frame_rate and after.duration == before.duration
    assert abs(before.duration - before.frames / before.fps) < Fraction(1, 10**6)


@pytest.mark.parametrize("named", [True, False])
def test_square_pixels_are_named_as_before(tmp_path, data_folder, named):
    source = data_folder / "odd" / ("three_frames.mp4" if named else "fps_59_94.mp4")
    assert call(source, "-o", tmp_path / "out.mp4") == 0
    with av.open(str(source)) as before, av.open(str(tmp_path / "out.mp4")) as after:
        ratios = [container.streams.video[0].sample_aspect_ratio for container in (before, after)]
    assert ratios[0] == ratios[1]
    assert bool(ratios[0]) == named


def test_finer_colours_than_8_bits_are_said_to_be_lost(tmp_path, capsys):
    frames = np.random.default_rng(0).integers(0, 256, (3, 40, 64, 3), dtype=np.uint8)
    with VideoWriter(tmp_path / "deep.mkv", 25, 40, 64, Encoding("ffv1", pix_fmt="yuv420p10le")) as writer:
        for frame in frames:
            writer.write(frame)
    assert call(tmp_path / "deep.mkv", "-o", tmp_path / "out.mkv") == 0
    said = capsys.readouterr().err
    assert "more than 8 bits a color (yuv420p10le)" in said
    assert probe(tmp_path / "out.mkv").pix_fmt == "yuv420p10le"


def test_folders_of_jpeg_in_and_out(tmp_path, capsys):
    y, x = np.mgrid[0:40, 0:64]
    frames = np.stack([np.stack([x * 3, y * 5, x + y + 8 * t], -1) for t in range(4)]).astype(np.uint8)
    with VideoWriter(f"{tmp_path}/in/", 25, 40, 64, Encoding("jpg")) as writer:
        for frame in frames:
            writer.write(frame)
    assert call(tmp_path / "in", "-o", tmp_path / "out", "--codec", "jpg") == 0
    assert call(tmp_path / "in", "-o", tmp_path / "exact") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"{t:05d}.jpg" for t in range(4)]
    for t in range(4):
        was, jpg, png = (
            cv2.imread(str(next((tmp_path / folder).glob(f"{t:05d}.*")))).astype(int)
            for folder in ("in", "out", "exact")
        )
        assert np.array_equal(png[20:], was[20:]) and np.abs(jpg - png).max() < 24
    for words, sentence in (
        (("--codec", "libx264"), "of codec png or jpg"),
        (("--codec", "jpg", "--lossless"), "JPEG"),
    ):
        assert call(tmp_path / "in", "-o", tmp_path / "other", *words) == 2
        assert sentence in capsys.readouterr().err
