from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from lgtsm.video import VideoError
from lgtsm.video.probe import probe


def test_a_file_with_sound(odd):
    info = probe(odd / "with_audio.mp4")
    assert (info.width, info.height, info.frames, info.fps) == (480, 360, 90, Fraction(30000, 1001))
    assert (info.codec, info.pix_fmt, info.color_space, info.color_range) == ("h264", "yuv420p", "smpte170m", "tv")
    assert (info.color_primaries, info.color_transfer) == ("bt709", "bt709")
    assert info.audio_codecs == ("aac",) and info.subtitles == ()
    assert not info.variable_frame_rate
    assert abs(info.duration - 3) < Fraction(1, 100)


def test_variable_rate_and_its_times(odd):
    info = probe(odd / "vfr_traffic.mp4")
    assert info.variable_frame_rate and info.frames == 120
    assert info.fps == Fraction(375, 22) and info.duration == Fraction(176, 25)
    assert set(np.diff(info.pts).tolist()) == {512, 1024} and info.time_base == Fraction(1, 12800)


def test_milliseconds_and_hundredths_are_no_variable_rate(odd):
    for name, fps in (("container.mkv", 30), ("animated.gif", 15)):
        info = probe(odd / name)
        assert info.fps == fps and not info.variable_frame_rate


def test_pixels_that_are_not_square_and_tags_that_are_not_utf8(odd):
    info = probe(odd / "sar_12_11.3gp")
    assert info.sample_aspect_ratio == Fraction(12, 11) and info.codec == "h263" and info.variable_frame_rate


def test_full_range_and_no_tags(odd):
    info = probe(odd / "container.mkv")
    assert (info.pix_fmt, info.color_range, info.color_space) == ("yuvj420p", "pc", "unknown")
    assert info.audio_codecs == ()


def test_a_folder(data):
    info = probe(data / "bmx-trees" / "masks")
    assert (info.width, info.height, info.frames, info.codec, info.pts) == (288, 160, 24, "png", None)


def test_the_demo_clip_and_its_masks_fit(data):
    video, masks = probe(data / "bmx-trees" / "video.mp4"), probe(data / "bmx-trees" / "masks")
    assert (video.width, video.height, video.frames) == (masks.width, masks.height, masks.frames)


def test_pictures_with_exif_data(tmp_path):
    """Motion JPEG of cameras: FFmpeg gives such data a number that PyAV has no name for."""
    entry = b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"  # orientation 6: a quarter turn
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01" + entry + bytes(4)
    jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), 99, np.uint8))[1].tobytes()
    with av.open(str(tmp_path / "a.avi"), "w") as output:
        stream = output.add_mux_stream("mjpeg", rate=25, width=64, height=48)
        for t in range(3):
            packet = av.Packet(jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:])
            packet.pts = packet.dts = t
            packet.time_base, packet.stream = Fraction(1, 25), stream
            output.mux(packet)
    info = probe(tmp_path / "a.avi")
    assert (info.width, info.height, info.rotation, info.frames) == (48, 64, 90, 3)
    assert ("Exif data", "yes") in info.beside


def test_no_video(odd):
    for name in ("empty.mp4", "not_a_video.mp4", "truncated_no_moov.mp4", "missing.mp4"):
        with pytest.raises(VideoError, match=name):
            probe(odd / name)
