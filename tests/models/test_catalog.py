import re

import pytest
import torch

import lgtsm
from lgtsm.models.streaming import network_input

SIZES = [(1, 1), (17, 30), (32, 32), (5, 61)]
# Every model of the catalog, with the options that change what it computes.
VARIANTS = [
    *[
        (name, {"causal": causal, "geometry": geometry})
        for name in ("lgtsm", "gtsm", "tsm")
        for causal in (False, True)
        for geometry in ("released", "paper")
    ],
    ("gated3d", {}),
    ("gated3d", {"causal": True, "spectral_norm": True}),
    ("gated3d", {"gated": False}),
    ("combcn", {}),
    ("edge_connect", {"residual_blocks": 2}),
    ("completion", {}),
    ("flow-fusion", {}),
]
# A bias in front of an InstanceNorm has no effect, and no gradient but rounding.
WITHOUT_EFFECT = re.compile(r"frames\.(encoder|middle|decoder\.[03]).*\.bias|edges\.(encoder|decoder\.[03]).*\.bias")


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


@pytest.mark.parametrize("geometry", ["released", "paper"])
def test_published_parameter_counts(geometry):
    assert abs(count(lgtsm.create_model("lgtsm", geometry=geometry)) - 12.136e6) < 0.001e6
    assert abs(count(lgtsm.create_discriminator("tsmgan")) - 5.948e6) < 0.001e6


def test_the_variants_are_of_every_model():
    assert {name for name, _ in VARIANTS} == set(lgtsm.list_models(networks=True))


def test_one_list_knows_networks_and_methods_without_weights(tmp_path):
    from lgtsm.commands.inpaint import make_parser

    networks, methods = lgtsm.list_models(networks=True), lgtsm.list_models(networks=False)
    assert lgtsm.list_models() == networks + methods
    assert {"key-frames", "tccds", "flow-copy", "telea", "temporal-copy", "smooth-fill", "mean-color"} == set(methods)
    (choice,) = [action for action in make_parser()._actions if action.dest == "method"]
    assert list(choice.choices) == ["network", *lgtsm.list_methods()]
    assert set(lgtsm.list_methods()) == {"completion", "flow-fusion", *methods}
    for name in methods:
        model = lgtsm.create_model(name)
        assert not list(model.parameters())
        with pytest.raises(ValueError, match="no weights"):
            lgtsm.save_model(model, tmp_path / "model.safetensors")
    assert lgtsm.create_model("tccds", patch_size=5, seed=3).radius == 2


def test_methods_are_ready_to_fill_and_others_say_what_they_need():
    assert any(parameter.any() for parameter in lgtsm.load_method().network.out.parameters())  # trained
    assert not lgtsm.load_method("key-frames").training
    assert (lgtsm.load_method().passes, lgtsm.load_method(quality="best").passes) == (1, 4)
    with pytest.raises(ValueError, match="quality must be normal for telea; flow-fusion alone knows best"):
        lgtsm.load_method("telea", quality="best")
    with pytest.raises(ValueError, match="quality must be"):
        lgtsm.load_method(quality="fast")
    with pytest.raises(ValueError, match=r"no method 'lgtsm' without a weight file; known are .*load_model"):
        lgtsm.load_method("lgtsm")
    known = "completion, flow-fusion, key-frames"
    with pytest.raises(ValueError, match=rf"no method 'magic' without a weight file; known are {known}"):
        lgtsm.load_method("magic")


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_forward_backward_and_a_gradient_for_every_parameter(name, options, make_clip):
    model = lgtsm.create_model(name, width=8, **options)
    if name == "flow-fusion":  # starts at zero, where only the last layer has a gradient
        torch.nn.init.normal_(model.network.out.weight)
    # Kernels of one tap give the other taps a gradient too, as long as there is a neighbor.
    video, hole = make_clip(2, 3, 32, 40)
    output = model(video, hole)
    assert output["filled"].shape == output["predicted"].shape == video.shape
    output["predicted"].square().mean().backward()
    missing = [key for key, value in model.named_parameters() if value.grad is None or not value.grad.any()]
    assert [key for key in missing if not (name == "edge_connect" and WITHOUT_EFFECT.match(key))] == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("num_frames", [1, 3])
@pytest.mark.parametrize(
    ("name", "options"), [v for v in VARIANTS if not v[1].get("causal") and v[0] not in ("gtsm", "tsm")]
)
def test_any_size_and_known_pixels_bit_exact(size, num_frames, name, options):
    model = lgtsm.create_model(name, width=8, **options).eval()
    video, hole = torch.rand(2, num_frames, 3, *size), (torch.rand(2, num_frames, 1, *size) > 0.5).float()
    for precision in (torch.float32, torch.bfloat16):
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
            output = model(video, hole)
        known = (hole == 0).expand_as(video)
        assert output["filled"].shape == video.shape
        assert torch.equal(output["filled"][known], video[known])


@pytest.mark.parametrize("name", lgtsm.list_models(networks=True))
def test_what_lies_under_the_hole_is_never_looked_at(name, make_clip):
    model = lgtsm.create_model(name, width=8).eval()
    video, hole = make_clip(1, 3)
    poisoned = video.masked_fill(hole.expand_as(video) > 0, float("nan"))
    assert torch.equal(model(video, hole)["predicted"], model(poisoned, hole)["predicted"])


@pytest.mark.parametrize("causal", [False, True])
def test_temporal_reach_is_what_a_frame_depends_on(causal):
    model = lgtsm.create_model("lgtsm", width=8, causal=causal).double()
    for name, kernels in model.named_parameters():
        if name.endswith("kernels"):
            torch.nn.init.uniform_(kernels, 0.3, 1.0)
    behind, ahead = model.temporal_reach
    # Five more frames than a causal network reaches, or than a centered one does each way.
    length, at = (40, 37) if causal else (2 * 17 + 5, 19)
    video = torch.rand(1, length, 3, 8, 8, dtype=torch.float64, requires_grad=True)
    model(video, torch.zeros(1, length, 1, 8, 8))["predicted"][:, at].sum().backward()
    seen = video.grad.abs().sum((0, 2, 3, 4)).nonzero().flatten()
    assert (at - seen.min(), seen.max() - at) == (behind, ahead)
    assert (behind, ahead) == ((34, 0) if causal else (17, 17))


def test_new_networks_keep_the_variance_of_the_features():
    with torch.no_grad():
        for init, expected in {"variance_preserving": True, "pytorch": False}.items():
            model = lgtsm.create_model("lgtsm", width=16, initialization=init)
            video = torch.rand(1, 6, 3, 192, 192)
            features = network_input(video, torch.zeros(1, 6, 1, 192, 192), centered=True)
            first = None
            for layer in list(model.layers.values())[:-1]:
                features = layer(features, 6)
                middle = features[2:4, :, features.shape[2] // 3 : -features.shape[2] // 3]
                first = first or middle.square().mean()
            assert (middle.square().mean() / first > 0.2) == expected


def test_untrained_network_predicts_about_gray(make_clip):
    video, hole = make_clip()
    predicted = lgtsm.create_model("lgtsm", width=16)(video, hole)["predicted"]
    assert abs(predicted.mean() - 0.5) < 0.2


@pytest.mark.parametrize(("last", "layers"), [(False, 16), (True, 17)])
def test_spectral_norm_reaches_all_but_the_last_layer_or_that_too(last, layers):
    model = lgtsm.create_model("gtsm", width=8, spectral_norm=True, spectral_norm_last=last)
    convolutions = [m for n, m in model.named_modules() if n.endswith((".feature", ".gate"))]
    assert sum(hasattr(m, "parametrizations") for m in convolutions) == 2 * layers
    discriminator = lgtsm.create_discriminator("t_patchgan", width=4, spectral_norm=True, spectral_norm_last=last)
    assert sum(hasattr(layer.feature, "parametrizations") for layer in discriminator.layers.values()) == 5 + last


def test_gated_discriminator_starts_open(make_clip):
    plain, gated = (lgtsm.create_discriminator("tsmgan", width=8, gated=gated) for gated in (False, True))
    assert sum(p.numel() for p in gated.parameters()) - sum(p.numel() for p in plain.parameters()) == sum(
        p.numel() for name, p in plain.named_parameters() if "feature" in name
    )
    for layer in gated.layers.values():
        assert 0.7 < layer.gate(torch.rand(1, layer.gate.in_channels, 8, 8)).sigmoid().mean() < 0.76


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"sigmoid": True},
        {"shift": "fixed"},
        {"spectral_norm": True},
        {"causal": True},
        {"gated": True, "spectral_norm": True, "spectral_norm_last": True},
    ],
)
def test_discriminator(options, make_clip):
    discriminator = lgtsm.create_discriminator("tsmgan", width=8, **options)
    video, hole = make_clip(2, 3, 64, 96)
    scores = discriminator(video, hole)
    assert scores.shape == (2, 3, 32, 1, 2)
    scores.square().mean().backward()
    assert all(p.grad is not None and p.grad.any() for p in discriminator.parameters())
    if "sigmoid" in options:
        assert ((scores > 0) & (scores < 1)).all()


@pytest.mark.parametrize("name", ["tsmgan", "t_patchgan"])
@pytest.mark.parametrize("size", [(16, 16), (32, 32), (48, 16)])
def test_discriminator_gradients_in_bf16_are_those_in_fp32_down_to_one_column(size, name, make_clip):
    video, hole = make_clip(1, 2, *size)
    for seed in range(8):  # what the memory held before decides whether the fault shows
        torch.manual_seed(seed)
        discriminator = lgtsm.create_discriminator(name, width=4)
        gradients = []
        for enabled in (False, True):
            discriminator.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
                discriminator(video, hole).float().mean().backward()
            gradients.append(torch.cat([p.grad.flatten() for p in discriminator.parameters()]))
        assert gradients[1].isfinite().all()
        assert torch.dist(*gradients) < 0.1 * gradients[0].norm()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lgtsm.create_model("vinet"), "vinet.*lgtsm"),
        (lambda: lgtsm.create_model("lgtsm", widht=8), "option.*widht.*width"),
        (lambda: lgtsm.create_model("mean-color", width=8), "option.*width"),
        (lambda: lgtsm.create_model("lgtsm", width=7), "width.*even"),
        (lambda: lgtsm.create_model("gtsm", shift_kernel_size=5), "learnable"),
        (lambda: lgtsm.create_model("lgtsm", geometry="u-net"), "released.*paper"),
        (lambda: lgtsm.create_discriminator("patch"), "discriminator.*patch"),
    ],
)
def test_errors_list_what_is_possible(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_wrong_tensors_get_a_sentence():
    model = lgtsm.create_model("lgtsm", width=8)
    video = torch.rand(1, 2, 3, 8, 8)
    with pytest.raises(ValueError, match="one channel"):
        model(video, torch.zeros_like(video))
    with pytest.raises(ValueError, match="floating point"):
        model((video * 255).byte(), torch.zeros(1, 2, 1, 8, 8))
    with pytest.raises(ValueError, match=r"\(2, 3, 8, 8\)"):
        model(video[0], torch.zeros(2, 1, 8, 8))
