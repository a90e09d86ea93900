"""A training small enough to run in a second."""

from functools import partial

import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Checkpoint

import lgtsm
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.synthetic import SyntheticVideos
from lgtsm.losses import GeneratorLoss, ReconstructionLoss
from lgtsm.masks import MaskMixture
from lgtsm.training.adversarial import AdversarialTraining
from lgtsm.training.datamodule import ClipDataModule
from lgtsm.training.inpainting_gan import InpaintingGAN
from lgtsm.training.optimizer_steps import NetworkOptimizers
from lgtsm.training.start import hide_known_advice

OPTIMIZERS = {"optimizer", "generator_schedule", "discriminator_schedule", "max_gradient_norm"}
ADVERSARIAL = {"weight", "start_step", "start_plateau", "step_order", "gradient_penalty", "feature_matching"}


class Recorder(pl.Callback):
    """Record the logged values and the weights after every batch."""

    def __init__(self):
        self.losses, self.states, self.global_steps = [], [], []

    def on_train_batch_end(self, trainer, module, outputs, batch, batch_index):
        self.losses.append(outputs["loss"].item())
        self.states.append({key: value.clone() for key, value in module.state_dict().items()})
        self.global_steps.append(trainer.global_step)


@pytest.fixture
def make_module():
    def make(width=4, spectral_norm=True, **options):
        """Take options of the module, its optimizers and its adversarial training."""
        torch.manual_seed(0)
        stepped = {key: options.pop(key) for key in OPTIMIZERS & options.keys()}
        gan = {key: options.pop(key) for key in ADVERSARIAL & options.keys()}
        options = {
            "discriminator": lgtsm.create_discriminator("tsmgan", width=4, spectral_norm=spectral_norm),
            "adversarial": AdversarialTraining(**gan),
            "optimizer": NetworkOptimizers(stepped.pop("optimizer", partial(torch.optim.Adam, lr=1e-3)), **stepped),
        } | options
        generator = lgtsm.create_model("lgtsm", width=width)
        return InpaintingGAN(generator, GeneratorLoss(ReconstructionLoss("hole", "predicted")), **options)

    return make


@pytest.fixture
def make_data():
    def make(steps_per_epoch=4, batch_size=2, **options):
        def clips(seed):
            return InpaintingClips(SyntheticVideos(6, seed), MaskMixture({"box": 1.0}), 3, 16, 16, seed)

        return ClipDataModule(clips(0), clips(9), batch_size, steps_per_epoch, validation_batch_size=3, **options)

    return make


@pytest.fixture
def fit(tmp_path, make_data):
    """Return fit(module, steps) -> (trainer, recorder)."""

    def run(module, steps, data=None, resume=None, callbacks=(), **options):
        hide_known_advice()
        recorder = Recorder()
        given = {"logger": False, "log_every_n_steps": 1} | options
        given.setdefault("enable_checkpointing", any(isinstance(c, Checkpoint) for c in callbacks))
        trainer = pl.Trainer(
            accelerator="cpu",
            max_steps=steps,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            default_root_dir=tmp_path,
            **(
                {"logger": False, "log_every_n_steps": 1}
                | {"enable_checkpointing": any(isinstance(c, Checkpoint) for c in callbacks)}
                | options
            ),
            callbacks=[recorder, *callbacks],
        )
        trainer.fit(module, data or make_data(), ckpt_path=resume)
        return trainer, recorder

    return run
