"""The paper's tables: what was published, and the same with our scores beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lgtsm.document import Block, Heading, Table, Text
from lgtsm.evaluation.columns import MEAN_OF_BINS, column
from lgtsm.evaluation.legend import legend
from lgtsm.evaluation.tables import title

FID = "video_fid_batch_statistics"
FID_OF_BINS = FID + MEAN_OF_BINS
UNPUBLISHED = ("psnr_hole", "stlpips", "warping_error", "flicker_hole")  # scores of ours that the paper does not have


class Row(NamedTuple):
    """One method of a table.

    title: as published. experiments: to train one after the other, each from the weights of the one before; none for a
    method without training. method: its name in the catalog, then. published: score -> kind of hole (as published) ->
    number. parameters: of generator and discriminator, as published.
    """

    title: str
    experiments: tuple[str, ...]
    published: Mapping[str, Mapping[str, float]]
    parameters: str
    method: str | None = None


class PaperTable(NamedTuple):
    """A table of one data set.

    name: as published. protocol: that scores it. kinds: kind as published -> the protocol's. note: a sentence on what
    does not compare. rows: by name.
    """

    name: str
    protocol: str
    kinds: Mapping[str, str]
    note: str
    rows: Mapping[str, Row]


def _scores(mse: tuple[float, ...], lpips: tuple[float, ...], fid: tuple[float, ...]) -> dict[str, dict[str, float]]:
    kinds = ("curve", "object", "box")
    return {name: dict(zip(kinds, of)) for name, of in (("mse", mse), ("lpips", lpips), (FID, fid)) if of}


def _table_2(lpips: float, fid: float) -> dict[str, dict[str, float]]:
    return {"lpips": {"object": lpips}, FID: {"object": fid}}


NOT_YET, NONE = "not yet", "n/a"
FAILED = "TCCDS failed on some clips; its published numbers are of the others."
FVI_KINDS = {"curve": "rand_curve", "object": "object_like_middle"}
FACE_KINDS = {"curve": "test_rand_curve", "object": "test_object_like", "box": "test_bbox"}
EDGE_CONNECT = ("{}_edge_connect_edges", "{}_edge_connect_frames", "{}_edge_connect")


def _edge_connect(data: str) -> tuple[str, ...]:
    return tuple(name.format(data) for name in EDGE_CONNECT)


# Source: Chang et al. 2019, Tables 1 and 2.
TABLES = {
    ("table1", "fvi"): PaperTable(
        "Table 1, FVI",
        "paper_fvi",
        FVI_KINDS,
        FAILED,
        {
            "tccds": Row(
                "TCCDS", (), _scores((0.0220, 0.0110), (0.2838, 0.2595), (2.1052, 1.2979)), "none", method="tccds"
            ),
            "edge_connect": Row(
                "EC",
                _edge_connect("fvi"),
                _scores((0.0048, 0.0075), (0.1204, 0.1398), (1.0334, 1.0754)),
                "20M / 6M",
            ),
            "combcn": Row(
                "CombCN", ("fvi_combcn",), _scores((0.0021, 0.0048), (0.0795, 0.2054), (0.7669, 1.0908)), "16M / none"
            ),
            "gated3d": Row(
                "3DGated", ("fvi_gated3d",), _scores((0.0025, 0.0056), (0.0522, 0.1078), (0.6096, 0.9050)), "36M / 18M"
            ),
            "lgtsm": Row(
                "LGTSM", ("fvi_lgtsm",), _scores((0.0028, 0.0065), (0.0569, 0.1086), (0.6436, 0.9323)), "12M / 6M"
            ),
        },
    ),
    ("table1", "face_forensics"): PaperTable(
        "Table 1, FaceForensics",
        "paper_faceforensics",
        FACE_KINDS,
        FAILED,
        {
            "tccds": Row(
                "TCCDS",
                (),
                _scores((0.0031, 0.0096, 0.0055), (0.0566, 0.1240, 0.1260), (1.281, 1.107, 1.013)),
                "none",
                method="tccds",
            ),
            "edge_connect": Row(
                "EC",
                _edge_connect("faceforensics"),
                _scores((0.0022, 0.0074, 0.0019), (0.0562, 0.0761, 0.0335), (0.848, 0.946, 0.663)),
                "20M / 6M",
            ),
            "combcn": Row(
                "CombCN",
                ("faceforensics_combcn",),
                _scores((0.0012, 0.0047, 0.0016), (0.0483, 0.1353, 0.0708), (0.704, 0.913, 0.742)),
                "16M / none",
            ),
            "gated3d": Row(
                "3DGated",
                ("faceforensics_gated3d",),
                _scores((0.0008, 0.0048, 0.0018), (0.0276, 0.0743, 0.0395), (0.472, 0.766, 0.663)),
                "36M / 18M",
            ),
            "lgtsm": Row(
                "LGTSM",
                ("faceforensics_lgtsm",),
                _scores((0.0012, 0.0053, 0.0020), (0.0352, 0.0770, 0.0432), (0.601, 0.782, 0.681)),
                "12M / 6M",
            ),
        },
    ),
    ("table2", "fvi"): PaperTable(
        "Table 2, FVI",
        "paper_fvi",
        {"object": "object_like_middle"},
        "The published numbers belong to another test set than Table 1's: LGTSM has LPIPS 0.1213 here, 0.1086 there.",
        {
            "conv3d_gan": Row("3-D, gated, GAN", ("ablation/conv3d_gan",), _table_2(0.1209, 1.034), "36M + 18M"),
            "tsm_gan": Row("TSM, GAN", ("ablation/tsm_gan",), _table_2(0.2048, 1.303), "12M + 6M"),
            "gtsm": Row("TSM, gated", ("ablation/gtsm",), _table_2(0.1660, 1.198), "12M"),
            "gtsm_gan": Row("TSM, gated, GAN", ("ablation/gtsm_gan",), _table_2(0.1256, 1.091), "12M + 6M"),
            "lgtsm_gan": Row("learnable, gated, GAN", ("ablation/lgtsm_gan",), _table_2(0.1213, 1.039), "12M + 6M"),
        },
    ),
}


def paper_blocks(table: PaperTable, documents: Mapping[str, dict[str, Any]], settings: str) -> list[Block]:
    """Put our scores beside the published ones.

    Args:
        table: the published one.
        documents: row -> content of its evaluation's metrics.json, or of none yet.
        settings: a sentence on how ours were trained and scored.

    Returns:
        a heading, sentences and a table: a row for each score and kind, a column for each method, "ours / published".
    """
    compares = bool(documents) and all(of["protocol"]["published_test_set"] for of in documents.values())
    explained = "Each cell: ours / published. " + settings
    if not compares:
        explained += " **The clips are not the published test set, so the two do not compare; orders may.**"
    rows, reasons = [], dict[str, None]()
    published = next(iter(table.rows.values())).published
    shown = dict[str, None]()
    for score in (*published, *UNPUBLISHED):
        for kind, own_kind in table.kinds.items():
            cells = []
            for name, row in table.rows.items():
                text, why = _ours(documents.get(name), score, own_kind)
                reasons |= dict.fromkeys([why] if why else [])
                cells.append(f"{text} / {_short(score, row.published[score][kind])}" if score in published else text)
            if score in published or any(cell not in (NOT_YET, NONE) for cell in cells):
                rows.append([_title(score), kind, *cells])
                shown[FID_OF_BINS if score == FID else score] = None
    costs = []
    for name, row in table.rows.items():
        cost = documents[name]["efficiency"].values() if name in documents else ()
        own = next((of.get("parameters") for of in cost), NOT_YET)
        costs.append(f"{f'{own / 1e6:.2f}M' if isinstance(own, int) and own else own or 'none'} / {row.parameters}")
    rows.append(["parameters (published: and of the discriminator)", "", *costs])
    return [
        Heading(table.name, 1),
        Text(explained),
        Table(["score", "hole", *(row.title for row in table.rows.values())], rows),
        *([Text(f"{NONE}: {'; '.join(reasons)}.")] if reasons else []),
        Text(table.note),
        Heading("What the scores mean"),
        legend(list(shown)),
    ]


def _title(score: str) -> str:
    """Return a score's title; that of the paper's FID says that it is a mean."""
    return title(FID_OF_BINS if score == FID else score)


def _ours(document: dict[str, Any] | None, score: str, kind: str) -> tuple[str, str | None]:
    """Return one number of ours as text, and the reason if there is none."""
    if document is None:
        return NOT_YET, None
    (groups,) = document["scores"].values()
    of = groups.get(kind, {})
    names = [FID_OF_BINS, FID] if score == FID else [score]
    found: dict[str, Any] = next((of[name] for name in names if name in of), {})
    return (column(score).form.format(found["mean"]) if "mean" in found else NONE), found.get("unavailable")


def _short(score: str, number: float) -> str:
    """Return a published number with as many digits as were published."""
    text = column(score).form.format(number)
    return text.rstrip("0") if score in ("mse", FID) else text
