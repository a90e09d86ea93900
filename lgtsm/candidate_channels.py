"""The channels of candidates, in order; see `lgtsm.models.candidate_fusion.CandidateFusion.forward`."""

COMPLETED, AFTER, BEFORE, SHADES = (slice(first, first + 3) for first in (0, 3, 6, 9))
HOLE, UNSEEN, NEARNESS = slice(12, 13), slice(13, 14), slice(14, 16)
COUNT = 16


def played_backwards() -> list[int]:
    """Return the channels of a clip played backwards: the two copies change places, and so do their distances."""
    channels = list(range(COUNT))
    channels[AFTER], channels[BEFORE] = channels[BEFORE], channels[AFTER]
    channels[NEARNESS] = channels[NEARNESS][::-1]
    return channels
