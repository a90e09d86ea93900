"""The Dockerfile: a linter has nothing to say, and what it names is there. No Docker runs here."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_string
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from lgtsm.masks import text

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
DOCS = (ROOT / "docs" / "integrations.md").read_text()
LINES = re.sub(r"\\\n\s*", "", DOCKERFILE).splitlines()
INSTRUCTIONS = [tuple(line.split(None, 1)) for line in LINES if line and not line.startswith("#")]


def all_of(name):
    return [rest for instruction, rest in INSTRUCTIONS if instruction == name]


def copied():
    """The files and folders that are copied from the checkout."""
    return [source for rest in all_of("COPY") if "--from" not in rest for source in rest.split()[:-1]]


def lint(dockerfile, folder):
    """Return hadolint's findings of any severity."""
    (folder / "Dockerfile").write_text(dockerfile)
    program = Path(sys.executable).with_name("hadolint")
    command = [program, "--no-color", "--no-fail", "--format", "json", "Dockerfile"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return [finding["code"] for finding in json.loads(done.stdout)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that the image installs, built from a folder that holds only what is copied."""
    folder = tmp_path_factory.mktemp("docker")
    source = folder / "source"
    source.mkdir()
    for name in copied():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    code = "import sys, hatchling.build; print(hatchling.build.build_wheel(sys.argv[1]))"
    line = [sys.executable, "-c", code, folder]
    done = subprocess.run(line, cwd=source, capture_output=True, text=True, check=True)
    with zipfile.ZipFile(folder / done.stdout.split()[-1]) as wheel:
        yield wheel


@pytest.fixture(scope="module")
def metadata(wheel):
    """What the wheel says about itself."""
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return message_from_string(wheel.read(name).decode())


def test_hadolint_finds_nothing(tmp_path):
    assert lint(DOCKERFILE, tmp_path) == []


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (r"python:[\w.-]+\nLABEL", "python:latest\nLABEL", "DL3007"),
        ("--no-cache-dir --no-deps", "--no-deps", "DL3042"),
        ("USER 1000", "USER root", "DL3002"),
    ],
)
def test_hadolint_looks_at_it(tmp_path, before, after, code):
    assert code in lint(re.sub(before, after, DOCKERFILE), tmp_path)


def test_images_are_pinned_and_their_python_is_one_of_ours(metadata):
    images = {rest.split()[0] for rest in all_of("FROM")}
    assert len(images) == 1  # what was built in one runs in the other
    python = re.fullmatch(r"python:(\d+\.\d+\.\d+)-slim-[a-z]+", images.pop())[1]
    assert python in SpecifierSet(metadata["Requires-Python"])


def test_it_runs_as_nobody_special_and_starts_the_command():
    assert all_of("USER") == ["1000"]
    assert any("useradd" in rest and "--uid 1000" in rest for rest in all_of("RUN"))
    assert json.loads(all_of("ENTRYPOINT")[-1]) == ["lgtsm"] and all_of("CMD") == ['["--help"]']


def test_what_it_installs_is_what_the_package_asks_for(metadata):
    runs = "\n".join(all_of("RUN"))
    needed = {
        Requirement(line).name: Requirement(line)
        for line in metadata.get_all("Requires-Dist")
        if "extra ==" not in line
    }
    for name in ("torch", "torchvision"):
        (given,) = re.findall(rf'"({name}[<>=][^"]*)"', runs)
        assert Requirement(given) == needed[name]
    (extras,) = re.findall(r'"\.\[([^]]+)\]"', runs)
    assert set(extras.split(",")) <= set(metadata.get_all("Provides-Extra"))
    assert text.INSTALL.removeprefix("pip install") in runs.replace("--no-cache-dir ", "")
    assert runs.count("pip install") == runs.count("pip install --no-cache-dir") == 3


def kept(path):
    """Whether .dockerignore lets a path through: the last pattern that fits it or a folder above it decides."""
    keep = True
    for pattern in (ROOT / ".dockerignore").read_text().split("\n"):
        if pattern and not pattern.startswith("#"):
            fits = [
                part for part in (path, *path.parents) if fnmatch(part.name, pattern.lstrip("!").removeprefix("**/"))
            ]
            keep = pattern.startswith("!") if fits else keep
    return keep


def test_docker_sees_what_is_copied_and_nothing_else():
    assert set(copied()) == {"pyproject.toml", "README.md", "LICENSE", "conf", "lgtsm"}
    assert all((ROOT / source).exists() and kept(Path(source)) for source in copied())
    for other in (".git", ".venv", "runs", "tests", "clip.mp4", "lgtsm/__pycache__"):
        assert not kept(Path(other)), other


def test_the_wheel_holds_all_of_the_package(wheel):
    names = set(wheel.namelist())
    for folder, place in (("lgtsm", "lgtsm"), ("conf", "lgtsm/conf")):
        files = [file for file in (ROOT / folder).rglob("*") if file.is_file() and "__pycache__" not in file.parts]
        assert {f"{place}/{file.relative_to(ROOT / folder).as_posix()}" for file in files} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_what_the_docs_tell_to_type_fits():
    builds = re.findall(r"docker build (.*) \.$", DOCS + DOCKERFILE.replace("#   ", ""), re.M)
    assert len(builds) == 4
    arguments = {rest.split("=")[0] for rest in all_of("ARG")}
    assert set(re.findall(r"--build-arg (\w+)=", " ".join(builds))) == arguments
    tags = {re.search(r"-t (\S+)", build)[1] for build in builds}
    runs = re.findall(r"docker run (.*)", re.sub(r"\\\n\s*", "", DOCS))
    assert len(runs) == 2 and all('-v "$PWD":/videos' in run for run in runs) and all_of("WORKDIR")[-1] == "/videos"
    assert {run.split("/videos ")[1].split()[0] for run in runs} == tags
