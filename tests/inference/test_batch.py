import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import lgtsm
from lgtsm.inference.batch import read_state, run_batch, state_path, summary_table
from lgtsm.inference.pairs import check_pairs, pair_by_name, read_pairs
from lgtsm.inpaint import main
from lgtsm.outputs import Place
from lgtsm.video.errors import VideoError
from lgtsm.video.open import open_video
from lgtsm.video.writer import VideoWriter


@pytest.fixture
def tree(tmp_path):
    """Empty files in the places of three videos, one of them a folder of frames, and their masks."""
    for name in ("videos/a.mp4", "videos/in/b.wmv", "videos/c/0.png", "masks/a.png", "masks/in/b.mkv", "masks/c/0.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def fake_fill(pair):
    """Write what the result depends on."""
    pair.output.write_bytes(pair.video.read_bytes() + pair.mask.read_bytes())
    return SimpleNamespace(info=SimpleNamespace(frames=3), hole_share=0.25)


def states(results):
    return [result.state for result in results]


def test_a_mask_may_be_an_array(tree):
    (tree / "masks" / "a.png").rename(tree / "masks" / "a.npy")
    pairs = {pair.name: pair for pair in pair_by_name(tree / "videos", tree / "masks", tree / "out")}
    assert pairs["a.mp4"].mask == tree / "masks" / "a.npy"


def test_pairs_by_name(tree):
    pairs = {pair.name: pair for pair in pair_by_name(tree / "videos", tree / "masks", tree / "out")}
    assert set(pairs) == {"a.mp4", "in/b.wmv", "c"}
    assert pairs["a.mp4"].mask == tree / "masks" / "a.png"
    assert pairs["in/b.wmv"].mask == tree / "masks" / "in" / "b.mkv"
    assert pairs["c"].mask == tree / "masks" / "c"
    assert pairs["a.mp4"].output == tree / "out" / "a.mp4"
    assert pairs["in/b.wmv"].output == tree / "out" / "in" / "b.mkv"  # WMV is not written
    assert pairs["c"].output == tree / "out" / "c"
    for_all = pair_by_name(tree / "videos", tree / "masks" / "a.png", tree / "out")
    assert {pair.mask for pair in for_all} == {tree / "masks" / "a.png"}
    assert len(pair_by_name(tree / "videos", None, tree / "videos" / "out")) == 3


def test_pairs_that_cannot_be(tree):
    with pytest.raises(VideoError, match="output folder must differ"):
        pair_by_name(tree / "videos", None, tree / "videos")
    with pytest.raises(VideoError, match="differ from the folder of masks"):
        pair_by_name(tree / "videos", tree / "masks", tree / "masks")
    (tree / "link").symlink_to(tree / "videos", target_is_directory=True)
    with pytest.raises(VideoError, match="differ from the input folder"):
        pair_by_name(tree / "videos", None, tree / "link")
    (tree / "videos" / "in" / "b.mkv").write_bytes(b"")
    with pytest.raises(ValueError, match=r"The output of in/b\.wmv must not replace the output of in/b\.mkv"):
        check_pairs(pair_by_name(tree / "videos", None, tree / "out"))
    (tree / "masks" / "a.mp4").write_bytes(b"")
    with pytest.raises(VideoError, match=r"one mask for a; it holds a\.png and a\.mp4"):
        pair_by_name(tree / "videos", tree / "masks", tree / "out")


def test_pairs_from_a_table(tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text("video,mask,output\na.mp4,m/a.png,out/a.mp4\nb.mp4,,out/b.mp4\n")
    a, b = read_pairs(table)
    assert (a.video, a.mask, a.output) == (tmp_path / "a.mp4", tmp_path / "m/a.png", tmp_path / "out/a.mp4")
    assert b.mask is None
    (tmp_path / "link").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "0.png").touch()
    for text, words in (
        ("video,mask\na,b\n", "output is not among"),
        ("video,mask,output\na,b,\n", "line 2 does not"),
        ("video,mask,output\n", "at least one video"),
        ("video,mask,output\na,m,o\nb,m,o\n", "output of b must not replace the output of a;"),
        ("video,mask,output\na,m,o\nb,n,a\n", "output of b must not replace the video a;"),
        ("video,mask,output\na,m,o\nb,n,m\n", "output of b must not replace the mask of a;"),
        ("video,mask,output\na,m,o\nb,n,link/a\n", "output of b must not replace the video a; .*are the same"),
        ("video,mask,output\na,m,o\nb,n,pairs.csv\n", "output of b must not replace the table"),
        ("video,mask,output\na,m,o\nfolder,n,folder/9.png\n", "must not be one of the images of the video folder"),
        ("video,mask,output\na,folder,folder/9.png\n", "must not be one of the images of the mask of a"),
        ("video,mask,output\nfolder/0.png,,folder\n", "must not be a folder that holds the video folder/0.png"),
    ):
        table.write_text(text)
        with pytest.raises(ValueError, match=words):
            check_pairs(read_pairs(table), [Place("the table", table)])


def test_a_table_is_read_as_spreadsheets_write_it(tmp_path):
    table = tmp_path / "pairs.csv"
    rows = "video{0}mask{0}output\nä.mp4{0}m.png{0}o.mp4\n\n"
    for delimiter in ",;\t":
        for encoding in ("utf-8", "utf-8-sig", "utf-16"):
            table.write_bytes(rows.format(delimiter).replace("\n", "\r\n").encode(encoding))
            (pair,) = read_pairs(table)
            assert (pair.name, pair.mask, pair.output) == ("ä.mp4", tmp_path / "m.png", tmp_path / "o.mp4")
    table.write_text('video; output\n"a;1,2.mp4"; o.mp4\n')
    assert read_pairs(table)[0].name == "a;1,2.mp4"
    table.write_text('"video";"mask";"output"\n"a.mp4";"";"o.mp4"\n')  # all text in quotes
    assert read_pairs(table)[0].output == tmp_path / "o.mp4"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("video,output\nä,o\n".encode("latin-1"), "UTF-8; line 2"),
        ("video,output\na,o\n".encode("utf-16-le"), "NUL character"),
        (b"video,output\na\0b,o\n", "line 2 holds a NUL"),
        (b"video,output\na," + b"o" * 200_000, "line 2 cannot be read"),
        (b"video|output\na|o\n", "Separate them by commas"),
        (b"video,output\na,b,o\n", "line 2 has 3"),
        (b"", "it is empty"),
        (b"\n", "is not among none"),
    ],
)
def test_a_table_that_cannot_be_read_is_named_with_its_line(tmp_path, data, words):
    table = tmp_path / "pairs.csv"
    table.write_bytes(data)
    with pytest.raises(VideoError, match=words) as said:
        read_pairs(table)
    assert str(said.value).startswith(f"{table} must ")


def test_only_what_is_not_done_is_done(tree):
    def run(settings=1, **options):
        pairs = pair_by_name(tree / "videos", tree / "masks", tree / "out")
        return states(run_batch([p for p in pairs if p.name != "c"], fake_fill, {"crf": settings}, **options))

    assert run(dry=True) == ["to do"] * 2
    assert not (tree / "out").exists()
    assert run() == ["filled"] * 2
    assert run() == ["done before"] * 2
    assert run(overwrite=True) == ["filled"] * 2
    assert run(settings=2) == ["filled"] * 2
    (tree / "masks" / "a.png").write_bytes(b"another")
    assert run(settings=2) == ["filled", "done before"]
    assert (tree / "out" / "a.mp4").read_bytes() == b"videos/a.mp4another"
    (tree / "out" / "a.mp4").write_bytes(b"not ours")
    assert run(settings=2) == ["failed", "done before"]
    assert (tree / "out" / "a.mp4").read_bytes() == b"not ours"
    assert run(settings=2, overwrite=True) == ["filled"] * 2
    assert (tree / "out" / "a.mp4").read_bytes() == b"videos/a.mp4another"
    (tree / "out" / "in" / "b.mkv").unlink()
    assert run(settings=2) == ["done before", "filled"]


def test_failures_do_not_stop_the_rest(tree):
    (tree / "masks" / "a.png").unlink()

    def fill(pair):
        if pair.name == "in/b.wmv":
            raise RuntimeError("out of\nluck")
        return fake_fill(pair)

    pairs = [pair for pair in pair_by_name(tree / "videos", tree / "masks", tree / "out") if pair.name != "c"]
    more = [*pairs, pair_by_name(tree / "videos", tree / "masks" / "c" / "0.png", tree / "other")[0]]
    results = run_batch(more, fill, {})
    assert states(results) == ["failed", "failed", "filled"]
    assert "a" in results[0].why and results[1].why == "RuntimeError: out of luck"
    assert not pairs[0].output.exists()
    table = summary_table(results)
    assert table.row_count == 3 and "2 failed, 1 filled" in table.title


def test_folders_of_frames_that_are_not_ours_stay(tree):
    def fill(pair):
        pair.output.mkdir()
        (pair.output / "0.png").write_bytes(b"filled")
        return SimpleNamespace(info=SimpleNamespace(frames=1), hole_share=0.25)

    pairs = [pair for pair in pair_by_name(tree / "videos", tree / "masks", tree / "out") if pair.name == "c"]
    assert states(run_batch(pairs, fill, {})) == ["filled"]
    assert states(run_batch(pairs, fill, {})) == ["done before"]
    assert states(run_batch(pairs, fill, {"new": 1})) == ["filled"]
    state_path(pairs[0].output).unlink()
    (result,) = run_batch(pairs, fill, {})
    assert result.state == "failed" and "new or empty folder" in result.why
    assert (pairs[0].output / "0.png").read_bytes() == b"filled"


def test_a_killed_run_is_finished_with_the_same_files(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "videos").mkdir()
    for name in "abc":
        with VideoWriter(tmp_path / "videos" / f"{name}.mp4", 25, 64, 96) as writer:
            picture = cv2.resize(rng.integers(0, 256, (8, 12, 3), dtype=np.uint8), (96, 64))
            for t in range(100):  # more than the encoder holds back
                writer.write(np.roll(picture, t, axis=1))
    weights = tmp_path / "w.safetensors"
    lgtsm.save_model(lgtsm.create_model("lgtsm", width=4), weights)

    def words(out):
        same = ("--box", "30,20,24,20", "--batch", "-c", str(weights), "--device", "cpu", "--lossless")
        return [str(tmp_path / "videos"), "-o", str(tmp_path / out), *same]

    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "lgtsm.inpaint", *words("out")],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not list(out.glob(".b.*.part.mp4")):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert read_state(out / "a.mp4")["state"] == "done"
    assert read_state(out / "b.mp4")["state"] == "running"
    assert not (out / "b.mp4").exists() and len(list(out.glob(".b.*.part.mp4"))) == 1
    first = (out / "a.mp4").stat().st_mtime_ns
    main(words("out"))
    main(words("whole"))
    assert (out / "a.mp4").stat().st_mtime_ns == first
    files = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert files == sorted(path.name for path in out.iterdir())
    assert len(files) == 6
    for name in "abc":
        # Frame by frame, not byte by byte: x264 does not always choose the same bytes for the same frames.
        pair = [open_video(tmp_path / folder / f"{name}.mp4", "pyav") for folder in ("out", "whole")]
        assert all(np.array_equal(one, other) for one, other in zip(*pair, strict=True))
        assert json.loads(state_path(out / f"{name}.mp4").read_text())["state"] == "done"


def test_what_lies_in_the_place_of_a_table_or_a_folder_of_a_batch_is_named(tree):
    (tree / "loop").symlink_to("loop")
    os.mkfifo(tree / "pipe")
    for name, said in (
        ("videos", "it is a folder"),
        ("pipe", "it is a named pipe. Save its content to a file first.$"),
        ("loop", "it is a link that leads back to itself"),
        ("absent", "there is nothing there"),
        ("videos/a.mp4/x.csv", "a.mp4 is a file, not a folder"),
    ):
        with pytest.raises(VideoError, match=f"{name} must be a CSV file with the columns .*; .*{said}"):
            read_pairs(tree / name)
        if name == "videos":
            continue
        with pytest.raises(VideoError, match=f"{name} must be a folder of videos; .*{said.split('. ')[0]}"):
            pair_by_name(tree / name, None, tree / "out")
        if name != "pipe":
            with pytest.raises(VideoError, match=f"{name} must be a folder of masks or one mask .*; .*{said}"):
                pair_by_name(tree / "videos", tree / name, tree / "out")
    with pytest.raises(VideoError, match="must be a folder of videos; it is a file"):
        pair_by_name(tree / "videos" / "a.mp4", None, tree / "out")
