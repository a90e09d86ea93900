"""No output replaces an input or another output."""

import os
import unicodedata

import pytest

from lgtsm.outputs import Place, check_outputs, identity


@pytest.fixture
def here(tmp_path):
    for name in ("clip.mp4", "mask.png", "frames/0.png", "frames/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"kept")
    os.link(tmp_path / "clip.mp4", tmp_path / "hard.mp4")
    (tmp_path / "symbolic.mp4").symlink_to("clip.mp4")
    (tmp_path / "way").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "dangling.mp4").symlink_to("absent.mp4")
    return tmp_path


def check(here, outputs, inputs=("clip.mp4", "mask.png", "frames")):
    check_outputs([Place(f"`{name}`", here / name) for name in outputs], [Place(name, here / name) for name in inputs])


@pytest.mark.parametrize(
    "output",
    ["clip.mp4", "hard.mp4", "symbolic.mp4", "way/clip.mp4", "frames/../clip.mp4", "way/way/mask.png", "frames"],
)
def test_an_output_that_is_an_input_is_refused(here, output):
    with pytest.raises(ValueError, match="must not replace"):
        check(here, [output])


def test_an_output_among_the_images_of_an_input_is_refused(here):
    for output in ("frames/0.png", "frames/9.jpg", "way/frames/1.PNG"):
        with pytest.raises(ValueError, match="must not be one of the images of frames"):
            check(here, [output])
    check(here, ["frames/out.mp4", "frames/filled", "frames/deeper/0.png"])


def test_an_output_folder_that_holds_an_input_is_refused(here):
    for output in ("way", "frames/.."):
        with pytest.raises(ValueError, match=r"must not be a folder that holds|must not replace"):
            check(here, [output])


def test_two_outputs_at_one_place_are_refused(here):
    with pytest.raises(ValueError, match=r"`way/new\.mp4` must not replace `new\.mp4`; .* are the same"):
        check(here, ["new.mp4", "way/new.mp4"])
    with pytest.raises(ValueError, match=r"must not replace `absent\.mp4`"):
        check(here, ["absent.mp4", "dangling.mp4"])
    check(here, ["a.mp4", "A.mp4", "b"])


def test_names_that_differ_in_case_are_one_where_the_file_system_says_so(here, monkeypatch):
    assert identity(here / "New.mp4") != identity(here / "new.mp4")
    monkeypatch.setattr("lgtsm.outputs._ignores_case", lambda folder: True)
    with pytest.raises(ValueError, match="must not replace"):
        check(here, ["New.mp4", "new.MP4"])
    with pytest.raises(ValueError, match="must not replace"):
        check(here, ["ü.mp4", unicodedata.normalize("NFD", "Ü.mp4")])
