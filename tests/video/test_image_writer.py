"""Pictures go out in the form in which they came: name, depth, transparency, orientation, metadata; read by Pillow."""

import errno
import gc
import io
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, JpegImagePlugin, PngImagePlugin

from lgtsm.video import Encoding, VideoError, VideoWriter, open_video, png_chunks
from lgtsm.video.frame_folder import read_image
from lgtsm.video.probe import probe

HEIGHT, WIDTH = 40, 56
CHANGED = np.zeros((HEIGHT, WIDTH), bool)
CHANGED[12:20, 16:32] = True
FILL = np.uint8((200, 40, 90))
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def photo(channels=3, depth=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (5, 7, channels)).astype(np.float32)
    smooth = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC).reshape(HEIGHT, WIDTH, channels)
    fine = smooth * 257 + rng.integers(0, 200, smooth.shape) if depth == np.uint16 else smooth
    return np.squeeze(fine.clip(0, np.iinfo(depth).max).astype(depth))


def exif_of(orientation=1):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x010F] = orientation, "a picture", "a maker"
    exif.get_ifd(0x8769)[0x9003] = "2026:11:25 12:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def fill(source, target, changed=CHANGED, **encoding):
    """Read a picture, change it, write it; return the frame that was written and the way it was read."""
    read = read_image(source)
    frame = read.copy()
    if changed is not None:
        frame[changed] = FILL
    with VideoWriter(target, None, *frame.shape[:2], Encoding(**encoding), like=probe(source)) as writer:
        writer.write(frame, source, changed)
    return frame


def test_frames_of_a_folder_keep_their_names(tmp_path):
    (tmp_path / "in").mkdir()
    for number in (3, 20, 100):
        Image.fromarray(photo()).save(tmp_path / "in" / f"shot.{number}.jpg")
    reader = open_video(tmp_path / "in")
    for target, codec, ending in (("png", None, "png"), ("jpg", "jpg", "jpg"), ("tif", "tif", "tif")):
        with VideoWriter(tmp_path / target, 25, HEIGHT, WIDTH, Encoding(codec)) as writer:
            for file, frame in zip(reader.files, reader):
                writer.write(frame, file, ~CHANGED)
        names = sorted(path.name for path in (tmp_path / target).iterdir())
        assert names == sorted(f"shot.{number}.{ending}" for number in (3, 20, 100))


def test_frames_without_a_name_are_numbered_and_none_replaces_another(tmp_path):
    with VideoWriter(tmp_path / "out", 25, HEIGHT, WIDTH) as writer:
        for source in (None, object()):
            writer.write(photo(), source)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["00000.png", "00001.png"]
    for name in ("a.png", "a.jpg"):
        Image.fromarray(photo()).save(tmp_path / name)
    with (
        pytest.raises(VideoError, match=r"two frames named a.png"),
        VideoWriter(tmp_path / "twice", 25, HEIGHT, WIDTH) as writer,
    ):
        writer.write(photo(), tmp_path / "a.png")
        writer.write(photo(), tmp_path / "a.jpg")
    assert not (tmp_path / "twice").exists()


STORED = {
    "1": lambda: Image.fromarray(photo(1) > 127),
    "L": lambda: Image.fromarray(photo(1)),
    "LA": lambda: Image.fromarray(photo(2)),
    "RGB": lambda: Image.fromarray(photo(3)),
    "RGBA": lambda: Image.fromarray(photo(4)),
    "I;16": lambda: Image.fromarray(photo(1, np.uint16)),
    "CMYK": lambda: Image.fromarray(photo(4), "CMYK"),
}


@pytest.mark.parametrize(
    ("mode", "ending"),
    [(mode, "png") for mode in ("1", "L", "LA", "RGB", "RGBA", "I;16")]
    + [(mode, "tif") for mode in ("1", "L", "LA", "RGB", "RGBA", "I;16", "CMYK")]
    + [(mode, "webp") for mode in ("RGB", "RGBA")]
    + [(mode, "bmp") for mode in ("1", "L", "RGB")],
)
def test_known_pixels_keep_their_stored_values(tmp_path, mode, ending):
    source, target = tmp_path / f"in.{ending}", tmp_path / f"out.{ending}"
    STORED[mode]().save(source, **({"lossless": True, "exact": True} if ending == "webp" else {}))
    frame = fill(source, target)
    with Image.open(source) as before, Image.open(target) as after:
        assert (after.mode, after.format) == (before.mode, before.format)
        old, new = np.asarray(before), np.asarray(after)
        np.testing.assert_array_equal(new[~CHANGED], old[~CHANGED])
        assert (new[CHANGED] != old[CHANGED]).any()
        if mode in ("RGB", "RGBA"):
            np.testing.assert_array_equal(new[CHANGED][:, :3], frame[CHANGED])
        if mode in ("LA", "RGBA"):
            around = cv2.dilate(CHANGED.astype(np.uint8), np.ones((3, 3))).astype(bool) & ~CHANGED
            assert old[around][:, -1].min() <= new[CHANGED][:, -1].min()
            assert old[around][:, -1].max() >= new[CHANGED][:, -1].max()
        if mode == "I;16":
            gray = np.asarray(Image.fromarray(frame).convert("L")).astype(int)
            np.testing.assert_array_equal(new[CHANGED], gray[CHANGED] * 257)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_color_of_16_bits(tmp_path, channels, ending):
    source, target = tmp_path / f"in.{ending}", tmp_path / f"out.{ending}"
    deep = photo(channels, np.uint16)
    cv2.imwrite(str(source), deep)
    fill(source, target)
    after = cv2.imread(str(target), cv2.IMREAD_UNCHANGED)
    assert after.dtype == np.uint16 and after.shape == deep.shape
    np.testing.assert_array_equal(after[~CHANGED], deep[~CHANGED])
    assert (after[CHANGED][:, :3] == FILL[::-1].astype(int) * 257).all()


@pytest.mark.parametrize("clear", [False, True])
def test_a_palette_becomes_rgb_with_the_same_colors(tmp_path, clear):
    image = Image.fromarray(photo()).quantize(30)
    image.save(tmp_path / "in.png", **({"transparency": 3} if clear else {}))
    fill(tmp_path / "in.png", tmp_path / "out.png")
    with Image.open(tmp_path / "in.png") as before, Image.open(tmp_path / "out.png") as after:
        assert after.mode == ("RGBA" if clear else "RGB")
        np.testing.assert_array_equal(np.asarray(after)[~CHANGED], np.asarray(before.convert(after.mode))[~CHANGED])


@pytest.mark.parametrize("sampling", [0, 1, 2])
@pytest.mark.parametrize("quality", [40, 75, 90, 97])
def test_a_jpeg_keeps_its_blocks_over_ten_passes(tmp_path, data, quality, sampling):
    """The blocks away from the hole stay near those of the source: the same tables, the stored chroma."""
    picture = next(iter(open_video(data / "bmx-trees" / "video.mp4", "pyav")))
    changed = np.zeros(picture.shape[:2], bool)
    changed[40:90, 80:150] = True
    away = cv2.dilate(changed.astype(np.uint8), np.ones((35, 35))) == 0
    source, target = tmp_path / "in.jpg", tmp_path / "out.jpeg"
    Image.fromarray(picture).save(source, quality=quality, subsampling=sampling, progressive=True)
    before = read_image(source).astype(int)
    for _ in range(10):
        fill(source, target, changed)
        with Image.open(source) as old, Image.open(target) as new:
            assert new.quantization == old.quantization and new.info.get("progressive")
            assert JpegImagePlugin.get_sampling(new) == sampling
        target.replace(source)
    after = read_image(source).astype(int)
    off = abs(after - before)[away]
    assert off.mean() <= {40: 0, 75: 0, 90: 0.02, 97: 0.2}[quality] and off.max() <= 4
    assert abs(after - FILL)[changed].mean() < 6


@pytest.mark.parametrize("sampling", [0, 2])
def test_how_much_of_a_jpeg_stays(tmp_path, data, sampling):
    """What docs/guides/fill.md says: most blocks bit for bit up to quality 90, all within some levels."""
    for clip in ("bmx-trees/video.mp4", "hand-held/a_learning-area-frog_00.mp4"):
        picture = next(iter(open_video(data / clip, "pyav")))[:160, :256]
        changed = np.zeros(picture.shape[:2], bool)
        changed[48:96, 80:144] = True
        away = cv2.dilate(changed.astype(np.uint8), np.ones((35, 35)))[::16, ::16] == 0
        for quality in (30, 40, 50, 60, 70, 75, 80, 85, 90, 95):
            Image.fromarray(picture).save(tmp_path / "in.jpg", quality=quality, subsampling=sampling)
            fill(tmp_path / "in.jpg", tmp_path / "out.jpg", changed)
            before, after = (np.asarray(Image.open(tmp_path / name)).astype(int) for name in ("in.jpg", "out.jpg"))
            off = abs(after - before).reshape(10, 16, 16, 16, 3).max((1, 3, 4))[away]
            assert off.max() <= 8 and (quality > 90 or (off == 0).mean() > 0.6), (clip, quality)


def test_a_jpeg_of_odd_size(tmp_path, make_clip):
    Image.fromarray(make_clip(1)[0][:35, :51]).save(tmp_path / "in.jpg", subsampling=2)
    changed = np.zeros((35, 51), bool)
    changed[3:9, 3:9] = True
    fill(tmp_path / "in.jpg", tmp_path / "out.jpg", changed)
    off = abs(read_image(tmp_path / "out.jpg").astype(int) - read_image(tmp_path / "in.jpg"))
    assert off[:, 32:].mean() < 2


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_jpegs_of_other_modes(tmp_path, mode):
    STORED[mode]().save(tmp_path / "in.jpg", quality=95)
    fill(tmp_path / "in.jpg", tmp_path / "out.jpg")
    with Image.open(tmp_path / "in.jpg") as before, Image.open(tmp_path / "out.jpg") as after:
        assert after.mode == mode
        away = cv2.dilate(CHANGED.astype(np.uint8), np.ones((35, 35))) == 0
        assert abs(np.asarray(after).astype(int) - np.asarray(before).astype(int))[away].mean() < 1


def test_another_source_makes_a_fine_jpeg(tmp_path):
    Image.fromarray(photo()).save(tmp_path / "in.png")
    frame = fill(tmp_path / "in.png", tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as after:
        assert JpegImagePlugin.get_sampling(after) == 0
        assert abs(np.asarray(after).astype(int) - frame)[~CHANGED].mean() < 1.5


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("before", "after"), [("jpg", "jpg"), ("jpg", "png"), ("png", "png"), ("webp", "webp"), ("tif", "tif")]
)
def test_every_orientation_is_shown_alike(tmp_path, before, after, orientation):
    source, target = tmp_path / f"in.{before}", tmp_path / f"out.{after}"
    options = {"jpg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}}.get(before, {})
    Image.fromarray(photo()).save(source, exif=exif_of(orientation), **options)
    size = read_image(source).shape[:2]
    changed = CHANGED if size == CHANGED.shape else np.ascontiguousarray(CHANGED.T)
    frame = fill(source, target, changed)
    with Image.open(target) as image:
        tag = image.getexif().get(0x0112, 1)
        assert tag == (orientation if before == after != "tif" else 1)
        assert image.getexif()[0x010E] == "a picture"
    np.testing.assert_allclose(read_image(target).astype(int), frame, atol=6 if after == "jpg" else 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *(("jpg", "jpg"), ("jpg", "png"), ("png", "png"), ("png", "jpg"), ("png", "tif"), ("tif", "tif")),
        *(("tif", "png"), ("webp", "webp"), ("jpg", "webp"), ("webp", "png")),
    ],
)
def test_what_is_said_about_a_picture_goes_along(tmp_path, before, after):
    source, target = tmp_path / f"in.{before}", tmp_path / f"out.{after}"
    Image.fromarray(photo()).save(source, exif=exif_of(), icc_profile=PROFILE, dpi=(300, 300))
    fill(source, target)
    with Image.open(source) as old, Image.open(target) as new:
        assert new.info["icc_profile"] == PROFILE
        if "dpi" in old.info and after != "webp":
            np.testing.assert_allclose(np.float64(new.info["dpi"]), 300, atol=0.1)
        exif = new.getexif()
        assert exif[0x010E] == "a picture" and exif[0x010F] == "a maker"
        if "tif" not in (before, after):
            assert exif.get_ifd(0x8769)[0x9003] == "2026:11:25 12:00:00" and exif.get_ifd(0x8825)[1] == "N"


def test_text_and_color_of_a_png_go_along(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", "a name")
    text.add_text("Long", "word " * 99, zip=True)
    text.add_itxt("Ort", "Zürich")
    text.add(b"pHYs", bytes((0, 0, 46, 35, 0, 0, 46, 35, 1)))
    text.add(b"gAMA", (45455).to_bytes(4, "big"))
    text.add(b"tIME", bytes((7, 234, 11, 25, 12, 0, 0)))
    for mode in ("RGB", "RGBA", "I;16"):
        STORED[mode]().save(tmp_path / "in.png", pnginfo=text)
        fill(tmp_path / "in.png", tmp_path / "out.png")
        with Image.open(tmp_path / "out.png") as image:
            image.load()
            assert image.text == {"Title": "a name", "Long": "word " * 99, "Ort": "Zürich"}
            assert image.info["gamma"] == pytest.approx(0.45455)
        names = [name for name, _ in png_chunks._chunks((tmp_path / "out.png").read_bytes())]
        assert b"tIME" in names and len({*names} - {b"IDAT"}) == len([name for name in names if name != b"IDAT"])


def test_no_thumbnail_shows_what_was_removed(tmp_path):
    """The second directory of EXIF holds a small copy of the picture."""
    small = io.BytesIO()
    Image.new("RGB", (16, 12), (1, 2, 3)).save(small, "JPEG")
    exif = exif_of()
    first = exif.tobytes()
    ifd_end = first.index(b"II*\0") if b"II*\0" in first else first.index(b"MM\0*")
    body = bytearray(first[ifd_end:])
    order = "little" if body[:2] == b"II" else "big"
    start = int.from_bytes(body[4:8], order)
    link = start + 2 + 12 * int.from_bytes(body[start : start + 2], order)
    body[link : link + 4] = len(body).to_bytes(4, order)
    thumb_at = len(body) + 2 + 24 + 4
    body += (2).to_bytes(2, order)
    for tag, value in ((0x0201, thumb_at), (0x0202, len(small.getvalue()))):
        body += tag.to_bytes(2, order) + (4).to_bytes(2, order) + (1).to_bytes(4, order) + value.to_bytes(4, order)
    body += bytes(4) + small.getvalue()
    Image.fromarray(photo()).save(tmp_path / "in.jpg", exif=b"Exif\0\0" + bytes(body))
    assert small.getvalue() in (tmp_path / "in.jpg").read_bytes()
    fill(tmp_path / "in.jpg", tmp_path / "out.jpg")
    assert small.getvalue() not in (tmp_path / "out.jpg").read_bytes()
    with Image.open(tmp_path / "out.jpg") as image:
        assert image.getexif()[0x010E] == "a picture"


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
@pytest.mark.parametrize("around", [0, 1])
def test_transparency_in_the_hole_is_that_around_it(tmp_path, around, depth):
    """An erased part becomes visible, and an object on nothing vanishes."""
    most = np.iinfo(depth).max
    picture = photo(4, depth)
    picture[..., 3] = np.where(CHANGED, most * (1 - around), most * around)
    cv2.imwrite(str(tmp_path / "in.png"), picture)
    fill(tmp_path / "in.png", tmp_path / "out.png", cv2.dilate(CHANGED.astype(np.uint8), np.ones((3, 3))) > 0)
    assert (cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)[..., 3] == most * around).all()


def test_without_a_note_of_changes_all_of_it_is_new(tmp_path):
    STORED["RGBA"]().save(tmp_path / "in.png")
    frame = fill(tmp_path / "in.png", tmp_path / "out.png", None)
    with Image.open(tmp_path / "out.png") as image:
        np.testing.assert_array_equal(np.asarray(image), np.dstack([frame, np.full((HEIGHT, WIDTH), 255)]))


def test_transparency_goes_where_the_format_has_none(tmp_path):
    STORED["RGBA"]().save(tmp_path / "in.png")
    frame = fill(tmp_path / "in.png", tmp_path / "out.bmp")
    np.testing.assert_array_equal(read_image(tmp_path / "out.bmp"), frame)
    fill(tmp_path / "in.png", tmp_path / "out.jpg")
    with Image.open(tmp_path / "out.jpg") as image:
        assert image.mode == "RGB"


def test_a_picture_is_a_video_of_one_frame(tmp_path):
    for name in ("a.png", "b.JPG", "c.tif", "d.webp", "e.bmp"):
        Image.fromarray(photo()).save(tmp_path / name)
        info = probe(tmp_path / name)
        assert (info.frames, info.width, info.height, info.path) == (1, WIDTH, HEIGHT, tmp_path / name)
        with open_video(tmp_path / name) as reader:
            np.testing.assert_array_equal(np.stack(list(reader)), [read_image(tmp_path / name)])


def test_pages_and_animations(tmp_path):
    first, *others = (Image.fromarray(photo(seed=seed)) for seed in range(3))
    for name in ("a.tif", "a.png"):
        first.save(tmp_path / name, save_all=True, append_images=others)
    with pytest.raises(VideoError, match=r"a.tif must hold one picture; it holds 3 pages"):
        probe(tmp_path / "a.tif")
    assert probe(tmp_path / "a.png").frames == 3


@pytest.mark.parametrize(
    ("name", "frames", "options", "sentence"),
    [
        ("x.png", 3, {}, r"one picture; the video has 3 frames.*folder .*/x/, .* x.mp4"),
        ("img%03d.png", 3, {}, r"img/, or a video, such as img.mp4"),
        ("x.png", 1, {"codec": "libx264"}, "codec libx264"),
        ("x.png", 1, {"codec": "jpg"}, "codec jpg"),
        ("x.jpg", 1, {"lossless": True}, "lossless as JPEG"),
    ],
)
def test_what_a_picture_cannot_be(tmp_path, write, make_clip, name, frames, options, sentence):
    source = write("source.mkv", make_clip(frames), lossless=True)
    with pytest.raises(VideoError, match=sentence):
        write(name, make_clip(frames), like=probe(source), **options)
    assert [path.name for path in tmp_path.iterdir()] == ["source.mkv"]


def test_a_second_frame_from_a_stream(tmp_path, write, make_clip):
    with pytest.raises(VideoError, match=r"one picture; the video has more.*/x/"):
        write("x.png", make_clip(2))
    assert list(tmp_path.iterdir()) == []
    np.testing.assert_array_equal(read_image(write("x.webp", make_clip(1))), make_clip(1)[0])


def test_a_picture_becomes_a_film(tmp_path, write):
    Image.fromarray(photo()).save(tmp_path / "a.png")
    source = tmp_path / "a.png"
    path = write("a.mkv", photo()[None], None, like=probe(source), source_path=source, lossless=True)
    np.testing.assert_array_equal(np.stack(list(open_video(path, "pyav"))), photo()[None])


def test_turned_by_pillow_alike(tmp_path):
    """Our turns are those of Pillow."""
    from lgtsm.video.picture_file import _turned

    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        Image.fromarray(photo()).save(tmp_path / "a.png", exif=exif)
        with Image.open(tmp_path / "a.png") as image:
            expected = np.asarray(ImageOps.exif_transpose(image))
        np.testing.assert_array_equal(_turned(photo(), orientation), expected)
        np.testing.assert_array_equal(np.asarray(_turned(Image.fromarray(photo()), orientation)), expected)


def test_files_are_not_left_open(tmp_path):
    Image.fromarray(photo()).save(tmp_path / "a.tif")
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always", ResourceWarning)
        fill(tmp_path / "a.tif", tmp_path / "b.tif")
        gc.collect()
    assert left_open == []
    Path(tmp_path / "a.tif").unlink()


def test_a_source_that_pillow_does_not_understand_is_written_plainly(tmp_path):
    """The reader of frames got the pixels; what else there is cannot be had."""
    (tmp_path / "in.png").write_bytes(b"no picture")
    with VideoWriter(tmp_path / "out.png", 25, HEIGHT, WIDTH) as writer:
        writer.write(photo(), tmp_path / "in.png", CHANGED)
    np.testing.assert_array_equal(read_image(tmp_path / "out.png"), photo())


@pytest.mark.parametrize("name", ["frames", "a.png"])
def test_a_full_disk_is_named(tmp_path, make_clip, monkeypatch, name):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr("PIL.Image.Image.save", full)
    sentence = f"{tmp_path / name} cannot be written: the disk is full. Free some space"
    with pytest.raises(VideoError, match=sentence), VideoWriter(tmp_path / name, 25, 36, 52) as writer:
        writer.write(make_clip(1)[0])
    assert list(tmp_path.iterdir()) == []
