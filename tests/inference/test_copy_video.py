from pathlib import Path

import numpy as np
import pytest

from lgtsm.inference.copy_video import copy_video
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.open import open_video
from lgtsm.video.pictures import write_png
from lgtsm.video.probe import probe

CLIP = Path(__file__).parents[1] / "data" / "odd" / "three_frames.mp4"


def frames_of(path):
    with open_video(path, "pyav") as reader:
        return np.stack(list(reader))


def test_the_same_ending_gets_the_same_bytes(tmp_path):
    copy_video(probe(CLIP), tmp_path / "copy.MP4")
    assert (tmp_path / "copy.MP4").read_bytes() == CLIP.read_bytes()
    assert len(list(tmp_path.iterdir())) == 1


def test_another_ending_gets_the_same_frames(tmp_path):
    seen = []
    done = copy_video(probe(CLIP), tmp_path / "copy.mkv", Encoding(lossless=True), lambda *counts: seen.append(counts))
    assert (done.info.frames, done.hole_share) == (3, 0)
    assert seen[0] == (1, 3) and seen[-1] == (3, 3)
    assert np.abs(frames_of(CLIP).astype(int) - frames_of(tmp_path / "copy.mkv")).mean() < 2


def test_a_folder_keeps_its_files_and_their_names(tmp_path):
    for name in ("b2.png", "b10.png"):
        write_png(tmp_path / "frames" / name, np.full((8, 8, 3), len(name), np.uint8))
    (tmp_path / "frames" / "notes.txt").touch()
    copy_video(probe(tmp_path / "frames"), tmp_path / "copy")
    copied = {path.name: path.read_bytes() for path in (tmp_path / "copy").iterdir()}
    assert copied == {name: (tmp_path / "frames" / name).read_bytes() for name in ("b2.png", "b10.png")}
    with pytest.raises(VideoError, match="new or empty folder"):
        copy_video(probe(tmp_path / "frames"), tmp_path / "copy")
    with pytest.raises(ValueError, match="`output` must not replace the video"):
        copy_video(probe(tmp_path / "frames"), tmp_path / "frames")
