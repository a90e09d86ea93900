"""Samples of the video outside the hole: bit for bit to the encoder, and in their place after ten passes."""

import itertools

import av
import numpy as np
import pytest

from lgtsm.video import Encoding, VideoError, VideoWriter, open_video
from lgtsm.video.color import ColorTags
from lgtsm.video.known_samples import KnownSamples
from lgtsm.video.planes import samples
from lgtsm.video.probe import probe
from tests.video.stored_clips import HEIGHT, WIDTH, read_stored, shift, write_stored

BOX = (slice(33, 58), slice(41, 70))  # odd edges cut chroma samples


def fill_box(source, target, keep=True, **encoding):
    """Copy a video with a box of one color in every frame, as a fill does."""
    info = probe(source)
    changed = np.zeros((info.height, info.width), bool)
    changed[BOX] = True
    with (
        open_video(source, "pyav", index=info.index) as reader,
        VideoWriter(target, None, info.height, info.width, Encoding(**encoding), like=info) as writer,
    ):
        for image, stored in reader.pictures():
            image[BOX] = (200, 60, 20)
            writer.write(image, *(stored, changed) if keep else ())
    return target


def untouched(plane):
    """Return where samples of a plane have no pixel in the box."""
    rows, columns = HEIGHT // plane.shape[0], WIDTH // plane.shape[1]
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[BOX] = True
    return ~inside.reshape(plane.shape[0], rows, plane.shape[1], columns).any((1, 3))


FORMATS = ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "gray", "yuva420p"]


@pytest.mark.parametrize("pix_fmt", FORMATS)
@pytest.mark.parametrize(
    ("siting", "space", "range"),
    [("left", "bt709", "tv"), ("center", "smpte170m", "pc"), ("topleft", "bt2020nc", "tv")],
)
def test_stored_samples_outside_the_box_stay_bit_for_bit(tmp_path, pix_fmt, siting, space, range):
    before = write_stored(tmp_path / "a.mkv", pix_fmt, siting, space=space, range=range)
    after = fill_box(before, tmp_path / "b.mkv", codec="ffv1", pix_fmt=None if pix_fmt[:3] == "yuv" else pix_fmt)
    one, other = probe(before), probe(after)
    tags = ("pix_fmt", "color_space", "color_range", "chroma_siting")
    assert [getattr(other, tag) for tag in tags] == [getattr(one, tag) for tag in tags]
    for old, new in zip(read_stored(before), read_stored(after), strict=True):
        for a, b in zip(old, new, strict=True):
            where = untouched(a)
            np.testing.assert_array_equal(b[where], a[where])
            assert (b[~where] != a[~where]).mean() > 0.9


def test_stored_rgb_of_ten_bits_stays_too(tmp_path):
    before = write_stored(tmp_path / "a.mkv", "gbrp10le", space="gbr")
    after = fill_box(before, tmp_path / "b.mkv", codec="ffv1", pix_fmt="gbrp10le")
    for old, new in zip(read_stored(before), read_stored(after), strict=True):
        for a, b in zip(old, new, strict=True):
            where = untouched(a)
            np.testing.assert_array_equal(b[where], a[where])
            assert (b[~where] != a[~where]).mean() > 0.9


@pytest.mark.parametrize("target", ["yuv420p10le", "yuv422p", "yuv444p"])
def test_another_pixel_format_is_converted_without_rgb(tmp_path, target):
    before = write_stored(tmp_path / "a.mkv", "yuv420p", "left")
    after = fill_box(before, tmp_path / "b.mkv", codec="ffv1", pix_fmt=target)
    scale = 4 if "10" in target else 1
    for old, new in zip(read_stored(before), read_stored(after), strict=True):
        where = untouched(old[0])
        np.testing.assert_array_equal(new[0][where], old[0][where].astype(int) * scale)


@pytest.mark.parametrize(
    "pix_fmt", ["rgba", "argb", "bgra", "rgb24", "bgr0", "rgba64le", "nv12", "gbrap", "yuva444p10le"]
)
def test_planes_are_views_of_the_frame(pix_fmt):
    frame = av.VideoFrame(34, 18, pix_fmt)
    for plane in samples(frame):
        plane[:] = np.arange(plane.size, dtype=np.uint8).reshape(plane.shape)
    again = [plane.copy() for plane in samples(frame)]
    for plane, stored in zip(again, frame.planes):
        width = plane.shape[1] * plane.shape[2]
        lines = np.frombuffer(bytes(stored), np.uint8).reshape(-1, stored.line_size)[: plane.shape[0], :width]
        np.testing.assert_array_equal(lines.reshape(plane.shape), plane)
    bits = sum(plane.size * 8 for plane in again)
    assert bits == 34 * 18 * {"gbrap": 32, "yuva444p10le": 64}.get(pix_fmt, frame.format.padded_bits_per_pixel)


def test_turned_video_keeps_its_samples_upright(odd, tmp_path):
    data = bytearray((odd / "three_frames.mp4").read_bytes())
    at = data.find(b"tkhd") + 44  # the display matrix: a quarter turn clockwise
    data[at : at + 36] = b"".join(n.to_bytes(4, "big", signed=True) for n in (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30))
    source = tmp_path / "turned.mp4"
    source.write_bytes(data)
    assert (probe(source).rotation, probe(source).chroma_siting) == (90, "top")
    after = fill_box(source, tmp_path / "b.mkv", codec="ffv1")
    assert probe(after).chroma_siting == "top"
    changed = np.zeros((320, 180), bool)
    changed[BOX] = True
    halved = changed.reshape(160, 2, 90, 2).any((1, 3))
    for old, new in zip(read_stored(source), read_stored(after), strict=True):
        for a, b, where in zip(old, new, (~changed, ~halved, ~halved), strict=True):
            np.testing.assert_array_equal(b[where], np.rot90(a, -1)[where])


COMBINATIONS = [
    *itertools.product(["yuv420p", "yuv420p10le"], ["left", "center", "topleft"], ["bt709"], ["tv"]),
    *itertools.product(["yuv422p", "yuv422p10le"], ["left"], ["smpte170m"], ["tv", "pc"]),
    *itertools.product(["yuv444p", "yuv444p10le"], ["unspecified"], ["bt2020nc"], ["tv", "pc"]),
    *itertools.product(["yuv420p"], ["left", "center", "topleft"], ["smpte170m", "bt2020nc"], ["pc"]),
    ("yuv420p", "unspecified", "unknown", "tv"),
]


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "through-rgb"])
@pytest.mark.parametrize(("pix_fmt", "siting", "space", "range"), COMBINATIONS)
def test_nothing_moves_in_ten_passes(tmp_path, pix_fmt, siting, space, range, keep):
    """Through RGB too, which fills and outputs with other color tags are written from."""
    first = path = write_stored(tmp_path / "0.mkv", pix_fmt, siting, space=space, range=range)
    for number in np.arange(1, 11):
        path = fill_box(path, tmp_path / f"{number}.mkv", keep=keep, codec="libx264" if keep else "ffv1", crf=1)
    for old, new in zip(read_stored(first)[1], read_stored(path)[1], strict=True):
        right = slice(old.shape[1] // 2, None)  # beside the box
        assert np.abs(shift(old[:, right], new[:, right])).max() < (0.01 if keep else 0.015)
        if keep:
            assert new[:, right].std() / old[:, right].std() == pytest.approx(1, abs=0.005)


def test_the_shift_of_a_plane_is_measured_right():
    y, x = np.mgrid[:60, :80]
    plane = np.sin(x / 5) + np.cos(y / 7 + x / 11)
    moved = np.sin((x - 0.2) / 5) + np.cos((y + 0.1) / 7 + (x - 0.2) / 11)
    assert shift(plane, moved) == pytest.approx((-0.1, 0.2), abs=2e-3)


@pytest.mark.parametrize("siting", ["left", "center", "topleft", "top", "bottomleft", "bottom"])
@pytest.mark.parametrize("fields", ["prog", "tff"])
def test_siting_is_found_and_kept(tmp_path, siting, fields):
    source = write_stored(tmp_path / "a.mp4", "yuv420p", siting, fields, codec="libx264", crf="1")
    assert probe(source).chroma_siting == siting
    assert probe(fill_box(source, tmp_path / "b.mp4")).chroma_siting == siting


@pytest.mark.parametrize("fields", ["tff", "bff"])
@pytest.mark.parametrize(
    ("name", "codec"), [("b.mp4", "libx264"), ("b.mkv", "ffv1"), ("b.mkv", "mpeg2video"), ("b.mov", "prores_ks")]
)
def test_interlaced_video_keeps_its_fields(tmp_path, fields, name, codec):
    deep = {"prores_ks": "yuv422p10le"}.get(codec, "yuv420p")
    source = write_stored(tmp_path / "a.mkv", deep, "left", fields)
    order = {"tff": "top field first", "bff": "bottom field first"}[fields]
    assert probe(source).field_order == order
    result = fill_box(source, tmp_path / name, codec=codec)
    assert probe(result).field_order == order
    with av.open(str(result)) as container:
        assert [frame.interlaced_frame for frame in container.decode(video=0)] == [True] * 4


def test_fields_of_two_colors_stay_apart(tmp_path):
    """Red lines between blue ones, as in a fast pan; chroma of the whole frame would mix them to purple."""
    source = write_stored(tmp_path / "a.mkv", "yuv420p", "left", "tff")
    info = probe(source)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[::2, :, 0], image[1::2, :, 2] = 200, 200
    with VideoWriter(tmp_path / "b.mkv", None, HEIGHT, WIDTH, Encoding(codec="ffv1"), like=info) as writer:
        for _ in range(4):
            writer.write(image)
    again = open_video(tmp_path / "b.mkv", "pyav").read([1])[0]
    assert np.abs(again.astype(int) - image).max() <= 3


@pytest.mark.parametrize(("name", "codec"), [("b.webm", None), ("b.mp4", "libx265"), ("b.gif", None)])
def test_codecs_without_fields_say_how_to_deinterlace(tmp_path, name, codec):
    source = write_stored(tmp_path / "a.mkv", "yuv420p", "left", "tff")
    with pytest.raises(VideoError, match=r"interlaced \(top field first\), which .* cannot.*bwdif"):
        fill_box(source, tmp_path / name, codec=codec)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mkv"]


@pytest.mark.parametrize("pix_fmt", ["yuva420p", "yuva444p10le", "bgra", "rgba64le"])
def test_what_was_removed_leaves_no_outline_in_alpha(tmp_path, pix_fmt):
    """A box that is opaque on a transparent picture is transparent once filled; the rest keeps its alpha."""
    changed = np.zeros((HEIGHT, WIDTH), bool)
    changed[BOX] = True
    frame, made = av.VideoFrame(WIDTH, HEIGHT, pix_fmt), av.VideoFrame(WIDTH, HEIGHT, pix_fmt)
    bits = frame.format.components[-1].bits
    high = np.uint16 if bits > 8 else np.uint8

    def alpha(frame):
        plane = samples(frame)[-1]
        return plane[..., -plane.shape[2] // (4 if len(frame.planes) == 1 else 1) :].view(high)[..., 0]

    alpha(frame)[:] = 0
    alpha(frame)[:, WIDTH // 2 :] = 77
    alpha(frame)[BOX] = (1 << bits) - 1
    kept = alpha(KnownSamples(ColorTags(), moved=False).keep(frame, made, changed))
    assert (kept[~changed] == np.where(np.arange(WIDTH) < WIDTH // 2, 0, 77)[None].repeat(HEIGHT, 0)[~changed]).all()
    assert kept[BOX].max() <= 77
