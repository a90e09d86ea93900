import math
from functools import partial

import pytest
import torch

import lgtsm
from lgtsm.data.batch import as_floats
from lgtsm.losses import AdversarialLoss
from lgtsm.metrics import frame_scores
from lgtsm.training.adversarial import AdversarialTraining
from lgtsm.training.schedules import warmup_cosine


def silence(module):
    """Let a step run outside a fit, where Lightning refuses to log."""
    module.log = module.log_dict = lambda *args, **kwargs: None


def changed(before, after, prefix):
    return [k for k in before if k.startswith(prefix) and not torch.equal(before[k], after[k])]


@pytest.mark.parametrize("order", ["generator_first", "discriminator_first"])
def test_stages_steps_and_counting(make_module, fit, order):
    module = make_module(start_step=3, step_order=order)
    start = {key: value.clone() for key, value in module.state_dict().items()}
    trainer, recorder = fit(module, 6)
    # One per batch, though two optimizers step in the last three.
    assert recorder.global_steps == [1, 2, 3, 4, 5, 6]
    assert trainer.global_step == module.batches_done == 6
    # Not touched before its stage: no weight, no state of the spectral norm, no optimizer state.
    assert changed(start, recorder.states[2], "discriminator.") == []
    assert changed(recorder.states[2], recorder.states[3], "discriminator.") != []
    assert changed(start, recorder.states[0], "generator.") != []
    assert module.stage == "gan"
    assert "train/score_real" in trainer.callback_metrics


def test_one_networks_step_leaves_the_others_weights_and_gradients_alone(make_module, fit, make_clip):
    module = make_module(start_step=0)
    fit(module, 1)
    silence(module)
    video, hole = make_clip(1, 3, 16, 16)
    parameters = {key: value.detach().clone() for key, value in module.named_parameters()}
    module.zero_grad()
    judged = module.generator_step(video, hole).judged
    after = dict(module.named_parameters())
    assert changed(parameters, after, "discriminator.") == []
    assert changed(parameters, after, "generator.") != []
    assert all(p.grad is None for p in module.discriminator.parameters())
    parameters = {key: value.detach().clone() for key, value in after.items()}
    module.zero_grad()
    module.discriminator_step(judged, hole)
    after = dict(module.named_parameters())
    assert changed(parameters, after, "generator.") == []
    assert changed(parameters, after, "discriminator.") != []
    assert all(p.grad is None for p in module.generator.parameters())
    assert all(p.requires_grad for p in module.parameters())


def test_the_generator_follows_the_discriminator(make_module, fit, make_clip):
    # With the adversarial term alone, a step must raise the scores of filled videos.
    module = make_module(weight=1.0)
    module.loss.weights["reconstruction"] = 0.0
    fit(module, 1)
    silence(module)
    video, hole = make_clip(1, 3, 16, 16)
    module.discriminator.eval()
    with torch.no_grad():
        before = module.discriminator(module.generator(video, hole)["filled"], hole).mean()
    for _ in range(5):
        module.generator_step(video, hole)
    with torch.no_grad():
        assert module.discriminator(module.generator(video, hole)["filled"], hole).mean() > before


@pytest.mark.parametrize("stop_at", [2, 4, 5])
def test_resume_continues_as_if_uninterrupted(make_module, fit, tmp_path, stop_at):
    options = {
        "start_step": 3,
        "average_decay": 0.9,
        "generator_schedule": partial(warmup_cosine, total_steps=8, warmup_steps=2),
    }
    whole = make_module(**options)
    _, uninterrupted = fit(whole, 7)
    trainer, first = fit(make_module(**options), stop_at)
    trainer.save_checkpoint(tmp_path / "stopped.ckpt")
    torch.manual_seed(123)  # results must not depend on the process's random state
    resumed = make_module(**options)
    _, second = fit(resumed, 7, resume=tmp_path / "stopped.ckpt")
    assert first.losses + second.losses == uninterrupted.losses
    for key, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key]), key


def test_checkpoint_is_plain_and_gives_the_averaged_generator(make_module, fit, tmp_path, make_clip):
    module = make_module(average_decay=0.5)
    trainer, _ = fit(module, 3)
    trainer.save_checkpoint(tmp_path / "run.ckpt")
    assert torch.load(tmp_path / "run.ckpt", weights_only=True)["lgtsm"]["model"] == {"name": "lgtsm", "width": 4}
    model = lgtsm.load_model(tmp_path / "run.ckpt")
    video, hole = make_clip()
    module.eval()
    assert torch.equal(model(video, hole)["filled"], module(video, hole)["filled"])
    assert not torch.equal(model(video, hole)["filled"], module.generator(video, hole)["filled"])


def test_average_is_exponential_and_leaves_the_discriminator_out(make_module, fit):
    module = make_module(average_decay=0.8)
    _, recorder = fit(module, 4)
    name = "layers.conv3.feature.weight"
    expected = recorder.states[0][f"generator.{name}"]
    for state in recorder.states[1:]:
        expected = 0.8 * expected + 0.2 * state[f"generator.{name}"]
    torch.testing.assert_close(module.averaged_generator.module.state_dict()[name], expected)
    assert not any("discriminator" in key for key in module.state_dict() if key.startswith("averaged"))


def test_gradients_are_clipped_to_the_norm(make_module, fit):
    module = make_module(max_gradient_norm=1e-3, discriminator=None, optimizer=partial(torch.optim.SGD, lr=1.0))
    start = {key: value.clone() for key, value in module.generator.state_dict().items()}
    fit(module, 1)
    moved = torch.cat([(v - start[k]).flatten() for k, v in module.generator.state_dict().items()])
    assert moved.norm().item() == pytest.approx(1e-3, rel=1e-3)


def test_schedule_is_its_closed_form():
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = torch.optim.SGD([parameter], lr=2.0)
    schedule = warmup_cosine(optimizer, total_steps=10, warmup_steps=4, final_factor=0.1)
    rates = []
    for _ in range(12):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    expected = [0.5, 1.0, 1.5, 2.0] + [2 * (0.1 + 0.9 * (1 + math.cos(math.pi * k / 6)) / 2) for k in range(7)] + [0.2]
    assert rates == pytest.approx(expected)


def test_each_network_has_its_own_schedule_stepped_once_per_step(make_module, fit):
    module = make_module(
        start_step=2,
        generator_schedule=partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.5),
        discriminator_schedule=partial(torch.optim.lr_scheduler.StepLR, step_size=1, gamma=0.1),
    )
    trainer, _ = fit(module, 5)
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(1e-3 * 0.5**5)
    assert trainer.optimizers[1].param_groups[0]["lr"] == pytest.approx(1e-3 * 0.1**3)


@pytest.mark.parametrize("kind", ["hinge", "lsgan"])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_both_precisions_and_losses_stay_finite(make_module, fit, kind, precision):
    _, recorder = fit(make_module(adversarial=AdversarialTraining(AdversarialLoss(kind))), 3, precision=precision)
    assert all(math.isfinite(loss) for loss in recorder.losses)
    assert all(value.isfinite().all() for value in recorder.states[-1].values())


def test_it_learns(make_module, fit, make_data):
    data = make_data(steps_per_epoch=120, batch_size=2)
    data.train.videos.num_videos = 1  # the same video over and over, behind other holes
    module = make_module(width=8, discriminator=None, optimizer=partial(torch.optim.Adam, lr=3e-3))
    _, recorder = fit(module, 120, data=data)
    assert sum(recorder.losses[-20:]) < 0.6 * sum(recorder.losses[:20])


def test_golden_losses(make_module, fit):
    """Ten steps, both stages: change a number here only on purpose."""
    _, recorder = fit(make_module(start_step=5, weight=0.1), 10)
    assert recorder.losses == pytest.approx(GOLDEN, rel=1e-2)


GOLDEN = [0.20132, 0.23436, 0.22303, 0.20003, 0.19496, 0.21519, 0.20263, 0.20319, 0.17829, 0.15013]


def test_validation_in_bf16_scores_in_full_precision(make_module, make_data, fit):
    module, data = make_module(discriminator=None), make_data()
    trainer, _ = fit(module, 4, data=data, precision="bf16-mixed")
    module.eval()
    scores = []
    for batch in data.val_dataloader():
        video, hole = as_floats(batch)
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):  # as the trainer fills them
            filled = module(video, hole)["filled"]
        scores.append(frame_scores(filled, video, hole))
    for name in scores[0]:
        expected = torch.cat([of[name] for of in scores]).mean().item()
        assert trainer.callback_metrics[f"val/{name}"].item() == pytest.approx(expected, rel=1e-5), name


def test_the_buffers_of_an_own_adversarial_loss_move_and_are_saved(make_module):
    class Own(AdversarialLoss):
        def __init__(self):
            super().__init__("hinge")
            self.register_buffer("margin", torch.ones(()))

    module = make_module(adversarial=AdversarialTraining(Own()))
    assert any(key.endswith("margin") for key in module.state_dict())
    assert module.to(torch.float64).adversarial.loss.margin.dtype == torch.float64
