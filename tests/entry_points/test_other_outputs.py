"""Outputs of the other commands never replace what is read, or what others wrote."""

import fcntl
import json
import shutil
from pathlib import Path

import pytest

import lgtsm
from lgtsm.commands import benchmark, check_data, compare, export, make_masks, plot, prepare_data
from lgtsm.commands.evaluate import run as evaluate
from lgtsm.data.check import Finding
from lgtsm.data.folder import FolderVideos
from lgtsm.sole_writer import InUseError
from tests.end_to_end.composing import composed

CLIP = Path(__file__).parents[1] / "data" / "odd" / "three_frames.mp4"
SMALL = ("num_frames=2", "height=16", "width=16", "num_pictures=1")


def refused(capsys, main, *words):
    """Run a command that must refuse; return its sentence."""
    with pytest.raises(SystemExit) as ended:
        main([str(word) for word in words])
    said = capsys.readouterr().err
    assert ended.value.code == 2 and len(said.strip().splitlines()) == 1, said
    return said


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def videos(tmp_path):
    (tmp_path / "videos").mkdir()
    shutil.copyfile(CLIP, tmp_path / "videos" / "clip.mp4")
    return tmp_path / "videos"


def test_make_masks_keeps_masks_of_others(tmp_path, capsys):
    words = ("--clips", 1, "--kinds", "box", "--centers", 25, "--frames", 2, "--height", 32, "--width", 32)
    theirs = tmp_path / "set" / "random_masks" / "box" / "25" / "00000" / "mine.png"
    for place in (theirs, tmp_path / "set" / "masks.jsonl", tmp_path / "set" / "contact_sheet.png"):
        shutil.rmtree(tmp_path / "set", ignore_errors=True)
        place.parent.mkdir(parents=True)
        place.write_bytes(b"mine")
        assert "must hold no masks of others" in refused(capsys, make_masks.main, tmp_path / "set", *words)
        assert contents(tmp_path / "set") == {place: b"mine"}
    make_masks.main([str(tmp_path / "new"), *map(str, words)])
    before = contents(tmp_path / "new")
    make_masks.main([str(tmp_path / "new"), *map(str, words)])
    assert contents(tmp_path / "new") == before


def test_make_masks_keeps_away_from_videos(tmp_path, videos, capsys):
    words = ("--clips", 1, "--kinds", "box", "--centers", 25, "--frames", 2, "--height", 32, "--width", 32)
    (tmp_path / "frames" / "a").mkdir(parents=True)
    (tmp_path / "frames" / "a" / "0.jpg").touch()
    before = contents(tmp_path)
    for root, name in ((videos, "clip.mp4"), (tmp_path / "frames", "a"), (tmp_path / "frames" / "a", "0.jpg")):
        said = refused(capsys, make_masks.main, root, *words)
        assert f"it holds {name}, which is one of them" in said and "masks" in said
    assert contents(tmp_path) == before
    make_masks.main([str(tmp_path), *map(str, words)])  # beside JPEGImages, as FVI has it
    make_masks.main([str(tmp_path), *map(str, words)])


def test_prepare_data_keeps_away_from_the_videos_and_from_files_of_others(tmp_path, videos, capsys):
    before = contents(tmp_path)
    (tmp_path / "link").symlink_to(videos, target_is_directory=True)
    for target in (videos, tmp_path, videos / "copy", tmp_path / "link" / "copy"):
        assert "one holds the other" in refused(capsys, prepare_data.main, videos, target)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "clip_000000.mp4").write_bytes(b"mine")
    assert "must be a new or empty folder" in refused(capsys, prepare_data.main, videos, tmp_path / "other")
    assert contents(tmp_path) == {**before, tmp_path / "other" / "clip_000000.mp4": b"mine"}


def test_export_plot_compare_and_benchmark_replace_no_input(tmp_path, videos, capsys):
    lgtsm.save_model(lgtsm.create_model("lgtsm", width=4), tmp_path / "w.safetensors")
    (tmp_path / "w.onnx").hardlink_to(tmp_path / "w.safetensors")
    (tmp_path / "log.png").write_bytes(b"log")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "metrics.json").write_bytes(b"{}")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "comparison.json").hardlink_to(tmp_path / "run" / "metrics.json")
    before = contents(tmp_path)
    for main, words in (
        (export.main, ("-c", tmp_path / "w.safetensors", "-o", tmp_path / "w.onnx")),
        (plot.main, (tmp_path / "log.png", "-o", tmp_path / "log.png")),
        (compare.main, (tmp_path / "run", "-o", tmp_path / "out")),
        (benchmark.main, ("data", videos, "--json", videos / "clip.mp4")),
    ):
        assert "must not replace" in refused(capsys, main, *words)
    for place, words in (
        ("/dev/null", "a device"),
        (tmp_path / "absent" / "a.json", "does not exist"),
        (videos, "folder"),
    ):
        assert words in refused(capsys, benchmark.main, "masks", "--json", place)
    assert contents(tmp_path) == before


def test_an_evaluation_stays_out_of_the_folders_that_it_reads(tmp_path, videos):
    for words in (
        (f"paths.run={videos}", "data=folder", f"data.root={videos}"),
        (f"paths.run={videos}/run", "data=folder", f"data.root={videos}"),
        (f"paths.run={tmp_path}/run", f"write_inputs={videos}", "protocol=paper_fvi", f"protocol.videos={videos}"),
        (f"paths.run={videos}/run", f"results=theirs:{videos}"),
    ):
        with pytest.raises(ValueError, match="must lie outside the folder of"):
            evaluate(composed("evaluate", *words, *SMALL))
    assert [path.name for path in videos.iterdir()] == ["clip.mp4"] and list(tmp_path.iterdir()) == [videos]


def test_the_second_run_into_one_folder_says_that_the_first_is_at_work(tmp_path, videos, capsys):
    make_masks_words = ("--clips", 1, "--kinds", "box", "--centers", 25, "--frames", 2, "--height", 32, "--width", 32)
    make_masks.main([str(tmp_path / "set"), *map(str, make_masks_words)])
    prepare_data.main([str(videos), str(tmp_path / "copy"), "--least-frames", "1"])
    (tmp_path / "run").mkdir()
    capsys.readouterr()
    for folder in ("set", "copy", "run"):
        with (tmp_path / folder / ".lgtsm.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # as another process would
            before = contents(tmp_path / folder)
            if folder == "run":
                with pytest.raises(InUseError, match="run is being written by another run"):
                    evaluate(composed("evaluate", f"paths.run={tmp_path}/run", *SMALL))
            else:
                main, words = {"set": (make_masks.main, make_masks_words), "copy": (prepare_data.main, ())}[folder]
                source = [videos] if folder == "copy" else []
                more = ("--least-frames", 1) if folder == "copy" else words
                said = refused(capsys, main, *source, tmp_path / folder, *more)
                assert f"{tmp_path / folder} is being written by another run, which is at work" in said
            assert contents(tmp_path / folder) == before


def test_an_evaluation_that_scores_nothing_is_an_error(tmp_path, capsys):
    (tmp_path / "theirs").mkdir()
    words = (f"results=theirs:{tmp_path}/theirs", "data.validation_videos.num_videos=2", f"paths.run={tmp_path}/run")
    with pytest.raises(ValueError, match=r"theirs could be scored on none of 2 clips\. The result .* does not exist"):
        evaluate(composed("evaluate", *words, *SMALL))
    assert "n/a" in capsys.readouterr().out
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["methods"].keys() >= {"mean-color", "theirs"}


def test_the_advice_for_one_clip_is_followed(tmp_path, videos):
    words = ("data=folder", f"data.root={videos}", f"paths.run={tmp_path}/run", *SMALL)
    with pytest.raises(ValueError, match=r"set data\.validation_videos\.split=all\.") as told:
        evaluate(composed("evaluate", *words))
    advice = str(told.value).rsplit("set ", 1)[1].removesuffix(".")
    assert set(evaluate(composed("evaluate", *words, advice))) == {"mean-color", "temporal-copy"}
    with pytest.raises(ValueError, match=r"Add videos, or set `split=all`"):
        FolderVideos(videos, split="validation")


def test_a_bracket_in_a_name_is_not_markup(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "160")
    assert check_data.show({"x[/red]": [Finding("y[bold]", "wrong", "z[/] :smile:")]})
    said = capsys.readouterr().out
    assert "x[/red]" in said and "y[bold]" in said and "z[/] :smile:" in said
    benchmark.print_rates("from x[/red]", "frames/s", {})
    assert "from x[/red]" in capsys.readouterr().out


def test_a_progress_bar_shows_from_its_first_step_on(capsys):
    with pytest.raises(ValueError, match="before"), check_data.progress_bar("x[/red]"):
        raise ValueError("before it began")
    assert capsys.readouterr().err == ""
    with check_data.progress_bar("x[/red]") as progress:
        progress(1, 2)
    assert "x[/red]" in capsys.readouterr().err
