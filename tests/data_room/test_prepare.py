"""The prepared copy: every scene a file, pixels of the source, resumable, and an honest manifest."""

import json

import numpy as np
import pytest

from lgtsm.data import prepare
from lgtsm.data.folder import FolderVideos
from lgtsm.data.prepare import Preparation, prepare_videos
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.open import open_video
from lgtsm.video.packet_index import read_packet_index
from lgtsm.video.writer import VideoWriter

HOW = Preparation(height=40, width=60, key_frame_distance=4, least_frames=5, crf=4)


def scene(color, frames, height=96, width=144):
    y, x = np.mgrid[:height, :width]
    wave = 40 * np.sin(x / 9) + 30 * np.cos(y / 7)
    return [np.clip(wave[..., None] + color + t, 0, 255).astype(np.uint8) for t in range(frames)]


@pytest.fixture
def source(tmp_path, data_folder):
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    frames = scene((180, 60, 40), 20) + scene((40, 90, 190), 3) + scene((90, 200, 90), 15)
    with VideoWriter(folder / "sub" / "cuts.mp4", 25, 96, 144, Encoding(crf=8)) as writer:
        for frame in frames:
            writer.write(frame)
    with VideoWriter(folder / "one.mp4", 30, 30, 44, Encoding(crf=8)) as writer:
        for frame in scene((120, 120, 60), 12, 30, 44):
            writer.write(frame)
    (folder / "bad.mp4").write_bytes((data_folder / "odd" / "truncated_no_moov.mp4").read_bytes())
    return folder


def test_scenes_sizes_key_frames_and_manifest(tmp_path, source):
    lines = {line["video"]: line for line in prepare_videos(source, tmp_path / "copy", HOW)}
    assert [(s["first"], s["frames"]) for s in lines["sub/cuts"]["scenes"]] in ([(0, 20), (23, 15)],)
    assert lines["sub/cuts"]["left_out"] == 3
    assert "truncated_no_moov" not in lines and "bad.mp4" in lines["bad"]["error"]
    # 1.2 times 40x60, and a small video keeps its size.
    with open_video(tmp_path / "copy" / lines["sub/cuts"]["scenes"][1]["file"]) as reader:
        assert (len(reader), reader.height, reader.width) == (15, 48, 72)
        third = reader.read([2])[0]
    expected = scene((90, 200, 90), 3)[2].reshape(48, 2, 72, 2, 3).mean((1, 3))
    assert np.abs(third - expected).mean() < 4
    index = read_packet_index(tmp_path / "copy" / lines["one"]["scenes"][0]["file"])
    assert len(index) == 12 and len(index.key_pts) >= 3
    written = [json.loads(line) for line in (tmp_path / "copy" / "videos.jsonl").read_text().splitlines()]
    assert written == list(lines.values())
    assert len(FolderVideos(tmp_path / "copy")) == 3


def test_goes_on_where_it_was_stopped(tmp_path, source, monkeypatch):
    whole = prepare_videos(source, tmp_path / "whole", HOW)
    made = []

    def killed(path, *arguments):
        if len(made) == 2:
            raise KeyboardInterrupt
        made.append(path)
        return original(path, *arguments)

    original = prepare._prepare_one
    monkeypatch.setattr(prepare, "_prepare_one", killed)
    with pytest.raises(KeyboardInterrupt):
        prepare_videos(source, tmp_path / "stopped", HOW)
    made.clear()
    assert prepare_videos(source, tmp_path / "stopped", HOW) == whole
    assert [path.name for path in made] == ["bad.mp4", "cuts.mp4"]  # what could not be read, and what is missing
    with pytest.raises(VideoError, match=r"prepared.json"):
        prepare_videos(source, tmp_path / "stopped", HOW._replace(crf=30))


def test_a_killed_video_leaves_no_part(tmp_path, source, monkeypatch):
    writes = []

    def stop(self, frame):
        writes.append(frame)
        if len(writes) == 30:
            raise KeyboardInterrupt
        original(self, frame)

    original = VideoWriter.write
    monkeypatch.setattr(VideoWriter, "write", stop)
    with pytest.raises(KeyboardInterrupt):
        prepare_videos(source, tmp_path / "copy", HOW)
    left = [path for path in (tmp_path / "copy").rglob("*") if ".part" in path.name]
    assert left == []


def test_what_could_not_be_read_is_tried_again(tmp_path, source, data_folder):
    cut, copy = source / "sub" / "cuts.mp4", tmp_path / "copy"
    whole = cut.read_bytes()
    cut.write_bytes((data_folder / "odd" / "truncated_no_moov.mp4").read_bytes())
    assert [line["video"] for line in prepare_videos(source, copy, HOW) if "error" in line] == ["bad", "sub/cuts"]
    cut.write_bytes(whole)
    lines = {line["video"]: line for line in prepare_videos(source, copy, HOW)}
    assert "error" not in lines["sub/cuts"] and len(lines["sub/cuts"]["scenes"]) == 2 and "error" in lines["bad"]


def test_a_copy_that_cannot_be_written_is_no_unreadable_video(tmp_path, source, monkeypatch):
    def full(*_):
        raise VideoError("one_000000.mp4 cannot be written: the disk is full.")

    (source / "bad.mp4").unlink()
    with monkeypatch.context() as patch:
        patch.setattr(VideoWriter, "close", full)
        with pytest.raises(VideoError, match="disk is full"):
            prepare_videos(source, tmp_path / "copy", HOW)
    assert list((tmp_path / "copy").rglob("*.mp4")) == []
    lines = prepare_videos(source, tmp_path / "copy", HOW)
    assert [len(line["scenes"]) for line in lines] == [1, 2]
