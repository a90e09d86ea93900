import math
import re
from functools import partial

import pytest
import torch
from pytorch_lightning.plugins.precision import MixedPrecision

from lgtsm.losses import GradientPenalty
from lgtsm.training.callbacks.gan_health import GANHealth, GANHealthWarning
from lgtsm.training.finite import FiniteGuard, NonFiniteError, NonFiniteWarning


@pytest.mark.parametrize("order", ["generator_first", "discriminator_first"])
@pytest.mark.parametrize("accumulate", [2, 4])
def test_accumulation_is_the_same_step(make_module, make_data, fit, order, accumulate):
    def train(**options):
        data = make_data(batch_size=4 // options.get("accumulate", 1), accumulate=options.get("accumulate", 1))
        module = make_module(
            width=8, start_step=1, step_order=order, optimizer=partial(torch.optim.SGD, lr=0.05),
            max_gradient_norm=1.0, spectral_norm=False, **options,
        )  # fmt: skip
        return module, fit(module, 3, data=data)[1].losses

    (whole, losses), (parts, losses_of_parts) = train(), train(accumulate=accumulate)
    assert losses_of_parts == pytest.approx(losses, rel=1e-5)
    for key, value in whole.state_dict().items():
        torch.testing.assert_close(parts.state_dict()[key], value, rtol=1e-4, atol=1e-6)


class Poison:
    """Make the reconstruction loss infinite at some steps."""

    def __init__(self, module, steps):
        self.module, self.steps, self.original = module, steps, module.loss.forward
        module.loss.forward = self

    def __call__(self, output, video, hole):
        total, parts = self.original(output, video, hole)
        factor = math.inf if self.module.batches_done in self.steps else 1.0
        return total * factor, {**parts, "reconstruction": parts["reconstruction"] * factor}


def test_a_number_that_is_not_finite_stops_the_run_and_keeps_the_batch(make_module, fit, tmp_path):
    module = make_module()
    Poison(module, {2})
    with pytest.raises(NonFiniteError, match=r"step 2 .*loss = inf, reconstruction = inf.*nonfinite"):
        fit(module, 5)
    (path,) = (tmp_path / "nonfinite").iterdir()
    assert path.name == "step0000002_rank0.pt"
    batch = torch.load(path, weights_only=True)
    assert batch["video"].shape == (2, 3, 3, 16, 16)
    assert batch["video"].dtype == torch.uint8


@pytest.mark.parametrize("order", ["generator_first", "discriminator_first"])
def test_skipped_batches_step_nothing_and_are_limited(make_module, fit, order):
    module = make_module(finite=FiniteGuard("skip", limit=2), step_order=order)
    Poison(module, {1, 3})
    with pytest.warns(NonFiniteWarning, match=r"skipped \(\d of at most 2\)"):
        trainer, recorder = fit(module, 4)
    assert trainer.global_step == 4
    assert module.batches_done == 6
    assert module.skipped_steps == 2
    assert trainer.callback_metrics["train/skipped_steps"] == 2
    for step in (1, 3):
        for key, value in recorder.states[step].items():
            # The step order decides whether the discriminator had already stepped.
            own = key.startswith("discriminator.") and not key.endswith(("_u", "_v")) and order == "generator_first"
            if key.startswith("generator.") or own:
                assert torch.equal(value, recorder.states[step - 1][key]), key
    module = make_module(finite=FiniteGuard("skip", limit=1))
    Poison(module, {0, 1})
    with pytest.warns(NonFiniteWarning), pytest.raises(NonFiniteError, match=r" 2, .*nonfinite\.limit=1"):
        fit(module, 4)


def test_a_gradient_that_is_not_finite_is_seen_before_it_does_harm(make_module, fit):
    module = make_module(finite=FiniteGuard("skip", limit=5), discriminator=None)
    parameter = module.generator.layers.conv5.feature.weight
    parameter.register_hook(lambda gradient: gradient * math.nan if module.batches_done == 1 else gradient)
    with pytest.warns(NonFiniteWarning, match="gradient_norm_generator = nan"):
        fit(module, 3)
    assert all(value.isfinite().all() for value in module.state_dict().values())


def test_gradient_penalty_is_its_closed_form():
    torch.manual_seed(0)
    weight = torch.randn(3, requires_grad=True)

    def discriminator(video, hole):
        return (video.square() * weight[:, None, None]).sum(2, keepdim=True)

    real, hole = torch.rand(2, 4, 3, 5, 6), torch.zeros(2, 4, 1, 5, 6)
    penalty = GradientPenalty(weight=10.0, every=4)
    value = penalty(discriminator, real, hole)
    # d/dx of w x² is 2 w x.
    expected = (
        4 * 10 / 2 * sum((2 * weight.detach()[c] * clip[:, c]).square().sum() for clip in real for c in range(3)) / 2
    )
    torch.testing.assert_close(value, expected)
    value.backward()
    torch.testing.assert_close(weight.grad, 4 * 10 / 2 * 8 * weight.detach() * real.square().sum((0, 1, 3, 4)) / 2)
    assert [step for step in range(9) if penalty.due(step)] == [0, 4, 8]


@pytest.mark.parametrize("name", ["tsmgan", "t_patchgan"])
def test_gradient_penalty_trains_every_discriminator(make_module, fit, name):
    import lgtsm

    module = make_module(
        discriminator=lgtsm.create_discriminator(name, width=4, spectral_norm=True),
        gradient_penalty=GradientPenalty(10.0, every=2),
    )
    trainer, _ = fit(module, 3)
    assert trainer.callback_metrics["train/gradient_penalty"] > 0


def test_discriminator_statistics_are_logged(make_module, fit):
    trainer, _ = fit(make_module(), 2)
    logged = trainer.callback_metrics
    assert {
        "train/score_real", "train/score_fake", "train/told_apart", "train/gradient_norm_generator",
        "train/gradient_norm_discriminator", "train/gradient_ratio", "train/stage", "train/adversarial",
    } <= set(logged)  # fmt: skip
    assert 0 <= logged["train/told_apart"] <= 1
    expected = logged["train/gradient_norm_generator"] / logged["train/gradient_norm_discriminator"]
    assert logged["train/gradient_ratio"].item() == pytest.approx(expected.item(), rel=1e-4)


def test_scaled_gradients_are_clipped_at_their_true_scale(make_module, fit):
    """fp16 scales losses; clip the norm only after unscaling."""
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    module = make_module(max_gradient_norm=1e-3, discriminator=None, optimizer=partial(torch.optim.SGD, lr=1.0))
    start = {key: value.clone() for key, value in module.generator.state_dict().items()}
    fit(module, 1, plugins=[MixedPrecision("16-mixed", "cpu", scaler)])
    moved = torch.cat([(v - start[k]).flatten() for k, v in module.generator.state_dict().items()])
    assert moved.norm().item() == pytest.approx(1e-3, rel=1e-2)


def test_overflows_without_end_stop_the_run(make_module, fit):
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    module = make_module(discriminator=None)
    module.generator.layers.conv5.feature.weight.register_hook(lambda gradient: gradient * math.nan)
    with pytest.raises(NonFiniteError, match=r"overflow.* scale"):
        fit(module, 60, plugins=[MixedPrecision("16-mixed", "cpu", scaler)])


def test_an_overflow_of_fp16_is_the_scalers_business(make_module, fit):
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**40)
    module = make_module(discriminator=None, max_gradient_norm=1.0)
    fit(module, 2, plugins=[MixedPrecision("16-mixed", "cpu", scaler)])
    assert module.skipped_steps == 0
    assert scaler.get_scale() < 2.0**40
    assert all(value.isfinite().all() for value in module.state_dict().values())


class Logged:
    """The parts of a trainer that the callback reads."""

    loggers = ()
    log_every_n_steps = 10
    global_step = 0

    def show(self, **values):
        self.callback_metrics = {f"train/{name}": torch.tensor(value) for name, value in values.items()}
        self.global_step += 1


@pytest.mark.parametrize(
    ("told_apart", "reconstruction", "words"),
    [
        (0.999, 0.1, r"98\.0%"),
        (0.5, 0.1, "chance"),
        (0.7, 0.2, r" 1\.5\d times "),
        (0.7, 0.1, None),
    ],
)
def test_signs_of_collapse_are_named_once(make_module, told_apart, reconstruction, words, recwarn):
    health, trainer, module = GANHealth(window=20), Logged(), make_module(start_step=0)
    for step in range(400):
        begun = step >= 20
        trainer.show(told_apart=told_apart if begun else 0.7, reconstruction=reconstruction if begun else 0.1)
        health.on_train_batch_end(trainer, module, None, None, 0)
        if step == 200:  # resume the run in between
            state, health = health.state_dict(), GANHealth(window=20)
            health.load_state_dict(state)
    sentences = [str(warning.message) for warning in recwarn if warning.category is GANHealthWarning]
    assert len(sentences) == (words is not None)
    if words:
        assert re.search(words, sentences[0])
