"""A whole evaluation, small: protocol, resuming, two processes, results from files, report, comparison."""

import csv
import json
import shutil

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from lgtsm.document import Table
from lgtsm.evaluation.columns import COLUMNS
from lgtsm.evaluation.comparison import compare, write_comparison
from lgtsm.evaluation.inputs import write_inputs
from lgtsm.evaluation.ledger import Ledger, claim, read_ledger
from lgtsm.evaluation.legend import legend, meaning
from lgtsm.evaluation.methods import ModuleMethod, ResultsFolder, make_methods
from lgtsm.evaluation.processes import Processes
from lgtsm.evaluation.protocol import PaperProtocol
from lgtsm.evaluation.run import evaluate
from lgtsm.evaluation.summary import read_per_video
from lgtsm.evaluation.tables import title
from lgtsm.features import DISFlow
from lgtsm.masks import sample_hole
from lgtsm.masks.test_set import MaskClip, TestSet, write_test_set
from lgtsm.metrics import FrameQuality, TemporalFlicker, VideoFID, WarpingError, frame_scores
from tests.metrics.cases import Moments

FLICKER = "flicker hole ↓"
SIZE = {"num_frames": 3, "height": 24, "width": 32}
KINDS, CENTERS = ("rand_curve", "box"), (15, 45)


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """Three videos as folders of frames, of which the last is too short."""
    root = tmp_path_factory.mktemp("videos")
    rng = np.random.default_rng(0)
    for name, length in (("apple", 4), ("berry", 5), ("cherry", 3)):
        (root / name).mkdir()
        scene = cv2.resize(rng.integers(0, 255, (8, 12, 3), dtype=np.uint8), (60, 40), interpolation=cv2.INTER_CUBIC)
        for t in range(length):
            cv2.imwrite(str(root / name / f"{t}.png"), scene[:30, t : t + 40])
    return root


def make_protocol(videos, **options):
    return PaperProtocol("small", videos, "fvi", **{**SIZE, "kinds": KINDS, "centers": CENTERS, **options})


def make_metrics():
    return {
        "quality": FrameQuality(),
        "flicker": TemporalFlicker(),
        "video_fid": VideoFID(Moments(), num_features=6),
    }


def score(videos, folder, names=("mean-color", "telea"), results=(), **options):
    unavailable = {"lpips": ("no weights x.pth", "LPIPS needs x.pth.")}
    methods = make_methods(names, results=results)
    return evaluate(make_protocol(videos), methods, make_metrics(), unavailable, folder, **options)


@pytest.fixture(scope="module")
def run(videos, tmp_path_factory):
    """One finished evaluation: its folder and document."""
    folder = tmp_path_factory.mktemp("run")
    return folder, score(videos, folder)


def test_holes_are_those_of_make_masks_drawn_or_stored(videos, tmp_path):
    protocol = make_protocol(videos, seed=7)
    units = protocol.units()
    assert len(units) == 3 * 2 * 2
    for unit in (units[0], units[-1]):
        video, hole = protocol.read(unit)
        seed = MaskClip(unit.kind, unit.center, unit.video).seed(7)
        share = ((unit.center - 5) / 100, (unit.center + 5) / 100)
        expected = sample_hole(unit.kind, 3, 24, 32, seed, hole_share=share)
        assert np.array_equal(hole[0, :, 0].numpy(), expected)
        assert share[0] <= hole.mean() < share[1]
        assert video.shape == (1, 3, 3, 24, 32)
    write_test_set(tmp_path, TestSet(KINDS, CENTERS, 3, 3, 24, 32, seed=7))
    stored = make_protocol(videos, masks=tmp_path / "random_masks")
    assert (stored.describe()["masks"], protocol.describe()["masks"]) == ("stored", "drawn")
    assert all(torch.equal(stored.read(unit)[1], protocol.read(unit)[1]) for unit in units)
    (tmp_path / "FVI" / "Test").mkdir(parents=True)
    shutil.copytree(videos, tmp_path / "FVI" / "Test" / "JPEGImages")
    shutil.copytree(tmp_path / "random_masks", tmp_path / "FVI" / "Test" / "random_masks")
    published = make_protocol(tmp_path / "FVI").describe()
    assert (published["masks"], published["published_test_set"], protocol.is_published_set) == ("stored", True, False)
    assert make_protocol(tmp_path / "FVI", masks="drawn").describe()["masks"] == "drawn"
    with pytest.raises(ValueError, match="rand_curve/15"):
        make_protocol(videos, masks=tmp_path)
    with pytest.raises(ValueError, match=r"protocol\.videos"):
        make_protocol(None)


def test_scores_are_means_over_clips_of_every_group(videos, run):
    folder, document = run
    protocol = make_protocol(videos)
    (telea,) = make_methods(["telea"])
    mse, inside = {}, {}
    for unit in protocol.units():
        video, hole = protocol.read(unit)
        scores = frame_scores(telea.module(video, hole)["filled"], video, hole)
        mse[unit.key], inside[unit.key] = scores["mse"].item(), scores["mse_hole"].item()
    of = document["scores"]["telea"]
    assert of["all"]["mse"]["mean"] == pytest.approx(np.mean(list(mse.values())), rel=1e-9)
    boxes = [value for key, value in inside.items() if key.startswith("box/45/")]
    assert of["box/45"]["mse_hole"]["mean"] == pytest.approx(np.mean(boxes), rel=1e-9)
    assert of["box/45"]["mse_hole"]["low"] <= np.mean(boxes) <= of["box/45"]["mse_hole"]["high"]
    assert (of["box"]["mse"]["videos"], of["box"]["mse"]["clips"]) == (3, 6)
    with (folder / "per_video.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "telea"]
    assert {f"{r['kind']}/{r['center']}/{r['video']}": float(r["mse"]) for r in rows} == mse


def test_video_fid_of_the_ledger_is_that_of_the_metric(videos, run):
    protocol, metric = make_protocol(videos), VideoFID(Moments(), num_features=6)
    (telea,) = make_methods(["telea"])
    for unit in protocol.units():
        video, hole = protocol.read(unit)
        if unit.kind == "box":
            metric.update(telea.module(video, hole)["filled"], video)
    assert run[1]["scores"]["telea"]["box"]["video_fid_eval_not_published"]["mean"] == pytest.approx(
        metric.compute().item(), rel=1e-6
    )


def test_the_report_is_whole(run):
    folder, document = run
    report, page = (folder / "report.md").read_text(), (folder / "report.html").read_text()
    assert "drawn from seed 0" in report
    assert "published test set" in report
    assert "n/a (no weights x.pth)" in report
    assert "LPIPS needs x.pth." in report
    assert report.count(" [no interval]") == 2 * (
        3 + 3 + 4
    )  # video FID of two methods, by kind in two ways, and by bin
    assert f"| {FLICKER} " in report and "moved back along" not in report
    assert "Known pixels untouched: mean-color, telea." in report
    assert f"{document['scores']['telea']['all']['psnr_hole']['mean']:.2f}" in report
    assert page.count("data:image/png;base64,") == len(list(folder.glob("*.png"))) == 8 + 2 * 3
    assert 'src="plot' not in page
    assert page.count("<table>") == (folder / "report.tex").read_text().count(r"\begin{tabular}")
    kept = json.loads((folder / "metrics.json").read_text())
    assert kept["schema"] == "lgtsm-evaluation-2"
    assert kept["scores"] == document["scores"]
    assert kept["efficiency"]["telea"]["parameters"] == 0
    assert kept["efficiency"]["telea"]["clip"] == "rand_curve/45/apple"
    assert kept["efficiency"]["telea"]["gflop_per_frame"].startswith("n/a (")
    assert not list(folder.glob(".*"))


def test_scores_csv_holds_the_numbers_of_metrics_json(run):
    folder, _ = run
    kept = json.loads((folder / "metrics.json").read_text())["scores"]
    found = {}
    with (folder / "scores.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            assert row["minus"] == "" and row["better"] == (
                "higher" if row["score"][:4] in ("psnr", "ssim") else "lower"
            )
            group = "/".join(filter(None, (row["kind"], row["bin"])))
            numbers = {key: float(row[key]) if row[key] else None for key in ("mean", "low", "high", "videos", "clips")}
            value = {"unavailable": row["unavailable"]} if row["unavailable"] else numbers
            found.setdefault(row["method"], {}).setdefault(group, {})[row["score"]] = value
    assert found == kept


def test_every_score_is_in_the_legend(run):
    _, document = run
    table = legend(list(document["metrics"]))
    assert [row[0] for row in table.rows] == [title(name) for name in document["metrics"]]
    own = meaning("my_score")
    for name in (*document["metrics"], *COLUMNS):
        assert meaning(name) != own and meaning(name).definition.endswith(".")
    assert [row[2] for row in legend(["psnr", "mse"]).rows] == ["higher", "lower"]
    assert "own" in own.definition


def test_a_comparison_is_written_in_every_format(videos, run, tmp_path):
    folder, document = run
    blocks, plain = compare([folder])
    write_comparison(tmp_path, blocks, plain)
    assert {path.name for path in tmp_path.iterdir()} == {f"comparison.{end}" for end in ("md", "html", "tex", "csv")}
    with (tmp_path / "comparison.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["score"] == "mse_hole"]
    both = {(r["method"], r["minus"]): float(r["mean"]) for r in rows if (r["kind"], r["bin"]) == ("box", "45")}
    means = {method: groups["box/45"]["mse_hole"]["mean"] for method, groups in document["scores"].items()}
    assert both.pop(("telea", "mean-color")) == pytest.approx(means["telea"] - means["mean-color"], rel=1e-9)
    assert both == {(method, ""): mean for method, mean in means.items()}


def test_a_killed_evaluation_goes_on_and_scores_nothing_twice(videos, run, tmp_path):
    folder = run[0]
    lines = (folder / "scored.0.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "scored.0.jsonl").write_text("".join(lines[:9]) + lines[9][:20])
    shutil.copy(folder / "evaluation.json", tmp_path)
    calls = []
    methods = make_methods(["mean-color", "telea"])
    for method in methods:
        method.module.register_forward_hook(lambda *_: calls.append(1))
    evaluate(make_protocol(videos), methods, make_metrics(), {"lpips": ("", "")}, tmp_path, num_pictures=0)
    measured = 2 * 5  # what a method costs is measured again, as its file was not there
    done = sum(json.loads(line)["method"] != "truth" for line in lines[:9])
    assert len(calls) - measured == 2 * 12 - done
    assert (tmp_path / "scored.0.jsonl").read_text().startswith("".join(lines[:9]))
    assert (tmp_path / "per_video.csv").read_bytes() == (folder / "per_video.csv").read_bytes()
    calls.clear()
    evaluate(make_protocol(videos), methods, make_metrics(), {"lpips": ("", "")}, tmp_path, num_pictures=0)
    assert calls == []


def test_two_processes_equal_one(videos, run, tmp_path):
    folder, document = run

    class OneByOne(Processes):
        def barrier(self):
            pass

    assert score(videos, tmp_path, processes=OneByOne(1, 2)) is None
    both = score(videos, tmp_path, processes=OneByOne(0, 2))
    assert both["scores"] == document["scores"]
    assert (tmp_path / "per_video.csv").read_bytes() == (folder / "per_video.csv").read_bytes()


def test_results_from_files_are_scored_and_watched(videos, run, tmp_path):
    protocol = make_protocol(videos)
    assert write_inputs(protocol, tmp_path / "in") == 12
    touched, missing = "box/45/berry", "box/15/apple"
    for file in (tmp_path / "in" / "videos").rglob("*.png"):  # another program: OpenCV only
        key = file.parent.relative_to(tmp_path / "in" / "videos").as_posix()
        frame, mask = cv2.imread(str(file)), cv2.imread(str(tmp_path / "in" / "masks" / key / file.name), 0)
        filled = cv2.inpaint(frame, (mask > 127).astype(np.uint8), 3, cv2.INPAINT_TELEA)
        if key == touched:
            filled[mask == 0] = np.minimum(filled[mask == 0], 245) + 10
        for name in ("good", "gap"):
            out = tmp_path / name / key / file.name
            if (name, key) != ("gap", missing):
                out.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(out), filled)
    results = [f"good:{tmp_path}/good", f"gap:{tmp_path}/gap"]
    document = score(videos, tmp_path / "run", names=["telea"], results=results)
    good, telea, gap = (document["scores"][name] for name in ("good", "telea", "gap"))
    for name in ("mse", "psnr_hole", "flicker_hole"):
        assert good["all"][name]["mean"] == pytest.approx(telea["all"][name]["mean"], rel=1e-4)
    assert list(gap["all"]["mse"]) == ["unavailable"] and "1 of 12" in gap["all"]["mse"]["unavailable"]
    assert gap["rand_curve"]["mse"] == good["rand_curve"]["mse"]
    report = (tmp_path / "run" / "report.md").read_text()
    assert "good touched known pixels" in report and "1 of 12 clips" in report
    assert "10 of 255" in report
    assert document["efficiency"]["good"]["parameters"].startswith("n/a (")

    # What was not there is looked for again, and nothing else is done again.
    shutil.copytree(tmp_path / "good" / missing, tmp_path / "gap" / missing)
    before = (tmp_path / "run" / "scored.0.jsonl").read_text()
    mended = score(videos, tmp_path / "run", names=["telea"], results=results)["scores"]["gap"]
    (line,) = (tmp_path / "run" / "scored.0.jsonl").read_text().removeprefix(before).splitlines()
    assert (json.loads(line)["method"], json.loads(line)["unit"]) == ("gap", missing)
    assert mended["box/15"]["mse"] == good["box/15"]["mse"]

    # The same evaluation elsewhere, and both in one table.
    blocks, plain = compare([run[0], tmp_path / "run"])
    assert list(plain["scores"]) == ["mean-color", "telea", "good", "gap"]
    difference = plain["differences"]["telea"]["box"]["mse"]
    expected = telea["box"]["mse"]["mean"] - plain["scores"]["mean-color"]["box"]["mse"]["mean"]
    assert difference["mean"] == pytest.approx(expected, rel=1e-9)
    table = next(block for block in blocks if isinstance(block, Table) and "score" in block.head)
    row = next(row for row in table.rows if row[:2] == ["MSE hole ↓", "all kinds"])
    assert sum(cell.startswith("**") for cell in row) >= 1
    with pytest.raises(ValueError, match=r"against.*mean-color, telea"):
        compare([run[0]], "nobody")
    other = json.loads((run[0] / "metrics.json").read_text())
    other["protocol"]["seed"] = 5
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "metrics.json").write_text(json.dumps(other))
    with pytest.raises(ValueError, match="differ in seed"):
        compare([run[0], tmp_path / "other"])
    with pytest.raises(FileNotFoundError, match=r"metrics\.json"):
        compare([tmp_path])


def test_methods_see_no_answer_and_broken_ones_get_no_number(videos, tmp_path):
    class Peeks(nn.Module):
        def forward(self, video, hole):
            assert (video[hole.expand_as(video) > 0] == 0.5).all()
            return {"filled": torch.where(hole > 0, float("nan"), video)}

    method = ModuleMethod("peeks", Peeks(), {})
    document = evaluate(make_protocol(videos), [method], {"quality": FrameQuality()}, {}, tmp_path)
    found = document["scores"]["peeks"]["all"]["mse"]
    assert list(found) == ["unavailable"] and "not finite" in found["unavailable"]


def test_the_true_videos_have_a_warping_error_too(videos, tmp_path):
    metric, protocol = WarpingError(DISFlow()), make_protocol(videos, kinds=("box",), centers=(15,))
    document = evaluate(protocol, make_methods(["mean-color"]), {"warping_error": metric}, {}, tmp_path, num_pictures=0)
    for unit in protocol.units():
        video, hole = protocol.read(unit)
        metric.update(video, video, hole)
    expected = metric.compute()["warping_error"].item()
    assert document["truth"]["warping_error"]["mean"] == pytest.approx(expected, rel=1e-9)
    assert "The true videos' own warping error (DIS flow): " in (tmp_path / "report.md").read_text()


def test_scores_with_another_flow_are_not_mixed_in(videos, tmp_path):
    protocol = make_protocol(videos, kinds=("box",), centers=(15,), limit=1)
    for flow in (DISFlow("fast"), DISFlow("fast")):
        methods, metrics = make_methods(["mean-color"]), {"warping_error": WarpingError(flow)}
        evaluate(protocol, methods, metrics, {}, tmp_path, num_pictures=0)
    assert "warping_error_dis_fast," in (tmp_path / "per_video.csv").read_text()
    with pytest.raises(ValueError, match=r"differs in metrics\."):
        evaluate(protocol, methods, {"warping_error": WarpingError(DISFlow())}, {}, tmp_path)


def test_a_metric_that_clips_are_too_small_for_says_so(videos, tmp_path):
    protocol = make_protocol(videos, kinds=("box",), centers=(15,), height=12)
    metrics = {"warping_error": WarpingError(DISFlow()), "quality": FrameQuality()}
    of = evaluate(protocol, make_methods(["mean-color"]), metrics, {}, tmp_path, num_pictures=0)["scores"]
    assert "16 pixels" in of["mean-color"]["all"]["warping_error"]["unavailable"]
    assert of["mean-color"]["all"]["mse"]["mean"] > 0


def test_unreadable_videos_are_named_not_scored(videos, tmp_path):
    shutil.copytree(videos, tmp_path / "videos")
    (tmp_path / "videos" / "cherry" / "1.png").write_bytes(b"no picture")
    protocol = make_protocol(tmp_path / "videos", num_frames=4)
    document = evaluate(protocol, make_methods(["mean-color"]), {"quality": FrameQuality()}, {}, tmp_path / "run")
    why = document["scores"]["mean-color"]["all"]["mse"]["unavailable"]
    assert why == "4 of 12 clips could not be scored: such as box/15/cherry"
    assert document["scores"]["mean-color"]["rand_curve/15"]["mse"]["unavailable"].endswith(": rand_curve/15/cherry")
    assert "Not scored: 4 clips" in (tmp_path / "run" / "report.md").read_text()


def test_short_videos_are_scored_at_their_length(videos, tmp_path):
    protocol = make_protocol(videos, num_frames=4)
    lengths = {unit.name: [part.shape[1] for part in protocol.read(unit)] for unit in protocol.units()}
    assert lengths == {"apple": [4, 4], "berry": [4, 4], "cherry": [3, 3]}
    document = evaluate(protocol, make_methods(["mean-color"]), {"quality": FrameQuality()}, {}, tmp_path)
    assert document["scores"]["mean-color"]["all"]["mse"]["clips"] == 12
    with (tmp_path / "per_video.csv").open() as file:
        assert {(row["video"], row["frames"]) for row in csv.DictReader(file)} == {
            ("apple", "4"), ("berry", "4"), ("cherry", "3"),
        }  # fmt: skip


def test_video_fid_of_a_kind_is_also_the_mean_of_its_bins(run):
    of = run[1]["scores"]["telea"]
    name = "video_fid_eval_not_published"
    kinds = []
    for kind in KINDS:
        kinds.append(np.mean([of[f"{kind}/{center}"][name]["mean"] for center in CENTERS]))
        assert of[kind][name + "_mean_of_bins"]["mean"] == pytest.approx(kinds[-1], rel=1e-9)
        assert of[kind][name]["mean"] != pytest.approx(kinds[-1], rel=1e-3)
    assert of["all"][name + "_mean_of_bins"]["mean"] == pytest.approx(np.mean(kinds), rel=1e-9)
    assert "mean of the bins as in Table 1" in (run[0] / "report.md").read_text()


def test_scores_of_8_bit_frames_are_those_of_rounded_ones(videos, tmp_path):
    found = {}
    for name in ("floats", "8 bits"):
        protocol = make_protocol(videos, eight_bit=name == "8 bits")
        evaluate(protocol, make_methods(["mean-color"]), {"quality": FrameQuality()}, {}, tmp_path / name)
        found[name] = read_per_video(tmp_path / name / "per_video.csv")
        assert (
            f"frames {'rounded to' if name == '8 bits' else 'as they come'}"
            in (tmp_path / name / "report.md").read_text()
        )
    (method,) = make_methods(["mean-color"])
    by_key = {unit.key: unit for unit in protocol.units()}
    for plain, rounded in zip(found["floats"], found["8 bits"], strict=True):
        video, hole = protocol.read(by_key[f"{plain['kind']}/{plain['center']}/{plain['video']}"])
        filled = np.round(method.module(video, hole)["filled"].numpy().astype(np.float64) * 255) / 255
        expected = np.square(filled - video.numpy()).mean()
        assert rounded["scores"]["mse"] == pytest.approx(expected, rel=1e-5)
        assert plain["scores"]["mse"] != rounded["scores"]["mse"]


def published_tree(root, layout, names=("v2", "v10", "v1")):
    """Write a published test set whose video number n is gray n, with the hole of mask clip n in column n."""
    videos, masks = {"fvi": ("JPEGImages", "random_masks"), "face_forensics": ("videos", "masks")}[layout]
    cells = ["rand_curve/5", "object_like_middle/15"] if layout == "fvi" else ["test_bbox", "test_rand_curve"]
    for place in [videos, *(f"{masks}/{cell}" for cell in cells)]:
        for name in names:
            folder = root / "Test" / place / name
            folder.mkdir(parents=True)
            image = np.full((24, 32), 255, np.uint8)
            if place == videos:
                image[:] = int(name[1:])
            else:
                image[4:9, int(name[1:])] = 0
            for t in range(4):
                cv2.imwrite(str(folder / f"{t:05d}.png"), image)
    return root


@pytest.mark.parametrize("layout", ["fvi", "face_forensics"])
def test_published_trees_pair_by_plain_order_and_name_what_is_missing(layout, tmp_path):
    root = published_tree(tmp_path, layout)
    kinds, centers = (("rand_curve",), (5,)) if layout == "fvi" else (("test_bbox", "test_rand_curve"), None)
    options = {**SIZE, "kinds": kinds, "centers": centers}
    protocol = PaperProtocol("tree", root, layout, **options)
    assert list(protocol.video_names) == ["v1", "v10", "v2"]
    assert protocol.describe()["pairing"] == "plain order"
    for unit in protocol.units():
        video, hole = protocol.read(unit)
        assert hole[0, 0, 0].any(0).nonzero().flatten().tolist() == [int(unit.name[1:])]
        assert round(video[0, 0, 0, 0, 0].item() * 255) == int(unit.name[1:])
    there = "object_like_middle/15, rand_curve/5" if layout == "fvi" else "test_bbox, test_rand_curve"
    with pytest.raises(ValueError, match=f"other.* missing. There: {there}. .*protocol.masks=drawn"):
        PaperProtocol("tree", root, layout, **options | {"kinds": ("other", *kinds)})
    if layout == "fvi":
        twin = PaperProtocol(
            "tree", root, layout, **SIZE, kinds=("rand_curve_noBoarder",), centers=(15,), masks="drawn"
        )
        hole = twin.read(twin.units()[0])[1]
        assert 0.1 <= hole.mean() < 0.2
        assert not hole[..., :2, :].any() and not hole[..., -2:].any()  # 15 pixels of a 320x180 frame are 2 here
    drawn = PaperProtocol("tree", root, layout, **options, masks="drawn")
    assert drawn.describe()["masks"] == "drawn"
    assert (protocol.is_published_set, drawn.is_published_set) == (True, False)
    assert 0 < drawn.read(drawn.units()[0])[1].mean() < 1


def test_frames_are_stretched_or_cropped(tmp_path):
    folder = tmp_path / "v"
    folder.mkdir()
    image = np.tile(np.arange(64, dtype=np.uint8) * 4, (24, 1))
    for t in range(3):
        cv2.imwrite(str(folder / f"{t}.png"), image)
    stretched, cropped = (make_protocol(tmp_path, fit=fit) for fit in ("stretch", "crop"))
    rows = [protocol.read(protocol.units()[0])[0][0, 0, 0, 5] * 255 for protocol in (stretched, cropped)]
    assert rows[0][0] < 8 and rows[0][-1] > 244
    assert torch.equal(rows[1].round(), torch.arange(16, 48) * 4.0)
    assert [p.describe()["fit"] for p in (stretched, cropped)] == ["stretch", "crop"]


def test_a_folder_holds_one_evaluation(tmp_path):
    claim(tmp_path, {"seed": 0}, {"a": {"sha256": "1"}})
    claim(tmp_path, {"seed": 0}, {"a": {"sha256": "1"}, "b": {}})
    with pytest.raises(ValueError, match=r"differs in seed.*paths\.run"):
        claim(tmp_path, {"seed": 1}, {})
    with pytest.raises(ValueError, match="another 'a'"):
        claim(tmp_path, {"seed": 0}, {"a": {"sha256": "2"}})


def test_the_ledger_cuts_torn_lines_and_counts_once(tmp_path):
    for rank in (0, 1):
        ledger = Ledger(tmp_path, rank)
        ledger.append({"method": "a", "unit": "x"})
    with (tmp_path / "scored.0.jsonl").open("a") as file:
        file.write('{"method": "a", "un')
    assert [record["unit"] for record in read_ledger(tmp_path)] == ["x"]
    again = Ledger(tmp_path)
    again.path = type(tmp_path)("/dev/full")
    with pytest.raises(OSError, match="/dev/full"):
        again.append({"method": "m", "unit": "of a full disk"})
    assert ("m", "of a full disk") not in again.done
    again = Ledger(tmp_path)
    again.append({"method": "a", "unit": "y"})
    assert [record["unit"] for record in read_ledger(tmp_path)] == ["x", "y"]


def test_method_errors(tmp_path):
    with pytest.raises(ValueError, match=r"key-frames, tccds.* got 'magic'"):
        make_methods(["magic"])
    with pytest.raises(ValueError, match=r"got 'lgtsm'.*checkpoint=FILE"):
        make_methods(["lgtsm"])
    with pytest.raises(ValueError, match="NAME:FOLDER"):
        make_methods([], results=["folder"])
    with pytest.raises(ValueError, match="absent"):
        ResultsFolder("theirs", tmp_path / "absent")
    with pytest.raises(ValueError, match=r"'telea'.*twice"):
        make_methods(["telea", "telea"])
    with pytest.raises(ValueError, match="nothing"):
        make_methods([])
