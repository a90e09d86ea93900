import numpy as np


class MyVideos:
    """Stripes that move, one video for each direction."""

    def __init__(self, count: int):
        self.count = count

    def __len__(self) -> int:
        return self.count

    def name(self, index: int) -> str:
        return f"stripes{index}"

    def read_clip(
        self, index: int, num_frames: int, height: int, width: int, rng: np.random.Generator | None
    ) -> np.ndarray:
        """Return uint8 (num_frames, height, width, 3); rng chooses the clip in training, None takes the same always."""
        angle, start = 2 * np.pi * index / self.count, 0 if rng is None else rng.uniform(0, 10)
        time, row, column = np.mgrid[:num_frames, :height, :width]
        wave = np.sin((row * np.sin(angle) + column * np.cos(angle)) / 3 + time + start)
        return np.repeat((127 + 100 * wave)[..., None], 3, -1).astype(np.uint8)
