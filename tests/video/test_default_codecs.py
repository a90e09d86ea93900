"""The codec that a file name chooses gives back every picture, time and rate."""

import subprocess
import sys
from fractions import Fraction

import av
import numpy as np
import pytest

from lgtsm.video import Encoding, VideoWriter, open_video
from lgtsm.video.probe import probe

H264 = (".mp4", ".mov", ".m4v", ".3gp", ".3g2", ".mkv", ".avi", ".ts", ".m2ts", ".mts", ".flv", ".f4v", ".nut", ".mxf")
CODECS = dict.fromkeys(H264, "h264") | {
    ".webm": "vp9", ".ivf": "vp9", ".ogv": "vp8", ".ogg": "vp8", ".gif": "gif", ".apng": "apng", ".mpg": "mpeg2video",
    ".mpeg": "mpeg2video", ".vob": "mpeg2video", ".m2v": "mpeg2video", ".wmv": "wmv2", ".asf": "wmv2",
}  # fmt: skip


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("fps", [Fraction(25), Fraction(24000, 1001), Fraction(60000, 1001)])
def test_pictures_times_and_rate_come_back(write, make_clip, suffix, fps):
    if suffix in (".gif", ".apng") and fps != 25:
        fps = Fraction(50)  # their clocks have no NTSC rates
    clip = make_clip(15, noise=False)
    path = write(f"out{suffix}", clip, fps)
    info = probe(path)
    assert (info.codec, info.frames, info.fps, info.variable_frame_rate) == (CODECS[suffix], 15, fps, False)
    assert info.index.exact and not info.faults
    with av.open(str(path)) as container:  # of the packets, not of our index
        stream = container.streams.video[0]
        shown = sorted(packet.pts * packet.time_base for packet in container.demux(stream) if packet.size)
    assert max(abs(t - shown[0] - k / fps) for k, t in enumerate(shown)) < Fraction(6, 10_000)
    assert np.abs(open_video(path, "pyav").read(range(15)).astype(int) - clip).mean() < 6


@pytest.mark.parametrize("begins", [".mp4", ".ts"])
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [*((suffix, None) for suffix in CODECS if CODECS[suffix] not in ("gif", "apng")), (".mp4", "mpeg4")],
)
def test_rates_and_starts_of_other_files_are_taken(write, make_clip, tmp_path, suffix, codec, begins):
    """The pictures of an .mp4 begin at 0, those of a .ts later."""
    fps = Fraction(30000, 1001)
    clip = make_clip(15, noise=False)
    like = probe(write(f"in{begins}", clip, fps))
    assert (like.index.start > 0) == (begins == ".ts")
    with VideoWriter(tmp_path / f"out{suffix}", None, *clip.shape[1:3], Encoding(codec), like=like) as writer:
        for frame in clip:
            writer.write(frame)
    info = probe(tmp_path / f"out{suffix}")
    assert (info.frames, info.fps, info.variable_frame_rate) == (15, fps, False)


@pytest.mark.parametrize("name", ["a.mpg", "a.wmv", "a.ogv"])
def test_defaults_of_older_containers_look_as_good(odd, write, name):
    clip = open_video(odd / "with_audio.mp4", "pyav").read(range(8))
    errors = [
        np.abs(open_video(write(one, clip), "pyav").read(range(8)).astype(int) - clip).mean() for one in ("a.mp4", name)
    ]
    assert errors[1] < 1.3 * errors[0]


def test_small_pictures_in_h265_do_not_crash(tmp_path):
    program = (
        "import numpy as np; from lgtsm.video import Encoding, VideoWriter\n"
        "for width, height in ((48, 28), (48, 48), (34, 18), (36, 36), (62, 40), (40, 62)) * 2:\n"
        f"    with VideoWriter(r'{tmp_path}/a.mkv', 25, height, width, Encoding('libx265')) as writer:\n"
        "        for t in range(6): writer.write(np.full((height, width, 3), 90 + t, np.uint8))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_two_pictures_in_h265(write, make_clip, suffix):
    for _ in range(8):  # x265 left the decode times of one such file in four to chance
        path = write(f"two{suffix}", make_clip(2, 64, 96), codec="libx265")
        assert [int(pts) * probe(path).time_base for pts in probe(path).pts] == [0, Fraction(1, 25)]
