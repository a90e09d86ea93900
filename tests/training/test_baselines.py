"""The networks that the paper compares with, trained by the same module."""

from functools import partial

import pytest
import torch

import lgtsm
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.losses import GeneratorLoss, ReconstructionLoss
from lgtsm.masks import MaskMixture
from lgtsm.training.datamodule import ClipDataModule
from lgtsm.training.inpainting_gan import InpaintingGAN


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
        partial(torch.optim.Adam, lr=1e-3),
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
