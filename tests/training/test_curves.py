"""Read and draw the logs of stopped, resumed and killed runs."""

import cv2
import numpy as np
import pytest

from lgtsm.commands import plot
from lgtsm.training.curves import moving_mean, panels, write_curves
from lgtsm.training.log import read_log


def write(run, version, text):
    folder = run / "log" / f"version_{version}"
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text(text)


def values(log, column):
    return {int(step): value for step, value in zip(*log.columns[column])}


def test_starts_are_joined_and_steps_done_again_replace_those_from_before(tmp_path):
    # Stopped at 30 or later and resumed from a checkpoint at 20; start 10 sorts after start 2.
    write(tmp_path, 0, "epoch,step,train/loss,val/psnr\n0,9,1.0,\n0,19,2.0,\n0,19,,30.0\n0,29,3.0,\n0,29,,31.0\n")
    write(tmp_path, 2, "epoch,step,train/loss\n0,29,3.5\n0,39,4.0\n")
    write(tmp_path, 10, "epoch,step,train/adversarial,train/loss\n1,49,0.5,5.0\n")
    log = read_log(tmp_path)
    assert log.starts == 3
    assert log.last_step == 49
    assert values(log, "train/loss") == {9: 1.0, 19: 2.0, 29: 3.5, 39: 4.0, 49: 5.0}
    assert values(log, "val/psnr") == {19: 30.0}
    assert values(log, "train/adversarial") == {49: 0.5}
    assert "epoch" not in log.columns


def test_a_run_begun_anew_in_the_same_folder_replaces_all(tmp_path):
    write(tmp_path, 0, "step,train/loss\n9,1.0\n19,2.0\n")
    write(tmp_path, 1, "step,train/loss\n9,7.0\n")
    assert values(read_log(tmp_path), "train/loss") == {9: 7.0}


@pytest.mark.parametrize("cut", range(1, 14))
def test_a_line_that_was_cut_off_is_left_out(tmp_path, cut):
    whole = "step,train/loss,lr-Adam\r\n9,1.5,0.001\r\n"
    line = "19,2.25,0.002\r\n"
    write(tmp_path, 0, whole + line[:cut])
    assert values(read_log(tmp_path), "train/loss") == {9: 1.5}


def test_rows_that_are_no_numbers_are_left_out_and_infinite_ones_kept(tmp_path):
    write(tmp_path, 0, "step,train/loss,train/stage\n9,nan,0\n\0\0\0\n,5,0\n19,oops,0\n29,inf,1\n39\n")
    log = read_log(tmp_path)
    assert np.isnan(values(log, "train/loss")[9])
    assert values(log, "train/loss")[29] == np.inf
    assert values(log, "train/stage") == {9: 0, 19: 0, 29: 1}
    assert log.gan_step == 29


def test_the_gan_step_is_a_change_of_stage(tmp_path):
    write(tmp_path, 0, "step,train/stage\n9,1\n19,1\n")
    assert read_log(tmp_path).gan_step is None  # from its first step on
    write(tmp_path / "b", 0, "step,train/loss\n9,1\n19,1\n")
    assert read_log(tmp_path / "b").gan_step is None


def test_a_csv_file_itself_can_be_named(tmp_path):
    write(tmp_path, 0, "step,train/loss\n9,1.0\n")
    assert values(read_log(tmp_path / "log" / "version_0" / "metrics.csv"), "train/loss") == {9: 1.0}
    assert values(read_log(tmp_path / "log" / "version_0"), "train/loss") == {9: 1.0}


def test_moving_mean_is_its_slow_loop():
    rng = np.random.default_rng(0)
    series = rng.normal(size=40)
    series[[0, 7, 8, 39]] = np.nan, np.inf, np.nan, -np.inf
    for window in (1, 3, 7):
        for at, mean in enumerate(moving_mean(series, window)):
            around = series[max(0, at - window // 2) : at + window // 2 + 1]
            around = around[np.isfinite(around)]
            assert mean == pytest.approx(around.mean()) if len(around) else np.isnan(mean)


def demo_log(folder, seed=0, steps=200):
    rng = np.random.default_rng(seed)
    lines = ["epoch,lr-Adam,lr-Adam-1,speed/frames_per_second,step,train/adversarial,train/gradient_norm_generator,"
             "train/loss,train/reconstruction,train/score_fake,train/score_real,train/skipped_videos,train/stage,"
             "val/psnr,val/psnr_hole"]  # fmt: skip
    for step in range(9, steps, 10):
        gan = step >= 100
        part = [rng.normal() if gan else "" for _ in range(3)]
        loss = 1 / (1 + step / 50) + 0.05 * rng.random()
        lines.append(
            f"0,1e-3,1e-4,50,{step},{part[0]},{1 + rng.random()},{loss},{loss},{part[1]},{part[2]},0,{int(gan)},,"
        )
        if step % 50 == 49:
            lines.append(f"0,,,,{step},,,,,,,,,{20 + step / 50},{12 + step / 50}")
    write(folder, 0, "\n".join(lines) + "\n")
    return folder


def test_every_quantity_has_its_panel(tmp_path):
    log = read_log(demo_log(tmp_path))
    assert panels([log]) == [
        ("generator's total loss", ["train/loss"]),
        ("train/adversarial", ["train/adversarial"]),
        ("train/reconstruction", ["train/reconstruction"]),
        ("discriminator's scores", ["train/score_fake", "train/score_real"]),
        ("gradient norm", ["train/gradient_norm_generator"]),
        ("learning rate", ["lr-Adam", "lr-Adam-1"]),
        ("PSNR of validation clips (dB)", ["val/psnr", "val/psnr_hole"]),
        ("frames a second", ["speed/frames_per_second"]),
    ]


def test_learning_rates_share_a_panel_by_their_names_and_by_those_of_earlier_logs(tmp_path):
    write(tmp_path / "a", 0, "step,lr/generator,lr/discriminator\n9,1e-3,1e-4\n")
    write(tmp_path / "b", 0, "step,lr-Adam,lr-Adam-1\n9,1e-3,1e-4\n")
    names = ["lr-Adam", "lr-Adam-1", "lr/discriminator", "lr/generator"]
    assert panels([read_log(tmp_path / "a"), read_log(tmp_path / "b")]) == [("learning rate", names)]


def test_curves_are_drawn_where_the_values_are(tmp_path):
    # One panel of one color: its picture is dark where its values are.
    write(tmp_path, 0, "step,train/loss\n" + "".join(f"{step},{step < 50:d}\n" for step in range(100)))
    assert write_curves(tmp_path / "curves.png", [read_log(tmp_path)], smooth=1) == ["generator's total loss"]
    picture = cv2.imread(str(tmp_path / "curves.png"))
    blue = (np.abs(picture.astype(int) - (180, 119, 31)).sum(axis=2) < 40).nonzero()  # C0, as BGR
    rows, columns = blue
    high, low = columns[rows < rows.mean()], columns[rows > rows.mean()]
    assert np.median(high) < picture.shape[1] / 2 < np.median(low)


def test_plot_writes_a_png_of_several_runs(tmp_path, capsys):
    first, second = demo_log(tmp_path / "a"), demo_log(tmp_path / "b", seed=1, steps=60)
    plot.main([str(first), str(second), "-o", str(tmp_path / "both.png")])
    printed = capsys.readouterr().out
    assert f"{first}: logged to step 199, GAN from step 109, PSNR in the hole 15.98 dB at step 199" in printed
    assert f"{second}: logged to step 59, PSNR in the hole 12.98 dB at step 49" in printed
    height, width = cv2.imread(str(tmp_path / "both.png")).shape[:2]
    assert (width, height) == (1600, 580)  # 8 panels, 4 across
    plot.main([str(first)])
    assert (first / "curves.png").is_file()
    assert not [path for path in tmp_path.rglob(".*")]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["{run}/nothing"], "{run}/nothing/log/version_0/metrics.csv"),
        (["{run}/empty"], "{run}/empty has logged nothing"),
        (["{run}/begun.csv"], "{run}/begun.csv has logged nothing"),
        (["{run}/film.mp4"], "{run}/film.mp4 must be a training log, a table with a column named step; it is none."),
        (["{run}/zeros.bin"], "{run}/zeros.bin must be a training log"),
        (["{run}/scores.csv"], "{run}/scores.csv must be a training log"),
        (["{run}/line.txt"], "{run}/line.txt must be a training log"),
        (["{run}/good", "-o", "{run}/x.pdf"], ".png file; got {run}/x.pdf."),
        (["{run}/good", "--smooth", "0"], "--smooth must be at least 1"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_sentence(tmp_path, capsys, words, sentence):
    demo_log(tmp_path / "good")
    write(tmp_path / "empty", 0, "")
    (tmp_path / "begun.csv").write_text("epoch,st")
    (tmp_path / "film.mp4").write_bytes(np.random.default_rng(0).bytes(200_000))
    (tmp_path / "zeros.bin").write_bytes(bytes(200_000))
    (tmp_path / "scores.csv").write_text("video,score\na,1\n")
    (tmp_path / "line.txt").write_text("caf\u00e9")
    with pytest.raises(SystemExit) as stopped:
        plot.main([word.format(run=tmp_path) for word in words])
    assert stopped.value.code == 2
    assert sentence.format(run=tmp_path) in capsys.readouterr().err
