"""`lgtsm inpaint`, called in this process."""

import io
import re
import shutil
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import av
import cv2
import numpy as np
import pytest
import torch

import lgtsm
from lgtsm.commands.inpaint import main
from lgtsm.inference.records import Filled, Frame
from lgtsm.inference.report import ReportWriter
from lgtsm.precision import Choice
from lgtsm.video.encoding import Encoding
from lgtsm.video.open import open_video
from lgtsm.video.probe import probe
from lgtsm.video.raw import RawSink, read_raw
from lgtsm.video.survey import survey
from lgtsm.video.writer import VideoWriter
from tests.entry_points.calling import exit_code

ODD = Path(__file__).parents[1] / "data" / "odd"
WHOLE = sorted(p.name for p in ODD.iterdir() if p.stem not in ("empty", "not_a_video", "truncated_no_moov"))
BOX = ("--box", "4,4,12,10")
FAST = (*BOX, "--method", "mean-color")


call = partial(exit_code, main)


def frames_of(path):
    with open_video(path, "pyav") as reader:
        return np.stack(list(reader))


def write_clip(path, clip, **options):
    with VideoWriter(path, 25, *clip.shape[1:3], Encoding(**options)) as writer:
        for frame in clip:
            writer.write(frame)
    return path


@pytest.fixture
def clip():
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.integers(0, 200, (5, 7, 3), dtype=np.uint8), (64, 40), interpolation=cv2.INTER_CUBIC)
    return np.stack([np.roll(picture, 2 * t, axis=1) for t in range(12)])


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "w.safetensors"
    lgtsm.save_model(lgtsm.create_model("lgtsm", width=4), path)
    return path


def pipe(monkeypatch, data=b""):
    """Put bytes into stdin and return what will come out of stdout."""
    out = io.BytesIO()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(out))
    return out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "--track, --text, --logo, --box, --key-color or --mask"),
        (("--mask", "m.png", *BOX), "got --mask and --box"),
        ((*BOX, "--key-tolerance", "3"), "--key-tolerance is for --key-color"),
        ((*BOX, "--feather", "3", "--method", "mean-color"), "--feather compares the fill"),
        ((*BOX, "--resize-mask"), "--resize-mask is for mask files"),
        ((*BOX, "--raw", "4x4"), "--raw is for VIDEO -"),
        ((*BOX, "--fps", "30"), "keep their own times"),
        ((*BOX, "--overwrite"), "--overwrite is for --batch"),
        ((*BOX, "--batch", "--pairs", "p.csv"), "not both"),
        ((*BOX, "--batch", "--preview", "look.mp4"), "are for one video"),
        ((*BOX, "--max-memory", "1G", "--frames-at-once", "2"), "keep one"),
        ((*BOX, "--max-memory", "much"), "like 500M or 4G"),
        ((*BOX, "--frames-at-once", "0"), "at least 1"),
        (("--box", "40,20,20,20"), "The part inside is 40,20,8,8"),
        (("--key-color", "grass"), "RRGGBB"),
        (("--key-colour", "FF00FF", "--key-tolerance", "0"), "must mask something"),
        ((*BOX, "--dilate", "100"), "must leave something"),
        ((*BOX, "--dilate-time", "-1"), "--dilate-time must"),
        ((*BOX, "--working-height", "-4"), "--working-height must"),
        ((*BOX, "--preview", "absent/look.mp4"), "absent"),
        ((*BOX, "--report", "."), "new or empty folder"),
        ((*BOX, "--quality", "best"), "--quality best is for --method flow-fusion, and not for network"),
        ((*BOX, "--method", "telea"), "--checkpoint is for a network, and --method telea is not one"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path, monkeypatch, capsys, weights, words, sentence):
    (tmp_path / "here").mkdir()
    (tmp_path / "other.txt").touch()
    monkeypatch.chdir(tmp_path)
    assert call(ODD / "tiny_48x28.mp4", "-o", tmp_path / "here" / "out.mp4", "-c", weights, *words) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("lgtsm inpaint: ") and sentence in said
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize(
    "words", [("-", "-o", "-"), ("-", "--dry-run"), ("-", "-o", "o.mp4", "--report", "r"), ("a.mp4",), ()]
)
def test_what_is_left_open_is_asked_for(capsys, words):
    assert call(*words, *FAST) == 2
    assert capsys.readouterr().err.startswith("lgtsm inpaint: ")


def shown(path):
    """When each frame is shown, decoded anew with nothing of ours; and the bytes of the sound."""
    with av.open(str(path), metadata_errors="replace") as container:
        times = [float(frame.pts * frame.time_base) for frame in container.decode(video=0)]
    with av.open(str(path), metadata_errors="replace") as container:
        streams = container.streams.audio[:1]
        sound = [bytes(packet) for packet in container.demux(*streams) if packet.size] if streams else []
    return np.array(times), sound


@pytest.mark.parametrize("name", WHOLE)
def test_odd_files_keep_everything(tmp_path, capsys, name):
    source, out = ODD / name, tmp_path / name
    assert call(source, *FAST, "-o", out) == 0
    (before, sound_before), (after, sound_after) = shown(source), shown(out)
    assert len(before) == len(after)
    assert np.abs((before - before[0]) - (after - after[0])).max() < 1.1e-3  # Matroska counts in milliseconds
    assert sound_before == sound_after
    a, b = probe(source), probe(out)
    for fact in ("width", "height", "sample_aspect_ratio", "pix_fmt", "color_space", "color_range", "subtitles"):
        assert getattr(a, fact) == getattr(b, fact), fact
    assert "changed" not in capsys.readouterr().err


def test_a_turned_video_stays_upright(tmp_path, capsys):
    data = bytearray((ODD / "three_frames.mp4").read_bytes())
    at = data.find(b"tkhd") + 44  # the matrix of a phone held upright
    data[at : at + 36] = b"".join(n.to_bytes(4, "big", signed=True) for n in (0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30))
    (tmp_path / "turned.mp4").write_bytes(data)
    before = probe(tmp_path / "turned.mp4")
    assert call(tmp_path / "turned.mp4", *FAST, "-o", tmp_path / "out.mp4") == 0
    after = probe(tmp_path / "out.mp4")
    assert (before.rotation, after.rotation) == (90, 0)
    assert (after.width, after.height) == (before.width, before.height) == (180, 320)
    assert np.abs(frames_of(tmp_path / "out.mp4").astype(int) - frames_of(tmp_path / "turned.mp4")).mean() < 3
    assert "changed" not in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["-o", "--preview", "--report"])
@pytest.mark.parametrize(
    "taken", ["clip.mp4", "mask.png", "hard.mp4", "symbolic.mp4", "sub/../clip.mp4", "w.safetensors"]
)
def test_no_output_replaces_an_input(tmp_path, capsys, monkeypatch, weights, clip, flag, taken):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    write_clip(tmp_path / "clip.mp4", clip)
    cv2.imwrite("mask.png", np.eye(*clip.shape[1:3], dtype=np.uint8) * 255)
    shutil.copy(weights, "w.safetensors")
    (tmp_path / "hard.mp4").hardlink_to(tmp_path / "clip.mp4")
    (tmp_path / "symbolic.mp4").symlink_to("clip.mp4")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    out = [] if flag == "-o" else ["-o", "out.mp4"]
    assert call("clip.mp4", "--mask", "mask.png", "-c", "w.safetensors", flag, taken, *out) == 2
    assert "must not replace the" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == before


def test_no_output_replaces_another(tmp_path, capsys, clip):
    source = write_clip(tmp_path / "clip.mp4", clip)
    for words in (("--preview", tmp_path / "a.mp4"), ("--report", tmp_path / "a.mp4")):
        assert call(source, *FAST, "-o", tmp_path / "a.mp4", *words) == 2
        assert "must not replace --output" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]


def test_what_a_container_cannot_keep_is_said(tmp_path, capsys):
    assert call(ODD / "odd_321x181_h264_yuv444.mp4", *FAST, "-o", tmp_path / "out.gif") == 0
    assert "Colors changed by up to" in capsys.readouterr().err


def test_a_pipe_gives_what_the_whole_clip_gives(tmp_path, monkeypatch, weights, clip):
    hole = np.zeros(clip.shape[:3], np.uint8)
    hole[:, 10:22, 20:34] = 1
    video = torch.from_numpy(clip).permute(0, 3, 1, 2) / 255
    expected = lgtsm.Inpainter(weights, precision="fp32").fill(video, torch.from_numpy(hole)[:, None].float())
    expected = (expected * 255).round().byte().permute(0, 2, 3, 1).numpy()
    mask = ("--box", "20,10,14,12", "-c", weights, "--device", "cpu", "--precision", "fp32", "--no-scene-cuts")
    out = pipe(monkeypatch, clip.tobytes())
    assert call("-", "--raw", "64x40", *mask, "-o", "-", "--frames-at-once", "5") == 0
    filled = np.frombuffer(out.getvalue(), np.uint8).reshape(clip.shape)
    assert np.array_equal(filled[hole == 0], clip[hole == 0])
    assert np.abs(filled.astype(int) - expected).max() <= 1
    assert (filled[hole == 1] != clip[hole == 1]).any()
    # The same from a file into a pipe, and from a pipe into a file.
    source = write_clip(tmp_path / "clip.mkv", clip, lossless=True)
    out = pipe(monkeypatch)
    assert call(source, *mask, "-o", "-") == 0
    assert np.abs(np.frombuffer(out.getvalue(), np.uint8).reshape(clip.shape).astype(int) - expected).max() <= 1
    pipe(monkeypatch, clip.tobytes())
    monkeypatch.setattr("sys.stdout", io.StringIO())
    target = tmp_path / "out.mkv"
    assert call("-", "--raw", "64x40", "--fps", "30000/1001", *mask, "-o", target, "--lossless") == 0
    assert np.abs(frames_of(target).astype(int) - expected).max() <= 1
    assert float(probe(target).fps) == pytest.approx(29.97, abs=0.01)


@pytest.mark.parametrize("method", ["telea", "temporal-copy", "key-frames"])
def test_a_method_without_a_network_fills_a_pipe_as_it_fills_a_file(tmp_path, monkeypatch, clip, method):
    frames = np.concatenate([clip] * 9)  # more than a piece of a scene
    frames[40:] = 255 - frames[40:] // 2  # a cut
    words = ("--box", "20,10,14,12", "--method", method)
    source = write_clip(tmp_path / "clip.mkv", frames, lossless=True)
    assert call(source, *words, "-o", tmp_path / "filled") == 0
    filled = frames_of(tmp_path / "filled")
    assert (filled[:, 10:22, 20:34] != frames[:, 10:22, 20:34]).mean() > 0.5
    out = pipe(monkeypatch, frames.tobytes())
    assert call("-", "--raw", "64x40", *words, "-o", "-") == 0
    assert np.array_equal(np.frombuffer(out.getvalue(), np.uint8).reshape(frames.shape), filled)


def test_pipes_that_break(monkeypatch, capsys, weights):
    pipe(monkeypatch, bytes(48 * 28 * 3 + 7))
    assert call("-", "--raw", "48x28", *BOX, "-c", weights, "-o", "-") == 2
    assert "ended after 1 frame and 7 bytes" in capsys.readouterr().err
    pipe(monkeypatch, b"")
    assert call("-", "--raw", "48x28", *BOX, "-c", weights, "-o", "-") == 2
    assert "at least one frame" in capsys.readouterr().err

    class Gone(io.BytesIO):
        def write(self, data):
            raise BrokenPipeError

    with pytest.raises(ValueError, match="closed the pipe"):
        RawSink(Gone()).write(np.zeros((2, 2, 3), np.uint8))

    class Slow(io.BytesIO):
        def read(self, size=-1):
            return super().read(min(size, 5))

    (frame,) = read_raw(Slow(bytes(range(12))), 2, 2)
    assert frame.ravel().tolist() == list(range(12))


def test_a_key_colour_is_a_mask(tmp_path, clip):
    masks = tmp_path / "masks"
    masks.mkdir()
    for t, frame in enumerate(clip):
        frame[5 : 15 + t, 8:20] = (255, 0, 255)
        mask = np.zeros(clip.shape[1:3], np.uint8)
        mask[5 : 15 + t, 8:20] = 255
        cv2.imwrite(str(masks / f"{t}.png"), mask)
    source = write_clip(tmp_path / "clip.mkv", clip, lossless=True)
    same = ("--method", "mean-color", "--dilate", "2", "--dilate-time", "1")
    assert call(source, "--mask", masks, *same, "-o", tmp_path / "a") == 0
    assert call(source, "--key-colour", "FF00FF", *same, "-o", tmp_path / "b") == 0
    assert np.array_equal(frames_of(tmp_path / "a"), frames_of(tmp_path / "b"))


def test_preview_and_report(tmp_path, clip):
    source = write_clip(tmp_path / "clip.mkv", clip, lossless=True)
    look, page, out = tmp_path / "look.mp4", tmp_path / "page", tmp_path / "out.mkv"
    mask = ("--box", "20,10,14,12", "--method", "mean-color")
    assert call(source, *mask, "-o", out, "--lossless", "--preview", look, "--report", page) == 0
    filled, preview = frames_of(out), frames_of(look).astype(int)
    assert preview.shape == (12, 56, 128, 3)
    inside = np.zeros((40, 64), bool)
    inside[10:22, 20:34] = True
    assert np.abs(preview[:, 16:, 64:] - filled).mean() < 6
    left = preview[:, 16:, :64]
    assert np.abs(left - clip)[:, ~inside].mean() < 6
    assert (left[:, inside, 1].mean() < clip[:, inside, 1].mean() - 20) and (left[:, inside, 0].mean() > 127)
    text = (page / "index.html").read_text()
    assert "12 frames of 64x40" in text and "clip.mkv" in text and "http" not in text
    pictures = re.findall(r'src="([^"]*)"', text)
    assert sorted(pictures) == sorted(p.name for p in page.glob("*.png")) and len(pictures) == 2 * 6 + 3
    before, after = (cv2.imread(str(page / f"slice_{name}.png"))[..., ::-1] for name in ("before", "after"))
    row = int(re.search(r"Row (\d+) of the frames", text)[1])
    assert 10 <= row < 22
    thick = len(before) // 12
    assert np.array_equal(before[::thick], clip[:, row]) and np.array_equal(after[::thick], filled[:, row])
    whole = cv2.imread(str(page / "frame_000000.png"))[..., ::-1]
    assert np.array_equal(whole[:, :64], clip[0]) and np.array_equal(whole[:, 128:], filled[0])
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_dry_run_writes_nothing(tmp_path, capsys, weights, clip):
    source = write_clip(tmp_path / "clip.mkv", clip, lossless=True)
    before = sorted(tmp_path.rglob("*"))
    assert call(source, "--box", "20,10,14,12", "-c", weights, "--max-memory", "100M", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "12 frames of 64x40" in said and "6.56% of all pixels" in said and "frames 0 to 11" in said
    assert re.search(r"about \d+ MiB", said) and re.search(r"about [\d.]+ s for the network", said)
    assert (
        call(source, "--box", "20,10,14,12", "-c", weights, "--working-height", "20", "--full-frames", "--dry-run") == 0
    )
    assert "100.0% of all pixels, at 32x20" in capsys.readouterr().out
    assert call(source, "--box", "20,10,14,12", "--method", "temporal-copy", "--dry-run") == 0
    assert "piece by piece" in capsys.readouterr().out
    assert sorted(tmp_path.rglob("*")) == before


def test_a_report_keeps_six_frames_and_not_the_pieces_that_they_were_filled_in(tmp_path):
    report = ReportWriter(tmp_path / "page", survey(np.ones((10, 6, 8), np.uint8)))
    piece = np.zeros((10, 6, 8, 3), np.uint8)
    for number, image in enumerate(piece):
        report(Filled(Frame(number, image.copy(), np.ones((6, 8), np.uint8)), image))
    assert len(report.samples) == 6 and all(sample.image.base is None for sample in report.samples)


def test_a_folder_gets_the_rate_that_is_asked_for(tmp_path, capsys, clip):
    assert call(tmp_path, *BOX, "--batch", "--fps", "often", "-o", tmp_path / "out") == 2
    assert "--fps must be written" in capsys.readouterr().err
    write_clip(f"{tmp_path}/frames", clip)
    assert call(tmp_path / "frames", *FAST, "--fps", "12.5", "-o", tmp_path / "out.mp4") == 0
    info = probe(tmp_path / "out.mp4")
    assert (info.frames, float(info.fps)) == (12, 12.5)


def test_a_name_is_not_read_as_markup(tmp_path, monkeypatch, capsys, clip):
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "videos" / "x[").mkdir(parents=True)
    write_clip(tmp_path / "videos" / "x[" / "red].mp4", clip)
    monkeypatch.setattr("rich.console.Console.is_terminal", True)  # a bar, not lines
    assert call(tmp_path / "videos", *FAST, "--batch", "-o", tmp_path / "out") == 0
    assert "x[/red].mp4" in capsys.readouterr().out and (tmp_path / "out" / "x[" / "red].mp4").is_file()


def test_many_videos(tmp_path, monkeypatch, capsys, clip):
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "videos").mkdir()
    (tmp_path / "masks").mkdir()
    mask = np.zeros(clip.shape[1:3], np.uint8)
    mask[10:20, 10:20] = 255
    for name in "abc":
        write_clip(tmp_path / "videos" / f"{name}.mp4", clip)
        cv2.imwrite(str(tmp_path / "masks" / f"{name}.png"), mask)
    (tmp_path / "videos" / "b.mp4").write_bytes(b"broken")
    (tmp_path / "masks" / "c.png").unlink()
    words = (
        tmp_path / "videos",
        "-m",
        tmp_path / "masks",
        "--method",
        "mean-color",
        "-o",
        tmp_path / "out",
        "--batch",
    )
    assert call(*words, "--dry-run") == 0
    assert "3 to do" in capsys.readouterr().out and not (tmp_path / "out").exists()
    assert call(*words) == 1
    said = capsys.readouterr().out
    assert "1 filled, 2 failed" in said and "there is nothing there" in said and "must be a video file" in said
    assert sorted(p.name for p in (tmp_path / "out").glob("[!.]*")) == ["a.mp4"]
    write_clip(tmp_path / "videos" / "b.mp4", clip)
    cv2.imwrite(str(tmp_path / "masks" / "c.png"), mask)
    assert call(*words) == 0
    assert "1 done before, 2 filled" in capsys.readouterr().out
    table = tmp_path / "pairs.csv"
    table.write_text("video,mask,output\nvideos/a.mp4,masks/a.png,one.mp4\n")
    assert call("--pairs", table, "--method", "mean-color") == 0
    assert np.abs(frames_of(tmp_path / "one.mp4").astype(int) - frames_of(tmp_path / "out" / "a.mp4")).mean() < 3


def test_the_precision_of_a_network_is_said_and_what_a_batch_remembers(tmp_path, monkeypatch, capsys, weights, clip):
    def choose(name):
        chosen = Choice(name, "a test")
        monkeypatch.setattr("lgtsm.inference.filler.choose_precision", lambda device: chosen)

    monkeypatch.setenv("COLUMNS", "200")
    choose("bf16")
    (tmp_path / "videos").mkdir()
    write_clip(tmp_path / "videos" / "a.mp4", clip)
    network = ("-c", weights, "--device", "cpu")
    assert call(tmp_path / "videos" / "a.mp4", *BOX, *network, "-o", tmp_path / "out.mp4") == 0
    assert capsys.readouterr().err.count("lgtsm inpaint: computing in bf16: a test\n") == 1
    assert call(tmp_path / "videos" / "a.mp4", *BOX, *network, "-o", tmp_path / "out.mp4", "--precision", "fp32") == 0
    assert call(tmp_path / "videos" / "a.mp4", *FAST, "-o", tmp_path / "out.mp4") == 0
    assert "computing in" not in capsys.readouterr().err

    batch = (tmp_path / "videos", *BOX, *network, "--batch", "-o", tmp_path / "many")
    for name, options, state in (
        ("bf16", (), "1 filled"),
        ("fp32", ("--precision", "bf16"), "1 done before"),
        ("fp32", (), "1 filled"),
        ("fp32", (), "1 done before"),
    ):
        choose(name)
        assert call(*batch, *options) == 0
        assert state in capsys.readouterr().out


def test_without_a_checkpoint_the_default_fills_and_says_how_to_use_a_network(tmp_path, clip, capsys):
    source = write_clip(tmp_path / "in.mkv", clip, lossless=True)
    assert call(source, *BOX, "-o", tmp_path / "out.mkv", "--lossless") == 0
    (said,) = [line for line in capsys.readouterr().err.splitlines() if "along the motion" in line]
    assert "--checkpoint FILE" in said
    assert call(source, *BOX, "-o", tmp_path / "named.mkv", "--lossless", "--method", "flow-fusion") == 0
    filled, known = frames_of(tmp_path / "out.mkv"), frames_of(source)
    assert np.array_equal(filled, frames_of(tmp_path / "named.mkv"))
    outside = np.ones(clip.shape[1:3], bool)
    outside[4:14, 4:16] = False
    assert np.array_equal(filled[:, outside], known[:, outside])
    # The picture moves to the right by two pixels a frame, so the next frames show what the box hides.
    assert np.abs(filled[:4].astype(int) - known[:4].astype(int))[:, 4:14, 4:16].mean() < 4


def test_large_frames_are_told_about_the_working_height(tmp_path, capsys):
    source = write_clip(tmp_path / "in.mp4", np.zeros((2, 730, 64, 3), np.uint8))
    for words, said in (((), True), (("--working-height", "90"), False)):
        assert call(source, *BOX, "-o", tmp_path / "out.mp4", *words) == 0
        assert ("--working-height 360 is much faster" in capsys.readouterr().err) == said


def test_a_network_needs_its_weights(tmp_path, clip, capsys):
    source = write_clip(tmp_path / "in.mp4", clip)
    assert call(source, *BOX, "--method", "network", "-o", tmp_path / "out.mp4") == 2
    assert "--checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "out.mp4").exists()


def test_where_there_is_no_terminal_progress_comes_as_lines(tmp_path, clip, capsys):
    source = write_clip(tmp_path / "in.mp4", clip)
    assert call(source, *FAST, "-o", tmp_path / "out.mp4") == 0
    assert "fill: 12/12 frames" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [("--box", "4,4,12,10", "--between", "3-6"), ("--box", "4,4,12,10@0.12s-0.28s")], ids=["all", "box"]
)
def test_frames_outside_a_part_stay_as_they_are(tmp_path, clip, words):
    path = write_clip(tmp_path / "in.mkv", clip, codec="ffv1")
    assert call(path, *words, "--method", "mean-color", "-o", tmp_path / "out.mkv", "--codec", "ffv1") == 0
    before, after = frames_of(path), frames_of(tmp_path / "out.mkv")
    changed = (before != after).any(axis=(1, 2, 3))
    assert np.flatnonzero(changed).tolist() == [3, 4, 5, 6]
    assert (before[:, 18:] == after[:, 18:]).all()  # chroma is interpolated over the rows between
    raw = [path, "--box", "4,4,12,10", "--between", "90s-95s", "-o", tmp_path / "none.mkv"]
    assert call(*raw) == 2
    assert not (tmp_path / "none.mkv").exists()
