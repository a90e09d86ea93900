"""The paper's baselines, trained by the same module."""

from functools import partial

import pytest
import torch

import lgtsm
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.losses import AdversarialLoss, GeneratorLoss, ReconstructionLoss
from lgtsm.masks import MaskMixture
from lgtsm.training.adversarial import AdversarialTraining
from lgtsm.training.datamodule import ClipDataModule
from lgtsm.training.inpainting_gan import InpaintingGAN
from lgtsm.training.optimizer_steps import NetworkOptimizers


@pytest.mark.parametrize(
    ("name", "options", "discriminator"),
    [
        ("gated3d", {"spectral_norm": True}, "t_patchgan"),
        ("combcn", {}, None),
        ("edge_connect", {"residual_blocks": 1}, "edge_connect"),
    ],
)
def test_two_steps_and_validation(name, options, discriminator, fit):
    coarse = ReconstructionLoss("hole", "coarse") if name == "combcn" else None
    generator = lgtsm.create_model(name, width=4, **options)
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    module = InpaintingGAN(
        generator,
        GeneratorLoss(ReconstructionLoss("hole", "predicted"), coarse=coarse),
        NetworkOptimizers(partial(torch.optim.Adam, lr=1e-3)),
        discriminator=None if discriminator is None else lgtsm.create_discriminator(discriminator, width=4),
        average_decay=0.9,
    )
    train, held_out = (
        InpaintingClips(SyntheticVideos(6, seed), MaskMixture({"box": 1.0}), 3, 32, 32, seed) for seed in (0, 9)
    )
    trainer, recorder = fit(module, 4, ClipDataModule(train, held_out, 2, 4, validation_batch_size=3))
    assert recorder.global_steps == [1, 2, 3, 4]
    assert all(torch.isfinite(torch.tensor(recorder.losses)))
    assert any(not torch.equal(value, before[key]) for key, value in generator.state_dict().items())
    assert "val/psnr_hole" in trainer.callback_metrics
    if coarse is not None:
        assert "train/coarse" in trainer.callback_metrics


@pytest.mark.parametrize(
    ("stage", "trained"), [("edges", {"edges"}), ("frames", {"frames"}), ("joint", {"edges", "frames"})]
)
@pytest.mark.parametrize("step_order", ["generator_first", "discriminator_first"])
def test_each_stage_of_edge_connect_trains_its_own_parameters(stage, trained, step_order, fit):
    generator = lgtsm.create_model("edge_connect", width=4, residual_blocks=1, stage=stage)
    before = {key: value.clone() for key, value in generator.named_parameters()}
    edges = stage == "edges"
    module = InpaintingGAN(
        generator,
        GeneratorLoss(None if edges else ReconstructionLoss("hole")),
        NetworkOptimizers(partial(torch.optim.Adam, lr=1e-3)),
        discriminator=lgtsm.create_discriminator("edge_connect", width=4, channels=2 if edges else 3),
        adversarial=AdversarialTraining(
            AdversarialLoss("nsgan"), step_order=step_order, feature_matching=10.0 if edges else 0.0
        ),
        average_decay=0.9,
    )
    train, held_out = (
        InpaintingClips(SyntheticVideos(6, seed), MaskMixture({"box": 1.0}), 1, 32, 32, seed) for seed in (0, 9)
    )
    trainer, recorder = fit(module, 2, ClipDataModule(train, held_out, 2, 2, validation_batch_size=3))
    changed = {key.split(".")[0] for key, value in generator.named_parameters() if not torch.equal(value, before[key])}
    assert changed == trained
    assert all(torch.isfinite(torch.tensor(recorder.losses)))
    assert ("train/feature_matching" in trainer.callback_metrics) == edges
    assert ("train/reconstruction" in trainer.callback_metrics) != edges


def test_the_feature_matching_term_enters_the_loss_with_its_weight(make_module, fit):
    def run(weight):
        torch.manual_seed(0)
        module = make_module(discriminator=lgtsm.create_discriminator("edge_connect", width=4), feature_matching=weight)
        data = (InpaintingClips(SyntheticVideos(6, s), MaskMixture({"box": 1.0}), 1, 32, 32, s) for s in (0, 9))
        trainer, recorder = fit(module, 1, ClipDataModule(*data, 2, 1))
        return trainer.callback_metrics, recorder.losses[0]

    without, weighted = run(0.0), run(10.0)
    term = weighted[0]["train/feature_matching"].item()
    assert term > 0
    assert weighted[1] == pytest.approx(without[1] + 10 * term, rel=1e-5)


def test_nothing_to_learn_from_gets_a_sentence(make_module, fit):
    module = make_module(start_step=1)
    module.loss = GeneratorLoss(None)
    with pytest.raises(ValueError, match=r"no term .*adversarial\.start_step=0"):
        fit(module, 1)


def test_feature_matching_needs_a_discriminator_that_shows_its_activations(make_module):
    with pytest.raises(ValueError, match=r"discriminator=edge_connect.* adversarial\.feature_matching=0"):
        make_module(feature_matching=1.0)
