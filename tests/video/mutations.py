"""Damage small videos, folders and masks at random, and fill them in a process of its own: the fuzzer of the readers.

`python -m tests.video.mutations FOLDER SEED COUNT` runs it at length. A hang or a crash of the process counts as a
failure of the case at work.
"""

from __future__ import annotations

import contextlib
import json
import select
import shutil
import subprocess
import sys
import time
import warnings
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from PIL import Image

FRAMES, HEIGHT, WIDTH = 6, 48, 64
CONTAINERS = {  # name: encoder, pixel format, options of the container
    "a.mp4": ("libx264", "yuv420p", {}),
    "fragments.mp4": ("libx264", "yuv420p", {"movflags": "frag_every_frame+empty_moov"}),
    "front.mov": ("mjpeg", "yuvj420p", {"movflags": "faststart"}),
    "a.mkv": ("libx264", "yuv420p", {}),
    "ffv1.mkv": ("ffv1", "yuv444p", {}),
    "a.webm": ("libvpx", "yuv420p", {}),
    "vp9.webm": ("libvpx-vp9", "yuv420p", {}),
    "alpha.webm": ("libvpx-vp9", "yuva420p", {}),
    "a.avi": ("mpeg4", "yuv420p", {}),
    "a.gif": ("gif", "rgb8", {}),
    "a.ts": ("libx264", "yuv420p", {}),
    "a.flv": ("flv", "yuv420p", {}),
    "a.ogv": ("libvpx", "yuv420p", {}),
    "a.wmv": ("wmv2", "yuv420p", {}),
    "a.mpg": ("mpeg2video", "yuv420p", {}),
    "a.mxf": ("mpeg2video", "yuv420p", {}),
    "a.nut": ("ffv1", "yuv420p", {}),
    "a.apng": ("apng", "rgb24", {}),
}
FOLDERS = {"frames_png": "PNG", "frames_jpg": "JPEG", "frames_webp": "WEBP", "frames_tiff": "TIFF", "frames_bmp": "BMP"}
MASKS = ("mask.png", "mask.tiff", "mask.webp", "mask.gif", "moving.mkv", "masks_png")
ANIMATED = ("animated.webp", "animated.png")  # one picture, or frames
LIMIT = 30  # seconds a case


class Outcome(NamedTuple):
    """kind: "filled", "refused", or what is wrong: "broke", "hung", "crashed", "left"; said: the sentence."""

    kind: str
    said: str


def pictures() -> list[np.ndarray]:
    """Return frames that differ, with detail: uint8 (height, width, 3)."""
    coarse = np.random.default_rng(5).integers(0, 255, (HEIGHT // 8, WIDTH // 8, 3), np.uint8)
    whole = np.asarray(Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    return [np.roll(whole, 3 * k, axis=1) for k in range(FRAMES)]


def make_whole_files(folder: Path) -> list[Path]:
    """Write one whole video, folder or mask of every kind into a folder, and return their paths."""
    frames = pictures()
    for name, (codec, pix_fmt, options) in CONTAINERS.items():
        write_video(folder / name, frames, codec, pix_fmt, options, sound=name in ("a.mp4", "a.mkv"))
    hole = np.zeros((HEIGHT, WIDTH), np.uint8)
    hole[16:32, 20:40] = 255
    write_video(folder / "moving.mkv", [np.dstack([np.roll(hole, k, 1)] * 3) for k in range(FRAMES)], "ffv1", "gray")
    for name, kind in {**FOLDERS, "masks_png": "PNG"}.items():
        (folder / name).mkdir()
        for k, frame in enumerate(frames):
            picture = Image.fromarray(np.roll(hole, k, axis=1) if name == "masks_png" else frame)
            picture.save(folder / name / f"{k:03d}.{kind.lower()}", kind)
    for name in MASKS[:3]:
        Image.fromarray(hole).save(folder / name)
    first, *rest = (Image.fromarray(np.roll(hole, k, axis=1)) for k in range(FRAMES))
    first.save(folder / "mask.gif", save_all=True, append_images=rest, duration=40)
    first, *rest = map(Image.fromarray, frames)
    for name in ANIMATED:
        first.save(folder / name, save_all=True, append_images=rest, duration=40)
    return sorted(folder.iterdir())


def write_video(path: Path, frames, codec: str, pix_fmt: str, options=None, sound: bool = False) -> None:
    """Write frames at 25 a second, with half a second of silence if wished."""
    with av.open(str(path), "w", container_options=options or {}) as output:
        stream = output.add_stream(codec, rate=25)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], pix_fmt
        track = output.add_stream("aac", rate=8000, layout="mono") if sound else None
        for number, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = number, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
        if track is not None:
            for start in range(0, 4096, 1024):
                silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
                silence.sample_rate, silence.pts, silence.time_base = 8000, start, Fraction(1, 8000)
                output.mux(track.encode(silence))
            output.mux(track.encode(None))


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a damaged copy of a file's bytes: one to three changes."""
    damaged = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        if not damaged:
            break
        size = len(damaged)
        # Half of the changes hit the head or the tail, where the structure of most containers lies.
        place = rng.choice([rng.integers(size), rng.integers(min(size, 400)), size - 1 - rng.integers(min(size, 400))])
        length = int(min(size - place, 2 ** rng.integers(0, 10)))
        change = rng.integers(9)
        if change == 0:  # flip bits
            for at in rng.integers(0, size, 2 ** rng.integers(0, 6)):
                damaged[at] ^= 1 << rng.integers(8)
        elif change == 1:  # flip one bit at the place
            damaged[place] ^= 1 << rng.integers(8)
        elif change == 2:  # a run of one byte
            damaged[place : place + length] = bytes([rng.choice([0, 1, 127, 128, 255])]) * length
        elif change == 3:  # a run of noise
            damaged[place : place + length] = rng.bytes(length)
        elif change == 4:  # cut off
            del damaged[max(1, place) :]
        elif change == 5:  # cut out
            del damaged[place : place + length]
        elif change == 6:  # repeat
            damaged[place:place] = damaged[place : place + length]
        elif change == 7:  # swap two blocks
            other = int(rng.integers(size - length + 1))
            one, two = damaged[place : place + length], damaged[other : other + length]
            damaged[place : place + length], damaged[other : other + length] = two, one
        else:  # a number of 2, 4 or 8 bytes: sizes, counts, times
            width = int(rng.choice([2, 4, 8]))
            value = int(rng.choice([0, 1, 60000, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**62, 2**63 - 1]))
            order = "big" if rng.integers(2) else "little"
            damaged[place : place + width] = (value % 256**width).to_bytes(width, order)
    return bytes(damaged)


def damage(source: Path, target: Path, rng: np.random.Generator) -> None:
    """Write a damaged copy of a file, or of a folder with one damaged file."""
    if source.is_dir():
        shutil.copytree(source, target)
        source = target = sorted(target.iterdir())[rng.integers(FRAMES)]
    target.write_bytes(mutate(source.read_bytes(), rng))


class Worker:
    """A process that fills one video after the other; a new one takes over where it hangs or crashes."""

    def __init__(self, *command: str):
        self._command = command or (sys.executable, "-m", "tests.video.mutations")
        self._start()

    def _start(self) -> None:
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root)
        self._answer(120)  # it has started

    def _ask(self, paths: list[str]) -> None:
        with contextlib.suppress(BrokenPipeError):  # it crashed; the answer is missing
            self._process.stdin.write(json.dumps(paths).encode() + b"\n")
            self._process.stdin.flush()

    def _answer(self, limit: float) -> str | None:
        ready, _, _ = select.select([self._process.stdout], [], [], limit)
        return self._process.stdout.readline().decode() if ready else None

    def fill(self, video: Path, mask: Path, output: Path, limit: float = LIMIT) -> Outcome:
        """Fill a video and say what came of it."""
        self._ask([str(video), str(mask), str(output)])
        answer = self._answer(limit)
        if not answer:
            self.close()
            code = self._process.returncode
            self._start()
            return Outcome("hung" if answer is None else "crashed", f"no answer in {limit} s; exit code {code}")
        return Outcome(*json.loads(answer))

    def close(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.stdout.close()


def try_one(worker: Worker, whole: list[Path], folder: Path, seed: int, number: int) -> tuple[str, Outcome]:
    """Damage one file as (seed, number) say, fill it, and return what it was and what came of it.

    The damaged file stays in `folder` if something is wrong.
    """
    rng = np.random.default_rng([seed, number])
    source = whole[rng.integers(len(whole))]
    is_mask = source.name in MASKS
    here = folder / f"{seed}_{number}"
    (here / "out").mkdir(parents=True)
    damaged = here / source.name
    damage(source, damaged, rng)
    video, mask = damaged, source.parent / "mask.png"
    if is_mask:
        video, mask = source.parent / "a.mp4", damaged
    endings = [".mp4", ".mkv", ".webm", ".gif", ".avi", ""]
    if not is_mask and video.suffix in (".mp4", ".mov", ".mkv", ".webm", ".avi", ".ts"):
        endings += [video.suffix] * 6
    output = here / "out" / f"filled{rng.choice(endings)}"
    outcome = worker.fill(video, mask, output)
    beside = [path.name for path in output.parent.iterdir()]
    if beside != ([output.name] if outcome.kind == "filled" else []) and outcome.kind in ("filled", "refused"):
        outcome = Outcome("left", f"{outcome.kind}, and beside the output lie {beside}: {outcome.said}")
    if outcome.kind in ("filled", "refused"):
        shutil.rmtree(here)
    return f"{source.name} -> {output.name}", outcome


def _serve() -> None:
    """Fill what the lines of stdin name, and answer on stdout."""
    from lgtsm.inference.inpainter import Inpainter
    from lgtsm.models.catalog import create_model
    from lgtsm.video.errors import NothingMaskedError, VideoError
    from lgtsm.video.probe import probe

    warnings.simplefilter("error")
    warnings.simplefilter("ignore", UserWarning)  # sentences for the user
    inpainter = Inpainter(create_model("temporal-copy"), "cpu")
    print("ready", flush=True)
    for line in sys.stdin:
        video, mask, output = map(Path, json.loads(line))
        try:
            summary = inpainter.fill_file(probe(video), mask, output)
            if (frames := probe(output).frames) != summary.info.frames:
                answer = "broke", f"{summary.info.frames} frames in, {frames} out"
            else:
                answer = "filled", " ".join(summary.info.faults)
        except (VideoError, ValueError) as error:
            said = str(error)
            known = type(error) in (VideoError, NothingMaskedError, ValueError)  # not UnicodeError, and so on
            is_sentence = known and said.endswith((".", ".mp4", "?")) and " " in said
            answer = ("refused", said) if is_sentence else ("broke", f"{type(error).__name__}: {said}")
        except Exception as error:
            import traceback

            answer = "broke", traceback.format_exc()[-1500:] + type(error).__name__
        print(json.dumps(answer), flush=True)


def main(folder: Path, seed: int, count: int) -> None:
    """Try many; print what is wrong, and a count."""
    (folder / "whole").mkdir(parents=True, exist_ok=True)
    whole = sorted((folder / "whole").iterdir()) or make_whole_files(folder / "whole")
    worker, counted, started = Worker(), Counter(), time.time()
    for source in whole:
        outcome = worker.fill(*_roles(source), folder / f"whole_{source.stem}.mkv")
        if outcome.kind != "filled" or outcome.said:
            print(source.name, "whole:", outcome)
    for number in range(count):
        name, outcome = try_one(worker, whole, folder, seed, number)
        counted[outcome.kind] += 1
        if number % 100 == 99:
            print(number + 1, flush=True)
        if outcome.kind not in ("filled", "refused"):
            print(f"seed {seed}, number {number}, {name}: {outcome.kind}\n{outcome.said}\n", flush=True)
    worker.close()
    print(dict(counted), f"{time.time() - started:.0f} s")


def _roles(source: Path) -> tuple[Path, Path]:
    """Return a video and a mask, one of which is `source`."""
    if source.name in MASKS:
        return source.parent / "a.mp4", source
    return source, source.parent / "mask.png"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    else:
        _serve()
