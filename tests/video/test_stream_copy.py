"""Sound and other streams that are copied: times that go wrong, packets that no container takes, ends of files."""

import itertools
from fractions import Fraction

import av
import numpy as np
import pytest

from lgtsm.video import Encoding, VideoWriter, open_video
from lgtsm.video.errors import VideoError
from lgtsm.video.kept import not_kept
from lgtsm.video.probe import probe
from lgtsm.video.rehearsal import Rehearsal


def add_sound(path, codec, target, rate=48000):
    """Write the pictures of a file beside a tone of 0.4 s; return the sound's packets as bytes, by time."""
    with av.open(str(path)) as source, av.open(str(target), "w") as output:
        video = output.add_stream_from_template(source.streams.video[0], opaque=True)
        sound = output.add_stream(codec, rate)
        output.start_encoding()
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = video
                output.mux(packet)
        form, size = sound.codec_context.format.name, sound.codec_context.frame_size or 1024
        tone = (8000 * np.sin(np.arange(rate * 4 // 10) / 20)).astype(np.int16)
        for start in range(0, len(tone) - size, size):
            frame = av.AudioFrame.from_ndarray(np.repeat(tone[start : start + size], 2)[None], "s16", "stereo")
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            for one in av.AudioResampler(form, "stereo", rate).resample(frame):
                output.mux(sound.encode(one))
        output.mux(sound.encode(None))
    return sound_of(target)


def sound_of(path):
    """(seconds, bytes) of the packets of the first sound stream, read with PyAV alone."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
        return [(float(packet.pts * packet.time_base), bytes(packet)) for packet in packets]


def copy_time(path, packets, number, other):
    """Give a packet of a Matroska file the time of another one in its only cluster."""
    data = bytearray(path.read_bytes())
    # A block is its track, its time (2 bytes), its flags, and the packet.
    to, at = (data.index(packets[k][1]) for k in (number, other))
    data[to - 3 : to - 1] = data[at - 3 : at - 1]
    path.write_bytes(data)


def copy(source, target):
    """Write the pictures of a file again with its sound; return the writer."""
    info = probe(source)
    with (
        open_video(source, "pyav") as reader,
        VideoWriter(target, None, info.height, info.width, like=info, source_path=source) as writer,
    ):
        for frame in reader:
            writer.write(frame)
    return writer


@pytest.fixture
def film(write, make_clip, tmp_path):
    """A Matroska file with sound, and the sound's packets."""

    def make(codec="aac", name="film.mkv"):
        plain = write("plain.mkv", make_clip(10))
        return tmp_path / name, add_sound(plain, codec, tmp_path / name)

    return make


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts", ".avi", ".flv"])
@pytest.mark.parametrize("kind", ["duplicate", "backward"])
def test_a_time_that_does_not_rise_is_raised_and_said(film, tmp_path, suffix, kind):
    source, before = film()
    copy_time(source, before, 6, 5 if kind == "duplicate" else 3)
    writer = copy(source, tmp_path / f"out{suffix}")
    after = sound_of(tmp_path / f"out{suffix}")
    assert probe(tmp_path / f"out{suffix}").frames == 10
    if suffix == ".avi":
        before = before[1:]  # the lead of the encoder: in AVI, sound begins with the pictures
    if suffix not in (".ts", ".flv"):  # their packets have other headers
        assert [data for _, data in after] == [data for _, data in before]
    assert len(after) == len(before)
    times = [time for time, _ in after]
    assert all(a <= b for a, b in itertools.pairwise(times))
    others = [
        abs((a - times[0]) - (b - before[0][0]))
        for k, (a, (b, _)) in enumerate(zip(times, before, strict=True))
        if k != 6 and suffix != ".avi"
    ]
    assert max(others, default=0) < 0.002
    assert times[5] <= times[6] <= times[5] + 0.002 or suffix == ".avi"
    said = "In sound 1 of film.mkv, 1 packet came no later than the one before"
    keeps_equal = suffix in (".mkv", ".flv") and kind == "duplicate"
    assert writer.notices == [] if keeps_equal else writer.notices[0].startswith(said) and len(writer.notices) == 1


def test_good_sound_is_not_talked_about(film, tmp_path):
    source, before = film()
    assert copy(source, tmp_path / "out.mp4").notices == []
    assert [data for _, data in sound_of(tmp_path / "out.mp4")] == [data for _, data in before]


@pytest.fixture
def tamper(monkeypatch):
    """Let a function change the packets of sound, called with their number, before they are copied."""
    from lgtsm.video import pyav, stream_copy

    def with_change(change):
        class Tampered:
            def __getattr__(self, name):
                return getattr(pyav, name)

            @staticmethod
            def open_input(path):
                return _Packets(pyav.open_input(path), change)

        monkeypatch.setattr(stream_copy, "pyav", Tampered())

    return with_change


class _Packets:
    """An input whose packets have been tampered with, as no muxer would write them."""

    def __init__(self, container, change):
        self._container, self._change = container, change

    def __getattr__(self, name):
        return getattr(self._container, name)

    def demux(self, *streams):
        number = 0
        for packet in self._container.demux(*streams):
            if packet.size and packet.stream.type == "audio":
                self._change(number, packet)
                number += 1
            yield packet


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dts": None}, []),
        ({"pts": None}, []),
        ({"dts": None, "pts": None}, ["1 packet had no usable time"]),
        ({"dts": 2**62, "pts": 2**62}, ["1 packet had no usable time"]),
        ({"dts": -(2**62), "pts": -(2**62)}, ["1 packet had no usable time"]),
        ({"dts": 10**6, "pts": 10**6}, ["1 packet had no usable time"]),
        ({"pts": 2**62}, []),
        ({"duration": 2**62}, []),
    ],
)
def test_times_that_are_missing_or_absurd_are_guessed(film, tmp_path, tamper, change, said):
    source, before = film()
    tamper(lambda number, packet: [setattr(packet, *item) for item in change.items() if number == 4])
    writer = copy(source, tmp_path / "out.mp4")
    after = sound_of(tmp_path / "out.mp4")
    assert [data for _, data in after] == [data for _, data in before]
    assert np.allclose([time for time, _ in after], [time for time, _ in before], atol=0.0011)
    assert [one in two for one, two in zip(said, writer.notices, strict=True)] == [True] * len(said)


def test_a_packet_that_cannot_be_held_never_costs_the_pictures(film, tmp_path):
    """Transport streams refuse AAC packets of one byte, when they are written and not when they are handed over."""
    source, before = film()
    short = tmp_path / "short.mkv"
    with av.open(str(source)) as old, av.open(str(short), "w") as new:
        copies = [new.add_stream_from_template(stream, opaque=True) for stream in old.streams]
        for packet in old.demux():
            if packet.size:
                if bytes(packet) == before[9][1]:
                    one = av.Packet(b"x")
                    one.pts, one.dts, one.time_base = packet.pts, packet.dts, packet.time_base
                    one.stream = packet.stream
                    packet = one
                packet.stream = copies[packet.stream_index]
                new.mux(packet)
    writer = copy(short, tmp_path / "out.ts")
    assert probe(tmp_path / "out.ts").frames == 10
    assert len(sound_of(tmp_path / "out.ts")) == len(before) - 1
    (sentence,) = writer.notices
    assert sentence.startswith("In sound 1 of short.mkv, 1 packet cannot be held by ") and sentence.endswith(
        "left out."
    )


def test_a_full_disk_is_no_fault_of_a_packet(film, tmp_path, monkeypatch):
    source, _ = film()

    def takes(self, packet):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Rehearsal, "takes", takes)
    with pytest.raises(OSError, match="No space left"):
        copy(source, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_sound_that_ends_in_damage_is_kept_up_to_there(film, tmp_path, tamper):
    source, before = film()

    def fail(number, packet):
        if number == 6:
            raise av.error.InvalidDataError(1094995529, "Invalid data found")

    tamper(fail)
    writer = copy(source, tmp_path / "out.mp4")
    assert [data for _, data in sound_of(tmp_path / "out.mp4")] == [data for _, data in before[:6]]
    (sentence,) = writer.notices
    assert "film.mkv cannot be read beyond 0.1" in sentence and "sound 1" in sentence


def test_sound_of_one_family_is_the_same(film, tmp_path):
    """MP4 and transport streams give MP2 back as MP3, in the same packets."""
    source, before = film("mp2")
    for suffix in (".mp4", ".ts"):
        copy(source, tmp_path / f"out{suffix}")
        assert [data for _, data in sound_of(tmp_path / f"out{suffix}")] == [data for _, data in before]
        assert not_kept(probe(source), probe(tmp_path / f"out{suffix}")) == []


HOLDS = {  # by suffix: video encoder, sound
    ".ts": ("libx264", {"aac", "mp3", "ac3", "opus"}),
    ".m2ts": ("libx264", {"aac", "mp3", "ac3", "opus"}),
    ".mp4": ("libx264", {"aac", "mp3", "ac3", "opus", "flac"}),
    ".mov": ("libx264", {"aac", "mp3", "ac3", "pcm_s16le"}),
    ".mkv": ("libx264", {"aac", "mp3", "ac3", "opus", "flac", "pcm_s16le"}),
    ".webm": ("libvpx-vp9", {"opus"}),
    ".avi": ("mpeg4", {"aac", "mp3", "ac3", "flac", "pcm_s16le"}),
    ".flv": ("libx264", {"aac", "mp3", "ac3", "opus", "flac"}),
    ".mpg": ("mpeg2video", {"mp3", "ac3"}),
    ".3gp": ("mpeg4", {"aac"}),
    ".ogv": ("libvpx", {"opus", "flac"}),
}


@pytest.mark.parametrize("codec", ["aac", "libmp3lame", "ac3", "libopus", "flac", "pcm_s16le"])
def test_sound_is_kept_where_it_comes_back_and_refused_elsewhere(film, tmp_path, codec):
    source, before = film(codec)
    info, clip = probe(source), list(open_video(source, "pyav"))
    (name,) = info.audio_codecs
    for suffix, (encoder, kept) in HOLDS.items():
        target = tmp_path / f"out{suffix}"
        options = {"like": info, "source_path": source, "encoding": Encoding(encoder)}
        if name in kept:
            with VideoWriter(target, None, info.height, info.width, **options) as writer:
                for frame in clip:
                    writer.write(frame)
            assert writer.notices == []
            assert probe(target).audio_codecs == (name,) and len(sound_of(target)) >= len(before) - 1, suffix
        else:
            with pytest.raises(VideoError, match=f"hold the sound of film.mkv: {suffix} does not take {name}"):
                VideoWriter(target, None, info.height, info.width, **options)
            assert not target.exists()


def test_any_times_of_sound_leave_the_pictures(film, tmp_path, tamper):
    """Times and lengths at random, with a new seed each time: no error, all pictures, times that rise."""
    source, before = film()
    seed = int(np.random.default_rng().integers(1 << 31))
    print(f"seed {seed}")  # shown if this fails
    rng = np.random.default_rng(seed)
    values = [None, 0, -1, 1, 40, 10**6, 2**31, -(2**31), 2**40, 2**62, -(2**62)]

    def change(number, packet):
        for name in ("pts", "dts", "duration"):
            if rng.random() < 0.3:
                value = values[rng.integers(len(values))]
                setattr(packet, name, 0 if name == "duration" and value is None else value)

    tamper(change)
    for suffix in (".mp4", ".mov", ".mkv", ".ts", ".avi", ".flv"):
        writer = copy(source, tmp_path / f"out{suffix}")
        with av.open(str(tmp_path / f"out{suffix}")) as container:
            packets = [(packet.stream.type, packet.dts) for packet in container.demux() if packet.size]
        times = [time for kind, time in packets if kind == "audio"]
        assert len(packets) - len(times) == 10
        assert all(one <= other for one, other in itertools.pairwise(times))
        few = 3 if suffix == ".avi" else 0  # what comes before the pictures
        assert suffix in (".ts", ".flv") or len(before) - few <= len(times) <= len(before)
        assert len(writer.notices) <= 3
