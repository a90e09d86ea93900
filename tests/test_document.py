import numpy as np

from lgtsm.document import Heading, Picture, Table, Text, to_html, to_latex, to_markdown
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


def test_nothing_of_a_name_becomes_a_tag():
    name = "<img src=x onerror=alert(1)>\"'&"
    blocks = [Heading(name), Text(name), Table([name], [[name]]), Picture(name, name)]
    page = to_html(blocks)
    assert "<img src=x" not in page and page.count("<img ") == 1
    assert (
        page.count("&lt;img src=x onerror=alert(1)&gt;&quot;&#x27;&amp;") == 8
    )  # with the title, head, cell and three in the picture


def test_columns_of_few_numbers_are_text():
    table = Table(["fact", "value", "score"], [["a", "7 cuts", "1.5"], ["b", "3", "n/a (why)"], ["c", "x", "2"]])
    page = to_html([table])
    assert '<th class="number">score</th>' in page and "<th>value</th>" in page


def test_latex_rows_cannot_end_early():
    rows = [["[x]", "a < b | c"], ["[x]", "*"], ["*y", "w" * 41]]
    lines = to_latex([Table(["m", "of"], rows)]).splitlines()
    assert lines[0] == r"\begin{tabular}{lp{0.60\linewidth}}"
    assert lines[4:7] == [r"{}[x] & a $<$ b $|$ c \\", r" & * \\", rf"{{}}*y & {'w' * 41} \\"]


def test_latex_escapes_and_keeps_marks():
    blocks = [
        Heading("A_b & c"),
        Text("50 % of **bold** `code` #1 {x} ~ ^ \\ done"),
        Table(["score ↓", "x"], [["a_1", "**0.5** [0.1, 0.9]"], ["b", "−1–2"]]),
        Picture("p.png", "left out"),
    ]
    assert (
        to_latex(blocks)
        == "\n\n".join(
            [
                r"\paragraph{A\_b \& c}",
                r"50 \% of \textbf{bold} \texttt{code} \#1 \{x\} "
                r"\textasciitilde{} \textasciicircum{} \textbackslash{} done",
                "\n".join(
                    [
                        r"\begin{tabular}{lr}",
                        r"\toprule",
                        r"score $\downarrow$ & x \\",
                        r"\midrule",
                        r"a\_1 & \textbf{0.5} [0.1, 0.9] \\",
                        r"b & $-$1--2 \\",
                        r"\bottomrule",
                        r"\end{tabular}",
                    ]
                ),
            ]
        )
        + "\n"
    )
