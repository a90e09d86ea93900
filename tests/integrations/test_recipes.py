"""The recipes of docs/integrations.md, as they stand there: FFmpeg's pipes, and folders of numbered frames."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
import pytest

import lgtsm
from lgtsm.commands import inpaint
from tests.entry_points.calling import exit_code

DOCS = (Path(__file__).parents[2] / "docs" / "integrations.md").read_text()
WIDTH, HEIGHT, FRAMES = 160, 120, 12
OURS = imageio_ffmpeg.get_ffmpeg_exe()
HOLE = np.zeros((HEIGHT, WIDTH), np.uint8)
HOLE[40:70, 60:100] = 1


def block(section):
    """Return the commands of a section."""
    return re.search(rf"## {section}.*?```bash\n(.*?)```", DOCS, re.S)[1]


@pytest.fixture
def ffmpeg(request):
    """FFmpeg's program."""
    return getattr(request, "param", OURS)


@pytest.fixture
def folder(tmp_path, data_folder, ffmpeg):
    """A folder with in.mp4, of lively colors in HD's matrix and with sound, and mask.png."""
    pictures = ["-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate=30000/1001"]
    sound = ["-i", data_folder / "odd" / "with_audio.mp4", "-map", "0:v", "-map", "1:a", "-c:a", "copy"]
    tags = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
    coded = ["-vf", "scale=out_color_matrix=bt709", "-c:v", "libx264", "-crf", "10", "-pix_fmt", "yuv420p", *tags]
    run(ffmpeg, *pictures, *sound, *coded, "-t", "0.4", tmp_path / "in.mp4")
    cv2.imwrite(str(tmp_path / "mask.png"), HOLE * 255)
    return tmp_path


def run(ffmpeg, *words):
    command = [ffmpeg, "-v", "error", "-nostdin", *map(str, words)]
    return subprocess.run(command, capture_output=True, check=True).stdout


def decode(ffmpeg, path):
    raw = run(ffmpeg, "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)


def recipe(folder, ffmpeg, replaced=()):
    """Run FFmpeg's recipe in a folder with its own programs, on a clip of another size and rate."""
    rate = ("-framerate 25", "-framerate 30000/1001")
    commands = block("FFmpeg")
    for old, new in (("1280x720", f"{WIDTH}x{HEIGHT}"), rate, *replaced):
        assert old in commands
        commands = commands.replace(old, new)
    programs = f'ffmpeg() {{ "{ffmpeg}" "$@"; }}\nlgtsm() {{ "{sys.executable}" -m lgtsm "$@"; }}\n'
    return subprocess.run(["bash", "-c", programs + commands], cwd=folder, capture_output=True, text=True)


# The program of the system too, where there is one.
@pytest.mark.parametrize("ffmpeg", sorted({OURS, shutil.which("ffmpeg") or OURS}), indirect=True)
def test_the_recipe_with_pipes_is_the_library_frame_for_frame(folder, ffmpeg):
    frames = decode(ffmpeg, folder / "in.mp4")
    (options,) = re.findall(r"-vf .*?-pix_fmt yuv420p", block("FFmpeg"), re.S)
    done = recipe(folder, ffmpeg, [(options, "-c:v ffv1 -pix_fmt gbrp"), ("out.mp4", "out.mkv")])
    assert done.returncode == 0, done.stderr
    filled = decode(ffmpeg, folder / "out.mkv")
    assert filled.shape == (FRAMES, HEIGHT, WIDTH, 3)
    assert np.array_equal(filled, np.stack(list(lgtsm.Inpainter().stream(frames, HOLE))))
    assert np.array_equal(filled[:, HOLE == 0], frames[:, HOLE == 0])


def test_the_recipe_keeps_sound_and_colors(folder, ffmpeg):
    done = recipe(folder, ffmpeg)
    assert done.returncode == 0, done.stderr
    packets = [
        run(ffmpeg, "-i", folder / name, "-map", "0:a", "-c", "copy", "-f", "md5", "-")
        for name in ("in.mp4", "out.mp4")
    ]
    assert packets[0] == packets[1] and packets[0].startswith(b"MD5=")
    assert run(ffmpeg, "-i", folder / "in.mp4", "-map", "0:a", "-f", "s16le", "-")  # not the sum of nothing
    before, after = (decode(ffmpeg, folder / name)[:, HOLE == 0].astype(float) for name in ("in.mp4", "out.mp4"))
    assert len(after) == FRAMES
    assert np.abs(before - after).mean() < 4  # of 255; SD's matrix would give 9, compression gives 2


def test_the_recipe_fails_as_one(folder, ffmpeg):
    done = recipe(folder, ffmpeg, [("mask.png", "none.png")])
    assert done.returncode != 0 and "none.png" in done.stderr


@pytest.mark.parametrize(("suffix", "kind"), [("png", np.uint8), ("tif", np.uint8), ("png", np.uint16)])
def test_numbered_frames_keep_names_and_depth(tmp_path, monkeypatch, suffix, kind):
    monkeypatch.chdir(tmp_path)
    Path("frames").mkdir()
    Path("roto").mkdir()
    pattern = cv2.resize(np.random.default_rng(0).integers(0, 256, (10, 12, 3), np.uint8), (96, 80)).astype(kind)
    pattern = pattern * kind(257) + kind(3) * (pattern < 200) if kind == np.uint16 else pattern
    frames = [np.roll(pattern, 2 * t, 1) for t in range(4)]
    for t, frame in enumerate(frames):
        mask = np.zeros((80, 96), np.uint8)
        mask[20:40, 10 + 10 * t : 30 + 10 * t] = 255
        cv2.imwrite(f"frames/shot.{1001 + t}.{suffix}", frame)
        cv2.imwrite(f"roto/mask_{1001 + t:06d}.png", mask)
    assert exit_code(inpaint.main, *block("Numbered frames").split()[2:]) == 0
    assert sorted(path.name for path in Path("filled").iterdir()) == [f"shot.{1001 + t}.png" for t in range(4)]
    for t, frame in enumerate(frames):
        filled = cv2.imread(f"filled/shot.{1001 + t}.png", cv2.IMREAD_UNCHANGED)
        missing = cv2.imread(f"roto/mask_{1001 + t:06d}.png", 0) > 0
        assert filled.dtype == kind and np.array_equal(filled[~missing], frame[~missing])
        assert not np.array_equal(filled[missing], frame[missing])


def test_other_kinds_of_frames_are_refused(tmp_path, capsys):
    (tmp_path / "frames").mkdir()
    for name in ("shot.0001.exr", "shot.0002.dpx"):
        (tmp_path / "frames" / name).write_bytes(bytes(100))
    assert exit_code(inpaint.main, tmp_path / "frames", "--box", "1,1,2,2", "-o", tmp_path / "filled") == 2
    assert "must hold frames (.bmp" in capsys.readouterr().err
