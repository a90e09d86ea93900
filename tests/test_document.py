import numpy as np

from lgtsm.document import Heading, Picture, Table, Text, to_html, to_markdown
from lgtsm.video.pictures import write_png


def test_documents(tmp_path):
    write_png(tmp_path / "p.png", np.zeros((4, 4, 3), np.uint8))
    blocks = [
        Heading("A <b>", 1),
        Text("is **bold** & `safe`"),
        Table(["x", "y", "z"], [["1|2", "**3** [1, 4]", "n/a (why)"], ["1|2", "-2.5", "a (b)"]]),
        Picture("p.png", "it"),
    ]
    markdown, page = to_markdown(blocks), to_html(blocks, tmp_path)
    assert markdown.startswith("# A <b>\n\nis **bold**")
    assert "1\\|2" in markdown
    assert "![it](p.png)" in markdown
    assert "<h1>A &lt;b&gt;</h1>" in page
    assert "<b>bold</b> &amp; <code>safe</code>" in page
    # Equal first cells merge, numbers align right with small intervals, and text stays as is.
    assert '<td rowspan="2">1|2</td><td class="number"><b>3</b> <small>[1, 4]</small></td><td>n/a (why)</td>' in page
    assert '<tr><td class="number">-2.5</td><td>a (b)</td></tr>' in page
    assert 'name="viewport"' in page
    assert 'src="data:image/png;base64,iVBOR' in page
    linked = to_html(blocks)
    assert 'src="p.png"' in linked and "base64" not in linked
