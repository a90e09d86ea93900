import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lgtsm.data.stored_masks import StoredMasks
from lgtsm.data.transforms import Crop, Window
from lgtsm.video import Encoding, MaskReader, VideoError, VideoWriter, open_video, read_mask
from lgtsm.video.errors import NothingMaskedError
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.mask_edit import Mask
from lgtsm.video.mask_pictures import MaskPictures
from lgtsm.video.probe import probe


@pytest.fixture
def hole():
    hole = np.zeros((3, 12, 16), np.uint8)
    for t in range(3):
        hole[t, 2:7, 3 + t : 8 + t] = 1
    return hole


@pytest.fixture
def folder(tmp_path, hole):
    (tmp_path / "masks").mkdir()
    for t, one in enumerate(hole):
        Image.fromarray(one * 255).save(tmp_path / "masks" / f"{t}.png")
    return tmp_path / "masks"


def image(tmp_path, pixels, mode=None):
    Image.fromarray(pixels, mode).save(tmp_path / "mask.png") if mode is None else None
    return tmp_path / "mask.png"


def test_a_folder(folder, hole):
    got = read_mask(folder, 3, 12, 16)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got, hole)
    np.testing.assert_array_equal(read_mask(folder, 3, 12, 16, invert=True), 1 - hole)


def test_an_image_is_for_all_frames(tmp_path, hole):
    got = read_mask(image(tmp_path, hole[0] * 255), 4, 12, 16)
    np.testing.assert_array_equal(got, np.stack([hole[0]] * 4))


def test_a_video_mask_survives_compression(write):
    hole = np.zeros((6, 48, 64), np.uint8)
    for t in range(6):
        hole[t, 8:24, 8 + 2 * t : 24 + 2 * t] = 1
    path = write("mask.mp4", np.repeat(hole[..., None] * 255, 3, -1), crf=20)
    np.testing.assert_array_equal(read_mask(path, 6, 48, 64), hole)
    reader = MaskReader(path, 6, 48, 64)
    assert len(reader) == 6 and Mask(reader).survey.hole_share == pytest.approx(hole.mean())
    for _ in range(2):  # as often as asked
        np.testing.assert_array_equal(np.stack(list(reader)), hole)


def test_the_threshold(tmp_path):
    pixels = np.array([[0, 1, 127, 128, 255]], np.uint8)
    np.testing.assert_array_equal(read_mask(image(tmp_path, pixels), 1, 1, 5)[0], [[0, 0, 0, 1, 1]])
    np.testing.assert_array_equal(
        read_mask(image(tmp_path, pixels.astype(np.uint16) * 257), 1, 1, 5)[0], [[0, 0, 0, 1, 1]]
    )


def test_labels_of_a_colored_palette_are_objects_whatever_their_color(tmp_path):
    labels = Image.fromarray(np.array([[0, 1, 2, 0]], np.uint8), "P")
    labels.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0])
    labels.save(tmp_path / "davis.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "davis.png", 1, 1, 4)[0], [[0, 1, 1, 0]])
    gray = Image.fromarray(np.array([[0, 1, 0, 1]], np.uint8), "P")
    gray.putpalette([255, 255, 255, 0, 0, 0])  # entry 0 is white
    gray.save(tmp_path / "gray.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "gray.png", 1, 1, 4)[0], [[1, 0, 1, 0]])


def test_what_is_transparent_is_not_masked(tmp_path):
    rgba = np.full((1, 3, 4), 255, np.uint8)
    rgba[0, :, 3] = (0, 255, 100)
    np.testing.assert_array_equal(read_mask(image(tmp_path, rgba), 1, 1, 3)[0], [[0, 1, 0]])


def test_another_size_offers_the_fix(folder, hole):
    with pytest.raises(VideoError, match=r"32x24.*16x12.*`resize`"):
        read_mask(folder, 3, 24, 32)
    got = read_mask(folder, 3, 24, 32, resize=True)
    np.testing.assert_array_equal(got, hole.repeat(2, 1).repeat(2, 2))


def test_another_length_offers_the_fix(folder, hole):
    for length in (2, 5):
        with pytest.raises(VideoError, match=rf"{length} frames.* 3\b.*`repeat`"):
            read_mask(folder, length, 12, 16)
    np.testing.assert_array_equal(read_mask(folder, 5, 12, 16, repeat=True), hole[[0, 1, 2, 2, 2]])
    np.testing.assert_array_equal(read_mask(folder, 2, 12, 16, repeat=True), hole[:2])


def test_empty_and_full(tmp_path):
    with pytest.raises(VideoError, match=r"no pixel.*white"):
        read_mask(image(tmp_path, np.zeros((4, 4), np.uint8)), 1, 4, 4)
    with pytest.raises(VideoError, match=r"no pixel.*`invert`"):
        read_mask(image(tmp_path, np.full((4, 4), 255, np.uint8)), 1, 4, 4, invert=True)
    with pytest.raises(VideoError, match=r"brightest.* 2\b.*127"):  # specks, and no objects
        read_mask(image(tmp_path, np.eye(4, dtype=np.uint8) + np.eye(4, k=1, dtype=np.uint8) * 2), 1, 4, 4)
    with pytest.raises(VideoError, match=r"every pixel"):
        read_mask(image(tmp_path, np.full((4, 4), 255, np.uint8)), 1, 4, 4)


def test_more_than_half_is_pointed_out(folder):
    said = []
    read_mask(folder, 3, 12, 16, notice=said.append)
    assert said == []
    read_mask(folder, 3, 12, 16, invert=True, notice=said.append)
    assert len(said) == 1 and "87%" in said[0] and "omit `invert`" in said[0]


def test_no_mask(tmp_path, odd):
    with pytest.raises(VideoError, match=r"gone.png .*mask.* nothing there"):
        read_mask(tmp_path / "gone.png", 1, 4, 4)
    (tmp_path / "mask.png").write_text("no image")
    with pytest.raises(VideoError, match=r"mask image"):
        read_mask(tmp_path / "mask.png", 1, 4, 4)
    with pytest.raises(VideoError, match=r"not_a_video.mp4 .*video file"):
        read_mask(odd / "not_a_video.mp4", 1, 4, 4)


def test_the_demo_masks(data):
    holes = read_mask(data / "bmx-trees" / "masks", 24, 160, 288)
    assert (holes.reshape(24, -1).mean(1) > 0.01).all()


RAMP = np.arange(256, dtype=np.uint8).reshape(8, 32)
PAINTED = {
    "red": np.stack([RAMP, 0 * RAMP, 0 * RAMP], -1),
    "green": np.stack([0 * RAMP, RAMP, 0 * RAMP], -1),
    "blue": np.stack([0 * RAMP, 0 * RAMP, RAMP], -1),
    "gray": RAMP,
    "16 bits": RAMP.astype(np.uint16) * 257,
    "alpha": np.stack([255 + 0 * RAMP] * 3 + [RAMP], -1),
    "0 and 1": np.eye(8, 32, dtype=np.uint8) + 255 * np.eye(8, 32, 16, dtype=np.uint8),  # a 1 is as good as black
}


def trained_with(folder, meaning, frames=2):
    """The hole of a clip, as training reads it from a folder of mask clips."""
    crop = Crop(RAMP.shape, (0, 0), RAMP.shape, False)
    return StoredMasks(folder, meaning).read_hole(Window("a", 0, tuple(range(frames)), None, RAMP.shape, crop))


@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("name", [*PAINTED, "palette"])
def test_filling_and_training_see_the_same_hole(tmp_path, write, name, invert):
    if name == "palette":
        image, expected = Image.fromarray(RAMP // 32, "P"), RAMP // 32 > 0
        image.putpalette([0, 0, 0, 64, 0, 0, 0, 100, 0, 9, 9, 90] + [1, 2, 3] * 4)  # dark, and yet objects
    else:
        image, expected = Image.fromarray(PAINTED[name]), RAMP > 127
    expected = PAINTED[name] == 255 if name == "0 and 1" else expected
    meaning = "valid" if invert else "hole"
    (tmp_path / "masks" / "a").mkdir(parents=True)
    for t in range(2):
        image.save(tmp_path / "masks" / "a" / f"{t}.png")
    for path in (tmp_path / "masks" / "a", tmp_path / "masks" / "a" / "0.png"):
        filled = read_mask(path, 2, *RAMP.shape, invert=invert)
        np.testing.assert_array_equal(filled, np.stack([expected != invert] * 2))
        np.testing.assert_array_equal(trained_with(tmp_path / "masks", meaning), filled)
    if name in ("red", "green", "blue", "gray"):
        frames = np.stack([np.asarray(image.convert("RGB"))] * 2)
        (tmp_path / "films").mkdir()
        path = write("films/a.mkv", frames, lossless=True)
        np.testing.assert_array_equal(read_mask(path, 2, *RAMP.shape, invert=invert), filled)
        np.testing.assert_array_equal(trained_with(tmp_path / "films", meaning), filled)


def test_whatever_is_not_black_is_an_object(tmp_path):
    (tmp_path / "a").mkdir()
    Image.fromarray(PAINTED["red"]).save(tmp_path / "a" / "0.png")
    np.testing.assert_array_equal(trained_with(tmp_path, "objects", 1)[0], RAMP > 0)


def test_a_turned_photo_of_a_mask_is_turned_like_frames(tmp_path):
    image, exif = Image.fromarray(RAMP.repeat(8, 0).repeat(8, 1)), Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    (tmp_path / "a").mkdir()
    image.save(tmp_path / "a" / "0.jpg", quality=100, exif=exif)
    frame = next(iter(open_video(tmp_path / "a")))
    np.testing.assert_array_equal(read_mask(tmp_path / "a" / "0.jpg", 1, 256, 64)[0], frame[..., 0] > 127)


@pytest.mark.parametrize("turned", [False, True])
def test_swapped_sides_are_named(tmp_path, turned):
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    (tmp_path / "frames").mkdir()
    Image.new("RGB", (16, 24) if turned else (24, 16)).save(tmp_path / "frames" / "1.jpg", exif=exif)
    Image.fromarray(np.eye(24, 16, dtype=np.uint8) * 255).save(tmp_path / "mask.png")
    choice = MaskChoice(tmp_path / "mask.png")
    with pytest.raises(VideoError, match=r"24x16 like the video; it is 16x24.* turn") as caught:
        choice.open(probe(tmp_path / "frames"))
    assert ("stored as 16x24 and shown turned (EXIF orientation)" in str(caught.value)) == turned
    assert ("height are swapped" in str(caught.value)) != turned


def test_swapped_sides_of_a_turned_film(odd, tmp_path):
    info = dataclasses.replace(probe(odd / "three_frames.mp4"), rotation=90)
    Image.new("L", (info.height, info.width), 255).save(tmp_path / "mask.png")
    size = f"{info.height}x{info.width}"
    with pytest.raises(VideoError, match=rf"it is {size}. The video is stored as {size} .*\(rotation 90\)"):
        MaskChoice(tmp_path / "mask.png").open(info)


def test_arrays(tmp_path, hole):
    for name, array in {
        "bool": hole.astype(bool),
        "uint8": hole * 255,
        "zero and one": hole,
        "whole numbers": hole.astype(np.int64) * 7,
        "fractions": hole * np.float32(0.75),
        "16 bits": hole.astype(np.uint16) * 65535,
        "a channel": hole[:, None],
        "columns first": np.asfortranarray(hole),
    }.items():
        np.save(tmp_path / "mask.npy", array)
        np.testing.assert_array_equal(read_mask(tmp_path / "mask.npy", 3, 12, 16), hole, err_msg=name)
    np.testing.assert_array_equal(MaskPictures(tmp_path / "mask.npy").read([2, 0, 2]), hole[[2, 0, 2]])


@pytest.mark.parametrize("shape", [
    (3, 12, 16), (3, 1, 12, 16), (3, 12, 16, 1), (1, 3, 12, 16, 1), (1, 3, 1, 12, 16)
])  # fmt: skip
def test_arrays_of_one_channel(tmp_path, hole, shape):
    np.save(tmp_path / "mask.npy", hole.reshape(shape))
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.npy", 3, 12, 16), hole)
    assert not MaskPictures(tmp_path / "mask.npy").is_still


@pytest.mark.parametrize("shape", [
    (12, 16), (1, 12, 16), (12, 16, 1), (1, 1, 12, 16), (1, 12, 16, 1), (1, 1, 1, 12, 16)
])  # fmt: skip
def test_arrays_of_one_picture(tmp_path, hole, shape):
    np.save(tmp_path / "still.npy", hole[1].reshape(shape))
    np.testing.assert_array_equal(read_mask(tmp_path / "still.npy", 5, 12, 16), hole[[1] * 5])
    np.testing.assert_array_equal(MaskChoice(tmp_path / "still.npy").still_hole(12, 16), hole[1])


@pytest.mark.parametrize(
    ("shape", "advice"),
    [
        ((12, 16, 3), "looks like colors: save one of them"),
        ((5, 12, 16, 4), "looks like colors: save one of them"),
        ((5, 1, 12, 1), "does not show which axes are height and width"),
        ((1, 12, 1), "does not show which axes are height and width"),
        ((2, 5, 1, 12, 16), r"\(time, height, width\)"),
        ((12,), r"\(time, height, width\)"),
    ],
)
def test_arrays_of_other_shapes(tmp_path, shape, advice):
    np.save(tmp_path / "mask.npy", np.ones(shape, bool))
    with pytest.raises(VideoError, match=rf"mask.npy must be a mask .*{advice}"):
        read_mask(tmp_path / "mask.npy", 5, 12, 16)


@pytest.mark.parametrize("ending", ["gif", "apng", "webp", "tif", "jpg", "mkv", "mp4"])
def test_one_picture_is_for_all_frames_whatever_its_format(tmp_path, write, ending):
    picture = np.zeros((48, 64), np.uint8)
    picture[12:28, 16:40] = 255
    path, said = tmp_path / f"mask.{ending}", []
    if ending in ("mkv", "mp4"):
        path = write(path.name, np.repeat(picture[None, ..., None], 3, -1), crf=1)
    else:
        Image.fromarray(picture).save(path, format="PNG" if ending == "apng" else None)
    holes = read_mask(path, 5, 48, 64, notice=said.append)
    np.testing.assert_array_equal(holes, np.stack([picture > 0] * 5))
    np.testing.assert_array_equal(MaskChoice(path).still_hole(48, 64), picture > 0)
    assert len(said) == (ending in ("gif", "mkv", "mp4")) and all("holds one picture" in one for one in said)


def test_several_pictures_are_not_still(tmp_path, write, hole):
    big = np.kron(hole, np.ones((4, 4), np.uint8)) * 255
    first, *others = map(Image.fromarray, big)
    first.save(tmp_path / "mask.gif", save_all=True, append_images=others)
    assert MaskChoice(tmp_path / "mask.gif").still_hole(48, 64) is None
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.gif", 3, 48, 64), big > 0)
    with pytest.raises(VideoError, match="must have 5 frames like the video; it has 3"):
        read_mask(tmp_path / "mask.gif", 5, 48, 64)
    data = (tmp_path / "mask.gif").read_bytes()
    (tmp_path / "cut.gif").write_bytes(data[: len(data) * 3 // 10])
    assert len(MaskPictures(tmp_path / "cut.gif")) == 1
    with pytest.raises(NothingMaskedError, match=r"cut\.gif must mask something; .*cut\.gif is cut off"):
        read_mask(tmp_path / "cut.gif", 3, 48, 64, repeat=True, levels=((7, 7),))
    with pytest.raises(VideoError, match="must have 3 frames like the video; it has 1"):
        read_mask(tmp_path / "cut.gif", 3, 48, 64)


@pytest.mark.parametrize("make", [
    lambda path: np.save(path, np.array([{}, print], object), allow_pickle=True),
    lambda path: np.save(path, np.zeros((2, 3, 4, 5))),
    lambda path: np.save(path, np.array(["a"])),
    lambda path: np.save(path, np.zeros((0, 4, 4))),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'shape': (" + b"9" * 70 + b",), "),
    lambda path: (np.savez(f"{path}.npz", a=np.zeros(3)), Path(f"{path}.npz").rename(path)),
])  # fmt: skip
def test_no_arrays(tmp_path, make):
    make(tmp_path / "mask.npy")
    with pytest.raises(VideoError, match=r"mask.npy must be .*(array|mask)"):
        read_mask(tmp_path / "mask.npy", 2, 4, 4)


def test_a_cut_off_array(tmp_path, hole):
    np.save(tmp_path / "mask.npy", hole)
    (tmp_path / "mask.npy").write_bytes((tmp_path / "mask.npy").read_bytes()[:-9])
    with pytest.raises(VideoError, match=r"mask.npy must be an array"):
        read_mask(tmp_path / "mask.npy", 3, 12, 16)


@pytest.mark.parametrize("name", ["mask.npz", "mask.psd", "mask.exr", "mask"])
def test_other_files_are_told_what_works(tmp_path, name):
    (tmp_path / name).write_bytes(b"some other format" * 99)
    with pytest.raises(VideoError, match=r"mask.*: an image \(.*\.png.*folder.*video.*\.npy"):
        read_mask(tmp_path / name, 3, 12, 16)


def test_several_pages_are_no_still_mask(tmp_path, hole):
    first, *others = (Image.fromarray(one * 255) for one in hole)
    for name in ("mask.tif", "mask.webp", "mask.png"):
        first.save(tmp_path / name, save_all=True, append_images=others)
        with pytest.raises(VideoError, match=rf"{name} must hold one mask; it holds 3 pages"):
            read_mask(tmp_path / name, 3, 12, 16)


def test_a_mask_that_was_cut_off_is_told(tmp_path):
    with VideoWriter(tmp_path / "whole.mkv", 25, 180, 320, Encoding(key_frame_distance=1)) as writer:
        for number in range(24):
            frame = np.random.default_rng(number).integers(0, 60, (180, 320, 3), np.uint8)
            frame[40:80, 40:80] = 255
            writer.write(frame)
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) * 7 // 10])
    said = []
    reader = MaskReader(tmp_path / "cut.mkv", 24, 180, 320, repeat=True)
    Mask(reader, notice=said.append)
    assert len(said) == 1
    assert re.search(r"cut\.mkv .* holds \d+ of about 24 pictures", said[0])
