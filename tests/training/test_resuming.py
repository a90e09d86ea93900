"""A resumed run takes new options where it can, and refuses other networks and videos."""

import math
from functools import partial

import pytest
import torch
from pytorch_lightning.loggers import CSVLogger

from lgtsm.training.callbacks import LearningRates
from lgtsm.training.log import read_log
from lgtsm.training.resuming import check_continues, read_checkpoint, videos_of
from lgtsm.training.schedules import warmup_cosine


def stopped(make_module, fit, path, steps=3, **options):
    module = make_module(**options)
    trainer, _ = fit(module, steps)
    trainer.save_checkpoint(path)
    return module


def rates(trainer):
    return [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers]


def test_a_new_learning_rate_really_is_that_of_the_optimizer(make_module, fit, tmp_path):
    stopped(make_module, fit, tmp_path / "c", optimizer=partial(torch.optim.Adam, lr=1e-3))
    for renew, expected in ((False, 1e-3), (True, 0.25)):
        module = make_module(optimizer=partial(torch.optim.Adam, lr=0.25, betas=(0.5, 0.6)))
        module.renew_optimizers = renew
        trainer, _ = fit(module, 4, resume=tmp_path / "c")
        assert rates(trainer) == [expected, expected]
        assert trainer.optimizers[0].param_groups[0]["betas"] == ((0.5, 0.6) if renew else (0.9, 0.999))
        # The first moments are kept.
        assert all(state["step"] == 4 for state in trainer.optimizers[0].state.values())


def test_a_new_schedule_counts_from_the_first_step(make_module, fit, tmp_path):
    def options(lr, total):
        schedule = partial(warmup_cosine, total_steps=total)
        return {"optimizer": partial(torch.optim.Adam, lr=lr), "generator_schedule": schedule}

    stopped(make_module, fit, tmp_path / "c", **options(1e-3, 10))
    module = make_module(**options(0.5, 40))
    module.renew_optimizers = True
    trainer, _ = fit(module, 4, resume=tmp_path / "c")
    assert rates(trainer)[0] == pytest.approx(0.5 * (1 + math.cos(math.pi * 4 / 40)) / 2, rel=1e-12)


def test_renewing_equal_options_changes_no_bit(make_module, fit, tmp_path):
    options = {"generator_schedule": lambda optimizer: torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.7)}
    stopped(make_module, fit, tmp_path / "c", steps=5, **options)
    ends = []
    for renew in (False, True):
        module = make_module(**options)
        module.renew_optimizers = renew
        trainer, _ = fit(module, 8, resume=tmp_path / "c")
        ends.append((module.state_dict(), rates(trainer)))
    assert ends[0][1] == ends[1][1]
    assert all(torch.equal(value, ends[1][0][key]) for key, value in ends[0][0].items())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"width": 8}, r"generator\.\S+ is \d+(x\d+)* there and \d+(x\d+)* here\. Set"),
        ({"discriminator": None}, r"discriminator\.\S+ is only in the checkpoint"),
        ({"average_decay": 0.5}, r"averaged_generator\.\S+ is only in this run"),
    ],
)
def test_other_networks_are_a_sentence(make_module, fit, tmp_path, options, words):
    stopped(make_module, fit, tmp_path / "c")
    stored = read_checkpoint(tmp_path / "c")
    with pytest.raises(ValueError, match=words) as told:
        check_continues(stored, "c", make_module(**options))
    assert len(str(told.value)) < 350 and "\n" not in str(told.value)


def test_other_videos_are_a_sentence(make_module, make_data, fit, tmp_path):
    module = make_module()
    module.videos = videos_of(make_data().train)
    trainer, _ = fit(module, 1)
    trainer.save_checkpoint(tmp_path / "c")
    stored = read_checkpoint(tmp_path / "c")
    check_continues(stored, "c", module)
    module.videos = module.videos | {"count": 5}
    with pytest.raises(ValueError, match=r"other videos \(6 clips, now there are 5\)"):
        check_continues(stored, "c", module)
    module.videos = {"count": 6, "names": "other"}
    with pytest.raises(ValueError, match=r"other videos \(as many clips, of other names\)"):
        check_continues(stored, "c", module)


def test_a_file_of_another_program_is_a_sentence(tmp_path):
    torch.save({"state_dict": {}}, tmp_path / "c")
    with pytest.raises(ValueError, match="not a checkpoint of lgtsm train"):
        read_checkpoint(tmp_path / "c")


def test_steps_and_rates_in_the_log_go_on_after_a_resume(make_module, fit, tmp_path):
    options = {"start_step": 3, "optimizer": partial(torch.optim.Adam, lr=0.5), "average_decay": 0.5}
    trainer, _ = fit(make_module(**options), 2, logger=CSVLogger(tmp_path, "log"), callbacks=[LearningRates()])
    trainer.save_checkpoint(tmp_path / "c")
    fit(
        make_module(**options), 6, resume=tmp_path / "c", logger=CSVLogger(tmp_path, "log"), callbacks=[LearningRates()]
    )
    log = read_log(tmp_path)
    assert log.starts == 2
    for name in ("lr/generator", "lr/discriminator", "train/loss"):
        assert log.columns[name][0].tolist() == [0, 1, 2, 3, 4, 5], name
    assert set(log.columns["lr/generator"][1]) == {0.5}
    assert not [name for name in log.columns if name.startswith("lr-")]


@pytest.mark.parametrize("start", [1, 3, 10, 13])
def test_the_log_says_the_step_at_which_the_gan_started(make_module, fit, tmp_path, start):
    fit(make_module(start_step=start), 20, logger=CSVLogger(tmp_path, "log"), log_every_n_steps=10)
    log = read_log(tmp_path)
    assert (log.gan_step, log.last_step) == (start, 19)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda c: c.pop("optimizer_states"), r"nothing to continue with: its entry optimizer_states is missing\."),
        (lambda c: c.pop("global_step"), r"its entry global_step is missing\. .* init_from=.*c without resume\."),
        (lambda c: c.update(callbacks=3), r"its entry callbacks is 3\."),
        (lambda c: c["lgtsm"].update(config=[1]), r"its entry lgtsm\.config is \[1\]\."),
        (lambda c: c["lgtsm"].update(batches_done="x"), r"its entry lgtsm\.batches_done is 'x'\."),
        (lambda c: c["lgtsm"].update(random_state=None), r"its entry lgtsm\.random_state is None\."),
        (lambda c: c["optimizer_states"].pop(), r"holds 1 optimizers, and this run has 2"),
        (
            lambda c: next(iter(c["state_dict"].values())).mul_(math.nan),
            r"is damaged: \S+ has values that are not",
        ),
    ],
)
def test_a_checkpoint_without_what_a_run_continues_with_is_a_sentence(make_module, fit, tmp_path, damage, words):
    stopped(make_module, fit, tmp_path / "c")
    content = torch.load(tmp_path / "c", weights_only=True)
    damage(content)
    torch.save(content, tmp_path / "c")
    with pytest.raises(ValueError, match=words) as told:
        check_continues(read_checkpoint(tmp_path / "c"), "c", make_module())
    assert "\n" not in str(told.value)
