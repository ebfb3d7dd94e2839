"""Where money is decided by how free it is: tiers down, grades across, each cell with its amount and share."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.money import spoken
from ledger.reports.chart_marks import at_percent
from ledger.reports.summary import Picture, cell_shares, matrix_with_totals, percent
from screens.report.tables import Cell, Link, Money, Share, Table, composed
from screens.web.charts import kit

GRADES: Mapping[str, str] = {
    "none": "No ring-fence",
    "monitored": "Monitored",
    "soft": "Soft",
    "hard": "Hard",
    "statutory": "Statutory",
    "not graded": "Not graded",
}
_IN_A_WORD = "replace(replace(datum.label, 'No ring-fence', 'None'), 'Not graded', 'No terms')"
_ROW_HEIGHT = 62
_DARK = 70


def matrix(found: Picture, *, name: str, sentence: str, key: str, under: str | None, year: int) -> None:
    """The devolution matrix, with its table.

    Args:
        found: the picture that holds it.
        name: the chart's name.
        sentence: what it shows.
        key: a fixed name for the widget and its file.
        under: whose money it is, for the links of its figures.
        year: of which year.
    """

    def cell(tier: str, grade: str | None, pence: int) -> Link:
        code = found.tiers.get(tier)
        return composed(Money(pence, in_millions=True), under=under, year=year, tier=code, grade=grade)

    grades, rows = matrix_with_totals(found)
    titles = [GRADES.get(grade, grade) for grade in grades]
    shares = cell_shares(found)
    headers = ["Decided at", *(f"{title} (£ million)" for title in titles), "Total (£ million)", "Share of all"]
    lines: list[tuple[Cell, ...]] = [
        (
            tier,
            *(cell(tier, grade, pence) for grade, pence in zip((*grades, None), amounts, strict=True)),
            Share(shares.get((tier, ""))),
        )
        for tier, amounts in rows
    ]
    cells = [
        {
            "tier": _short(tier),
            "grade": GRADES.get(grade, grade),
            "percent": at_percent(share),
            "amount": spoken(pence),
            "share": percent(share),
        }
        for tier, amounts in rows[:-1]
        for grade, pence in zip(grades, amounts, strict=False)
        if (share := shares.get((tier, grade))) is not None and pence
    ]
    tiers = [_short(tier) for tier, _ in rows[:-1]]
    kit.frame(
        name,
        sentence,
        lambda alt: kit.vega(_spec(cells, tiers, titles), alt=alt, key=key, height=_ROW_HEIGHT * len(tiers)),
        Table(name, headers, lines, has_total=True),
        file_name=key,
    )


def _short(tier: str) -> str:
    """A tier's short name, where it gives one in brackets: ICB."""
    before, bracket, after = tier.partition(" (")
    return after.removesuffix(")") if bracket else before.removesuffix(" partnership")


def _spec(cells: Sequence[Mapping[str, Any]], tiers: Sequence[str], titles: Sequence[str]) -> dict[str, Any]:
    place: dict[str, Any] = {
        "y": {
            "field": "tier",
            "type": "nominal",
            "sort": list(tiers),
            "title": None,
            "axis": {"labelLimit": 110, "ticks": False},
        },
        "x": {
            "field": "grade",
            "type": "nominal",
            "sort": list(titles),
            "title": None,
            "axis": {
                "orient": "top",
                "labelAngle": 0,
                "labelOverlap": False,
                "ticks": False,
                # On a telephone there is room for a word.
                "labelExpr": f"{kit.NARROW} ? {_IN_A_WORD} : datum.label",
                "labelFontSize": {"expr": f"{kit.NARROW} ? 10 : 13"},
            },
            "scale": {"domain": list(titles)},
        },
    }
    ink = {"condition": {"test": f"datum.percent > {_DARK}", "value": "#FFFFFF"}, "value": kit.INK}
    return {
        "data": kit.data(cells),
        "encoding": place,
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 3, "stroke": kit.MAIN, "strokeWidth": 1},
                "encoding": {
                    "color": {
                        "field": "percent",
                        "type": "quantitative",
                        "scale": {"domain": [0, 100], "range": ["#EEF4FA", "#6BACE6", kit.MAIN]},
                        "legend": None,
                    }
                },
            },
            {
                "mark": {
                    "type": "text",
                    "dy": {"expr": f"{kit.NARROW} ? 0 : -8"},
                    "fontSize": 12,
                    "fontWeight": "bold",
                },
                "encoding": {"text": {"field": "share"}, "color": ink},
            },
            {
                # There is no room for it on a telephone; the table has it.
                "mark": {"type": "text", "dy": 10, "fontSize": 12, "opacity": {"expr": f"{kit.NARROW} ? 0 : 1"}},
                "encoding": {"text": {"field": "amount"}, "color": ink},
            },
        ],
    }
