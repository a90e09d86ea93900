from fractions import Fraction

import av
import pytest

from lgtsm.video.h264_parameters import ParameterSets, units_of, units_of_stream, with_lengths


def header(number, profile="high"):
    """Parameter sets of x264 with a number of their own, with start codes."""
    context = av.CodecContext.create("libx264", "w")
    context.width, context.height, context.pix_fmt, context.time_base = 64, 48, "yuv420p", Fraction(1, 25)
    context.options = {"x264-params": f"sps-id={number}", "profile": profile}
    context.flags |= av.codec.context.Flags.global_header
    context.open()
    return units_of_stream(context.extradata)


def sets_of(number, profile="high"):
    """The same as MP4 stores it, written byte by byte."""
    sequence, picture = header(number, profile)[:2]
    head = bytes([1, *sequence[1:4], 0xFF])
    one, other = (b"\1" + len(unit).to_bytes(2, "big") + unit for unit in (sequence, picture))
    return head + bytes([0xE0 | one[0]]) + one[1:] + other + b"\xfd\xf8\xf8\x00"


def test_what_is_read_is_written_again(odd):
    for data in [sets_of(number) for number in (0, 1, 7, 31)]:
        assert ParameterSets.parse(data).pack() == data
    with av.open(str(odd / "with_audio.mp4")) as container:
        data = container.streams.video[0].codec_context.extradata
    assert ParameterSets.parse(data).pack() == data


@pytest.mark.parametrize("number", [0, 1, 2, 6, 7, 30, 31])
def test_the_free_number_is_not_that_of_the_source(number):
    sets = ParameterSets.parse(sets_of(number))
    assert sets.free_id() == (30 if number == 31 else 31)
    both = sets.joined(header(sets.free_id()))
    assert len(both.sequences) == len(both.pictures) == 2
    assert both.free_id() not in (number, sets.free_id())


def test_no_number_may_be_left():
    sets = ParameterSets.parse(sets_of(0))
    for number in range(1, 31):
        sets = sets.joined(header(number))
    assert sets.free_id() == 31 and sets.joined(header(31)) is None  # avcC holds 31
    assert ParameterSets.parse(sets.pack()) == sets


def test_other_profiles_do_not_join():
    sets = ParameterSets.parse(sets_of(0))
    assert sets.joined(header(1, "main")) is None and sets.joined([]) is None


def test_damaged_headers_are_none():
    data = sets_of(3)
    whole = len(data) - 4  # without what follows
    for end in range(whole):
        assert ParameterSets.parse(data[:end]) is None
    assert ParameterSets.parse(None) is None and ParameterSets.parse(b"\0\0\0\1" + data) is None


def test_packets_are_taken_apart_and_put_together():
    units = [b"\x65\x01\x02", b"\x06", b"\x41" * 300]
    for size in (2, 4):
        assert units_of(with_lengths(units, size), size) == units
    assert units_of(with_lengths(units, 4)[:-1], 4) is None and units_of(b"\0\0\0\0", 4) is None
    assert units_of_stream(b"\0\0\0\1" + units[0] + b"\0\0\1" + units[1] + b"\0\0\0\1" + units[2]) == units
