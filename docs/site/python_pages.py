"""The reference of the public Python names: a page for each package that has an `__all__`."""

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]


# Classes of arguments and results of `lgtsm.Inpainter`, which no `__all__` names.
BESIDE = {
    "lgtsm": [
        "lgtsm.inference.filler.Filler",
        "lgtsm.inference.options.FillOptions",
        "lgtsm.inference.inpainter.FillSummary",
        "lgtsm.models.streaming.StreamState",
    ]
}


def exported(package):
    """Return the names in a package's `__all__`, which is written out in its file."""
    for node in ast.parse((ROOT / package.replace(".", "/") / "__init__.py").read_text()).body:
        if isinstance(node, ast.Assign) and [getattr(target, "id", "") for target in node.targets] == ["__all__"]:
            return ast.literal_eval(node.value)
    return []


def python_pages():
    """Return {place: Markdown}."""
    files = sorted((ROOT / "lgtsm").rglob("__init__.py"), key=lambda path: path.parts)
    packages = [".".join(path.parent.relative_to(ROOT).parts) for path in files]
    pages = {}
    for package in packages:
        names = [name for name in exported(package) if not name.startswith("__")]
        if names:
            about = f"::: {package}\n    options: {{members: [], show_root_heading: false, show_root_toc_entry: false}}"
            text = [f"# {package}", about]
            text += [f"::: {name}" for name in [f"{package}.{name}" for name in names] + BESIDE.get(package, [])]
            pages[f"reference/python/{package.replace('.', '_')}.md"] = "\n\n".join(text) + "\n"
    return pages
