"""The temporal shift, one number at a time."""

import torch


def slow_temporal_shift(features, kernels, num_frames, channels_per_group, causal):
    """out[t] = Σ_k w[k] · x[t + k - K // 2] for each group, zeros outside; causal: x[t + k - (K - 1)]."""
    out = features.clone()
    groups, size = kernels.shape
    back = size - 1 if causal else size // 2
    for n in range(features.shape[0]):
        clip, t = divmod(n, num_frames)
        for channel in range(groups * channels_per_group):
            total = torch.zeros_like(features[0, 0])
            for k in range(size):
                source = t + k - back
                if 0 <= source < num_frames:
                    total = (
                        total
                        + kernels[channel // channels_per_group, k] * features[clip * num_frames + source, channel]
                    )
            out[n, channel] = total
    return out
