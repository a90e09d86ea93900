"""Whatever a path leads to, and however it is written, only the local file of that name is opened."""

import os
import shutil
import socket
import struct
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lgtsm.video import VideoError, open_video
from lgtsm.video.decord_reader import DecordReader
from lgtsm.video.mask_pictures import MaskPictures
from lgtsm.video.probe import probe
from lgtsm.video.writer import VideoWriter
from tests.video import mutations


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with a video a.mp4 and a.ts in it."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.mp4", "a.ts"):
        mutations.write_video(tmp_path / name, mutations.pictures(), "libx264", "yuv420p")
    return tmp_path


def make_special(kind: str, path: Path) -> None:
    """Put something at `path` that is no regular file."""
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(path))
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    elif kind == "a folder":
        path.mkdir()
    elif kind == "a link to nowhere, which does not exist":
        path.symlink_to("nowhere")
    else:
        path.symlink_to(path)


KINDS = [
    "a named pipe",
    "a socket",
    "a device",
    "a folder",
    "a link to nowhere, which does not exist",
    "a link that leads back to itself",
]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_named(here, kind):
    make_special(kind, here / "x.mp4")
    make_special(kind, here / "x.png")
    (here / "frames").mkdir()
    for number in (1, 3):
        Image.new("RGB", (8, 6)).save(here / "frames" / f"{number:03d}.png")
    make_special(kind, here / "frames" / "002.png")
    for read, name in (
        (probe, "x.mp4"),
        (open_video, "x.mp4"),
        (MaskPictures, "x.mp4"),
        (MaskPictures, "x.png"),
        (probe, "frames"),
        (open_video, "frames"),
        (MaskPictures, "frames"),
    ):
        said = kind
        if kind == "a folder" and name != "frames":
            said = "must hold frames"
        with pytest.raises(VideoError, match=rf"(?s){name}.*{said}"):
            read(Path(name))


@pytest.mark.parametrize(
    "name, said", [("a" * 300, "too long"), ("a.mp4/b.mp4", "a.mp4 is a file, not a folder"), ("a\0b", "null")]
)
def test_names_that_cannot_be(here, name, said):
    for read in (probe, open_video, MaskPictures):
        with pytest.raises(VideoError, match=said):
            read(name)


@pytest.fixture
def unprivileged():
    """A folder of a user who is not root, as whom the test runs."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    else:
        for path in folder.rglob("*"):
            path.chmod(0o700)
    shutil.rmtree(folder)


def test_files_and_folders_that_may_not_be_read(unprivileged):
    folder = unprivileged
    (folder / "frames").mkdir()
    (folder / "shut").mkdir()
    for name in ("x.mp4", "x.png", "frames/0.png", "shut/0.png"):
        (folder / name).write_bytes(b"something")
        (folder / name).chmod(0)
    (folder / "shut").chmod(0)
    for read in (probe, open_video, MaskPictures):
        for name in ("x.mp4", "frames", "shut", "shut/x.mp4"):
            with pytest.raises(VideoError, match=rf"{name}.*permission denied"):
                list(read(folder / name))
    with pytest.raises(VideoError, match=r"x.png.*permission denied"):
        MaskPictures(folder / "x.png")


@pytest.mark.parametrize(
    "name", ["2026-11-25T12:30:45.mp4", "concat:a.ts", "file:b.mp4", "50%d.mp4", "pipe:0", "a b?#.mp4"]
)
def test_names_that_look_like_protocols_are_names(here, name):
    shutil.copy(here / "a.mp4", here / name)
    assert probe(name).frames == 6
    assert len(open_video(name)) == 6
    with DecordReader(name) as reader:
        assert len(reader) == 6
    with VideoWriter(f"out:{name}.mkv", 25, 48, 64) as writer:
        writer.write(mutations.pictures()[0])
    assert probe(f"out:{name}.mkv").frames == 1


@pytest.mark.parametrize(
    "name", ["concat:a.ts", "concat:a.ts|a.ts", "subfile,,start,0,end,0,,:a.ts", "file:a.mp4", "crypto:a.ts"]
)
def test_protocols_are_no_way_to_a_file(here, name):
    with pytest.raises(VideoError, match="nothing there"):
        probe(name)


def test_no_address_is_ever_called(here):
    called = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            called.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http:/127.0.0.1:{server.server_port}/x.mp4"
        playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address.replace(':/', '://')}\n#EXT-X-ENDLIST\n"
        (here / "x.m3u8").write_text(playlist)
        (here / "x.sdp").write_text(
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
        )
        for name in (address, address.replace(":/", "://"), "x.m3u8", "x.sdp"):
            with pytest.raises(VideoError):
                probe(name)
        server.shutdown()
        thread.join()
    assert called == []


PLAYLISTS = {
    "up.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n../{name}/a.ts\n#EXT-X-ENDLIST\n",
    "absolute.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{here}/a.ts\n#EXT-X-ENDLIST\n",
    "url.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{here}/a.ts\n#EXT-X-ENDLIST\n",
    "endless.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n",
    "as.mp4": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n#EXT-X-ENDLIST\n",
    "list.txt": "ffconcat version 1.0\nfile a.ts\n",
    "list.mp4": "ffconcat version 1.0\nfile a.ts\n",
    "readme.nfo": "The video is in a.ts.\n" * 50,
    "art.ans": "\x1b[31m a.ts \x1b[0m\n" * 50,
    "drawing.svg": '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"></svg>',
    "titles.srt": "1\n00:00:00,000 --> 00:00:01,000\na.ts\n\n",
    "list.mpd": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period/></MPD>',
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_playlists_and_texts_are_no_videos(here, name):
    (here / name).write_text(PLAYLISTS[name].format(here=here, name=here.name))
    for read in (probe, open_video, MaskPictures):
        with pytest.raises(VideoError, match=rf"{name} must be a (video file|mask)"):
            read(name)


def test_a_pattern_is_no_sequence(here):
    for number in range(3):
        Image.new("RGB", (8, 6)).save(f"img{number:03d}.png")
    with pytest.raises(VideoError, match="nothing there"):
        probe("img%03d.png")
    Image.new("RGB", (8, 6)).save("img%03d.png")
    assert probe("img%03d.png").frames == 1


@pytest.mark.parametrize("name", ["x.m3u8", "x.mpd"])
def test_outputs_of_many_files_are_refused(here, name):
    before = sorted(here.iterdir())
    with pytest.raises(VideoError, match=r"must be one video file"):
        VideoWriter(name, 25, 48, 64)
    assert sorted(here.iterdir()) == before


def external(data: bytes, alias: bytes) -> bytes:
    """Return a QuickTime file whose pictures lie in another file, by an alias record in place of its data reference."""
    old = struct.pack(">I4sI", 12, b"url ", 1)
    assert data.count(old) == 1
    new = struct.pack(">I4sI", len(alias) + 12, b"alis", 0) + alias
    at, grown = data.index(old), len(new) - len(old)
    out = bytearray(data)
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        start = data.index(kind) - 4
        (size,) = struct.unpack_from(">I", out, start)
        assert start < at < start + size
        struct.pack_into(">I", out, start, size + grown)
    return bytes(out[:at] + new + out[at + len(old) :])


def test_references_to_other_files_are_not_followed(here):
    mutations.write_video(here / "own.mov", mutations.pictures(), "mjpeg", "yuvj420p")
    data = (here / "own.mov").read_bytes()
    shutil.copy(here / "own.mov", here / "other.mov")
    path = b"other.mov"
    # As mov_read_dref takes it: 10 bytes, volume (28), 12 bytes, file name (64), 16 bytes, levels, 16 bytes, the path.
    alias = bytes(10) + bytes(28) + bytes(12) + bytes([len(path)]) + path.ljust(63, b"\0") + bytes(16)
    alias += struct.pack(">hh", 1, 1) + bytes(16) + struct.pack(">hh", 2, len(path)) + path + b"\0" * (len(path) % 2)
    alias += struct.pack(">hh", -1, 0)
    (here / "outside.mov").write_bytes(external(data, alias))
    import av

    with av.open(str(here / "outside.mov"), container_options={"enable_drefs": "1"}) as container:
        assert sum(1 for _ in container.decode(video=0)) == 6  # the reference is a true one
    with pytest.raises(VideoError, match=r"outside\.mov"):
        probe("outside.mov")


def test_frames_are_the_same_under_any_name(here):
    shutil.copy(here / "a.mp4", here / "x:y.mp4")
    for one, other in zip(open_video("a.mp4", "pyav"), open_video("x:y.mp4", "pyav"), strict=True):
        np.testing.assert_array_equal(one, other)
