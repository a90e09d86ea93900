"""Both backends against each other, against the known pixels of clips written here, and against OpenCV's decoder."""

import importlib.util
import re
import struct
import subprocess
import sys
import wave
from fractions import Fraction

import cv2
import numpy as np
import pytest

from lgtsm.video import VideoError, list_videos, open_video
from lgtsm.video.pyav_reader import PyAVReader

BACKENDS = ["pyav", *(["decord"] if importlib.util.find_spec("decord") else [])]
READABLE = {  # name: frames, height, width, fps
    "animated.gif": (24, 90, 160, Fraction(15)),
    "container.mkv": (63, 480, 640, Fraction(30)),
    "fps_59_94.mp4": (60, 192, 320, Fraction(60000, 1001)),
    "gray_pixfmt.mp4": (48, 240, 320, Fraction(30)),
    "odd_321x181_h264_yuv444.mp4": (48, 181, 321, Fraction(25)),
    "one_frame.mp4": (1, 180, 320, Fraction(30000, 1001)),
    "sar_12_11.3gp": (71, 288, 352, Fraction(71 * 50, 251)),
    "three_frames.mp4": (3, 180, 320, Fraction(30000, 1001)),
    "tiny_48x28.mp4": (20, 28, 48, Fraction(30000, 1001)),
    "vfr_traffic.mp4": (120, 180, 320, Fraction(375, 22)),
    "with_audio.mp4": (90, 360, 480, Fraction(30000, 1001)),
}
NOT_FOR_DECORD = {"animated.gif", "tiny_48x28.mp4"}


def decode_with_opencv(path) -> np.ndarray:
    capture, frames = cv2.VideoCapture(str(path)), []
    while (answer := capture.read())[0]:
        frames.append(cv2.cvtColor(answer[1], cv2.COLOR_BGR2RGB))
    capture.release()
    return np.stack(frames)


@pytest.mark.parametrize("name", READABLE)
def test_odd_files_give_what_opencv_decodes(odd, name):
    frames, height, width, fps = READABLE[name]
    with open_video(odd / name, backend="pyav") as reader:
        got = np.stack(list(reader))
        assert (len(reader), reader.height, reader.width, reader.fps) == (frames, height, width, fps)
    expected = decode_with_opencv(odd / name)
    assert got.shape == expected.shape == (frames, height, width, 3)
    # OpenCV scales chroma in another way and rounds more roughly; brightness is a level or two off.
    luma = [
        np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in clip]).astype(int) for clip in (got, expected)
    ]
    assert np.abs(luma[0] - luma[1]).mean(axis=(1, 2)).max() < 2
    assert np.abs(got.astype(int) - expected).mean(axis=(1, 2, 3)).max() < 5


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", [name for name in READABLE if name != "animated.gif"])
def test_random_access_gives_the_frames_of_the_stream(odd, name, backend):
    if backend == "decord" and name in NOT_FOR_DECORD:
        backend = "auto"  # falls back
    with open_video(odd / name, backend="pyav") as reader:
        streamed = np.stack(list(reader))
    last = len(streamed) - 1
    indices = [last, last // 2, 0, last // 3, last // 3, min(1, last), last]
    with open_video(odd / name, backend=backend) as reader:
        got = reader.read(indices)
        again = reader.read(indices[::-1])
        assert len(reader) == len(streamed)
    assert got.dtype == np.uint8
    np.testing.assert_array_equal(got[::-1], again)
    difference = np.abs(got.astype(int) - streamed[indices]).mean(axis=(1, 2, 3)).max()
    assert difference == 0 if backend == "pyav" else difference < 2.5


def test_every_frame_is_reached_by_index(write, make_clip, odd):
    path = write("long.mkv", make_clip(60), lossless=True, codec="libx264rgb")
    for backend in BACKENDS:
        with open_video(path, backend=backend) as reader:
            for index in np.random.default_rng(0).permutation(60)[:20]:
                np.testing.assert_array_equal(reader.read([index])[0], make_clip(60)[index])
    with open_video(odd / "animated.gif") as reader:
        assert isinstance(reader, PyAVReader)  # decord cannot
        streamed = list(reader)
        for index in (20, 3, 4, 23):
            np.testing.assert_array_equal(reader.read([index])[0], streamed[index])


@pytest.mark.parametrize("backend", BACKENDS)
def test_streaming_is_in_order_and_repeatable(write, make_clip, backend):
    clip = make_clip()
    with open_video(write("a.mkv", clip, lossless=True), backend=backend) as reader:
        for _ in range(2):
            np.testing.assert_array_equal(np.stack(list(reader)), clip)
        assert reader.read([]).shape == (0, 36, 52, 3)
        with pytest.raises(VideoError, match=r"0 to 8.* 9\b"):
            reader.read([0, 9])
        with pytest.raises(VideoError, match=r"index -1"):
            reader.read([-1])


def turn(source, target, matrix):
    """Patch the display matrix in an mp4's track header (version 0), as phones write it."""
    data = bytearray(source.read_bytes())
    at = data.find(b"tkhd") + 4
    assert data[at] == 0
    data[at + 40 : at + 76] = struct.pack(">9i", *matrix)
    target.write_bytes(data)
    return target


ONE, UNIT = 1 << 16, 1 << 30
TURNS = {
    "clockwise": ((0, ONE, 0, -ONE, 0, 0, 0, 0, UNIT), lambda frames: np.rot90(frames, -1, (1, 2))),
    "around": ((-ONE, 0, 0, 0, -ONE, 0, 0, 0, UNIT), lambda frames: np.rot90(frames, 2, (1, 2))),
    "counterclockwise": ((0, -ONE, 0, ONE, 0, 0, 0, 0, UNIT), lambda frames: np.rot90(frames, 1, (1, 2))),
    "mirrored": ((-ONE, 0, 0, 0, ONE, 0, 0, 0, UNIT), lambda frames: frames[:, :, ::-1]),
}


@pytest.mark.parametrize("name", TURNS)
def test_turned_videos_come_upright(odd, tmp_path, name):
    matrix, expected = TURNS[name]
    path = turn(odd / "three_frames.mp4", tmp_path / "turned.mp4", matrix)
    stored = np.stack(list(open_video(odd / "three_frames.mp4", backend="pyav")))
    with open_video(path, backend="pyav") as reader:
        got = np.stack(list(reader))
        np.testing.assert_array_equal(got, expected(stored))
        assert (reader.height, reader.width) == got.shape[1:3]
    with open_video(path) as reader:
        assert np.abs(reader.read([2, 0]).astype(int) - got[[2, 0]]).mean() < 2.5


def test_hidden_vp8_pictures_are_not_counted(tmp_path, write, make_clip):
    import av

    source, path = write("a.webm", make_clip(12), codec="libvpx"), tmp_path / "hidden.webm"
    with av.open(str(source)) as container, av.open(str(path), "w") as output:
        copy = output.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if not packet.size:
                continue
            if packet.pts == 200:  # the fifth again, not to be shown: show_frame is bit 4 of the first byte
                hidden = av.Packet(bytes([bytes(packet)[0] & ~0x10]) + bytes(packet)[1:])
                hidden.pts = hidden.dts = packet.pts - 1
                hidden.time_base, hidden.stream = packet.time_base, copy
                output.mux(hidden)
            packet.stream = copy
            output.mux(packet)
    with av.open(str(path)) as container:
        assert sum(packet.size > 0 for packet in container.demux(video=0)) == 13
    with open_video(path, backend="pyav") as reader:
        assert len(reader) == 12 == len(list(reader)) == len(decode_with_opencv(path))
        assert reader.read([11]).shape == (1, 36, 52, 3)


def test_a_raw_stream_without_times_is_read_from_the_start(tmp_path, write, make_clip):
    import av

    source, path = write("a.mp4", make_clip(12)), tmp_path / "raw.h264"
    with av.open(str(source)) as container, av.open(str(path), "w", format="h264") as output:
        copy = output.add_stream_from_template(container.streams.video[0])
        for packet in container.demux(video=0):
            if packet.size:
                packet.stream = copy
                output.mux(packet)
    with open_video(path) as reader:
        assert len(reader) == 12
        streamed = np.stack(list(reader))
        np.testing.assert_array_equal(reader.read([7, 2]), streamed[[7, 2]])
        decodings = counted_decodings(reader)
        np.testing.assert_array_equal(reader.read([3, 4, 5, 9]), streamed[[3, 4, 5, 9]])
        np.testing.assert_array_equal(reader.read([10, 11]), streamed[10:])
        assert decodings == [None]  # once from the start, not once for each frame


def counted_decodings(reader):
    """Return a list to which each new decoding of a reader adds the time that it seeks to, or None."""
    begun, decode = [], reader._decode

    def counting(seek_to=None, threads="AUTO"):
        begun.append(seek_to)
        return decode(seek_to, threads)

    reader.close()
    reader._decode = counting
    return begun


def test_a_transport_stream_that_seeks_too_far_is_not_read_from_the_start(tmp_path, make_clip):
    import av

    path, clip = tmp_path / "b_frames.ts", make_clip(48)
    with av.open(str(path), "w", format="mpegts") as output:
        stream = output.add_stream("mpeg2video", rate=25, options={"g": "8", "bf": "2"})
        stream.height, stream.width, stream.pix_fmt, stream.bit_rate = *clip.shape[1:3], "yuv420p", 10**6
        for image in clip:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode(None))
    with open_video(path, "pyav") as reader:
        streamed = np.stack(list(reader))
        assert reader.index.exact and len(reader) == 48
        decodings = counted_decodings(reader)
        np.testing.assert_array_equal(reader.read(range(30, 46)), streamed[30:46])
        assert None not in decodings
        np.testing.assert_array_equal(reader.read([47, 1, 17]), streamed[[47, 1, 17]])


@pytest.mark.parametrize("backend", ["auto", *BACKENDS])
@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("missing.mp4", "nothing there"),
        ("empty.mp4", "empty .0 bytes."),
        ("not_a_video.mp4", "FFmpeg cannot open it"),
        ("truncated_no_moov.mp4", "FFmpeg cannot open it"),
    ],
)
def test_what_is_no_video_gets_a_sentence(odd, name, sentence, backend):
    with pytest.raises(VideoError, match=rf"{re.escape(name)} .*video file.*{sentence}"):
        open_video(odd / name, backend=backend)


def test_a_file_that_is_cut_off_is_refused(tmp_path, write, make_clip):
    whole = write("whole.avi", make_clip(), codec="mjpeg").read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) * 55 // 100])
    with pytest.raises(VideoError, match=r"whole video.*ends after . frames"):
        open_video(tmp_path / "cut.avi").read([0])
    with pytest.raises(VideoError, match=r"whole video"):
        list(open_video(tmp_path / "cut.avi", backend="pyav"))


def test_sound_alone_is_no_video(tmp_path):
    with wave.open(str(tmp_path / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(1600))
    with pytest.raises(VideoError, match=r"video stream.* audio"):
        open_video(tmp_path / "sound.wav")


def test_an_unknown_backend_is_refused(odd):
    with pytest.raises(ValueError, match=r"backend .*'auto', 'decord', 'pyav'.*'opencv'"):
        open_video(odd / "one_frame.mp4", backend="opencv")


def test_without_decord_pyav_reads(odd, monkeypatch):
    monkeypatch.setitem(sys.modules, "decord", None)
    with open_video(odd / "three_frames.mp4") as reader:
        assert isinstance(reader, PyAVReader)
    with pytest.raises(ImportError, match=r"decord"):
        open_video(odd / "three_frames.mp4", backend="decord")


def test_list_videos_finds_files_and_frame_folders_in_natural_order(tmp_path):
    for name in ("clip10.mp4", "clip2.MKV", ".hidden.mp4", "notes.txt", "a/b/00001.jpg", "a/b/00000.jpg", "c/x.gif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in list_videos(tmp_path)]
    assert found == ["a/b", "c/x.gif", "clip2.MKV", "clip10.mp4"]
    assert list_videos(tmp_path / "a" / "b") == [tmp_path / "a" / "b"]
    (tmp_path / "none").mkdir()
    with pytest.raises(VideoError, match=r"none must hold"):
        list_videos(tmp_path / "none")
    with pytest.raises(VideoError, match=r"there is nothing there"):
        list_videos(tmp_path / "nowhere")


def test_importing_the_room_loads_no_decoder():
    code = "import sys, lgtsm.video; print([name for name in ('av', 'decord', 'cv2', 'torch') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
