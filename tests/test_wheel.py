"""What `pip install .` and `pip install -e .` put on the disk, built as pip builds it."""

import email
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
REPORT = "import lgtsm, lgtsm.config.folder as f; print(lgtsm.__file__, f.config_folder(), sep='\\n')"


def build(kind, folder):
    """Build with the project's own backend; return the names in the wheel and its unpacked folder."""
    code = f"import sys, hatchling.build; print(hatchling.build.build_{kind}(sys.argv[1]))"
    done = subprocess.run([sys.executable, "-c", code, folder], cwd=ROOT, capture_output=True, text=True, check=True)
    site = folder / "site"
    with zipfile.ZipFile(folder / done.stdout.split()[-1]) as wheel:
        wheel.extractall(site)
        return set(wheel.namelist()), site


def run(code, *arguments, folder):
    """Run Python in a folder, with neither this checkout nor an installed package on the path."""
    line = [sys.executable, "-I", "-S", "-c", code, *map(str, arguments)]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, check=True).stdout.splitlines()


def test_an_editable_install_is_one_line_on_the_path(tmp_path):
    names, site = build("editable", tmp_path)
    pth, *metadata = sorted(names, key=lambda name: ".dist-info/" in name)
    assert pth.endswith(".pth") and all(".dist-info/" in name for name in metadata)
    assert (site / pth).read_text().split() == [str(ROOT)]
    module, folder = run(f"import site, sys; site.addsitedir(sys.argv[1]); {REPORT}", site, folder=tmp_path)
    assert (module, folder) == (str(ROOT / "lgtsm" / "__init__.py"), str(ROOT / "conf"))


def test_a_wheel_holds_package_and_configuration_alone(tmp_path):
    names, site = build("wheel", tmp_path)
    sources = {p.relative_to(ROOT).as_posix() for p in (ROOT / "lgtsm").rglob("*") if p.is_file()}
    sources |= {f"lgtsm/{p.relative_to(ROOT).as_posix()}" for p in (ROOT / "conf").rglob("*") if p.is_file()}
    sources = {name for name in sources if "__pycache__" not in name}
    assert {"lgtsm/py.typed", "lgtsm/conf/train.yaml"} <= sources
    assert {name for name in names if ".dist-info/" not in name} == sources
    module, folder = run(f"import sys; sys.path.insert(0, sys.argv[1]); {REPORT}", site, folder=tmp_path)
    assert (module, folder) == (str(site / "lgtsm" / "__init__.py"), str(site / "lgtsm" / "conf"))
    (file,) = site.glob("*.dist-info/METADATA")
    metadata = email.message_from_string(file.read_text())
    assert metadata["Author"] == "The maintainers of lgtsm" and metadata["License-Expression"] == "Apache-2.0"
    assert "Paper, https://arxiv.org/abs/1907.01131" in metadata.get_all("Project-URL")
    assert {"video inpainting", "object removal", "pytorch"} <= set(metadata["Keywords"].split(","))
