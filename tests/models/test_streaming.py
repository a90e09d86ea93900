"""A stream gives what the whole clip gives."""

import pytest
import torch

import lgtsm

MODELS = {
    "lgtsm": {},
    "lgtsm_width5": {"shift_kernel_size": 5, "shift_groups": 4},
    "lgtsm_paper": {"geometry": "paper"},
    "lgtsm_spectral": {"spectral_norm": True},
    "lgtsm_causal": {"causal": True},
    "lgtsm_causal_even": {"causal": True, "shift_kernel_size": 4},
    "gtsm": {},
    "gtsm_paper_spectral": {"geometry": "paper", "spectral_norm": True},
    "gtsm_causal": {"causal": True},
    "tsm": {},
    "gated3d": {},
    "gated3d_spectral": {"spectral_norm": True},
    "gated3d_causal": {"causal": True},
}


@pytest.fixture(params=MODELS)
def model(request):
    model = lgtsm.create_model(request.param.split("_")[0], width=8, **MODELS[request.param])
    for name, kernels in model.named_parameters():
        if name.endswith("kernels"):
            torch.nn.init.normal_(kernels, std=0.6)
    return model.eval()


def stream(model, video, hole, sizes):
    state, pieces, start = model.initial_state(), [], 0
    while start < video.shape[1]:
        size = sizes[len(pieces) % len(sizes)]
        filled, state = model.step(video[:, start : start + size], hole[:, start : start + size], state)
        pieces.append(filled)
        start += size
    return [*pieces, model.flush(state)]


@torch.no_grad()
@pytest.mark.parametrize("sizes", [[1], [3], [8], [2, 5, 1]])
def test_joined_pieces_equal_the_whole_clip(model, sizes, make_clip):
    video, hole = make_clip(2, 23, 20, 26)
    expected = model(video, hole)["filled"]
    pieces = stream(model, video, hole, sizes)
    torch.testing.assert_close(torch.cat(pieces, 1), expected, atol=1e-5, rtol=0)
    delay = model.temporal_reach[1]
    given = 0
    for k, piece in enumerate(pieces[:-1]):
        given += piece.shape[1]
        received = min(23, sum(sizes[i % len(sizes)] for i in range(k + 1)))
        assert given == max(0, received - delay)


@torch.no_grad()
@pytest.mark.parametrize("length", [1, 2, 5])
def test_clips_shorter_than_the_reach(length, make_clip):
    model = lgtsm.create_model("lgtsm", width=8).eval()
    video, hole = make_clip(1, length, 16, 16)
    torch.testing.assert_close(
        torch.cat(stream(model, video, hole, [2]), 1), model(video, hole)["filled"], atol=1e-5, rtol=0
    )


@torch.no_grad()
def test_state_is_explicit_and_its_size_constant(make_clip):
    model = lgtsm.create_model("lgtsm", width=8).eval()
    video, hole = make_clip(1, 60, 16, 16)

    def numbers(state):
        tensors = [state.video, state.hole, *(t for layer in state.layers for t in (layer.past, layer.pending))]
        # What a tensor really holds on to, not only what it shows.
        return sum(t.untyped_storage().nbytes() for t in tensors if t is not None)

    state, sizes = model.initial_state(), []
    for t in range(60):
        before = state
        filled, state = model.step(video[:, t : t + 1], hole[:, t : t + 1], before)
        sizes.append(numbers(state))
        if t == 40:
            # The same step from the same state gives the same: nothing is kept anywhere else.
            again, _ = model.step(video[:, t : t + 1], hole[:, t : t + 1], before)
            assert torch.equal(filled, again)
    assert len(set(sizes[model.temporal_reach[1] + 1 :])) == 1


@torch.no_grad()
def test_two_streams_of_one_model_do_not_meet(make_clip):
    model = lgtsm.create_model("lgtsm", width=8).eval()
    (a, hole), (b, _) = make_clip(1, 20, 16, 16), make_clip(2, 20, 16, 16)
    b = b[:1]
    states, pieces = [model.initial_state(), model.initial_state()], ([], [])
    for t in range(20):
        for k, video in enumerate((a, b)):
            filled, states[k] = model.step(video[:, t : t + 1], hole[:, t : t + 1], states[k])
            pieces[k].append(filled)
    for k, video in enumerate((a, b)):
        joined = torch.cat([*pieces[k], model.flush(states[k])], 1)
        torch.testing.assert_close(joined, model(video, hole)["filled"], atol=1e-5, rtol=0)


@torch.no_grad()
def test_every_frame_is_convolved_once(make_clip):
    model = lgtsm.create_model("lgtsm", width=8).eval()
    video, hole = make_clip(1, 25, 16, 16)
    frames = dict.fromkeys(model.layers, 0)
    for name, layer in model.layers.items():

        def count(conv, inputs, output, name=name):
            frames[name] += len(output)

        layer.feature.register_forward_hook(count)
    stream(model, video, hole, [3])
    assert set(frames.values()) == {25}


def test_errors(make_clip):
    model = lgtsm.create_model("lgtsm", width=8)
    with pytest.raises(ValueError, match="nothing to flush"):
        model.flush(model.initial_state())
    _, state = model.step(*make_clip(1, 2, 16, 16), model.initial_state())
    with pytest.raises(ValueError, match="must keep their size"):
        model.step(*make_clip(1, 2, 20, 16), state)
