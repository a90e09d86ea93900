"""What a filled video keeps of its source's coding: codec, profile, depth, alpha, colors, bit rate, known pixels.

Sources are made and results are read with PyAV alone.
"""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from lgtsm.inference.inpainter import Inpainter
from lgtsm.models.methods import load_method
from lgtsm.video.encoding import Encoding
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.planes import values

CLIP = Path(__file__).parents[1] / "data" / "odd" / "with_audio.mp4"
WIDTH, HEIGHT, FRAMES, RATE = 256, 144, 36, 25
BOX = (16, 16, 40, 32)
DISPLAY = "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50)"
HDR = {"x265-params": f"log-level=error:master-display={DISPLAY}:max-cll=1000,400", "crf": "24"}
QUIET = {"x265-params": "log-level=error", "crf": "24"}


@pytest.fixture(scope="module")
def pictures():
    """Frames of a real clip, small, in rgba with a transparent left half."""
    with av.open(str(CLIP)) as container:
        found = []
        for frame in container.decode(video=0):
            pixels = frame.reformat(WIDTH, HEIGHT, "rgba").to_ndarray()
            pixels[:, : WIDTH // 2, 3] = 40
            found.append(pixels)
            if len(found) == FRAMES:
                return found


def make(path, pictures, codec, form, options=None, colors=(1, 1, 1, 1), bit_rate=0):
    """Encode the frames with PyAV."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, RATE, options=options or {})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, form
        context = stream.codec_context
        context.time_base = Fraction(1, RATE)
        if bit_rate:
            context.bit_rate = bit_rate
        if form.startswith("yuv"):
            context.colorspace, context.color_primaries, context.color_trc, context.color_range = colors
        if form.startswith("yuva") and codec == "libvpx-vp9":
            stream.metadata["alpha_mode"] = "1"
        for number, pixels in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format=form)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


def fill(source, target, encoding=Encoding()):  # noqa: B008 - frozen
    Inpainter(load_method("mean-color"), "cpu").fill_file(source, MaskChoice(boxes=(BOX,)), target, encoding)
    return target


def facts(path):
    """(codec, profile, pixel format, color tags) by PyAV."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        context = stream.codec_context
        tags = tuple(int(tag) for tag in (frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range))
        return context.codec.canonical_name, context.profile, frame.format.name, tags


def size(path):
    """Bytes of all packets of the video."""
    with av.open(str(path)) as container:
        return sum(packet.size for packet in container.demux(video=0))


def known_psnr(one, other):
    """PSNR of luma, or of the first plane, away from the box."""
    errors = []
    with av.open(str(one)) as first, av.open(str(other)) as second:
        for before, after in zip(first.decode(video=0), second.decode(video=0), strict=True):
            peak = 2.0 ** before.format.components[0].bits - 1
            a, b = (values(frame)[0].astype(float) / peak for frame in (before, after))
            x, y, width, height = BOX
            known = np.ones(a.shape, bool)
            known[max(0, y - 8) : y + height + 8, max(0, x - 8) : x + width + 8] = False
            errors.append(np.square(a - b)[known].mean())
    return -10 * np.log10(max(np.mean(errors), 1e-10))


SAME = {  # name, encoder, its options, pixel format, profile: kept in the same container
    "h264 of high rate": ("a.mp4", "libx264", {"crf": "15"}, "yuv420p", "High"),
    "h264 of low rate": ("a.mkv", "libx264", {"crf": "26"}, "yuv420p", "High"),
    "h264 baseline": ("a.mp4", "libx264", {"crf": "22", "profile": "baseline"}, "yuv420p", "Constrained Baseline"),
    "h264 main": ("a.ts", "libx264", {"crf": "22", "profile": "main"}, "yuv420p", "Main"),
    "h264 in 10 bits": ("a.mov", "libx264", {"crf": "20"}, "yuv420p10le", "High 10"),
    "h264 4:2:2": ("a.mp4", "libx264", {"crf": "20"}, "yuv422p", "High 4:2:2"),
    "h264 4:4:4": ("a.mp4", "libx264", {"crf": "20"}, "yuv444p", "High 4:4:4 Predictive"),
    "hevc": ("a.mp4", "libx265", QUIET, "yuv420p", "Main"),
    "hevc in 10 bits": ("a.mkv", "libx265", QUIET, "yuv420p10le", "Main 10"),
    "vp9": ("a.webm", "libvpx-vp9", {"crf": "30"}, "yuv420p", "Profile 0"),
    "vp9 4:4:4": ("a.mkv", "libvpx-vp9", {"crf": "30"}, "yuv444p", "Profile 1"),
    "av1": ("a.webm", "libsvtav1", {"crf": "30"}, "yuv420p", "Main"),
    "av1 in 10 bits": ("a.mp4", "libsvtav1", {"crf": "30"}, "yuv420p10le", "Main"),
    "prores": ("a.mov", "prores_ks", {"profile": "lt"}, "yuv422p10le", "LT"),
    "dnxhr": ("a.mov", "dnxhd", {"profile": "dnxhr_sq"}, "yuv422p", "DNXHR SQ"),
    "mjpeg": ("a.avi", "mjpeg", {"qmin": "4", "qmax": "4"}, "yuvj422p", "Baseline"),
    "mpeg2": ("a.ts", "mpeg2video", {"qmin": "4", "qmax": "4"}, "yuv420p", "Main"),
    "mpeg2 4:2:2": ("a.mpg", "mpeg2video", {"qmin": "4", "qmax": "4"}, "yuv422p", "4:2:2"),
    "mpeg4": ("a.avi", "mpeg4", {"qmin": "4", "qmax": "4"}, "yuv420p", "Simple Profile"),
    "vp8": ("a.webm", "libvpx", {"crf": "12", "b": "900k"}, "yuv420p", None),
}
LOSSLESS = {
    "ffv1": ("a.mkv", "ffv1", "yuv420p10le"),
    "ffv1 in avi": ("a.avi", "ffv1", "yuv422p"),
    "ffv1 of rgb": ("a.mkv", "ffv1", "bgr0"),
    "ffv1 of deep rgb": ("a.mkv", "ffv1", "gbrp10le"),
    "huffyuv": ("a.avi", "huffyuv", "yuv422p"),
    "utvideo": ("a.avi", "utvideo", "yuv420p"),
    "png": ("a.mov", "png", "rgb24"),
    "qtrle": ("a.mov", "qtrle", "rgb24"),
}


@pytest.mark.parametrize("kind", SAME)
def test_codec_profile_format_and_rate_stay(pictures, tmp_path, kind):
    name, codec, options, form, profile = SAME[kind]
    source = make(tmp_path / name, pictures, codec, form, options)
    before = facts(source)
    assert before[1:3] == (profile, form)  # the test itself
    target = fill(source, tmp_path / f"out{source.suffix}")
    assert facts(target)[: 3 if codec == "libvpx" else 4] == before[: 3 if codec == "libvpx" else 4]  # VP8 has no tags
    assert 0.7 < size(target) / size(source) < 1.5
    assert known_psnr(source, target) > 39


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_stays_lossless(pictures, tmp_path, kind):
    name, codec, form = LOSSLESS[kind]
    source = make(tmp_path / name, pictures, codec, form)
    target = fill(source, tmp_path / f"out{source.suffix}")
    assert facts(target)[::2] == facts(source)[::2]
    x, y, width, height = BOX
    with av.open(str(source)) as first, av.open(str(target)) as second:
        for before, after in zip(first.decode(video=0), second.decode(video=0), strict=True):
            for one, other in zip(*map(samples_of, (before, after)), strict=True):
                down, across = -(-HEIGHT // one.shape[0]), -(-WIDTH // one.shape[1])
                one, other = one.copy(), other.copy()
                for plane in (one, other):
                    plane[y // down : (y + height) // down + 1, x // across : (x + width) // across + 1] = 0
                    if form == "bgr0":
                        plane[..., 3] = 0  # of no color
                assert np.array_equal(one, other)


def samples_of(frame):
    from lgtsm.video.planes import samples

    return samples(frame)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_hdr10_stays_in_hevc(pictures, tmp_path, suffix):
    source = make(tmp_path / f"a{suffix}", pictures, "libx265", "yuv420p10le", HDR, (9, 9, 16, 1))
    target = fill(source, tmp_path / f"out{suffix}")
    assert facts(target) == facts(source) == ("hevc", "Main 10", "yuv420p10le", (9, 9, 16, 1))
    assert side_data(target) == side_data(source) and len(side_data(source)) == 2
    assert 0.7 < size(target) / size(source) < 1.5
    if suffix != ".mkv":
        with av.open(str(target)) as container:
            assert container.streams.video[0].codec_context.codec_tag == "hvc1"


def test_hdr10_goes_to_webm_in_av1(pictures, tmp_path):
    source = make(tmp_path / "a.mkv", pictures, "libx265", "yuv420p10le", HDR, (9, 9, 16, 1))
    assert facts(fill(source, tmp_path / "out.webm")) == ("av1", "Main", "yuv420p10le", (9, 9, 16, 1))


def test_hlg_keeps_its_transfer(pictures, tmp_path):
    source = make(tmp_path / "a.mp4", pictures, "libx265", "yuv420p10le", QUIET, (9, 9, 18, 1))
    assert facts(fill(source, tmp_path / "out.mp4"))[3] == (9, 9, 18, 1)


def side_data(path):
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        kinds = ("MASTERING_DISPLAY_METADATA", "CONTENT_LIGHT_LEVEL")
        return {name: bytes(frame.side_data.get(name)) for name in kinds if frame.side_data.get(name) is not None}


@pytest.mark.parametrize(
    ("name", "codec", "form", "options"),
    [("a.webm", "libvpx-vp9", "yuva420p", {"crf": "30"}), ("a.mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
     ("a.mkv", "ffv1", "yuva420p", {}), ("a.mov", "png", "rgba", {}), ("a.mov", "qtrle", "argb", {})],
)  # fmt: skip
def test_alpha_stays(pictures, tmp_path, name, codec, form, options):
    source = make(tmp_path / name, pictures, codec, form, options)
    target = fill(source, tmp_path / f"out{source.suffix}")
    assert facts(target)[:2] == facts(source)[:2]
    before, after = ([alpha.astype(int) for alpha in alphas(path, codec)] for path in (source, target))
    assert len(before) == len(after) == FRAMES
    for one, other in zip(before, after, strict=True):
        assert abs(one[:, : WIDTH // 2].mean() - 40) < 4 and abs(one - other).mean() < 2


def alphas(path, codec):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = av.CodecContext.create(codec, "r") if codec.startswith("libvpx") else stream.codec_context
        packets = [packet for packet in container.demux(stream) if packet.size]
        frames = [frame for packet in packets for frame in context.decode(packet)] + context.decode(None)
        return [frame.reformat(format="rgba").to_ndarray()[..., 3] for frame in frames]


@pytest.mark.parametrize(
    ("name", "codec", "form", "options", "target", "found"),
    [
        ("a.mkv", "libx265", "yuv420p10le", QUIET, "out.mp4", ("hevc", "Main 10", "yuv420p10le")),
        ("a.webm", "libvpx-vp9", "yuv420p", {"crf": "30"}, "out.mp4", ("vp9", "Profile 0", "yuv420p")),
        ("a.webm", "libvpx-vp9", "yuv420p", {"crf": "30"}, "out.mov", ("h264", "High", "yuv420p")),
        ("a.mp4", "libx264", "yuv420p", {"crf": "22"}, "out.webm", ("vp9", "Profile 0", "yuv420p")),
        ("a.mp4", "libx264", "yuv420p", {"crf": "22"}, "out.mpg", ("mpeg2video", "Main", "yuv420p")),
        ("a.mp4", "libx265", "yuv420p10le", QUIET, "out.avi", ("h264", "High 10", "yuv420p10le")),
        ("a.mov", "prores_ks", "yuv422p10le", {}, "out.mp4", ("h264", "High 4:2:2", "yuv422p10le")),
        ("a.mkv", "ffv1", "yuv420p10le", {}, "out.mp4", ("h264", "High 10", "yuv420p10le")),
        ("a.ts", "mpeg2video", "yuv420p", {"qmin": "4", "qmax": "4"}, "out.mp4", ("h264", "High", "yuv420p")),
        ("a.webm", "libvpx", "yuv420p", {"crf": "12", "b": "900k"}, "out.mp4", ("h264", "High", "yuv420p")),
    ],
)
def test_other_containers_take_it_or_the_usual_one(pictures, tmp_path, name, codec, form, options, target, found):
    source = make(tmp_path / name, pictures, codec, form, options)
    out = fill(source, tmp_path / target)
    assert facts(out)[:3] == found
    assert known_psnr(source, out) > 38
    if codec not in ("prores_ks", "ffv1"):
        assert 0.5 < size(out) / size(source) < 5  # older codecs need more


def test_a_source_of_few_bits_does_not_fall_apart(pictures, tmp_path):
    source = make(tmp_path / "a.mp4", pictures, "libx264", "yuv420p", {"crf": "42"})
    target = fill(source, tmp_path / "out.mp4")
    assert known_psnr(source, target) > 38
    assert size(target) < 5 * size(source)


def test_what_is_asked_for_wins(pictures, tmp_path):
    source = make(tmp_path / "a.mp4", pictures, "libx265", "yuv420p", QUIET)
    rough, fine = (fill(source, tmp_path / f"{crf}.mp4", Encoding(crf=crf)) for crf in (40, 12))
    assert size(rough) < 0.5 * size(source) < 0.5 * size(fine)
    assert facts(rough)[0] == facts(fine)[0] == "hevc"
    assert facts(fill(source, tmp_path / "b.mp4", Encoding("libx264")))[0] == "h264"
    assert facts(fill(source, tmp_path / "c.mkv", Encoding(lossless=True)))[0] == "ffv1"
    assert facts(fill(source, tmp_path / "d.mp4", Encoding(pix_fmt="yuv420p")))[0] == "h264"


@pytest.mark.parametrize("suffix", [".gif", ".apng"])
def test_animations_stay_what_they_are(pictures, tmp_path, suffix):
    codec, form = {".gif": ("gif", "rgb8"), ".apng": ("apng", "rgb24")}[suffix]
    source = make(tmp_path / f"a{suffix}", pictures, codec, form)
    target = fill(source, tmp_path / f"out{suffix}")
    assert facts(target)[0] == codec
    with av.open(str(target)) as container:
        assert sum(1 for _ in container.decode(video=0)) == FRAMES
