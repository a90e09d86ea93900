"""What others hang on to a whole file costs nothing, and a file that is cut off is still told."""

import numpy as np
import pytest

from lgtsm.video import VideoError, open_video
from lgtsm.video.probe import probe

TEXT = b"Downloaded from example.org\n" * 8
TAG = b"TAG" + b"A title".ljust(125, b"\0")
ID3 = b"ID3\x04\0\0\0\0\x01\0TIT2\0\0\0\x06\0\0\x03Title" + bytes(120)
CUT_TAG = b"\x09\x44\x33\x04" + bytes(7) + b"\x27\x01\0\0\0" + bytes(300)  # of FLV video, longer than the file


@pytest.mark.parametrize("suffix", [".ivf", ".flv", ".mkv", ".webm", ".avi", ".mp4", ".gif", ".wmv"])
@pytest.mark.parametrize("junk", [TEXT, TAG, ID3, CUT_TAG, b"abc", bytes(700)])
def test_junk_after_a_whole_file_costs_nothing(write, make_clip, suffix, junk):
    path = write(f"a{suffix}", make_clip(12))
    before = open_video(path, "pyav").read(range(12))
    with path.open("ab") as file:
        file.write(junk)
    info = probe(path, strict=True)
    assert info.frames == 12
    with open_video(path, "pyav") as reader:
        assert len(list(reader)) == 12
        np.testing.assert_array_equal(reader.read(range(12)), before)


def test_a_second_file_after_an_ivf_costs_nothing(write, make_clip):
    path = write("a.ivf", make_clip(12))
    path.write_bytes(2 * path.read_bytes())
    assert probe(path, strict=True).frames == len(list(open_video(path, "pyav"))) == 12


@pytest.mark.parametrize("suffix", [".ivf", ".flv"])
def test_a_cut_is_still_told(write, make_clip, suffix):
    path = write(f"a{suffix}", make_clip(12))
    data = path.read_bytes()
    for share in (0.3, 0.6, 0.95):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(VideoError, match=r"ends after|cut off"):
            probe(path, strict=True)
