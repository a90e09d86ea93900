"""Names of languages: QuickTime knows only some, partly under older codes."""

from __future__ import annotations

# ISO 639-2/T, and what FFmpeg's table of QuickTime languages calls it (mostly ISO 639-2/B).
_QUICKTIME = {
    "bod": "tib", "cym": "wel", "deu": "ger", "ell": "gre", "eus": "baq", "fas": "iri", "hye": "arm", "isl": "ice",
    "kat": "geo", "mkd": "mac", "msa": "may", "mya": "bur", "nld": "dut", "sqi": "alb", "swe": "sve", "zho": "chi",
}  # fmt: skip
_FIRST = {other: code for code, other in _QUICKTIME.items()} | {"fre": "fra", "cze": "ces", "rum": "ron", "slo": "slk"}


def language_for(container: str, language: str) -> str:
    """Return the code to write in a container, by FFmpeg's name of it."""
    return _QUICKTIME.get(language, language) if container == "mov" else language


def one_code(language: str) -> str:
    """Return the same code for all names of one language, to compare them."""
    return _FIRST.get(language, language)
