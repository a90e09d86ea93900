"""The choice of a precision: the decision, never a time."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import lgtsm
from lgtsm import precision
from lgtsm.precision import Choice, InPrecision, bf16_speedup, choose_precision


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in (*precision.ISA_VARIABLES, precision.CAPABILITY_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "cache" / "lgtsm" / "precision.json"


@pytest.fixture
def cpu(monkeypatch):
    """Return make(flags, speedup, capability) -> list that grows with every trial."""

    def make(flags=("avx512_bf16",), speedup=2.9, capability="AVX512"):
        trials = []
        monkeypatch.setattr(precision, "cpu_flags", lambda: set(flags))
        monkeypatch.setattr(precision, "bf16_speedup", lambda: trials.append(1) or speedup)
        monkeypatch.setattr("torch.backends.cpu.get_cpu_capability", lambda: capability)
        return trials

    return make


@pytest.mark.parametrize(
    ("flags", "speedup", "capability", "name", "words"),
    [
        ((), 9.0, "AVX2", "fp32", "no instructions for bf16"),
        (("avx512_bf16",), 2.9, "AVX512", "bf16", r"AVX512-BF16 .* 2\.9 times"),
        (("avx512_bf16", "amx_bf16"), 6.0, "AVX512", "bf16", "AMX-BF16"),
        (("avx512_bf16",), 1.1, "AVX512", "fp32", r"AVX512-BF16 .* only 1\.1 times"),
        (("avx512_bf16",), 9.0, "AVX2", "fp32", "AVX2"),
        (("bf16",), 1.8, "DEFAULT", "bf16", "ARM's bf16"),
    ],
)  # fmt: skip
def test_a_cpu_takes_bf16_where_it_has_it_and_gains_by_it(cpu, flags, speedup, capability, name, words):
    cpu(flags, speedup, capability)
    choice = choose_precision("cpu")
    assert choice.name == name
    assert str(choice).startswith(f"precision {name}: ") and "\n" not in str(choice)
    assert re.search(words, choice.reason)


@pytest.mark.parametrize(
    ("variable", "limit", "name"),
    [
        ("ONEDNN_MAX_CPU_ISA", "AVX2", "fp32"),
        ("ONEDNN_MAX_CPU_ISA", "avx512_core", "fp32"),
        ("DNNL_MAX_CPU_ISA", "AVX512_CORE_VNNI", "fp32"),
        ("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16", "bf16"),
        ("ONEDNN_MAX_CPU_ISA", "DEFAULT", "bf16"),
        ("ONEDNN_MAX_CPU_ISA", "", "bf16"),
    ],
)
def test_limits_on_the_instructions_count(cpu, monkeypatch, variable, limit, name):
    trials = cpu()
    monkeypatch.setenv(variable, limit)
    choice = choose_precision("cpu")
    assert choice.name == name
    assert len(trials) == (name == "bf16")
    assert name == "bf16" or f"{variable}={limit}" in choice.reason


def test_oneDNN_reads_its_newer_variable_first(cpu, monkeypatch):
    cpu(("avx512_bf16", "amx_bf16"))
    monkeypatch.setenv("DNNL_MAX_CPU_ISA", "AVX2")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
    assert "AVX512-BF16" in choose_precision("cpu").reason


def test_a_torch_without_oneDNN_stays_with_fp32(cpu, monkeypatch):
    cpu()
    monkeypatch.setattr("torch.backends.mkldnn.is_available", lambda: False)
    assert choose_precision("cpu").name == "fp32"


def test_a_trial_is_remembered_for_one_machine_and_its_settings(cpu, monkeypatch, own_cache):
    trials = cpu()
    first = choose_precision("cpu")
    assert choose_precision("cpu") == first
    assert len(trials) == 1
    (key,) = json.loads(own_cache.read_text())
    assert "AVX512-BF16" in key and torch.__version__ in key
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
    monkeypatch.setattr(precision, "processor", lambda: "another")
    choose_precision("cpu")
    assert len(trials) == 2
    assert len(json.loads(own_cache.read_text())) == 2
    assert [path.name for path in own_cache.parent.iterdir()] == ["precision.json"]


@pytest.mark.parametrize(
    "content", ["", "no json", "[1, 2]", "\udcff", '{"KEY": "fast"}', '{"KEY": NaN}', '{"KEY": -1.0}']
)
def test_a_broken_cache_is_made_anew(cpu, own_cache, content):
    trials = cpu()
    own_cache.parent.mkdir(parents=True)
    content = content.replace("KEY", precision._key("AVX512-BF16"))
    own_cache.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert choose_precision("cpu").name == choose_precision("cpu").name == "bf16"
    assert len(trials) == 1


@pytest.mark.parametrize("obstacle", ["a file", "a folder", "no home"])
def test_a_cache_that_cannot_be_written_only_costs_another_trial(cpu, monkeypatch, own_cache, obstacle):
    trials = cpu()
    if obstacle == "a file":
        own_cache.parents[1].write_text("in the way")
    elif obstacle == "a folder":
        own_cache.mkdir(parents=True)
    else:
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setattr("pathlib.Path.home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert choose_precision("cpu").name == choose_precision("cpu").name == "bf16"
    assert len(trials) == 2


def test_processes_of_one_run_choose_without_a_trial(cpu, own_cache):
    trials = cpu(speedup=0.1)
    assert choose_precision("cpu", trial=False) == Choice("bf16", "this CPU has AVX512-BF16")
    assert not trials and not own_cache.exists()


@pytest.mark.parametrize(
    ("capability", "name"), [((6, 1), "fp32"), ((7, 0), "fp16"), ((7, 5), "fp16"), ((8, 0), "bf16"), ((9, 0), "bf16")]
)
def test_a_gpu_takes_what_its_tensor_cores_know(monkeypatch, capability, name):
    pretend_gpu(monkeypatch, capability)
    choice = choose_precision("cuda:1")
    assert choice.name == name
    assert "GPU of a kind" in choice.reason


@pytest.mark.parametrize(("capability", "level"), [((7, 5), "highest"), ((8, 0), "high")])
def test_tf32_where_there_is_one(monkeypatch, capability, level):
    levels = ["highest"]
    pretend_gpu(monkeypatch, capability)
    monkeypatch.setattr("torch.set_float32_matmul_precision", levels.append)
    precision.allow_tf32("cpu")
    assert levels == ["highest"]
    precision.allow_tf32("cuda")
    assert levels[-1] == level


def pretend_gpu(monkeypatch, capability):
    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda device: capability)
    monkeypatch.setattr("torch.cuda.get_device_name", lambda device: "GPU of a kind")


def test_other_devices_and_named_precisions():
    assert choose_precision("mps").name == "fp32"
    model = lgtsm.create_model("lgtsm", width=4)
    assert lgtsm.Inpainter(model, precision="fp16").precision == "fp16"
    with pytest.raises(ValueError, match=r"precision .*'auto', 'fp32', 'bf16', 'fp16'.*'int8'"):
        lgtsm.Inpainter(model, precision="int8")


def test_the_trial_leaves_threads_and_random_numbers_alone():
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    assert bf16_speedup() > 0
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)


def test_the_slow_kind_of_cpu_chooses_fp32(tmp_path):
    """As on an older CPU: oneDNN is told to use AVX2 at most."""
    code = "from lgtsm.precision import choose_precision; print(choose_precision('cpu'))"
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2", "PYTHONPATH": str(Path(__file__).parents[1])}
    result = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert result.stdout.startswith("precision fp32: ")
    assert result.stderr == ""


@pytest.mark.parametrize("name", ["fp32", "bf16"])
def test_a_network_in_a_precision_gives_float32_and_known_pixels(make_clip, name):
    video, hole = make_clip(1, 3)
    network = lgtsm.create_model("lgtsm", width=4).eval()
    with torch.no_grad():
        expected, results = network(video, hole), InPrecision(network, name)(video, hole)
    known = (hole == 0).expand_as(video)
    assert set(results) == set(expected)
    assert {value.dtype for value in results.values()} == {torch.float32}
    assert torch.equal(results["filled"][known], video[known])
    assert torch.equal(results["predicted"], expected["predicted"]) == (name == "fp32")
    torch.testing.assert_close(results["predicted"], expected["predicted"], atol=0.1, rtol=0)
