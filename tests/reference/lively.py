"""Networks whose results depend on their input as those of trained ones do.

New networks may carry next to nothing to their end (under spectral norm every layer weakens the signal), and then every
way of computing them gives the same gray.
"""

import torch

DEPTH = ("conv1", "conv2", "conv4", "dilated_conv1", "deconv1", "deconv2", "conv10", "conv11")


@torch.no_grad()
def make_lively(model, few_layers=False):
    """Return the model in eval mode, changed in place.

    Learned shifts get random kernels, and the last layer, which has no spectral norm, is scaled until the predicted
    pixels vary by 0.25 on noise. few_layers keeps one layer of each kind of a shift network, for speed.
    """
    model.eval()
    if few_layers:
        for name in [name for name in model.layers if name not in DEPTH]:
            del model.layers[name]
    for name, kernels in model.named_parameters():
        if name.endswith("kernels"):
            torch.nn.init.normal_(kernels, std=0.5)
    video, hole = torch.rand(1, 7, 3, 16, 20), torch.zeros(1, 7, 1, 16, 20)
    last = model.layers["conv11"].feature
    for _ in range(3):  # the last layer's gate stays as it is, so once is enough but for rounding of tiny signals
        last.bias.zero_()
        last.weight.mul_(0.25 / model(video, hole)["predicted"].std().clamp(min=1e-12))
    return model
