"""How often `lgtsm inpaint` reads what it is given: long videos and masks are not gone through more than they must."""

import collections

import pytest

from lgtsm.commands.inpaint import main
from lgtsm.video import decord_reader, packet_index, probe, pyav_reader


@pytest.fixture
def index_reads(monkeypatch):
    """Count, by file name, how often the packets of a file are read."""
    counts, real = collections.Counter(), packet_index.read_packet_index

    def counting(path):
        counts[str(path)] += 1
        return real(path)

    for module in (packet_index, probe, pyav_reader, decord_reader):
        monkeypatch.setattr(module, "read_packet_index", counting)
    return counts


@pytest.mark.parametrize("where", [["--box", "20,10,60,40"], ["--key-color", "808080", "--key-tolerance", "20"]])
def test_packets_are_read_once(data_folder, tmp_path, index_reads, where):
    source, out = data_folder / "odd" / "with_audio.mp4", tmp_path / "out.mp4"
    main([str(source), *where, "--method", "mean-colour", "--report", str(tmp_path / "page"), "-o", str(out)])
    assert index_reads == {str(source): 1, str(out): 1}  # that of the result is compared with the source's
