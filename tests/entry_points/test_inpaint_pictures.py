"""`lgtsm inpaint` on pictures and on folders of them, called in this process."""

import shutil
from functools import partial

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from lgtsm.commands.inpaint import main
from lgtsm.video.frame_folder import read_image
from lgtsm.video.open import open_video
from tests.entry_points.calling import exit_code

FAST = ("--method", "telea")
HOLE = np.zeros((48, 64), np.uint8)
HOLE[12:24, 20:36] = 1


call = partial(exit_code, main)


@pytest.fixture
def photo():
    rng = np.random.default_rng(0)
    return cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (64, 48), interpolation=cv2.INTER_CUBIC)


@pytest.fixture
def mask(tmp_path):
    Image.fromarray(HOLE * 255).save(tmp_path / "m.png")
    return tmp_path / "m.png"


@pytest.mark.parametrize("ending", ["png", "jpg", "jpeg", "tif", "webp", "bmp"])
def test_a_picture_in_and_out(tmp_path, capsys, photo, mask, ending):
    Image.fromarray(photo).save(tmp_path / "photo.png", dpi=(300, 300))
    target = tmp_path / f"photo_out.{ending}"
    assert call(tmp_path / "photo.png", "--mask", mask, "-o", target, *FAST) == 0
    assert "1 frame of 64x48" in capsys.readouterr().out
    with Image.open(target) as image:
        assert image.format == {"jpg": "JPEG", "jpeg": "JPEG", "tif": "TIFF"}.get(ending, ending.upper())
    got = read_image(target).astype(int)
    if ending in ("jpg", "jpeg"):
        assert abs(got - photo)[HOLE == 0].mean() < 2
    else:
        np.testing.assert_array_equal(got[HOLE == 0], photo[HOLE == 0])
    expected = cv2.inpaint(photo[..., ::-1].copy(), HOLE, 3, cv2.INPAINT_TELEA)[..., ::-1]
    assert abs(got - expected)[HOLE == 1].mean() < 40 and (got[HOLE == 1] != photo[HOLE == 1]).any()


def test_a_turned_photo_keeps_its_metadata(tmp_path, photo):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a maker"
    Image.fromarray(photo).save(tmp_path / "photo.jpg", exif=exif, quality=95, subsampling=0)
    Image.fromarray(np.rot90(HOLE, -1) * 255).save(tmp_path / "m.png")
    assert call(tmp_path / "photo.jpg", "--mask", tmp_path / "m.png", "-o", tmp_path / "out.jpg", *FAST) == 0
    with Image.open(tmp_path / "out.jpg") as after, Image.open(tmp_path / "photo.jpg") as before:
        assert dict(after.getexif()) == dict(before.getexif()) and after.size == before.size
        assert after.quantization == before.quantization
        off = abs(np.asarray(after).astype(int) - np.asarray(before).astype(int)).max(-1)
    away = cv2.dilate(HOLE, np.ones((17, 17), np.uint8)) == 0
    assert off[away].mean() < 0.2 and off[HOLE == 1].mean() > 5


def test_a_deep_picture_stays_deep(tmp_path, photo, mask):
    fine, alpha = np.arange(64, dtype=np.uint16)[None, :, None], HOLE.astype(np.uint16) * 60000 + 5000
    deep = np.dstack([photo.astype(np.uint16) * 256 + fine, alpha])
    cv2.imwrite(str(tmp_path / "deep.png"), deep)
    assert call(tmp_path / "deep.png", "--mask", mask, "-o", tmp_path / "out.png", *FAST) == 0
    out = cv2.imread(str(tmp_path / "out.png"), cv2.IMREAD_UNCHANGED)
    assert out.dtype == np.uint16 and out.shape == deep.shape
    np.testing.assert_array_equal(out[HOLE == 0], deep[HOLE == 0])


@pytest.mark.parametrize("ending", ["png", "tif", "webp", "jpg", "bmp", "mp4"])
@pytest.mark.parametrize("form", ["transparent", "opaque", "deep", "profile"])
def test_what_a_format_cannot_keep_is_said(tmp_path, capsys, photo, mask, form, ending):
    source = tmp_path / "photo.png"
    if form == "deep":
        cv2.imwrite(str(source), photo.astype(np.uint16) * 256)
    else:
        alpha = [HOLE * 255 if form == "transparent" else HOLE * 0 + 255] if form != "profile" else []
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        Image.fromarray(np.dstack([photo, *alpha])).save(source, icc_profile=profile if form == "profile" else None)
    assert call(source, "--mask", mask, "-o", tmp_path / f"out.{ending}", *FAST) == 0
    said = capsys.readouterr().err
    holds = {
        "transparent": ("png", "tif", "webp"),
        "deep": ("png", "tif"),
        "profile": ("png", "tif", "webp", "jpg"),
    }.get(form)
    assert ("transparency" in said) == (form == "transparent" and ending not in holds)
    assert ("16 bits" in said) == (form == "deep" and ending not in holds)
    assert ("profile" in said) == (form == "profile" and ending not in holds)


def test_a_folder_keeps_its_names_and_depths(tmp_path, photo, mask):
    (tmp_path / "frames").mkdir()
    for number in (7, 8, 9):
        Image.fromarray(photo[..., number % 3]).save(tmp_path / "frames" / f"shot_{number:04d}.tif")
    assert call(tmp_path / "frames", "--mask", mask, "-o", tmp_path / "out", *FAST) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [f"shot_{n:04d}.png" for n in (7, 8, 9)]
    for number in (7, 8, 9):
        with Image.open(tmp_path / "out" / f"shot_{number:04d}.png") as image:
            assert image.mode == "L"
            np.testing.assert_array_equal(np.asarray(image)[HOLE == 0], photo[..., number % 3][HOLE == 0])


@pytest.fixture
def gaps(tmp_path, photo):
    """Frames 1, 2 and 4, and a mask for each."""
    for folder, shown in (("frames", photo), ("masks", HOLE * 255)):
        (tmp_path / folder).mkdir()
        for number in (1, 2, 4):
            Image.fromarray(np.roll(shown, number, 1)).save(tmp_path / folder / f"{number}.png")
    return tmp_path / "frames"


@pytest.mark.parametrize("way", ["image", "folder", "color"])
def test_a_folder_with_gaps_is_filled_when_told(tmp_path, capsys, photo, mask, gaps, way):
    color = "".join(f"{value:02x}" for value in np.roll(photo, 1, 1)[12, 22])
    marked = {"image": ("--mask", mask), "folder": ("--mask", tmp_path / "masks"), "color": ("--key-color", color)}[way]
    words = (gaps, *marked, "-o", tmp_path / "out", *FAST)
    assert call(*words) == 2
    assert "number 3 is missing. Add what is missing, or set --allow-gaps if nothing is" in capsys.readouterr().err
    assert call(*words, "--allow-gaps", "--report", tmp_path / "page", "--preview", tmp_path / "look.mkv") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1.png", "2.png", "4.png"]
    hole = {"image": HOLE, "folder": np.roll(HOLE, 4, 1), "color": None}[way]
    got, before = read_image(tmp_path / "out" / "4.png"), np.roll(photo, 4, 1)
    if hole is not None:
        np.testing.assert_array_equal(got[hole == 0], before[hole == 0])
    assert (got != before).any()
    assert call(*words, "--allow-gaps", "--dry-run") == 0
    assert call(gaps, *marked, "-o", tmp_path / "out.mkv", "--allow-gaps", *FAST) == 0
    assert len(open_video(tmp_path / "out.mkv")) == 3


def test_a_batch_of_folders_with_gaps(tmp_path, gaps, capsys):
    for kind in ("frames", "masks"):
        for name in ("a", "b"):
            shutil.copytree(tmp_path / kind, tmp_path / f"many {kind}" / name)
    for file in (tmp_path / "many masks" / "b").iterdir():
        Image.new("L", (64, 48)).save(file)  # nothing to fill: copied
    words = (tmp_path / "many frames", "--mask", tmp_path / "many masks", "-o", tmp_path / "out", "--batch", *FAST)
    assert call(*words) == 1
    assert call(*words, "--allow-gaps") == 0
    for name in ("a", "b"):
        assert sorted(path.name for path in (tmp_path / "out" / name).iterdir()) == ["1.png", "2.png", "4.png"]
    assert call(*words) == 0 and "2 done before" in capsys.readouterr().out


def test_a_picture_for_several_frames_is_refused_with_ways_out(tmp_path, capsys, photo, mask):
    (tmp_path / "frames").mkdir()
    for number in range(3):
        Image.fromarray(photo).save(tmp_path / "frames" / f"{number}.png")
    assert call(tmp_path / "frames", "--mask", mask, "-o", tmp_path / "x.png", *FAST) == 2
    said = capsys.readouterr().err
    assert "holds one picture; the video has 3 frames" in said and "folder" in said and "x.mp4" in said
    assert not (tmp_path / "x.png").exists()


def test_masks_are_paired_by_number_or_by_order(tmp_path, capsys, photo):
    for folder, first in (("frames", 1), ("masks", 3)):
        (tmp_path / folder).mkdir()
        for number in range(first, first + 4):
            picture = photo if folder == "frames" else HOLE * 255
            Image.fromarray(picture).save(tmp_path / folder / f"img{number:04d}.png")
    words = (tmp_path / "frames", "--mask", tmp_path / "masks", "-o", tmp_path / "out", *FAST)
    assert call(*words) == 2
    said = capsys.readouterr().err
    assert "(img0001.png, img0002.png)" in said and "(img0005.png, img0006.png)" in said and "--mask-by-order" in said
    assert call(*words, "--mask-by-order") == 0
    assert len(list(open_video(tmp_path / "out"))) == 4


def test_a_fault_of_the_mask_stands_alone(tmp_path, capsys, photo):
    (tmp_path / "frames").mkdir()
    for number in range(3):
        Image.fromarray(photo).save(tmp_path / "frames" / f"{number}.png")
    Image.new("L", (9, 9), 255).save(tmp_path / "small.png")
    Image.new("L", (64, 48), 0).save(tmp_path / "empty.png")
    for mask in ("small.png", "empty.png", "none.png"):
        words = (tmp_path / "frames", "--mask", tmp_path / mask, "-o", tmp_path / "out.mp4")
        for more in ((), ("--dry-run",)):
            assert call(*words, *more) == 2
            assert len(capsys.readouterr().err.splitlines()) == 1, mask


def test_labels_are_said_and_can_be_chosen(tmp_path, capsys, photo):
    mask = np.zeros((48, 64), np.uint8)
    mask[4:16, 4:20], mask[24:40, 30:50] = 85, 170
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(mask).save(tmp_path / "m.png")
    words = (tmp_path / "photo.png", "--mask", tmp_path / "m.png", "-o", tmp_path / "out.png", *FAST)
    assert call(*words) == 0
    said = capsys.readouterr()
    assert "85 and 170" in said.err and "--mask-levels" in said.err
    assert f"{(mask > 0).mean():.1%}" in said.out
    assert call(*words, "--mask-levels", "170") == 0
    said = capsys.readouterr()
    assert "85" not in said.err and f"{(mask == 170).mean():.1%}" in said.out
    np.testing.assert_array_equal(read_image(tmp_path / "out.png")[mask != 170], photo[mask != 170])
    assert call(*words, "--mask-levels", "x") == 2
    assert "85,170 or 128-255" in capsys.readouterr().err
