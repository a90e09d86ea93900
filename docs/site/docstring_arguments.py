"""What docstrings say of arguments, read from the source without importing it."""

import re
from functools import cache
from pathlib import Path

import griffe

from lgtsm.models.catalog import DISCRIMINATORS, MODELS

ROOT = Path(__file__).parents[2]


@cache
def _package():
    loader = griffe.GriffeLoader(search_paths=[ROOT])
    package = loader.load("lgtsm")
    loader.resolve_aliases(implicit=True, external=False)
    return package


@cache
def described_arguments(target, name=None):
    """Return {argument: text} of a class or function such as `lgtsm.losses.GeneratorLoss`; {} for those of others.

    For `lgtsm.create_model` and `create_discriminator`, those of the class of this name, too.
    """
    if not target.startswith("lgtsm."):
        return {}
    catalog = {"lgtsm.create_model": MODELS, "lgtsm.create_discriminator": DISCRIMINATORS}.get(target, {})
    if name in catalog:
        return described_arguments(catalog[name].target.replace(":", ".")) | {"name": catalog[name].what}
    thing = _package()[target.removeprefix("lgtsm.")]
    texts = [thing.docstring] + ([thing.members["__init__"].docstring] if "__init__" in thing.members else [])
    found = {}
    for text in filter(None, texts):
        section = re.search(r"^Args:\n((?:    .*\n|\n)*)", text.value + "\n", re.M)
        entries = re.findall(r"^    ([\w, *]+): ((?:.*\n)(?:     +.*\n)*)", section[1], re.M) if section else []
        for names, meaning in entries:
            for name in names.split(","):
                name, text = name.strip(" *"), " ".join(meaning.split())
                elsewhere = re.fullmatch(r"of the network, see `(lgtsm\.[\w.]+)`\.", text)
                found[name] = described_arguments(elsewhere[1]).get(name, text) if elsewhere else text
    return found
