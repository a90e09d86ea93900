"""Damaged files end in a sentence or a whole output, never in a traceback, a hang or something half-written."""

import os
import secrets
import struct
import sys
import time
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from lgtsm.video import VideoError, open_video
from lgtsm.video.mask_pictures import MaskPictures
from lgtsm.video.probe import probe
from tests.video import mutations

SECONDS = 20


def test_files_damaged_at_random(tmp_path):
    """Other damage every run. LGTSM_FUZZ_SEED repeats a run, LGTSM_FUZZ_COUNT makes it longer."""
    seed = int(os.environ.get("LGTSM_FUZZ_SEED", secrets.randbelow(10**6)))
    count = int(os.environ.get("LGTSM_FUZZ_COUNT", 0))
    started = time.monotonic()
    (tmp_path / "whole").mkdir()
    whole = mutations.make_whole_files(tmp_path / "whole")
    worker, kinds, number = mutations.Worker(), set(), 0
    while number < count or (not count and number < 60 and time.monotonic() - started < SECONDS):
        name, outcome = mutations.try_one(worker, whole, tmp_path, seed, number)
        assert outcome.kind in ("filled", "refused"), (
            f"{name} {outcome.kind}: {outcome.said}\nRepeat: LGTSM_FUZZ_SEED={seed} LGTSM_FUZZ_COUNT={number + 1}"
        )
        kinds.add(outcome.kind)
        number += 1
    worker.close()
    assert kinds == {"filled", "refused"} or number < 20


def test_what_the_fuzzer_starts_from_is_whole(tmp_path):
    for path in mutations.make_whole_files(tmp_path):
        if path.name in mutations.MASKS[:3]:
            continue
        if path.name != "animated.webp":  # FFmpeg does not decode it
            info = probe(path)
            assert (info.frames, info.height, info.width, info.faults) == (6, 48, 64, ()), path


def test_the_fuzzer_tells_a_hang_and_a_crash():
    server = """
import sys, time, os
print("ready", flush=True)
for line in sys.stdin:
    time.sleep(9 if "hang" in line else 0)
    os.abort() if "crash" in line else print('["filled", ""]', flush=True)
"""
    worker = mutations.Worker(sys.executable, "-c", server)
    kinds = [worker.fill(name, "mask.png", "out.mp4", limit=2).kind for name in ("a", "crash", "b", "hang", "c")]
    worker.close()
    assert kinds == ["filled", "crashed", "filled", "hung", "filled"]


def test_a_stream_of_an_unknown_codec(tmp_path):
    mutations.write_video(tmp_path / "a.mkv", mutations.pictures(), "libx264", "yuv420p")
    data = (tmp_path / "a.mkv").read_bytes()
    assert data.count(b"V_MPEG4/ISO/AVC") == 1
    (tmp_path / "a.mkv").write_bytes(data.replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XVC"))
    with pytest.raises(VideoError, match=r"a\.mkv .*codec is unknown"):
        probe(tmp_path / "a.mkv")


def huge_png(path, width=60000, height=60000):
    """Write a PNG whose header, with a right checksum, declares far more pixels than it holds."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [head, b"IDAT" + zlib.compress(bytes(1000)), b"IEND"]
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + b"".join(struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in chunks)
    )


@pytest.mark.parametrize("size", [(60000, 60000), (13000, 13000)])
def test_a_picture_that_declares_too_many_pixels(tmp_path, size):
    huge_png(tmp_path / "0.png", *size)
    for read in (
        probe,
        open_video,
        lambda path: list(MaskPictures(path)),
        lambda path: list(MaskPictures(path / "0.png")),
    ):
        with pytest.raises(VideoError, match=r"0\.png .*134 million pixels"):
            read(tmp_path)
    with pytest.raises(VideoError, match=r"0\.png .*pixels|0\.png .*cannot"):
        probe(tmp_path / "0.png")


def test_a_video_that_declares_too_many_pixels(tmp_path):
    mutations.write_video(tmp_path / "a.avi", mutations.pictures(), "rawvideo", "yuv420p")
    data, size = (tmp_path / "a.avi").read_bytes(), struct.pack("<II", 64, 48)
    (tmp_path / "a.avi").write_bytes(data.replace(size, struct.pack("<II", 14000, 10000)))
    with pytest.raises(VideoError, match=r"a\.avi .*134 million pixels.*14000x10000"):
        probe(tmp_path / "a.avi")


def test_a_picture_that_turns_large_in_midstream(tmp_path):
    frames = [cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes() for _ in range(3)]
    at = frames[1].index(b"\xff\xc0") + 5
    frames[1] = frames[1][:at] + struct.pack(">HH", 60000, 60000) + frames[1][at + 4 :]
    (tmp_path / "a.mjpeg").write_bytes(b"".join(frames))
    with pytest.raises(VideoError, match=r"a\.mjpeg"):
        list(open_video(tmp_path / "a.mjpeg", "pyav"))


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "tiff", "bmp"])
def test_a_picture_that_was_cut_off(tmp_path, kind):
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / f"0.{kind}")
    data = (tmp_path / f"0.{kind}").read_bytes()
    for share in (0.3, 0.9):
        (tmp_path / f"0.{kind}").write_bytes(data[: int(share * len(data))])
        with pytest.raises(VideoError, match=r"cannot be decoded"):
            list(open_video(tmp_path))
        with pytest.raises(VideoError, match=r"cannot be decoded"):
            list(MaskPictures(tmp_path))
