import cv2
import numpy as np
import pytest

from lgtsm.data.face_forensics import FaceForensicsVideos
from lgtsm.data.folder import FolderVideos
from lgtsm.data.fvi import FVIVideos
from lgtsm.data.opening import Opener
from lgtsm.data.splits import stable_split
from lgtsm.data.transforms import choose_crop
from lgtsm.video.errors import VideoError


def write_frames(folder, num_frames=6, height=20, width=30):
    """Frames whose red says their number, and whose green rises from left to right."""
    folder.mkdir(parents=True)
    for t in range(num_frames):
        frame = np.zeros((height, width, 3), np.uint8)
        frame[..., 0] = 10 * t
        frame[..., 1] = np.linspace(0, 255, width).astype(np.uint8)
        cv2.imwrite(str(folder / f"{t:03d}.png"), frame[..., ::-1])


def test_reads_clips_from_frame_folders_and_files(tmp_path, data_folder):
    write_frames(tmp_path / "a")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.mp4").write_bytes((data_folder / "bmx-trees" / "video.mp4").read_bytes())
    videos = FolderVideos(tmp_path, stride=2)
    assert [videos.name(i) for i in range(len(videos))] == ["a", "sub/b"]
    clip = videos.read_clip(0, 3, 20, 30, None)
    assert clip[:, 0, 0, 0].tolist() == [0, 20, 40]
    assert videos.read_clip(1, 4, 64, 64, np.random.default_rng(0)).shape == (4, 64, 64, 3)


def test_augmentation_is_the_same_for_all_frames_and_reaches_everything(tmp_path):
    write_frames(tmp_path / "a", num_frames=8)
    videos = FolderVideos(tmp_path)
    starts, mirrored, lefts = set(), set(), set()
    for seed in range(40):
        clip = videos.read_clip(0, 3, 10, 10, np.random.default_rng(seed)).astype(int)
        assert np.array_equal(np.diff(clip[:, 0, 0, 0]), [10, 10])
        assert np.array_equal(clip[0, ..., 1], clip[2, ..., 1])
        starts.add(int(clip[0, 0, 0, 0]))
        mirrored.add(bool(clip[0, 0, 0, 1] > clip[0, 0, -1, 1]))
        lefts.add(int(clip[0, 0, 0, 1]))
    assert starts == {0, 10, 20, 30, 40, 50}
    assert mirrored == {False, True}
    assert len(lefts) > 5


@pytest.mark.parametrize(
    ("own", "wanted"), [((20, 30), (20, 30)), ((20, 30), (30, 20)), ((90, 40), (16, 64)), ((7, 9), (32, 32))]
)
@pytest.mark.parametrize("scale", [1.0, 1.2])
def test_any_size_to_any_size(own, wanted, scale):
    frames = np.random.default_rng(0).integers(0, 255, (2, *own, 3), dtype=np.uint8)
    for rng in (None, np.random.default_rng(1)):
        out = choose_crop(frames.shape[1:3], *wanted, scale=scale, rng=rng).frames(frames)
        assert out.shape == (2, *wanted, 3)
    if own == wanted:
        assert np.array_equal(choose_crop(frames.shape[1:3], *wanted).frames(frames), frames)


def test_splits_are_stable_disjoint_and_of_the_wanted_size(tmp_path):
    for k in range(30):
        write_frames(tmp_path / f"video{k}", num_frames=1, height=2, width=2)
    names = {split: set(FolderVideos(tmp_path, split, held_out=0.2).paths) for split in ("train", "validation", "test")}
    assert len(set.union(*names.values())) == sum(map(len, names.values())) == 30
    places = [stable_split(f"name{k}", 0.1) for k in range(3000)]
    assert places.count("validation") / 3000 == pytest.approx(0.1, abs=0.02)
    assert places.count("test") / 3000 == pytest.approx(0.1, abs=0.02)
    # The same for ever: a change of the hash would mix training and test videos.
    assert [stable_split(n, 0.3) for n in ("a", "b", "c", "d")] == ["train", "validation", "validation", "validation"]
    assert len(FolderVideos(tmp_path, limit=4)) == 4


@pytest.mark.parametrize(("source", "folder"), [(FVIVideos, "Train/JPEGImages"), (FaceForensicsVideos, "Train/videos")])
def test_published_layouts(tmp_path, source, folder):
    with pytest.raises(VideoError, match=f"{folder}.*data.root"):
        source(tmp_path)
    write_frames(tmp_path / folder / "one")
    assert source(tmp_path).read_clip(0, 2, 16, 16, None).shape == (2, 16, 16, 3)
    with pytest.raises(ValueError, match="'train', 'test'"):
        source(tmp_path, split="dev")


def test_errors(tmp_path):
    with pytest.raises(VideoError, match="there is nothing there"):
        FolderVideos(tmp_path / "absent")
    write_frames(tmp_path / "a", num_frames=2)
    with pytest.raises(VideoError, match=r"at least 3 .* 2\b"):
        FolderVideos(tmp_path).read_clip(0, 3, 8, 8, None)
    with pytest.raises(VideoError, match=r"split .*Add videos, or set `split=all`"):
        FolderVideos(tmp_path, split="validation", held_out=0.0)


def test_several_clips_of_a_video_are_spread_over_it(tmp_path):
    write_frames(tmp_path / "a", num_frames=10)
    write_frames(tmp_path / "b", num_frames=10)
    videos = FolderVideos(tmp_path, clips_per_video=3)
    assert (len(videos), videos.num_videos) == (6, 2)
    assert [videos.name(k) for k in range(4)] == ["a_clip0", "a_clip1", "a_clip2", "b_clip0"]
    starts = [int(videos.read_clip(k, 4, 20, 30, None)[0, 0, 0, 0]) for k in range(6)]
    assert starts == [0, 20, 40] * 2


def test_stride_may_be_drawn_but_never_leaves_the_video(tmp_path):
    write_frames(tmp_path / "a", num_frames=8)
    videos = FolderVideos(tmp_path, stride=(1, 5))
    strides = set()
    for seed in range(60):
        clip = videos.read_clip(0, 3, 20, 30, np.random.default_rng(seed)).astype(int)
        steps = np.diff(clip[:, 0, 0, 0])
        assert steps[0] == steps[1]
        strides.add(int(steps[0]) // 10)
    assert strides == {1, 2, 3}  # a fourth would need nine frames
    assert np.diff(videos.read_clip(0, 3, 20, 30, None)[:, 0, 0, 0].astype(int)).tolist() == [10, 10]
    with pytest.raises(ValueError, match="stride"):
        FolderVideos(tmp_path, stride=(3, 1))


def test_splits_by_list(tmp_path):
    for name in ("a", "b", "c"):
        write_frames(tmp_path / "videos" / name, num_frames=1)
    (tmp_path / "train.txt").write_text("c\na.mp4\n\n")
    (tmp_path / "test.txt").write_text("b\nnot_there\n")
    assert FolderVideos(tmp_path / "videos", "train", split_folder=tmp_path).names == ["a", "c"]
    with pytest.raises(VideoError, match=r"test.txt .*'not_there'.*1 of 2"):
        FolderVideos(tmp_path / "videos", "test", split_folder=tmp_path)
    with pytest.raises(VideoError, match=r"validation.txt"):
        FolderVideos(tmp_path / "videos", "validation", split_folder=tmp_path)


@pytest.mark.parametrize(
    ("source", "folder", "held_out"), [(FVIVideos, "JPEGImages", 100), (FaceForensicsVideos, "videos", 150)]
)
def test_published_numbers_of_test_videos_where_nothing_is_split_yet(tmp_path, source, folder, held_out):
    for k in range(held_out + 12):
        write_frames(tmp_path / folder / f"v{k:03d}", num_frames=1, height=2, width=2)
    train, test = source(tmp_path, "train"), source(tmp_path, "test")
    assert (len(train), len(test)) == (12, held_out)
    assert not set(train.names) & set(test.names)
    # A new training video moves none of the others out of training but where it takes a place in the test set.
    write_frames(tmp_path / folder / "later", num_frames=1, height=2, width=2)
    assert len(set(source(tmp_path, "test").names) & set(test.names)) >= held_out - 1
    assert test.published_count() == held_out


def test_opening_again_is_the_same_and_sees_changes(tmp_path, data_folder):
    file = tmp_path / "a.mp4"
    file.write_bytes((data_folder / "bmx-trees" / "video.mp4").read_bytes())
    write_frames(tmp_path / "frames", num_frames=4)
    for path, opener in ((tmp_path / "frames", Opener()), (file, Opener("pyav")), (file, Opener())):
        with opener.open(path) as first:
            frames, length = first.read([1, 3]), len(first)
        with opener.open(path) as second:
            assert np.array_equal(second.read([1, 3]), frames)
            assert (len(second), second.height, second.width) == (length, *frames.shape[1:3])
    file.write_bytes((data_folder / "odd" / "truncated_no_moov.mp4").read_bytes())
    for _ in range(2):  # the error is remembered too
        with pytest.raises(VideoError, match=r"a\.mp4"):
            opener.open(file)
