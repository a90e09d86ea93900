"""`lgtsm reproduce`: the tables of the paper, trained, scored and written."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from lgtsm.commands import reproduce
from lgtsm.config.folder import config_folder
from lgtsm.document import to_markdown
from lgtsm.evaluation.paper_tables import FID, FID_OF_BINS, TABLES, paper_blocks

TINY = (
    "budget=small", "max_steps=2", "adversarial.start_step=1", "model.width=4", "discriminator.width=4",
    "batch_size=1", "data.max_bad_share=0.9", "protocol.centers=[25,45]", "precision=fp32",
)  # fmt: skip


@pytest.fixture
def videos(tmp_path, data_folder):
    """Copies of one clip, of two films, of which one is held out."""
    folder = tmp_path / "videos"
    folder.mkdir()
    for name in ("d_00", "d_01", "e_00", "f_00", "x_00", "y_00", "z_00", "w_00", "q_00", "s_00"):
        shutil.copyfile(data_folder / "bmx-trees" / "video.mp4", folder / f"{name}.mp4")
    return folder


def test_two_rows_are_trained_scored_and_put_into_the_table(tmp_path, videos):
    words = ["table2", *TINY, f"data.root={videos}", "--rows", "gtsm,lgtsm_gan", "-o", str(tmp_path / "out")]
    command = [sys.executable, "-m", "lgtsm", "reproduce", *words]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    out = tmp_path / "out"
    table = (out / "table.md").read_text()
    row = next(line for line in table.splitlines() if line.startswith("| PSNR hole"))
    cells = [cell.strip() for cell in row.split("|")[3:-1]]
    scores = {}
    for name in ("gtsm", "lgtsm_gan"):
        document = json.loads((out / "scores" / name / "metrics.json").read_text())
        scores[name] = document["scores"][name]["object_like_middle"]["psnr_hole"]["mean"]
        assert document["protocol"]["masks"] == "drawn"
    assert cells == ["not yet", "not yet", f"{scores['gtsm']:.2f}", "not yet", f"{scores['lgtsm_gan']:.2f}"]
    assert "/ 0.1256" in table and "not the published test set" in table
    assert r"\begin{tabular}" in (out / "table.tex").read_text()
    assert "<table>" in (out / "table.html").read_text()
    assert "Differences from gtsm" in (out / "comparison.md").read_text()
    assert ",gtsm,psnr_hole,higher," in (out / "comparison.csv").read_text()
    # Clips of one film are on one side.
    lists = {part: (out / "split" / f"{part}.txt").read_text().split() for part in ("train", "validation")}
    assert sorted(lists["train"] + lists["validation"]) == sorted(path.stem for path in videos.iterdir())
    assert len({"d_00", "d_01"} & set(lists["validation"])) in (0, 2)
    # What is done is not done again.
    before = {path: path.stat().st_mtime_ns for path in out.rglob("generator.safetensors")}
    assert len(before) == 2
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 0
    assert "Training" not in again.stdout and "Scoring" not in again.stdout
    assert before == {path: path.stat().st_mtime_ns for path in out.rglob("generator.safetensors")}
    changed = subprocess.run([*command, "seed=5"], capture_output=True, text=True, check=False)
    assert changed.returncode == 2
    assert "made with other settings: seed." in changed.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["table3"],
            "The paper has no table3 of fvi; it has table1 dataset=fvi, table1 dataset=face_forensics, table2",
        ),
        (["table2", "dataset=face_forensics"], "The paper has no table2 of face_forensics"),
        (["table1", "dataset=davis"], "dataset must be one of fvi, face_forensics; got 'davis'."),
        (["table1", "budget=tiny"], "budget must be one of published, small; got 'tiny'."),
        (["table1", "budget=small"], "Name it: data.root=VIDEOS."),
        (["table1", "fast"], "Settings must be written as KEY=VALUE; got 'fast'."),
        (
            ["table1", "--rows", "lgtsm,mine"],
            "Table 1, FVI has the rows tccds, edge_connect, combcn, gated3d, lgtsm; it",
        ),
    ],
)
def test_what_cannot_be_is_a_sentence(words, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        reproduce.main(words)
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_training_that_fails_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        reproduce.main(["table1", "data.root=nowhere", "hardware=cpu", "--rows", "lgtsm"])
    assert "Training LGTSM (fvi_lgtsm) ended with exit code 2" in capsys.readouterr().err


@pytest.mark.parametrize("key", TABLES)
def test_published_numbers_are_those_of_the_experiments(key):
    """The comments of the experiments were written apart from the table."""
    for name, row in TABLES[key].rows.items():
        if not row.experiments:
            continue
        text = Path(config_folder(), "experiment", f"{row.experiments[-1]}.yaml").read_text()
        said = [float(number) for number in re.findall(r"\d\.\d+", text.split("Published")[1].split("\ndefaults")[0])]
        for score, kinds in row.published.items():
            for number in kinds.values():
                assert number in said, (name, score, number)


def test_every_experiment_of_the_tables_is_there():
    for table in TABLES.values():
        for row in table.rows.values():
            assert (row.method is None) == bool(row.experiments)
            for experiment in row.experiments:
                assert yaml.safe_load(Path(config_folder(), "experiment", f"{experiment}.yaml").read_text())
            assert all(set(kinds) == set(table.kinds) for kinds in row.published.values())


def test_the_table_takes_the_mean_of_the_bins():
    table = TABLES["table1", "fvi"]
    value = {
        "mse": {"mean": 0.00251},
        FID: {"mean": 5.0},
        FID_OF_BINS: {"mean": 0.7},
        "lpips": {"unavailable": "no file"},
    }
    document = {
        "protocol": {"published_test_set": True},
        "efficiency": {"x": {"parameters": 12_136_000}},
        "scores": {"x": dict.fromkeys(table.kinds.values(), value)},
    }
    text = to_markdown(paper_blocks(table, {"lgtsm": document}, "Ours: x."))
    assert "0.00251 / 0.0028" in text and "0.7000 / 0.6436" in text and "5.0" not in text
    assert "n/a / 0.0569" in text and "n/a: no file." in text
    assert "12.14M / 12M / 6M" in text
    assert "not the published test set" not in text
