"""Bad data never kills a run and never passes silently."""

import shutil
import warnings

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from lgtsm.data.bad_videos import BadVideos, BadVideoWarning, TooManyBadVideosError, describe
from lgtsm.data.clips import InpaintingClips
from lgtsm.data.folder import FolderVideos
from lgtsm.masks import MaskMixture
from lgtsm.training.datamodule import ClipDataModule
from lgtsm.video.errors import VideoError
from tests.data_trees import write_frames

BOX = MaskMixture({"box": 1.0})


@pytest.fixture
def partly_bad(tmp_path, data_folder):
    """Ten good videos; a truncated one, one that is text, one too short, and one with a broken frame."""
    for k in range(10):
        write_frames(tmp_path / f"good{k}", 6, shade=20 * k)
    for name in ("truncated_no_moov", "not_a_video"):
        shutil.copyfile(data_folder / "odd" / f"{name}.mp4", tmp_path / f"{name}.mp4")
    write_frames(tmp_path / "short", 2)
    write_frames(tmp_path / "torn", 6)
    for frame in (tmp_path / "torn").iterdir():
        frame.write_bytes(frame.read_bytes()[:60])
    return tmp_path


BAD = {"truncated_no_moov", "not_a_video", "short", "torn"}


def make_clips(folder, max_bad_share=0.5, **options):
    return InpaintingClips(FolderVideos(folder, **options), BOX, 4, 16, 16, seed=3, max_bad_share=max_bad_share)


def test_another_video_takes_the_place_and_each_is_named_once(partly_bad):
    clips = make_clips(partly_bad)
    with pytest.warns(BadVideoWarning) as caught:
        samples = [clips[draw, draw % 14] for draw in range(42)]
    assert all(sample["video"].shape == (4, 3, 16, 16) for sample in samples)
    assert {sample["name"].startswith("good") for sample in samples} == {True}
    assert set(clips.bad_videos.reasons) == BAD
    assert len(caught) == len(BAD)
    assert sum("short" in str(one.message) and "it has 2" in str(one.message) for one in caught) == 1
    # The others take the place of each bad one, not always the same.
    instead = {sample["name"] for sample in samples if sample["skipped"]}
    assert len(instead) > 3


def test_a_sample_hangs_on_draw_and_data_alone(partly_bad):
    batches = [[(draw, draw % 14)] for draw in range(28)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BadVideoWarning)
        alone = list(DataLoader(make_clips(partly_bad), batch_sampler=batches))
        workers = list(DataLoader(make_clips(partly_bad), batch_sampler=batches, num_workers=2))
        backwards = list(DataLoader(make_clips(partly_bad), batch_sampler=batches[::-1]))[::-1]
        clips = make_clips(partly_bad)
        single = [clips[draw, video] for [(draw, video)] in batches[13:]]  # resumed
    for a, b, c in zip(alone, workers, backwards, strict=True):
        assert a["name"] == b["name"] == c["name"]
        assert a["skipped"] == b["skipped"] == c["skipped"]
        assert torch.equal(a["video"], b["video"]) and torch.equal(a["video"], c["video"])
        assert torch.equal(a["hole"], b["hole"])
    assert [a["name"][0] for a in alone[13:]] == [sample["name"] for sample in single]


def test_workers_report_to_the_main_process(partly_bad, recwarn):
    data = ClipDataModule(make_clips(partly_bad), make_clips(partly_bad), 4, 12, num_workers=2)
    counts = []
    for batch in data.train_dataloader():
        counts.append(data.on_before_batch_transfer(batch, 0)["skipped_videos"])
    assert counts == sorted(counts)
    assert counts[-1] == 4
    named = [str(w.message) for w in recwarn if issubclass(w.category, BadVideoWarning)]
    assert len(named) == 4


def test_too_many_stop_with_the_list(partly_bad):
    clips = make_clips(partly_bad, max_bad_share=0.15)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BadVideoWarning)
        with pytest.raises(TooManyBadVideosError, match=r"3 of 14 .*0\.15 .*max_bad_share") as stopped:
            for draw in range(60):
                clips[draw, draw % 14]
    assert sum(name in str(stopped.value) for name in BAD) == 3
    with pytest.raises(ValueError, match=r"max_bad_share.* 5"):
        BadVideos(10, 5)


def test_nothing_but_bad_videos_ends_in_a_sentence(tmp_path):
    write_frames(tmp_path / "short", 2)
    clips = make_clips(tmp_path, max_bad_share=1.0)
    with pytest.warns(BadVideoWarning), pytest.raises(VideoError, match=r"20 videos.* 2"):
        clips[0, 0]


@pytest.mark.parametrize("item", [0, (5, 0)])
def test_every_odd_file_gets_a_sensible_answer(data_folder, item):
    """Each file alone: frames of the wanted size, or an error that names the file."""
    videos = FolderVideos(data_folder / "odd")
    cannot = {"empty", "not_a_video", "truncated_no_moov", "one_frame", "three_frames"}
    for index, name in enumerate(videos.names):
        try:
            rng = None if item == 0 else np.random.default_rng(item[0])
            frames = videos.read_clip(index, 4, 48, 64, rng)
        except VideoError as error:
            assert name in cannot and name in str(error)
        else:
            assert name not in cannot
            assert frames.shape == (4, 48, 64, 3) and frames.std() > 1
    clips = InpaintingClips(videos, BOX, 4, 48, 64, max_bad_share=0.5)
    with pytest.warns(BadVideoWarning):
        taken = {clips[draw, draw % len(clips)]["name"] for draw in range(2 * len(clips))}
    assert taken == set(videos.names) - cannot


def test_note_is_idempotent():
    bad = BadVideos(100)
    with pytest.warns(BadVideoWarning, match=r"\ba\b.*: it is x"):
        bad.note([describe("a", ValueError("it is\n x"))])
    bad.note([describe("a", ValueError("it is x")), ""])
    assert len(bad) == 1


def test_training_counts_them_in_the_log(partly_bad, tmp_path):
    from functools import partial

    import pytorch_lightning as pl

    import lgtsm
    from lgtsm.losses import GeneratorLoss, ReconstructionLoss
    from lgtsm.training.inpainting_gan import InpaintingGAN
    from lgtsm.training.optimizer_steps import NetworkOptimizers

    data = ClipDataModule(make_clips(partly_bad), make_clips(partly_bad, limit=2), 4, 5)
    module = InpaintingGAN(
        lgtsm.create_model("lgtsm", width=4),
        GeneratorLoss(ReconstructionLoss("hole", "predicted")),
        NetworkOptimizers(partial(torch.optim.Adam, lr=1e-3)),
    )
    trainer = pl.Trainer(
        accelerator="cpu", max_steps=5, logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, num_sanity_val_steps=0, use_distributed_sampler=False, limit_val_batches=0,
        log_every_n_steps=1, default_root_dir=tmp_path,
    )  # fmt: skip
    with pytest.warns(BadVideoWarning):
        trainer.fit(module, data)
    assert trainer.callback_metrics["train/skipped_videos"] == len(data.train.bad_videos) == 4
