"""Good trees have nothing wrong; each damage is found, and called what it is."""

import shutil

import cv2
import numpy as np
import pytest

from lgtsm.data.check import check_masks, check_videos, looks_inverted
from lgtsm.data.davis import DAVISVideos
from lgtsm.data.face_forensics import FaceForensicsVideos
from lgtsm.data.fvi import FVIVideos
from tests.data_trees import davis_tree, face_forensics_tree, fvi_tree, write_frames, write_masks


def wrong(findings):
    return {finding.subject: finding.sentence for finding in findings if finding.status == "wrong"}


@pytest.mark.parametrize(
    ("tree", "source"), [(fvi_tree, FVIVideos), (face_forensics_tree, FaceForensicsVideos), (davis_tree, DAVISVideos)]
)
def test_good_trees(tmp_path, tree, source):
    tree(tmp_path)
    for split in ("train", "test"):
        videos = source(tmp_path, split)
        assert wrong(check_videos(videos, 7, 20, 32, expected=len(videos), thorough=True)) == {}
        for masks in videos.masks_beside().values():
            assert wrong(check_masks(masks, videos)) == {}


def test_damaged_videos(tmp_path, data_folder):
    fvi_tree(tmp_path)
    folder = tmp_path / "Train" / "JPEGImages"
    write_frames(folder / "short", 3)
    write_frames(folder / "wide", 8, width=64, ending="jpg")
    write_frames(folder / "low", 8, height=10, width=20, ending="jpg")
    write_frames(folder / "two_sizes", 8)
    write_frames(tmp_path / "other", 1, height=9)
    shutil.copyfile(tmp_path / "other" / "00000.png", folder / "two_sizes" / "00003.png")
    (folder / "empty").mkdir()
    last = folder / "video0" / "00007.jpg"
    last.write_bytes(last.read_bytes()[:100])
    found = check_videos(FVIVideos(tmp_path, "train"), 7, 20, 32, expected=14_900)
    bad = wrong(found)
    assert set(bad) == {
        "number of videos",
        "unreadable videos",
        "videos shorter than 7 frames",
        "folders without frames",
    }
    assert "8; " in bad["number of videos"] and "14900" in bad["number of videos"]
    assert "video0" in bad["unreadable videos"] and "two_sizes" in bad["unreadable videos"]
    assert bad["videos shorter than 7 frames"] == "1: short (3)"
    assert bad["folders without frames"] == "1: empty"
    notes = {finding.subject: finding.sentence for finding in found if finding.status == "note"}
    assert "wide (64x20)" in notes["sizes other than 32x20"]
    assert "low (20x10)" in notes["smaller than the clips (32x20), to be scaled up"]


def test_only_a_thorough_look_sees_the_middle(tmp_path):
    fvi_tree(tmp_path, train=1)
    torn = tmp_path / "Train" / "JPEGImages" / "video0" / "00004.jpg"
    data = torn.read_bytes()
    torn.write_bytes(data[:-12])
    videos = FVIVideos(tmp_path, "train")
    assert wrong(check_videos(videos, 7, 20, 32)) == {}
    assert "00004.jpg" in wrong(check_videos(videos, 7, 20, 32, thorough=True))["unreadable videos"]


def test_damaged_masks(tmp_path):
    fvi_tree(tmp_path)
    masks = tmp_path / "Test" / "object_masks"
    shutil.rmtree(masks / "video1")
    shutil.rmtree(masks / "video2")
    write_masks(masks / "video2", invert=True)
    torn = masks / "video0" / "00000.png"
    torn.write_bytes(torn.read_bytes()[:40])
    videos = FVIVideos(tmp_path, "test")
    bad = wrong(check_masks(videos.masks_beside()["object_masks"], videos))
    assert bad["videos without masks"] == "1: video1"
    assert "video0/00000.png" in bad["unreadable masks"]
    assert "video2 (94% missing)" in bad["masks that look inverted (read as meaning=valid)"]


def test_fewer_masks_than_videos_where_each_should_have_its_own(tmp_path):
    face_forensics_tree(tmp_path)
    shutil.rmtree(tmp_path / "Test" / "masks" / "0001")
    videos = FaceForensicsVideos(tmp_path, "test")
    assert wrong(check_masks(videos.masks_beside()["masks"], videos))["videos without masks"] == "1: 0002"


@pytest.mark.parametrize("center", [5, 15, 35, 65])
def test_polarity_goes_by_the_bin(center):
    hole = (np.arange(10_000).reshape(1, 100, 100) < center * 100).astype(np.uint8)
    assert not looks_inverted(hole, str(center))
    assert looks_inverted(1 - hole, str(center))


@pytest.mark.parametrize(("level", "words"), [(255, "must mask something"), (0, "must leave something")])
def test_masks_of_nothing_or_everything_are_wrong(tmp_path, level, words):
    """In FVI 255 is known."""
    fvi_tree(tmp_path)
    videos = FVIVideos(tmp_path, "test")
    for frame in (tmp_path / "Test" / "object_masks" / "video1").iterdir():
        cv2.imwrite(str(frame), np.full((20, 32), level, np.uint8))
    (found,) = wrong(check_masks(videos.masks_beside()["object_masks"], videos)).values()
    assert found.startswith("1: ") and f"video1 {words}" in found


def test_a_hole_outside_the_frames_that_are_looked_at_is_found(tmp_path):
    fvi_tree(tmp_path, num_frames=20)
    videos = FVIVideos(tmp_path, "test")
    for number, frame in enumerate(sorted((tmp_path / "Test" / "object_masks" / "video1").iterdir())):
        if number != 2:
            cv2.imwrite(str(frame), np.full((20, 32), 255, np.uint8))
    assert wrong(check_masks(videos.masks_beside()["object_masks"], videos)) == {}


def test_a_thorough_check_reads_every_mask(tmp_path):
    fvi_tree(tmp_path, num_frames=20)
    videos = FVIVideos(tmp_path, "test")
    (tmp_path / "Test" / "object_masks" / "video1" / "00002.png").write_bytes(b"no picture")
    masks = videos.masks_beside()["object_masks"]
    assert wrong(check_masks(masks, videos)) == {}
    (found,) = wrong(check_masks(masks, videos, thorough=True)).values()
    assert "00002.png" in found
