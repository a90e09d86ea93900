import dataclasses

import cv2
import numpy as np
import pytest

from lgtsm.classical import MeanColor, TemporalCopy
from lgtsm.inference.inpainter import Inpainter
from lgtsm.video.encoding import Encoding
from lgtsm.video.errors import VideoError
from lgtsm.video.open import open_video
from lgtsm.video.pictures import write_png
from lgtsm.video.probe import probe


def frames_of(path):
    with open_video(path, "pyav") as reader:
        return np.stack(list(reader))


def write_mask(path, height, width):
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4 : height // 2, width // 4 : width // 2] = 255
    cv2.imwrite(str(path), mask)
    return mask > 0


def test_known_bytes_come_back_as_they_are():
    frames = np.random.default_rng(0).integers(0, 256, (3, 20, 22, 3), dtype=np.uint8)
    hole = np.zeros((3, 20, 22), np.uint8)
    hole[:, 5:9, 6:12] = 1
    filled = Inpainter(MeanColor()).fill_bytes(frames, hole)
    assert np.array_equal(filled[hole == 0], frames[hole == 0])
    assert (filled[hole == 1] == np.round(frames[hole == 0].mean(0)).astype(np.uint8)).all()


@pytest.mark.parametrize(
    "name", ["vfr_traffic.mp4", "odd_321x181_h264_yuv444.mp4", "with_audio.mp4", "three_frames.mp4", "sar_12_11.3gp"]
)
def test_count_size_timing_and_sound_are_kept(tmp_path, data_folder, name):
    source = data_folder / "odd" / name
    before = probe(source)
    write_mask(tmp_path / "mask.png", before.height, before.width)
    out = tmp_path / "out.mkv"
    summary = Inpainter(MeanColor()).fill_file(source, tmp_path / "mask.png", out, encoding=Encoding(lossless=True))
    after = probe(out)
    assert (after.frames, after.height, after.width) == (before.frames, before.height, before.width)
    shown = [(info.pts - info.pts[0]) * float(info.time_base) for info in (before, after)]
    assert np.abs(shown[0] - shown[1]).max() < 2e-3  # Matroska counts in milliseconds
    assert after.audio_codecs == before.audio_codecs
    assert summary.info.frames == before.frames
    assert summary.hole_share == pytest.approx(1 / 16, rel=0.1)


def test_frames_outside_the_hole_are_bit_exact_before_encoding(tmp_path, data_folder):
    source = data_folder / "bmx-trees" / "video.mp4"
    Inpainter(TemporalCopy()).fill_file(source, data_folder / "bmx-trees" / "masks", tmp_path / "frames")
    hole = np.stack([cv2.imread(str(p), 0) > 127 for p in sorted((data_folder / "bmx-trees" / "masks").glob("*.png"))])
    filled, original = frames_of(tmp_path / "frames"), frames_of(source)
    assert np.array_equal(filled[~hole], original[~hole])
    assert (filled[hole] != original[hole]).any()


def test_nothing_is_left_after_an_error(tmp_path, data_folder):
    class Broken(MeanColor):
        def forward(self, video, hole):
            raise RuntimeError("broken")

    write_mask(tmp_path / "mask.png", 28, 48)
    with pytest.raises(RuntimeError, match="broken"):
        Inpainter(Broken()).fill_file(
            data_folder / "odd" / "tiny_48x28.mp4", tmp_path / "mask.png", tmp_path / "out.mp4"
        )
    assert [p.name for p in tmp_path.iterdir()] == ["mask.png"]


def test_the_output_must_not_be_the_input(data_folder, tmp_path):
    video = data_folder / "odd" / "tiny_48x28.mp4"
    before = video.read_bytes()
    write_png(tmp_path / "mask.png", np.ones((28, 48, 3), np.uint8))
    mask = (tmp_path / "mask.png").read_bytes()
    for output, named in ((video, "the video"), (tmp_path / "mask.png", "the mask")):
        with pytest.raises(ValueError, match=f"`output` must not replace {named}"):
            Inpainter(MeanColor()).fill_file(video, tmp_path / "mask.png", output)
    assert video.read_bytes() == before and (tmp_path / "mask.png").read_bytes() == mask


def test_a_video_that_gives_fewer_frames_than_it_promised_leaves_nothing(data_folder, tmp_path):
    info = probe(data_folder / "odd" / "tiny_48x28.mp4")
    promised = dataclasses.replace(info, frames=info.frames + 2)
    write_mask(tmp_path / "mask.png", 28, 48)
    with pytest.raises(VideoError, match=rf"must give {info.frames + 2} frames"):
        Inpainter(MeanColor()).fill_file(promised, tmp_path / "mask.png", tmp_path / "out.mp4")
    assert [p.name for p in tmp_path.iterdir()] == ["mask.png"]
