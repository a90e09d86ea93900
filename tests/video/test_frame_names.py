"""Numbers of frames: a hole or a frame that is there twice is refused; what people really call their files is not."""

import pytest
from PIL import Image

from lgtsm.data.opening import Opener
from lgtsm.video import VideoError, open_video
from lgtsm.video.frame_folder import list_images
from lgtsm.video.mask_pictures import MaskPictures
from lgtsm.video.probe import probe


def make(folder, names):
    for name in names:
        Image.new("L", (8, 6)).save(folder / name)


FINE = {
    "from zero": [f"{k}.png" for k in range(12)],
    "from anywhere": [f"{k:04d}.png" for k in range(87, 112)],
    "every fifth": [f"{k:05d}.jpg" for k in range(0, 60, 5)],
    "two, far apart": ["frame_1.png", "frame_9.png"],
    "no numbers": ["first.png", "second.png", "third.png"],
    "one": ["17.png"],
    "several numbers": [f"cam2_take03_{k:03d}.png" for k in range(4, 9)],
    "two that change": ["a1_01.png", "a1_02.png", "a2_01.png", "a2_05.png", "a2_07.png"],
    "times in milliseconds": [f"t{round(k * 1000 / 30):06d}.png" for k in range(9)],
    "times in seconds": ["0.1.png", "0.2.png", "0.15.png", "0.25.png"],
    "times of day": [f"2026-11-25 12.30.{k:02d}.png" for k in (1, 2, 5, 7)],
    "dates": ["20261103.png", "20261111.png", "20261204.png", "20261231.png"],
    "a date a day": [f"2026{k}.png" for k in (1128, 1129, 1130, 1201, 1202)],
    "a phone's pictures": [f"IMG_20261125_{k:06d}.jpg" for k in (120057, 120058, 120059, 120100, 120101)],
    "date and time in one": [f"2026112512{k:04d}.jpg" for k in (57, 58, 59, 100, 101)],
    "seconds after a date": [f"2026-11-25 12.30.{k:02d}.png" for k in (1, 2, 3, 5)],
    "names of letters and numbers": ["9d2.png", "a3f.png", "b17.png", "c09.png"],
    "a size in the name": [f"{k}_1920x1080.png" for k in range(3)],
    "copies": ["shot (1).png", "shot (2).png", "shot (3).png"],
    "over the padding": [f"{k:03d}.png" for k in range(997, 1004)],
    "hidden and other files": ["1.png", "2.png", ".3.png"],
}


@pytest.mark.parametrize("kind", FINE)
def test_what_is_fine(tmp_path, kind):
    make(tmp_path, FINE[kind])
    (tmp_path / "notes.txt").write_text("4.png is missing")
    (tmp_path / "old").mkdir()
    shown = [name for name in FINE[kind] if not name.startswith(".")]
    assert [file.name for file in list_images(tmp_path)] == shown


HOLES = {
    "one": (["1.png", "2.png", "4.png"], r"after 2\.png, number 3 is missing"),
    "the second": (["000.png", "002.png", "003.png", "004.png"], r"after 000\.png, number 1 is missing"),
    "several": ([f"f{k:03d}.jpg" for k in (7, 8, 9, 13, 14)], r"after f009\.jpg, number 10 to 12 are missing"),
    "of every fifth": ([f"{k:05d}.png" for k in (0, 5, 10, 20, 25)], r"after 00010\.png, number 15 is missing"),
    "among other numbers": ([f"v2_{k:02d}_1080p.png" for k in (1, 2, 4)], r"after v2_02_1080p\.png, number 3"),
    "beside others": (["1.png", "2.png", "4.png", "cover.png"], r"after 2\.png, number 3 is missing"),
    "six digits": ([f"{k:06d}.png" for k in (57, 58, 59, 61)], r"number 60 is missing"),
    "eight digits": ([f"{k:08d}.png" for k in (1, 2, 4)], r"number 3 is missing"),
    "after a date": ([f"take_2026-11-25_{k:04d}.png" for k in (1, 2, 4)], r"number 3 is missing"),
    "huge": (["1.png", "2.png", "3.png", "99999999999999999999.png"], r"after 3\.png, number 4 to 9{19}8 are"),
}


@pytest.mark.parametrize("kind", HOLES)
def test_a_hole_is_named(tmp_path, kind):
    names, said = HOLES[kind]
    make(tmp_path, names)
    for read in (probe, open_video, list_images):
        with pytest.raises(VideoError, match=rf"{said}.*set `allow_gaps` if nothing is"):
            read(tmp_path)
    assert len(list_images(tmp_path, allow_gaps=True)) == len(names)
    info = probe(tmp_path, allow_gaps=True)
    assert (info.frames, info.allow_gaps) == (len(names), True)
    assert len(open_video(tmp_path, allow_gaps=True)) == len(names)


TWICE = {
    "another kind": (["1.png", "2.jpg", "2.png", "3.png"], r"2\.jpg and 2\.png|2\.png and 2\.jpg"),
    "capitals": (["f1.PNG", "f1.png", "f2.png"], r"f1\.PNG and f1\.png|f1\.png and f1\.PNG"),
    "a number written twice": (["1.png", "01.png", "2.png"], r"01\.png and 1\.png|1\.png and 01\.png"),
    "without numbers": (["a.png", "a.webp"], r"a\.png and a\.webp"),
}


@pytest.mark.parametrize("kind", TWICE)
def test_a_frame_that_is_there_twice(tmp_path, kind):
    names, said = TWICE[kind]
    make(tmp_path, names)
    for read in (probe, open_video, MaskPictures):
        with pytest.raises(VideoError, match=rf"once; ({said}) are the same"):
            read(tmp_path)


def test_training_takes_folders_with_holes(tmp_path):
    """Data sets of faces leave out frames without a face."""
    make(tmp_path, ["1.png", "2.png", "4.png"])
    assert len(Opener().open(tmp_path)) == 3
    assert len(MaskPictures(tmp_path)) == 3  # masks are paired by number
