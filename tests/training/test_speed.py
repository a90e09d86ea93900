"""Speed and time left, with a clock that only training events advance."""

import csv

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import CSVLogger

from lgtsm.progress_lines import duration
from lgtsm.training.callbacks import Speed, StageProgressBar
from lgtsm.training.start import hide_known_advice

PRETRAIN, GAN, VALIDATION, SLOW = 2.0, 5.0, 30.0, 100.0  # seconds


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


class Passing(pl.Callback):
    """Advance the clock as a training would, and record the reported time left at every step."""

    def __init__(self, clock, speed, slow_steps=()):
        self.clock, self.speed, self.slow_steps, self.said = clock, speed, slow_steps, {}

    def on_train_batch_start(self, trainer, module, batch, index):
        self.stage = module.stage

    def on_train_batch_end(self, trainer, module, outputs, batch, index):
        self.clock.now += PRETRAIN if self.stage == "pretrain" else GAN
        if trainer.global_step in self.slow_steps:
            self.clock.now += SLOW

    def on_validation_batch_end(self, trainer, module, *rest):
        self.clock.now += VALIDATION


class Noting(pl.Callback):
    """After Speed has seen a step."""

    def __init__(self, clock, speed):
        self.clock, self.speed, self.said = clock, speed, {}

    def on_train_batch_end(self, trainer, module, outputs, batch, index):
        self.said[trainer.global_step] = (self.clock.now, self.speed.seconds_left(trainer, module))


@pytest.fixture
def simulate(tmp_path, make_module, make_data):
    """Return simulate(steps, gan_from, ...) -> (true and reported time left at every step; logged rows)."""

    def run(steps, gan_from, slow_steps=(), speed=None, resume=None, every=2, **options):
        hide_known_advice()
        clock = Clock()
        speed = speed or Speed(window=5, gan_factor=2.0)
        speed._clock = clock
        noting = Noting(clock, speed)
        trainer = pl.Trainer(
            accelerator="cpu", max_steps=steps, log_every_n_steps=every, enable_progress_bar=False,
            enable_model_summary=False, num_sanity_val_steps=0, use_distributed_sampler=False,
            default_root_dir=tmp_path, enable_checkpointing=False,
            logger=CSVLogger(tmp_path, name="log", flush_logs_every_n_steps=1),
            callbacks=[Passing(clock, speed, slow_steps), speed, noting],
        )  # fmt: skip
        data = make_data(steps_per_epoch=6, batch_size=2)
        data.validation_batch_size = 6  # one batch
        trainer.fit(make_module(start_step=gan_from, **options), data, ckpt_path=resume)
        with open(trainer.logger.log_dir + "/metrics.csv", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row.get("speed/seconds_per_step")]
        end = clock.now
        return trainer, {step: (end - then, left) for step, (then, left) in noting.said.items()}, rows

    return run


def test_what_is_left_is_what_then_passes(simulate):
    # Validations after 6, 12, 18 and 24 steps; the GAN from 10 on, its steps assumed to take 2 x 2 s until measured.
    _, left, rows = simulate(24, 10)
    assert left[1][1] is None  # nothing measured
    # The time of a validation is unknown before the first one.
    assert left[2][1] == pytest.approx(8 * PRETRAIN + 14 * 2 * PRETRAIN)
    assert left[8][1] == pytest.approx(2 * PRETRAIN + 14 * 2 * PRETRAIN + 3 * VALIDATION)
    # Both stages are measured from 12 on: exact. At a step that ends an epoch, the validation is about to start.
    for step in range(13, 24):
        truth, said = left[step]
        assert said == pytest.approx(truth - (VALIDATION if step == 18 else 0)), step
    assert float(rows[-1]["speed/hours_left"]) == 0


def test_one_slow_step_does_not_move_the_numbers(simulate):
    _, _, rows = simulate(24, 100, slow_steps=(15,))
    for row in rows:
        assert float(row["speed/seconds_per_step"]) == pytest.approx(PRETRAIN)
        assert float(row["speed/clips_per_second"]) == pytest.approx(2 / PRETRAIN)
        assert float(row["speed/frames_per_second"]) == pytest.approx(2 * 3 / PRETRAIN)
    assert [int(row["step"]) for row in rows] == [step - 1 for step in range(2, 25, 2)]


def test_a_resumed_run_knows_the_times_of_the_one_before(simulate, tmp_path):
    trainer, _, _ = simulate(10, 6)
    trainer.save_checkpoint(tmp_path / "stopped.ckpt")
    state = torch.load(tmp_path / "stopped.ckpt", weights_only=True)["callbacks"]["Speed"]
    assert state == {"seconds_per_step": {"pretrain": PRETRAIN, "gan": GAN}, "seconds_per_validation": VALIDATION}
    _, left, _ = simulate(20, 6, resume=tmp_path / "stopped.ckpt")
    assert left[11][1] == pytest.approx(9 * GAN + 2 * VALIDATION)  # at 12 and 18


def test_without_a_discriminator_there_is_one_stage(simulate):
    _, left, _ = simulate(8, 0, discriminator=None)
    assert left[7][1] == pytest.approx(PRETRAIN)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (3569, "59 min"), (3580, "1 h 00 min"), (11100, "3 h 05 min"),
     (47.6 * 3600, "2 d 00 h"), (100 * 3600, "4 d 04 h")],
)  # fmt: skip
def test_times_are_told_as_people_do(seconds, text):
    assert duration(seconds) == text


def test_where_there_is_no_terminal_each_validation_prints_a_line(make_module, make_data, tmp_path, capsys):
    hide_known_advice()
    trainer = pl.Trainer(
        accelerator="cpu", max_steps=4, log_every_n_steps=1, enable_model_summary=False, num_sanity_val_steps=0,
        use_distributed_sampler=False, default_root_dir=tmp_path, enable_checkpointing=False, logger=False,
        callbacks=[StageProgressBar(), Speed()],
    )  # fmt: skip
    trainer.fit(make_module(start_step=3), make_data(steps_per_epoch=2))
    first, second = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    assert first.startswith("step 2/4, stage pretrain, left ")
    assert second.startswith("step 4/4, stage gan, left 0 s, train/loss ")
    assert "val/psnr_hole" in second


def test_a_log_gets_a_line_now_and_then_too(make_module, make_data, tmp_path, capsys):
    hide_known_advice()
    now = [0.0]

    def clock():
        now[0] += 3.0  # one look at the clock a step
        return now[0]

    trainer = pl.Trainer(
        accelerator="cpu", max_steps=8, log_every_n_steps=1, enable_model_summary=False, num_sanity_val_steps=0,
        use_distributed_sampler=False, default_root_dir=tmp_path, enable_checkpointing=False, logger=False,
        callbacks=[StageProgressBar(seconds_between=5.0, clock=clock), Speed()],
    )  # fmt: skip
    trainer.fit(make_module(start_step=20), make_data(steps_per_epoch=8))
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    assert len(lines) > 2 and lines[0].startswith("step 2/8, stage pretrain")
    assert lines[-1].startswith("step 8/8, stage pretrain, left 0 s")
