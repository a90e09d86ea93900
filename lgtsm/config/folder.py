"""Find the shipped configuration."""

from __future__ import annotations

from pathlib import Path


def config_folder() -> str:
    """Return the absolute path of `conf`: inside the package of a wheel, beside it in a checkout.

    Raises:
        FileNotFoundError: neither exists; the installation is incomplete.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "train.yaml").is_file():
            return str(folder)
    raise FileNotFoundError(f"The configuration folder conf is missing beside {package}. Install the package again.")
