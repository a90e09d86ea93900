"""Choose fp32, bf16 or fp16, whichever is fast on the device."""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lgtsm.checks import check_choice
from lgtsm.precision_names import PRECISIONS
from lgtsm.surroundings import processor
from lgtsm.whole_files import write_json

DTYPES = dict(zip(PRECISIONS, (torch.float32, torch.bfloat16, torch.float16), strict=True))

ISA_VARIABLES = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")  # oneDNN reads the first that is set
CAPABILITY_VARIABLE = "ATEN_CPU_CAPABILITY"
# Under these limits oneDNN emulates bf16 in fp32, several times slower than fp32 itself.
ISA_WITHOUT_BF16 = {"SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2", "AVX512_CORE", "AVX512_CORE_VNNI"}
ISA_WITHOUT_AMX = {"AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX10_1_512"}

WORTH_IT = 1.3  # times as fast; casts and small layers take back part of what a convolution gains
REPEATS = 9


class Choice(NamedTuple):
    """A precision ("fp32", "bf16" or "fp16") and the reason, worded to follow a colon."""

    name: str
    reason: str

    def __str__(self) -> str:
        return f"precision {self.name}: {self.reason}"


def choose_precision(device: str | torch.device, trial: bool = True) -> Choice:
    """Choose the fastest precision on a device that still trains and fills well.

    Args:
        device: such as "cpu" or "cuda:1".
        trial: on a CPU, confirm with a timed convolution (a few milliseconds, cached in the user's cache folder).
            False looks at the instruction set only, so that all processes of a run choose alike.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return _choose_for_cuda(device)
    if device.type == "cpu":
        return _choose_for_cpu(trial)
    return Choice("fp32", f"nothing else has been tried on {device.type}")


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Return the autocast context for a precision; "fp32" disables it."""
    dtype = DTYPES[precision]
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def allow_tf32(device: str | torch.device) -> None:
    """Let GPUs with TF32 use it for matrix products in fp32; torch's convolutions already do.

    This affects the whole process, so only commands that report no scores may call it.
    """
    device = torch.device(device)
    if device.type == "cuda" and torch.cuda.is_available() and torch.cuda.get_device_capability(device) >= (8, 0):
        torch.set_float32_matmul_precision("high")


class InPrecision(nn.Module):
    """Run a network method(video, hole) -> {...} in mixed precision; return float32.

    Args:
        network: the wrapped network.
        precision: "fp32", "bf16" or "fp16".
    """

    def __init__(self, network: nn.Module, precision: str):
        super().__init__()
        check_choice("precision", precision, tuple(DTYPES))
        self.network, self.precision = network, precision

    def forward(self, video: Tensor, hole: Tensor) -> dict[str, Tensor]:
        """Call the network; arguments and shapes are its own."""
        with autocast(video.device, self.precision):
            results = self.network(video, hole)
        return {name: value.float() for name, value in results.items()}


def _choose_for_cuda(device: torch.device) -> Choice:
    if not torch.cuda.is_available():
        return Choice("fp32", "torch finds no GPU")
    name, capability = torch.cuda.get_device_name(device), torch.cuda.get_device_capability(device)
    if torch.version.hip is not None or capability >= (8, 0):
        return Choice("bf16", f"{name} computes it in matrix units")
    if capability >= (7, 0):
        return Choice("fp16", f"the tensor cores of {name} support fp16 but not bf16")
    return Choice("fp32", f"{name} has no tensor cores")


def _choose_for_cpu(trial: bool) -> Choice:
    instructions, why_not = bf16_instructions()
    if instructions is None:
        return Choice("fp32", why_not)
    if not trial:
        return Choice("bf16", f"this CPU has {instructions}")
    speedup = _cached_speedup(_key(instructions))
    if speedup >= WORTH_IT:
        return Choice("bf16", f"{instructions} ran a trial convolution {speedup:.1f} times as fast as fp32")
    return Choice("fp32", f"{instructions} ran a trial convolution only {speedup:.1f} times as fast as fp32")


def bf16_instructions() -> tuple[str | None, str]:
    """Return the name of the CPU's usable bf16 instructions, or None and the reason."""
    flags = cpu_flags()
    if not flags:
        return None, "this CPU has no instructions for bf16"
    if not torch.backends.mkldnn.is_available():
        return None, "this torch lacks oneDNN, which makes bf16 fast on CPUs"
    if "bf16" in flags:
        return "ARM's bf16 instructions", ""
    variable, limit = next(((name, os.environ[name]) for name in ISA_VARIABLES if os.environ.get(name)), ("", ""))
    if limit.upper() in ISA_WITHOUT_BF16:
        return None, f"{variable}={limit} keeps torch from using this CPU's bf16 instructions"
    capability = torch.backends.cpu.get_cpu_capability()
    if not capability.startswith("AVX512"):
        return None, f"torch targets {capability} here (see {CAPABILITY_VARIABLE}), which has no bf16"
    if "amx_bf16" in flags and limit.upper() not in ISA_WITHOUT_AMX:
        return "AMX-BF16", ""
    return "AVX512-BF16", ""


def cpu_flags() -> set[str]:
    """Return which of "avx512_bf16", "amx_bf16" (x86) and "bf16" (ARM) the CPU has."""
    flags = _flags_of_system() & {"avx512_bf16", "amx_bf16", "bf16"}
    for name, flag in (("_is_avx512_bf16_supported", "avx512_bf16"), ("_is_amx_tile_supported", "amx_bf16")):
        if hasattr(torch.cpu, name) and getattr(torch.cpu, name)():
            flags.add(flag)
    return flags


def _flags_of_system() -> set[str]:
    """Return the CPU flags that Linux lists; empty elsewhere."""
    with suppress(OSError, UnicodeDecodeError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.lower().startswith(("flags", "features")):
                return set(line.partition(":")[2].split())
    return set()


def bf16_speedup() -> float:
    """Return how many times faster a medium convolution runs in bf16 than in fp32.

    It runs in one thread: on a busy machine, several would measure how they wait for each other.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        seconds = {name: _seconds_of_convolution(DTYPES[name]) for name in ("fp32", "bf16")}
    finally:
        torch.set_num_threads(threads)
    return seconds["fp32"] / seconds["bf16"]


@torch.inference_mode()
def _seconds_of_convolution(dtype: torch.dtype) -> float:
    # A ramp, since constants or denormals could bias the timing; it leaves the random state alone.
    def ramp(*shape: int) -> Tensor:
        numbers = torch.linspace(-1, 1, torch.Size(shape).numel()).view(shape)
        return numbers.to(dtype, memory_format=torch.channels_last)

    features, kernel = ramp(4, 64, 32, 32), ramp(64, 64, 3, 3)
    least = float("inf")
    for repeat in range(2 + REPEATS):
        started = time.perf_counter()
        nn.functional.conv2d(features, kernel, padding=1)
        if repeat >= 2:  # the first two warm up
            least = min(least, time.perf_counter() - started)
    return least


def _key(instructions: str) -> str:
    """Return everything that a trial's result depends on."""
    variables = [f"{name}={os.environ[name]}" for name in (*ISA_VARIABLES, CAPABILITY_VARIABLE) if name in os.environ]
    return ", ".join([processor(), instructions, f"torch {torch.__version__}", *variables])


def cache_file() -> Path:
    """Return the file that caches trials.

    Raises:
        RuntimeError: the user has no home folder.
    """
    folder = os.environ.get("XDG_CACHE_HOME")
    return (Path(folder) if folder else Path.home() / ".cache") / "lgtsm" / "precision.json"


def _cached_speedup(key: str) -> float:
    """Return `bf16_speedup`, from the cache where it knows the key; a broken cache is not an error."""
    known: dict[str, Any] = {}
    with suppress(OSError, RuntimeError, ValueError, TypeError):
        known = dict(json.loads(cache_file().read_text(encoding="utf-8")))
    kept = known.get(key)
    if isinstance(kept, float) and 0 < kept < float("inf"):
        return kept
    measured = round(bf16_speedup(), 3)
    with suppress(OSError, RuntimeError):
        cache_file().parent.mkdir(parents=True, exist_ok=True)
        write_json(cache_file(), known | {key: measured})
    return measured
