"""Say a number of things in words."""

from __future__ import annotations


def counted(number: int, thing: str) -> str:
    """Return a number with its noun, like "1 frame" or "2 frames"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
