"""Groups of pictures that are copied: their packets, all pictures, their order, times, sound, and what is refused."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from lgtsm.inference.copy_video import copy_video
from lgtsm.inference.inpainter import Inpainter
from lgtsm.models.methods import load_method
from lgtsm.video.encoding import Encoding
from lgtsm.video.h264_parameters import ParameterSets
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.planes import values
from lgtsm.video.probe import probe

CLIP = Path(__file__).parents[1] / "data" / "odd" / "with_audio.mp4"
WIDTH, HEIGHT, FRAMES, RATE = 160, 96, 60, 25
GROUP = 10
BOX = (16, 16, 40, 32)
ORDERS = {"no B": {"bf": "0"}, "one B": {"x264-params": "bframes=2:b-pyramid=none"}, "pyramid": {"bf": "4"}}


@pytest.fixture(scope="module")
def pictures():
    with av.open(str(CLIP)) as container:
        frames = [frame.reformat(WIDTH, HEIGHT, "rgb24").to_ndarray() for frame in container.decode(video=0)]
    return frames[:FRAMES]


def make(path, pictures, options=None, codec="libx264", form="yuv420p", times=None, sound=True):
    """Encode the frames with PyAV, in groups of ten."""
    with av.open(str(path), "w") as output:
        options = {"g": str(GROUP), "sc_threshold": "0", "crf": "20"} | (options or {})
        stream = output.add_stream(codec, RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, form
        stream.codec_context.time_base = Fraction(1, 1000)
        audio = output.add_stream("aac", 48000) if sound else None
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24").reformat(format=form)
            frame.pts = 40 * number if times is None else times[number]
            frame.time_base = Fraction(1, 1000)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
        if audio is not None:
            tone = (0.2 * np.sin(np.arange(1024 * 100) / 20)).astype(np.float32)
            for start in range(0, len(tone), 1024):
                frame = av.AudioFrame.from_ndarray(tone[None, start : start + 1024], "fltp", "mono")
                frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
                output.mux(audio.encode(frame))
            output.mux(audio.encode(None))
    return path


def fill(source, target, filled=(24, 37), encoding=Encoding(smart_copy=True)):  # noqa: B008 - frozen
    """Fill a box in frames `filled`, the last one included; return the sentences on what could not be done."""
    mask = np.zeros((FRAMES, HEIGHT, WIDTH), np.uint8)
    x, y, width, height = BOX
    mask[filled[0] : filled[1] + 1, y : y + height, x : x + width] = 255
    path = target.with_suffix(".npy")
    np.save(path, mask)
    return Inpainter(load_method("mean-color"), "cpu").fill_file(source, MaskChoice(path), target, encoding).notices


def packets_of(path, kind="video"):
    """(payload, time shown in seconds, time decoded) of each packet, as they lie."""
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [
            (
                bytes(packet),
                packet.pts * packet.time_base,
                None if packet.dts is None else packet.dts * packet.time_base,
            )
            for packet in container.demux(stream)
            if packet.size
        ]


def frames_of(path, threads="AUTO", seek=None):
    """(time shown in seconds, planes) of each frame, by FFmpeg's decoder."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = threads
        if seek is not None:
            container.seek(int(seek / stream.time_base), stream=stream)
        frames = container.decode(stream)
        return [(frame.pts * frame.time_base, [plane.copy() for plane in values(frame)]) for frame in frames]


def copied_numbers(filled):
    """The frames of groups of ten without any of `filled`."""
    groups = range(filled[0] // GROUP, filled[1] // GROUP + 1)
    return [number for number in range(FRAMES) if number // GROUP not in groups]


def check_result(source, target, filled, order="pyramid"):
    """Compare a result with its source: packets, frames, times, sound."""
    before, after = packets_of(source), packets_of(target)
    assert len(before) == len(after) == FRAMES
    copied = copied_numbers(filled)  # closed groups lie together: the same places in the order of decoding
    assert [after[place][0] for place in copied] == [before[place][0] for place in copied]
    start = min(shown for _, shown, _ in before) - min(shown for _, shown, _ in after)
    assert all(abs(after[place][1] + start - before[place][1]) < Fraction(1, 900) for place in copied)
    decoded = [(at, shown) for _, shown, at in after if at is not None]  # Matroska does not store them
    assert all(one < other for (one, _), (other, _) in pairwise(decoded))
    assert all(at <= shown for at, shown in decoded)
    for threads in ("NONE", "FRAME", "SLICE"):
        was, now = frames_of(source), frames_of(target, threads)
        assert len(now) == FRAMES
        for number, ((then, old), (when, new)) in enumerate(zip(was, now, strict=True)):
            assert abs(when + start - then) < Fraction(1, 900)
            if number in copied:
                assert all(np.array_equal(one, other) for one, other in zip(old, new, strict=True)), number
            else:  # encoded again
                known = np.ones(old[0].shape, bool)
                known[BOX[1] - 8 : BOX[1] + BOX[3] + 8, BOX[0] - 8 : BOX[0] + BOX[2] + 8] = False
                error = np.square(old[0].astype(float) - new[0])[known].mean()
                assert -10 * np.log10(error / (2 ** (8 if old[0].dtype == np.uint8 else 10) - 1) ** 2) > 36
    heard, hears = packets_of(source, "audio"), packets_of(target, "audio")
    assert [sound for sound, _, _ in heard] == [sound for sound, _, _ in hears]
    assert all(abs(one[1] - other[1] - start) < Fraction(1, 500) for one, other in zip(heard, hears))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_groups_without_holes_are_copied(pictures, tmp_path, order, suffix):
    source = make(tmp_path / f"a{suffix}", pictures, ORDERS[order])
    said = fill(source, tmp_path / f"out{suffix}")
    assert not said
    check_result(source, tmp_path / f"out{suffix}", (24, 37))


@pytest.mark.parametrize("filled", [(0, 3), (55, 59), (10, 19), (9, 10), (0, 49)])
def test_joints_anywhere(pictures, tmp_path, filled):
    source = make(tmp_path / "a.mp4", pictures)
    assert not fill(source, tmp_path / "out.mp4", filled)
    check_result(source, tmp_path / "out.mp4", filled)


@pytest.mark.parametrize(("one", "other"), [(".mp4", ".mkv"), (".mkv", ".mp4"), (".mkv", ".mov"), (".mov", ".mkv")])
def test_other_containers(pictures, tmp_path, one, other):
    source = make(tmp_path / f"a{one}", pictures)
    assert not fill(source, tmp_path / f"out{other}")
    check_result(source, tmp_path / f"out{other}", (24, 37))


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("yuv420p", {"profile": "baseline"}),
        ("yuv420p", {"profile": "main"}),
        ("yuv420p10le", {}),
        ("yuv422p", {}),
        ("yuv444p", {}),
        ("yuvj420p", {}),
        ("yuv420p", {"x264-params": "sps-id=31"}),
        ("yuv420p", {"refs": "1", "bf": "2", "x264-params": "weightp=0:cabac=0"}),
    ],
)
def test_profiles_and_formats(pictures, tmp_path, form, options):
    source = make(tmp_path / "a.mp4", pictures, options, form=form)
    assert not fill(source, tmp_path / "out.mp4")
    check_result(source, tmp_path / "out.mp4", (24, 37))


def test_a_variable_rate_stays(pictures, tmp_path):
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.integers(20, 70, FRAMES)).tolist()
    source = make(tmp_path / "a.mp4", pictures, times=times)
    assert not fill(source, tmp_path / "out.mp4")
    check_result(source, tmp_path / "out.mp4", (24, 37))


def test_search_finds_the_joints(pictures, tmp_path):
    """Decoding that begins at a group needs nothing before it, of either encoder."""
    source = make(tmp_path / "a.mp4", pictures)
    fill(source, tmp_path / "out.mp4")
    every = frames_of(tmp_path / "out.mp4")
    for number in (20, 40, 50):
        found = frames_of(tmp_path / "out.mp4", seek=every[number][0])
        assert len(found) == FRAMES - number
        for (_, one), (_, other) in zip(every[number:], found, strict=True):
            assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_header_holds_both_encodings_by_number(pictures, tmp_path):
    source = make(tmp_path / "a.mp4", pictures)
    fill(source, tmp_path / "out.mp4")
    sets = []
    for path in (source, tmp_path / "out.mp4"):
        with av.open(str(path)) as container:
            sets.append(ParameterSets.parse(container.streams.video[0].codec_context.extradata))
    before, after = sets
    assert after.sequences[:1] == before.sequences and after.pictures[:1] == before.pictures
    assert (len(after.sequences), len(after.pictures)) == (2, 2)
    assert after.profile == before.profile and after.level == max(unit[3] for unit in after.sequences)
    # The packets of the filled groups name the other number: FFmpeg's decoder cannot read them without.
    with av.open(str(tmp_path / "out.mp4")) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        context = av.CodecContext.create("h264", "r")
        context.extradata = before.pack()
        with pytest.raises(av.FFmpegError):
            context.decode(packets[20])


def test_without_a_hole_all_is_copied(pictures, tmp_path):
    source = make(tmp_path / "a.mp4", pictures)
    copy_video(probe(source), tmp_path / "out.mkv", Encoding(smart_copy=True))
    for kind in ("video", "audio"):
        assert [one[0] for one in packets_of(source, kind)] == [
            one[0] for one in packets_of(tmp_path / "out.mkv", kind)
        ]
    with av.open(str(source)) as one, av.open(str(tmp_path / "out.mkv")) as other:
        assert one.streams.video[0].codec_context.extradata == other.streams.video[0].codec_context.extradata


@pytest.mark.parametrize(
    ("name", "codec", "options", "why"),
    [
        ("a.mp4", "libx264", {"x264-params": "open-gop=1:bframes=3"}, "not closed|each of its groups"),
        ("a.mkv", "libx265", {"x265-params": "log-level=error:keyint=10"}, "only of H.264"),
        ("a.ts", "libx264", {}, "only of H.264, from and to .mp4, .mov or .mkv"),
        ("a.mp4", "libx264", {"g": "250"}, "each of its groups of pictures"),
        ("a.mp4", "libx264", {"flags": "+ilme+ildct", "x264-params": "tff=1"}, "interlaced"),
    ],
)
def test_what_cannot_be_copied_is_encoded_and_said(pictures, tmp_path, name, codec, options, why):
    source = make(tmp_path / name, pictures, options, codec)
    target = tmp_path / f"out{source.suffix}"
    (said,) = fill(source, target)
    assert said.startswith(f"Nothing of {target.name} is copied") and any(one in said for one in why.split("|"))
    assert len(frames_of(target)) == FRAMES


def test_parameter_sets_that_change_are_refused(pictures, tmp_path):
    """Two encodings one after the other, each with its sets in its packets."""
    parts = [make(tmp_path / f"{crf}.mp4", pictures[:30], {"x264-params": how}, sound=False) for crf, how in
             ((0, "repeat-headers=1:ref=1"), (1, "repeat-headers=1:ref=4"))]  # fmt: skip
    with av.open(str(parts[0])) as first, av.open(str(tmp_path / "a.mp4"), "w") as output:
        stream = output.add_stream_from_template(first.streams.video[0])
        for number, part in enumerate(parts):
            with av.open(str(part)) as container:
                for packet in container.demux(video=0):
                    if packet.size:
                        shift = int(number * Fraction(30, RATE) / packet.time_base)
                        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                        packet.stream = stream
                        output.mux(packet)
    (said,) = fill(tmp_path / "a.mp4", tmp_path / "out.mp4")
    assert "its parameter sets change on the way" in said
    assert len(frames_of(tmp_path / "out.mp4")) == FRAMES
