"""How often `lgtsm inpaint` reads what it is given: long videos and masks are not gone through more than they must."""

import collections

import numpy as np
import pytest

from lgtsm.commands.inpaint import main
from lgtsm.video import VideoWriter, decord_reader, packet_index, probe, pyav_reader
from lgtsm.video.pyav_reader import PyAVReader


@pytest.fixture
def index_reads(monkeypatch):
    """Count, by file name, how often the packets of a file are read."""
    counts, real = collections.Counter(), packet_index.read_packet_index

    def counting(path):
        counts[str(path)] += 1
        return real(path)

    for module in (packet_index, probe, pyav_reader, decord_reader):
        monkeypatch.setattr(module, "read_packet_index", counting)
    return counts


@pytest.mark.parametrize("where", [["--box", "20,10,60,40"], ["--key-color", "808080", "--key-tolerance", "20"]])
def test_packets_are_read_once(data_folder, tmp_path, index_reads, where):
    source, out = data_folder / "odd" / "with_audio.mp4", tmp_path / "out.mp4"
    main([str(source), *where, "--method", "mean-color", "--report", str(tmp_path / "page"), "-o", str(out)])
    assert index_reads == {str(source): 1, str(out): 1}  # that of the result is compared with the source's


@pytest.fixture
def pictures(monkeypatch):
    """Count, by file name, how many pictures are decoded."""
    counts, real = collections.Counter(), PyAVReader._decode

    def counting(self, *options, **more):
        for decoded in real(self, *options, **more):
            counts[self.path.name] += 1
            yield decoded

    monkeypatch.setattr(PyAVReader, "_decode", counting)
    return counts


@pytest.mark.parametrize("method", ["mean-color", "flow-copy"])
def test_a_mask_video_is_decoded_twice_at_most(tmp_path, make_clip, index_reads, pictures, method):
    video, hole = make_clip(1, 12, 48, 64)
    frames = (video[0].permute(0, 2, 3, 1).numpy() * 255).astype(np.uint8)
    marked = (hole[0, :, 0, ..., None].repeat(1, 1, 1, 3).numpy() * 255).astype(np.uint8)
    for name, clip in (("film", frames), ("mask", marked)):
        with VideoWriter(tmp_path / f"{name}.mp4", 25, 48, 64) as writer:
            for frame in clip:
                writer.write(frame)
    mask, page = tmp_path / "mask.mp4", tmp_path / "page"
    wider = ["--dilate", "2", "--dilate-time", "1", "--working-height", "24"]
    watched = ["--report", str(page), "--preview", str(tmp_path / "look.mp4")]
    out = ["--method", method, "-o", str(tmp_path / "out.mp4")]
    main([str(tmp_path / "film.mp4"), "--mask", str(mask), *wider, *watched, *out])
    assert (page / "index.html").is_file()
    # Once for the survey, once for filling; opening looks at the first picture.
    assert pictures["mask.mp4"] <= 2 * 12 + 1 and pictures["film.mp4"] <= 12 + 1
    assert index_reads[str(mask)] == index_reads[str(tmp_path / "film.mp4")] == 1
