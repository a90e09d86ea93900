"""A training that cannot start says why in one sentence, and leaves nothing behind."""

import json
import sys

import cv2
import pytest
import pytorch_lightning  # noqa: F401 - importing it warns, which must not happen in a test
import torch
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import MissingConfigException
from safetensors import safe_open

import lgtsm
from lgtsm.commands import check_data, evaluate, train
from lgtsm.config.build import ConfigError
from lgtsm.config.job import run_job
from tests.data_trees import write_frames, write_masks

TINY = (
    "experiment=demo", "hardware=cpu", "precision=fp32", "max_steps=2", "steps_per_epoch=2", "height=16", "width=16",
    "num_frames=3", "model.width=4", "discriminator.width=4", "data.num_workers=0", "evaluate=false",
    "callbacks.progress=null", "callbacks.pictures=null", "+trainer.enable_progress_bar=false",
)  # fmt: skip
SYNTHETIC = (*TINY, "data.validation_videos.num_videos=2")
FOLDER = (*TINY, "data=folder", "data.root=videos", "data.held_out=0.3")


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Return typed(module, *words) -> (exit code, stdout, stderr) of a command typed in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def type_(command, *words):
        GlobalHydra.instance().clear()
        monkeypatch.setattr(sys, "argv", [command.__name__, *words])
        threads = torch.get_num_threads()
        try:
            command.main()
            code = 0
        except SystemExit as ended:
            code = ended.code
        finally:
            torch.set_num_threads(threads)
        return code, *capsys.readouterr()

    return type_


def there(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("max_steps=abc", "max_steps must be a whole number from 1 up; got 'abc'."),
        ("max_steps=0", "max_steps must be a whole number from 1 up; got 0."),
        ("max_steps=1e3", "max_steps must be a whole number from 1 up; got 1000.0."),
        ("seed=abc", "seed must be a whole number from 0 up; got 'abc'."),
        ("batch_size=x", "batch_size must be a whole number; got 'x'."),
        ("batch_size=2.5", "batch_size must be a whole number; got 2.5."),
        ("batch_size=null", "batch_size must be a whole number; got None."),
        ("optimizer.generator.lr=abc", "optimizer.generator.lr must be a number; got 'abc'."),
        ("adversarial.start_step=x", "adversarial.start_step must be a whole number; got 'x'."),
        ("adversarial.weight=true", "adversarial.weight must be a number; got True."),
        ("trainer.use_distributed_sampler=2", "trainer.use_distributed_sampler must be true or false; got 2."),
        ("model.width=abc", "model.width must be a whole number"),
        ("num_frames=0", "data.train: num_frames must be greater than 0; got 0."),
        ("experiment=nope", "experiment=nope: experiment has no option nope. It has: clips_completion, clips_fusion"),
        ("experiment=ablation/nope", "experiment/ablation=nope: experiment/ablation has no option nope."),
        ("model=nope", "model=nope: model has no option nope. It has: combcn, completion, edge_connect"),
        ("model=lgstm", "model has no option lgstm. Did you mean lgtsm?"),
        ("discriminator=nope", "discriminator has no option nope. Did you mean none? It has: edge_connect, none,"),
        ("modle=lgtsm", "The configuration has no key or group modle. Check its spelling"),
        ("model.width={", "model.width={ cannot be read as KEY=VALUE."),
        ("hardware=gpu", "trainer.accelerator=gpu needs a GPU that torch can use, but there is none here."),
        ("hardware=mps", "trainer.accelerator=mps needs the GPU of an Apple computer"),
        ("missing_features=maybe", "missing_features must be 'stop' or 'leave_out'; got 'maybe'."),
        ("resume=nowhere.ckpt", "There is no checkpoint nowhere.ckpt"),
        ("resume=3", "resume must be a path; got 3. Write ./3 for a file or folder of that name."),
        ("init_from=[a]", "init_from must be a path; got ['a']."),
        ("paths.run=", "paths.run must not be empty."),
        ("paths.run=null", "paths.run must not be empty."),
        ("paths=3", "paths holds paths.run and paths.root; got 3."),
        ("hydra.run.dir=", "hydra.run.dir must not be empty."),
        ("name=", "name must be text; got ''."),
        ("name=[1]", "name must be text; got [1]."),
        ("evaluate=maybe", "evaluate must be true or false; got 'maybe'."),
        ("init_discriminator=x", "init_discriminator must be true or false; got 'x'."),
        ("optimized_metric=null", "optimized_metric must be text; got None."),
        ("optimized_metric=val/typo", "optimized_metric must be a score of the validation (val/mse, val/mse_hole,"),
        ("monitor.score=typo", "monitor.score must be a score of the validation (mse, mse_hole, psnr,"),
        ("experiment=null", "experiment=null must name an option of a group, as in experiment=demo."),
        ("model=3", "model=3 must name an option of a group, as in experiment=demo."),
        ("+experiment=demo", "experiment is chosen twice. Write experiment=NAME once, without a plus sign."),
        ("module=null", "module must describe what to build, by its _target_; got None."),
        ("loader=3", "loader must describe what to build, by its _target_; got 3."),
        ("trainer=3", "trainer must describe what to build, by its _target_; got 3."),
        ("model._target_=null", "model must describe what to build, by its _target_; got {'_target_': None,"),
        ("optimizer.generator.lr=-1", "optimizer cannot be built: Invalid learning rate: -1"),
        ("optimizer.generator.lr=null", "optimizer cannot be built: "),
        ("+optimizer.generator.momentum=1", "optimizer cannot be built: Adam.__init__() got an unexpected keyword"),
        ("max_gradient_norm=-1", "optimizer: max_gradient_norm must be greater than 0; got -1."),
        (
            "loss=none",
            "module: The loss has no term before the GAN stage. Set adversarial.start_step=0, or choose another.",
        ),
        ("data.num_workers=-1", 'loader: data.num_workers must be a number from 0 up, or "auto"; got -1.'),
        ("data.num_workers=all", "loader: data.num_workers must be a number from 0 up, or \"auto\"; got 'all'."),
    ],
)
def test_what_cannot_start_is_a_sentence_and_leaves_nothing(typed, tmp_path, monkeypatch, words, sentence):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    code, out, err = typed(train, *SYNTHETIC, words)
    assert (code, out) == (2, "")
    assert err.startswith("lgtsm train: ") and sentence in err and err.count("\n") == 1, err
    assert there(tmp_path) == []


def test_a_plugin_that_is_not_installed_is_named_with_its_extra():
    def job():
        raise MissingConfigException("Could not find it", "hydra/sweeper/optuna", ["basic"])

    with pytest.raises(ConfigError, match=r"^hydra/sweeper=optuna needs .*pip install lgtsm\[sweep\]\.$"):
        run_job(job)


def test_more_gpus_than_there_are_is_a_sentence(typed, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    for devices in ("4", "[3]"):
        code, _, err = typed(train, *SYNTHETIC, "hardware=gpu", f"trainer.devices={devices}")
        assert (code, err) == (2, f"lgtsm train: trainer.devices={devices} needs 4 GPUs; this machine has 2.\n")
    assert there(tmp_path) == []


def test_other_commands_name_unknown_options_too(typed, tmp_path):
    for command, name in ((evaluate, "evaluate"), (check_data, "check_data")):
        code, _, err = typed(command, "mask=nope")
        assert (code, err.startswith(f"lgtsm {name}: mask=nope: mask has no option nope.")) == (2, True)
    assert there(tmp_path) == []


@pytest.fixture
def videos(tmp_path):
    for k in range(8):  # by their hashes, v03 and v06 of eight are held out at a share of 0.3
        write_frames(tmp_path / "videos" / f"v{k:02d}", 6)
    for name in ("ones", "bright", "empty", "full", "late"):
        for k in range(8):
            write_masks(tmp_path / name / f"v{k:02d}", 6, invert=True)
            for t, file in enumerate(sorted((tmp_path / name / f"v{k:02d}").iterdir())):
                mask = cv2.imread(str(file), 0) // 255
                changed = {"ones": mask, "empty": 0 * mask, "full": 0 * mask + 255, "late": 255 * mask * (t > 3)}
                cv2.imwrite(str(file), changed.get(name, 255 * mask))
    return tmp_path


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["num_frames=32"], "must have at least 32 frames for clips of 32 at stride 1; it has 6. Remove it, or lower"),
        (["mask=stored", "mask.folder=empty"], "must mask something; no pixel of the video is masked."),
        (["mask=stored", "mask.folder=full"], "must leave something to fill from; every pixel"),
        (["mask=stored", "mask.folder=late"], "The validation clips must have holes and leave something to fill from"),
    ],
)
def test_data_that_cannot_be_trained_on_is_a_sentence_and_leaves_nothing(typed, videos, words, sentence):
    before = there(videos)
    code, out, err = typed(train, *FOLDER, *words)
    assert (code, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("lgtsm train: ") and sentence in err
    assert there(videos) == before


@pytest.mark.parametrize(("name", "wrong"), [("ones", 0), ("bright", 0), ("empty", 1), ("full", 1)])
def test_check_data_finds_what_training_refuses(typed, videos, name, wrong):
    words = ("data=folder", "data.root=videos", "data.held_out=0.3", "mask=stored", f"mask.folder={name}")
    code, out, _ = typed(check_data, *words, "num_frames=3", "height=16", "width=16")
    assert (code, "masks of nothing or everything" in out.replace("\n", "")) == (wrong, True), out


@pytest.mark.parametrize("masks", ["ones", "bright"])
def test_masks_of_zero_and_one_train_like_those_of_zero_and_255(typed, videos, masks):
    code, _, err = typed(train, *FOLDER, "mask=stored", f"mask.folder={masks}", f"paths.run={masks}_run")
    assert code == 0, err
    rows = (videos / f"{masks}_run" / "log" / "version_0" / "metrics.csv").read_text()
    assert "val/psnr_hole" in rows and "nan" not in rows


@pytest.mark.parametrize("words", [["mask=stored", "mask.folder=bright"], ["mask=curve"], ["mask=box"]])
def test_the_small_budget_takes_any_masks(typed, videos, words):
    code, _, err = typed(train, "budget=small", *FOLDER, *words, "paths.run=run", "num_threads=null")
    assert code == 0, err


def test_the_small_budget_does_without_weights_that_cannot_be_had(typed, videos, monkeypatch):
    def offline(*args, **options):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    monkeypatch.setenv("TORCH_HOME", str(videos / "cache"))
    words = [word for word in FOLDER if not word.startswith("experiment")]
    code, out, err = typed(train, "experiment=fvi_lgtsm", "budget=small", *words, "paths.run=run", "num_threads=null")
    assert code == 0, err
    assert "Left out of the loss: perceptual and style (no weights vgg16-397923af.pth)." in out
    assert "features: null" in (videos / "run" / "config.yaml").read_text()
    code, _, err = typed(train, "experiment=fvi_lgtsm", *words, "paths.run=other")
    assert (code, "needs the published weights vgg16" in err, (videos / "other").exists()) == (2, True, False)


def test_a_run_without_a_log(typed, tmp_path):
    assert typed(train, *SYNTHETIC, "logger=none", "paths.run=run")[0] == 0
    assert there(tmp_path / "run") == ["checkpoints", "config.yaml", "generator.safetensors", "overrides.yaml"]


def test_a_resumed_run_says_what_has_changed_and_refuses_the_rest_untouched(typed, tmp_path):
    words = (*SYNTHETIC, "paths.run=run", "resume=auto")
    code, out, _ = typed(train, *words)
    assert (code, "starting a new run" in out, "Changed" in out) == (0, True, False)
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    for override, sentence in (
        ("model.width=8", "cannot continue with model.width 4 -> 8: its weights belong to that network."),
        ("data.train_videos.num_videos=5", "other videos (10000 clips, now there are 5)"),
        ("seed=1", "cannot continue with seed 0 -> 1"),
    ):
        code, _, err = typed(train, *words, override)
        assert (code, sentence in err, err.count("\n")) == (2, True, 1), err
    assert before == {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    code, out, err = typed(
        train, *words, "max_steps=3", "optimizer.generator.lr=0.5", "optimizer.generator.betas=[0.1,0.2]"
    )
    assert code == 0, err
    changed = next(line for line in out.splitlines() if line.startswith("Changed"))
    assert changed.startswith("Changed from step 2 on: max_steps 2 -> 3, ") and "generator.lr 0.001 -> 0.5" in changed
    (group,) = torch.load("run/checkpoints/last.ckpt", weights_only=True)["optimizer_states"][0]["param_groups"]
    # Warm-up over 20 steps, of which three are done; total_steps follows max_steps.
    assert (group["lr"], group["betas"]) == (pytest.approx(0.5 * 4 / 20), (0.1, 0.2))
    # A killed start is compared with its checkpoint, not with the configuration that it left.
    (tmp_path / "run" / "config.yaml").write_text("model: {width: 99}\n")
    code, out, _ = typed(
        train, *words, "max_steps=4", "optimizer.generator.lr=0.5", "optimizer.generator.betas=[0.1,0.2]"
    )
    assert (code, "Changed from step 3 on: max_steps 3 -> 4." in out) == (0, True)


SECRET = "hunter2-of-the-test"


def test_secrets_stay_out_of_everything_that_is_written(typed, tmp_path, monkeypatch):
    monkeypatch.setenv("LGTSM_TEST_SECRET", SECRET)
    (tmp_path / "secretive.py").write_text(
        "import lgtsm\n"
        "def Model(token, width):\n"
        f"    assert token == {SECRET!r}\n"
        "    model = lgtsm.create_model('lgtsm', width=width)\n"
        "    del model.catalog_entry\n"
        "    return model\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "mine" / "model").mkdir(parents=True)
    (tmp_path / "mine" / "model" / "mine.yaml").write_text(
        "_target_: secretive.Model\nwidth: 4\ntoken: ${oc.env:LGTSM_TEST_SECRET}\n"
    )
    words = [word for word in SYNTHETIC if word != "model.width=4"]
    words += ["model=mine", "+notes=${model.token}", "paths.run=run", "logger=wandb", "logger.wandb.offline=true"]
    code, _, err = typed(train, "--config-dir", "mine", *words)
    assert code == 0, err
    written = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert [path for path in written if path.suffix == ".wandb"] and [p for p in written if p.suffix == ".ckpt"]
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]
    assert "token: ${oc.env:LGTSM_TEST_SECRET}" in (tmp_path / "run" / "config.yaml").read_text()
    with safe_open(tmp_path / "run" / "generator.safetensors", "pt") as file:
        arguments = json.loads(file.metadata()["own_model"])["arguments"]
    assert arguments == {"width": 16, "token": "${oc.env:LGTSM_TEST_SECRET}"}
    with pytest.raises(ValueError, match=r"argument token from the environment.*Pass a built network"):
        lgtsm.load_model(tmp_path / "run" / "generator.safetensors", model=dict)


def test_the_advice_about_an_empty_split_is_true(typed, videos):
    words = [*FOLDER[:-1], "paths.run=run"]
    code, _, err = typed(train, *words)
    advice = err[err.index("set data.held_out=") + 4 :].split(" ")[0]
    assert (code, advice) == (2, "data.held_out=0.275"), err
    assert typed(train, *words, advice)[0] == 0
    for k in range(1, 8):
        for file in (videos / "videos" / f"v{k:02d}").iterdir():
            file.unlink()
        (videos / "videos" / f"v{k:02d}").rmdir()
    code, _, err = typed(train, *words, "paths.run=one")
    assert (code, err.strip().endswith("Add videos, or set data.validation_videos.split=all.")) == (2, True), err
    assert typed(train, *words, "paths.run=one", "data.validation_videos.split=all")[0] == 0


def test_an_evaluation_that_cannot_start_leaves_nothing(typed, tmp_path):
    for words, sentence in (
        ("checkpoint=nowhere.safetensors", "nowhere.safetensors"),
        ("device=nope", "device must be"),
    ):
        code, _, err = typed(evaluate, words, "metric=frame_quality")
        assert (code, sentence in err) == (2, True), err
    assert there(tmp_path) == []


def test_a_value_to_go_by_that_a_part_of_ones_own_does_not_log_is_a_sentence(typed, tmp_path):
    code, _, err = typed(train, *SYNTHETIC, "+callbacks.mine._target_=pytorch_lightning.Callback", "monitor.score=mine")
    assert (code, err.count("\n")) == (2, 1), err
    assert err.startswith("lgtsm train: The best checkpoints go by val/mine, which is not logged.")
    assert "val/mse_hole, val/psnr, " in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("num_frames=x", "num_frames must be a whole number from 1 up; got 'x'."),
        ("height=0", "height must be a whole number from 1 up; got 0."),
        ("expected.train=x", "expected.train must be a whole number from 0 up; got 'x'."),
        ("thorough=maybe", "thorough must be true or false; got 'maybe'."),
        ("data.root=3", "data.root must be a path; got 3. Write ./3"),
        ("data.synthetic_share=x", "data.train_videos: data.train_videos.shares must be numbers; got {'folder': "),
    ],
)
def test_values_of_check_data_are_sentences(typed, videos, words, sentence):
    base = ("data=folder", "data.root=videos", "data.held_out=0.3", "num_frames=3", "height=16", "width=16")
    code, _, err = typed(check_data, *base, words)
    assert (code, err.count("\n")) == (2, 1), err
    assert err.startswith(f"lgtsm check_data: {sentence}"), err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("seed=-1", "seed must be a whole number from 0 up; got -1."),
        ("num_pictures=x", "num_pictures must be a whole number from 0 up; got 'x'."),
        ("name=", "name must be text; got ''."),
        ("methods=telea", "methods must be a list, such as [telea,key-frames]; got 'telea'."),
        ("methods=null", "methods must be a list, such as [telea,key-frames]; got None."),
        ("results=3", "results must be NAME:FOLDER, or a list of these; got 3."),
        ("network=3", "network must name a class, or hold its _target_ and arguments; got 3."),
        ("checkpoint=3", "checkpoint must be a path; got 3."),
        ("paths.run=", "paths.run must not be empty."),
        ("metric=3", "metric=3 must name an option of a group, as in experiment=demo."),
    ],
)
def test_values_of_evaluate_are_sentences_and_leave_nothing(typed, tmp_path, words, sentence):
    code, _, err = typed(evaluate, "data.validation_videos.num_videos=1", words)
    assert (code, err.count("\n")) == (2, 1), err
    assert err.startswith(f"lgtsm evaluate: {sentence}"), err
    assert there(tmp_path) == []
