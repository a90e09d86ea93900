"""Stored masks: the right clip, the right frames, the right way round, cut like the video."""

import cv2
import numpy as np
import pytest

from lgtsm.data.clips import InpaintingClips, MixedVideos
from lgtsm.data.davis import DAVISMasks, DAVISVideos
from lgtsm.data.face_forensics import FaceForensicsMasks, FaceForensicsVideos
from lgtsm.data.folder import FolderVideos
from lgtsm.data.fvi import FVIMasks, FVIVideos
from lgtsm.data.stored_masks import StoredMasks
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.video.errors import VideoError
from tests.data_trees import davis_tree, face_forensics_tree, fvi_tree, write_frames, write_masks


@pytest.fixture
def marked(tmp_path):
    """Videos whose pixels are white exactly where their masks (white = hole) are."""
    rng = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        for kind in ("videos", "masks"):
            (tmp_path / kind / name).mkdir(parents=True)
        left, top = rng.integers(4, 20, 2)
        for t in range(12):
            hole = np.zeros((48, 64), np.uint8)
            hole[top : top + 20, left + t : left + t + 24] = 255
            cv2.imwrite(str(tmp_path / "videos" / name / f"{t:03d}.png"), np.repeat(hole[..., None], 3, 2))
            cv2.imwrite(str(tmp_path / "masks" / name / f"{t:03d}.png"), hole)
    return tmp_path


@pytest.mark.parametrize(("size", "overlap"), [((48, 64), 0.85), ((24, 24), 0.75), ((96, 80), 0.85)])
@pytest.mark.parametrize("pair", ["order", "name"])
def test_holes_are_cut_flipped_and_timed_like_their_videos(marked, size, overlap, pair):
    videos = FolderVideos(marked / "videos", stride=(1, 2))
    clips = InpaintingClips(videos, StoredMasks(marked / "masks", meaning="hole", pair=pair), 4, *size)
    for draw in range(24):
        sample = clips[draw, draw % 3]
        white = sample["video"][:, 0].numpy() > 127
        hole = sample["hole"][:, 0].numpy() == 1
        assert (white & hole).sum() / max(1, (white | hole).sum()) > overlap
    # Not augmented and of its own size, the two are the same pixels.
    plain = InpaintingClips(videos, clips.masks, 4, 48, 64)[1]
    assert np.array_equal(plain["video"][:, 0].numpy() > 127, plain["hole"][:, 0].numpy() == 1)


def test_a_mask_that_is_too_short_repeats_its_last_frame(tmp_path):
    write_frames(tmp_path / "videos" / "a", 8)
    write_masks(tmp_path / "masks" / "a", 3)
    clips = InpaintingClips(FolderVideos(tmp_path / "videos"), StoredMasks(tmp_path / "masks"), 6, 20, 32)
    hole = clips[0]["hole"][:, 0].numpy()
    assert [int(np.flatnonzero(frame.any(0))[0]) for frame in hole] == [4, 5, 6, 6, 6, 6]
    assert hole[0].sum() == 36


def test_pairs_go_by_the_order_of_all_videos_and_start_again(tmp_path):
    for k in range(6):
        write_frames(tmp_path / "videos" / f"v{k}", 4)
    for k in range(4):
        write_masks(tmp_path / "masks" / f"m{k}", 4, size=3 + k)
    clips = InpaintingClips(FolderVideos(tmp_path / "videos", limit=3), StoredMasks(tmp_path / "masks"), 2, 20, 32)
    # limit=3 takes videos 0, 2 and 4; four mask clips for six videos: the fifth has the first again.
    assert [int(clips[k]["hole"][0].sum()) for k in range(3)] == [9, 25, 9]


def test_meanings(tmp_path):
    write_frames(tmp_path / "videos" / "a", 3)
    write_masks(tmp_path / "valid" / "a", 3)
    write_masks(tmp_path / "hole" / "a", 3, invert=True)
    videos = FolderVideos(tmp_path / "videos")
    holes = [
        InpaintingClips(videos, StoredMasks(tmp_path / meaning, meaning), 3, 20, 32)[0]["hole"]
        for meaning in ("valid", "hole")
    ]
    assert holes[0].equal(holes[1])
    assert int(holes[0].sum()) == 3 * 36
    wider = InpaintingClips(videos, StoredMasks(tmp_path / "valid", dilate=1), 3, 20, 32)[0]["hole"]
    assert int(wider[0].sum()) == 36 + 4 * 6
    with pytest.raises(ValueError, match="meaning"):
        StoredMasks(tmp_path / "valid", "white")


def test_masks_of_another_size_are_scaled_and_may_be_videos(tmp_path):
    from lgtsm.video.encoding import Encoding
    from lgtsm.video.writer import VideoWriter

    write_frames(tmp_path / "videos" / "a", 4)
    (tmp_path / "masks").mkdir()
    with VideoWriter(tmp_path / "masks" / "a.mp4", 25, 40, 64, Encoding(lossless=True)) as writer:
        for t in range(2):
            frame = np.zeros((40, 64, 3), np.uint8)
            frame[10:22, 8 + 2 * t : 20 + 2 * t] = 255
            writer.write(frame)
    masks = StoredMasks(tmp_path / "masks", meaning="hole")
    hole = InpaintingClips(FolderVideos(tmp_path / "videos"), masks, 3, 20, 32)[0]["hole"][:, 0].numpy()
    expected = np.zeros((3, 20, 32), np.uint8)
    expected[0, 5:11, 4:10] = expected[1:, 5:11, 5:11] = 1
    assert np.array_equal(hole, expected)


def test_davis_objects_by_name_and_every_object_counts(tmp_path):
    davis_tree(tmp_path)
    videos = DAVISVideos(tmp_path, "train")
    assert videos.names == ["bear", "dog"]
    assert DAVISVideos(tmp_path, "validation").names == ["camel"]
    assert len(DAVISVideos(tmp_path, "all")) == 3
    hole = InpaintingClips(videos, DAVISMasks(tmp_path, dilate=0), 8, 20, 32)[1]["hole"][:, 0].numpy()
    for t, frame in enumerate(hole):
        assert frame[8:12, 10 + t : 14 + t].all() and frame[14:16, 2:5].all()
        assert frame.sum() == 16 + 6
    wide = InpaintingClips(videos, DAVISMasks(tmp_path, dilate=2), 8, 20, 32)[1]["hole"]
    assert wide.sum() > hole.sum()


def test_youtube_vos_annotates_every_fifth_frame(tmp_path):
    write_frames(tmp_path / "JPEGImages" / "x", 12)
    write_masks(tmp_path / "all", 12, invert=True)
    folder = tmp_path / "Annotations" / "x"
    folder.mkdir(parents=True)
    for t in (0, 5, 10):
        (tmp_path / "all" / f"{t:05d}.png").rename(folder / f"{t:05d}.png")
    clips = InpaintingClips(DAVISVideos(tmp_path, "all"), DAVISMasks(tmp_path, dilate=0), 12, 20, 32)
    lefts = [int(np.flatnonzero(frame.any(0))[0]) for frame in clips[0]["hole"][:, 0].numpy()]
    assert lefts == [4] * 5 + [9] * 5 + [14] * 2


def test_published_layouts_have_their_masks(tmp_path):
    fvi = fvi_tree(tmp_path / "fvi")
    for masks in (FVIMasks(fvi, preset=None), FVIMasks(fvi), FVIMasks(fvi, center=5)):
        sample = InpaintingClips(FVIVideos(fvi, "test"), masks, 4, 20, 32)[2]
        assert int(sample["hole"].sum()) == 4 * 36
    assert set(FVIVideos(fvi, "test").masks_beside()) == {"random_masks/object_like/5", "object_masks"}
    faces = face_forensics_tree(tmp_path / "faces")
    sample = InpaintingClips(FaceForensicsVideos(faces, "test"), FaceForensicsMasks(faces), 8, 32, 32)[0]
    assert [int(np.flatnonzero(frame.any(0))[0]) for frame in sample["hole"][:, 0].numpy()] == [4, 5, 6, 7, 8, 9, 9, 9]


def test_errors(tmp_path):
    fvi = fvi_tree(tmp_path / "fvi", train=1, test=1)
    with pytest.raises(ValueError, match="SyntheticVideos"):
        InpaintingClips(SyntheticVideos(2), FVIMasks(fvi), 2, 16, 16)
    with pytest.raises(VideoError, match="folder of videos"):
        FVIMasks(fvi, split="train")
    with pytest.raises(VideoError, match="JPEGImages and Annotations"):
        DAVISVideos(tmp_path)
    masks = FVIMasks(fvi, preset=None)
    with pytest.raises(VideoError, match="video other"):
        masks.path_for("other", 0)
    broken = fvi / "Test" / "object_masks" / "video0" / "00000.png"
    broken.write_bytes(broken.read_bytes()[:40])
    with pytest.raises(VideoError, match="mask image"):
        list(masks.pictures(broken.parent))


@pytest.mark.parametrize("levels", [(0, 1), (0, 255), (0, 7)])
@pytest.mark.parametrize("meaning", ["hole", "valid"])
def test_masks_of_two_levels_are_read_whatever_the_levels(tmp_path, levels, meaning):
    hole = np.zeros((20, 32), np.uint8)
    hole[4:12, 6:20] = 1
    write_frames(tmp_path / "videos" / "a", 4)
    (tmp_path / "masks" / "a").mkdir(parents=True)
    for t in range(4):
        picture = np.where((hole if meaning == "hole" else 1 - hole) == 1, levels[1], levels[0])
        cv2.imwrite(str(tmp_path / "masks" / "a" / f"{t}.png"), picture.astype(np.uint8))
    clips = InpaintingClips(FolderVideos(tmp_path / "videos"), StoredMasks(tmp_path / "masks", meaning), 4, 20, 32)
    assert np.array_equal(clips[0]["hole"][:, 0].numpy(), np.repeat(hole[None], 4, 0))


def test_procedural_clips_among_videos_take_stored_masks_in_turn(tmp_path):
    for k in range(3):
        write_masks(tmp_path / f"m{k}", 2, 16, 16, size=k + 1)
    for pair in ("order", "name"):
        clips = InpaintingClips(
            MixedVideos({"s": SyntheticVideos(5)}, {"s": 1}), StoredMasks(tmp_path, pair=pair), 4, 16, 16
        )
        assert [int(clips[k]["hole"].sum()) for k in range(5)] == [4 * (k % 3 + 1) ** 2 for k in range(5)]


@pytest.mark.parametrize(("level", "words"), [(0, "must mask something"), (255, "must leave something to fill from")])
def test_a_mask_that_inpaint_refuses_is_refused_here_too(tmp_path, level, words):
    write_frames(tmp_path / "videos" / "a", 6)
    write_masks(tmp_path / "part" / "a", 6, invert=True)
    (tmp_path / "masks" / "a").mkdir(parents=True)
    for t in range(6):
        cv2.imwrite(str(tmp_path / "masks" / "a" / f"{t}.png"), np.full((20, 32), level, np.uint8))
        if t < 4:  # only the frames of the clip are empty: the mask is fine
            cv2.imwrite(str(tmp_path / "part" / "a" / f"{t:05d}.png"), np.zeros((20, 32), np.uint8))
    videos = FolderVideos(tmp_path / "videos")
    window = videos.read_window(0, 4, 20, 32, None)[1]
    masks = StoredMasks(tmp_path / "masks", "hole")
    for _ in range(2):
        with pytest.raises(VideoError, match=rf"masks/a {words}"):
            masks.read_hole(window)
    assert not StoredMasks(tmp_path / "part", "hole").read_hole(window).any()
