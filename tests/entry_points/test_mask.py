"""`lgtsm mask`: masks that can be looked at, corrected and given to `lgtsm inpaint`."""

import cv2
import numpy as np
import pytest

from lgtsm.commands import inpaint, mask
from lgtsm.commands.mask_options import logo_in
from lgtsm.video.encoding import Encoding
from lgtsm.video.mask_choice import MaskChoice
from lgtsm.video.open import open_video
from lgtsm.video.probe import probe
from lgtsm.video.writer import VideoWriter
from tests.classical.test_overlay import psnr, scenes
from tests.entry_points.calling import exit_code
from tests.masks.test_logo import badge, overlaid
from tests.masks.test_shadow import shaded
from tests.masks.test_text import subtitle
from tests.masks.test_track import box_of


@pytest.fixture
def captioned(tmp_path, data_folder):
    """A clip of 24 frames with words over the last 16."""
    info = probe(data_folder / "bmx-trees" / "video.mp4")
    path = tmp_path / "in.mkv"
    where = []
    with (
        open_video(info.path, "pyav") as video,
        VideoWriter(path, info.fps, info.height, info.width, Encoding(lossless=True)) as writer,
    ):
        for t, frame in enumerate(video):
            written, words = (
                subtitle(frame, "Mind the tree!", 14) if t >= 8 else (frame, np.zeros(frame.shape[:2], bool))
            )
            writer.write(written)
            where.append(words)
    return path, np.stack(where)


@pytest.mark.parametrize("output", ["mask.mkv", "mask.mp4", "masks"])
def test_text_is_masked_and_then_removed(tmp_path, captioned, output, capsys):
    path, words = captioned
    assert exit_code(mask.main, path, "--text", "--dilate", 2, "-o", tmp_path / output) == 0
    said = capsys.readouterr()
    assert f"{output}: 24 frames of 288x160" in said.out
    assert "Looking for text: 24/24 frames" in said.err
    holes = np.stack(list(MaskChoice(tmp_path / output).open(probe(path))))
    assert holes[words].mean() >= 0.98
    assert not holes[:3].any()
    if output != "mask.mkv":
        return
    method = "--method", "smooth-fill", "--lossless"
    assert exit_code(inpaint.main, path, "--text", "--dilate", 2, *method, "-o", tmp_path / "one.mkv") == 0
    assert exit_code(inpaint.main, path, "--mask", tmp_path / output, *method, "-o", tmp_path / "two.mkv") == 0
    with open_video(tmp_path / "one.mkv", "pyav") as one, open_video(tmp_path / "two.mkv", "pyav") as two:
        assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_a_folder_of_frames_gives_masks_of_the_same_names(tmp_path):
    (tmp_path / "frames").mkdir()
    for name in ("shot_7", "shot_8", "shot_9"):
        cv2.imwrite(str(tmp_path / "frames" / f"{name}.jpg"), np.full((30, 40, 3), 80, np.uint8))
    words = tmp_path / "frames", "--box", "4,5,6,7@1-1", "-o", tmp_path / "masks"
    assert exit_code(mask.main, *words) == 0
    assert sorted(path.name for path in (tmp_path / "masks").iterdir()) == ["shot_7.png", "shot_8.png", "shot_9.png"]
    found = [cv2.imread(str(path)) for path in sorted((tmp_path / "masks").iterdir())]
    assert [int((image == 255).all(-1).sum()) for image in found] == [0, 42, 0]
    assert set(np.unique(found)) == {0, 255}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "Nothing is marked. Say what to remove with --track, --text, --logo, --box, --key-color or --mask."),
        (
            ("--text", "--box", "1,1,2,2"),
            "Mark the hole with one of --mask, --box and --key-color, or any of --text, --track, --logo; got --box and "
            "--text.",
        ),
        (("--text",), "No text was found. Mark it with a box."),
        (("--logo",), "Nothing stands still while the picture around it moves. Mark it with a box."),
        (("--track", "1,1,9,9@7s"), "The moment 7s must be in the video, which ends at"),
        (("--track", "1,1,9,9@soon"), "Write a moment of the video like 3s, 00:01:03.5 or frame 120; got 'soon'."),
        (
            ("--box", "1,1,2,2", "--shadow"),
            "--shadow looks for what moves with an object, which --track follows or --mask",
        ),
        (("--track", "1,1,9,9", "--shadow", "--invert-mask"), "omit --shadow or --invert-mask."),
        (("--track", "1,1,9000,9"), "The box 1,1,9000,9 must fit into the frame"),
        (("--track", "1,1,9,9/2,2,9,9@1"), "Of several boxes around one object, each needs its moment"),
    ],
)
def test_what_cannot_be_is_a_sentence(tmp_path, data_folder, words, sentence, capsys):
    video = data_folder / "odd" / "three_frames.mp4"
    assert exit_code(mask.main, video, *words, "-o", tmp_path / "out.mkv") == 2
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_text_needs_a_file(capsys):
    assert exit_code(inpaint.main, "-", "--raw", "32x32", "--text", "-o", "-") == 2
    assert "--text needs a file to read, and the input is a pipe." in capsys.readouterr().err


def test_a_place_that_is_taken_is_told_before_the_video_is_looked_at(tmp_path, data_folder, monkeypatch, capsys):
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "notes.txt").write_text("mine")
    monkeypatch.setattr("lgtsm.commands.mask_options.text_in", lambda *given: pytest.fail("it has begun"))
    video = data_folder / "bmx-trees" / "video.mp4"
    assert exit_code(mask.main, video, "--text", "-o", tmp_path / "masks") == 2
    assert "must be a new or empty folder; it holds notes.txt" in capsys.readouterr().err
    assert (tmp_path / "masks" / "notes.txt").read_text() == "mine"


def test_an_object_is_followed_and_written(tmp_path, data_folder, capsys):
    folder = data_folder / "bmx-trees"
    hole = next(iter(MaskChoice(folder / "masks").open(probe(folder / "video.mp4"))))
    rows, columns = np.nonzero(hole)
    box = ",".join(map(str, (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1)))
    assert exit_code(mask.main, folder / "video.mp4", "--track", box, "--dilate", 3, "-o", tmp_path / "m.mkv") == 0
    said = capsys.readouterr()
    assert "m.mkv: 24 frames of 288x160" in said.out
    assert "Following" in said.err
    holes = np.stack(list(MaskChoice(tmp_path / "m.mkv").open(probe(folder / "video.mp4"))))
    assert all(one.any() for one in holes)


def test_the_shadow_of_a_marked_or_followed_object_is_written(tmp_path, capsys):
    frames, things, both = shaded(length=48)
    clip = tmp_path / "in.mkv"
    with VideoWriter(clip, 25, *frames.shape[1:3], Encoding(lossless=True)) as writer:
        for frame in frames:
            writer.write(frame)
    np.save(tmp_path / "things.npy", things)
    given = clip, "--mask", tmp_path / "things.npy", "--shadow", "-o", tmp_path / "marked.mkv"
    assert exit_code(mask.main, *given) == 0
    assert "Looking for the shadow" in capsys.readouterr().err
    box = ",".join(map(str, box_of(things[0], 1)))
    assert exit_code(mask.main, clip, "--track", box, "--shadow", "-o", tmp_path / "followed.mkv") == 0
    for name in ("marked.mkv", "followed.mkv"):
        found = np.stack(list(MaskChoice(tmp_path / name).open(probe(clip))))
        assert found[both > things].mean() > 0.8


def test_a_mask_that_stands_still_has_no_shadow(tmp_path, data_folder, capsys):
    cv2.imwrite(str(tmp_path / "mask.png"), np.pad(np.full((9, 9), 255, np.uint8), ((3, 148), (3, 276))))
    words = data_folder / "bmx-trees" / "video.mp4", "--mask", tmp_path / "mask.png", "--shadow"
    assert exit_code(mask.main, *words, "-o", tmp_path / "m.mkv") == 2
    assert "--shadow needs a mask of an object that moves" in capsys.readouterr().err
    assert not (tmp_path / "m.mkv").exists()
    assert exit_code(inpaint.main, "-", "--raw", "32x32", "--mask", "m.mkv", "--shadow", "-o", "-") == 2
    assert "--shadow needs a file to read, and the input is a pipe." in capsys.readouterr().err


def test_a_half_transparent_logo_is_found_and_seen_through(tmp_path, capsys):
    true = scenes(3)
    shown = overlaid(true, badge(), 0.5)
    clip = tmp_path / "logo.mkv"
    with VideoWriter(clip, 25, *true.shape[1:3], Encoding(lossless=True)) as writer:
        for frame in shown:
            writer.write(frame)
    words = clip, "--logo", "--see-through", "--method", "smooth-fill", "--no-scene-cuts", "--lossless"
    assert exit_code(inpaint.main, *words, "-o", tmp_path / "out.mkv") == 0
    said = capsys.readouterr().err
    assert f"Looking for a logo: {len(true)}/{len(true)} frames" in said
    assert "is brought back; the rest is filled." in said
    with open_video(tmp_path / "out.mkv", "pyav") as video:
        filled = np.stack(list(video))
    hole = next(iter(MaskChoice(found={"logo": logo_in}).open(probe(clip)))) > 0
    assert np.array_equal(filled[:, ~hole], shown[:, ~hole])
    assert psnr(filled, true, badge()) > 27 > 6 + psnr(shown, true, badge())


def test_a_hole_that_moves_cannot_be_seen_through(tmp_path, data_folder, capsys):
    folder = data_folder / "bmx-trees"
    words = folder / "video.mp4", "--mask", folder / "masks", "--see-through", "-o", tmp_path / "out.mp4"
    assert exit_code(inpaint.main, *words) == 2
    assert "--see-through needs a hole that stays in one place" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
