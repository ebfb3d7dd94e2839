"""Tables, their files, the address, and charts that any Vega-Lite would draw."""

import csv
import io
from datetime import date
from fractions import Fraction
from typing import Any

import altair as alt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screens.report.render import csv as as_csv
from screens.report.render import page
from screens.report.report import Column, Link, Table, columns, count, day, money, ratio, share, text
from screens.report.shares import PerHead
from screens.web.charts import bars, dots, flows, heat, kit, lines

EMPTY = Table("Nothing", columns("A"), [])


@pytest.mark.parametrize(
    ("column", "cell", "shown", "in_file"),
    [
        (money("£"), 123_456_789, "1,234,567.89", "1234567.89"),
        (money("£"), -5_600, "-56.00", "-56.00"),
        (money("£"), None, "not available", ""),
        (money("£ million"), 660_000_000_000, "6,600.0", "6600000000.00"),
        (money("£"), "no change", "no change", "no change"),
        (share("S"), Fraction(1, 3), "33.3%", "0.333333"),
        (share("S", signed=True), Fraction(-1, 100), "-1.0%", "-0.010000"),
        (share("S", missing="not defined"), None, "not defined", ""),
        (ratio("R"), Fraction(1043, 1000), "1.043", "1.043000"),
        (day("D"), date(2025, 4, 1), "1 April 2025", "2025-04-01"),
        (count("C"), 1234, "1,234", "1234"),
        (count("C"), None, "not available", ""),
        (text("T"), "=1+1", "=1+1", "'=1+1"),
        (text("Year", "year"), 2025, "2025/26", "2025/26"),
        (money("£"), Link(100, "audit", {"entry": 4}), "1.00", "1.00"),
    ],
)
def test_cells_are_written_for_people_and_for_files(column: Column, cell: Any, shown: str, in_file: str) -> None:
    assert column.text(cell) == shown
    assert as_csv.in_file(column, cell) == in_file


@given(st.lists(st.tuples(st.text(max_size=12), st.integers(-(10**14), 10**14)), max_size=8))
def test_a_file_holds_the_exact_amounts_and_no_formula(rows: list[tuple[str, int]]) -> None:
    content = as_csv.document(Table("T", columns("Name", "Amount (£ million)"), rows))
    header, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    assert header == ["Name", "Amount (£)"]
    assert [round(float(line[1]) * 100) for line in lines] == [pence for _, pence in rows]
    assert not any(line[0].startswith(("=", "+", "-", "@", "\t", "\r")) for line in lines)


def test_html_is_named_linked_and_escaped() -> None:
    table = Table(
        "A <b>", columns("Who", "How much (£)"), [("<script>", Link(1, "audit", {"fund": "a&b", "year": None}))]
    )
    html = page.as_html(table)
    assert "<script>" not in html
    assert "<caption>A &lt;b&gt;</caption>" in html
    assert 'href="audit?fund=a%26b"' in html
    assert 'scope="row"' in html
    assert 'data-label="How much (£)"' in html


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What is drawn, in place of a page: each specification, with its name for those who do not see it."""
    found: list[dict[str, Any]] = []

    def draw(spec: dict[str, Any], *, alt: str, key: str, height: int) -> None:
        found.append({"spec": spec, "alt": alt, "height": height})

    def frame(name: str, sentence: str, draw: Any, table: Table, **_: Any) -> None:
        draw(f"{name}. {sentence}")

    monkeypatch.setattr(kit, "vega", draw)
    monkeypatch.setattr(kit, "frame", frame)
    return found


def test_charts_are_valid_vega_lite_with_a_name(drawn: list[dict[str, Any]]) -> None:
    from screens.report.marks import bridge as spans

    told = {"name": "N", "sentence": "S.", "table": EMPTY, "key": "k"}
    some = [bars.Bar("NHS A ICB", 1.5, "1.5%", is_marked=True), bars.Bar("B", -2.0, "-2.0%"), bars.Bar("C", None, "")]
    bars.ranked(some, axis="%", marked="A", **told)
    bars.distances(some, axis="%", **told)
    flows.bridge(spans(("a", 100), [("b", -20)], ("c", 80)), name="N", sentence="S.", key="k")
    lines.lorenz([(0, 0), (50, 20), (100, 100)], things="Pots", **told)
    flows.tiles([flows.Tile("Q1", "One", 0, 0, 3.0, "3%"), flows.Tile("Q2", "Two", 1, 0, None, "none")], **told)
    bars.spreads([bars.Range("A", 0, 1, 2, 1.5, "£1")], middle="Mean", mark="Fair", **told)
    bars.tornado([bars.Swing("a", -1, 1, "")], centre=0.5, axis="%", **told)
    heads = [
        PerHead("A", {"Historic": 950, "Fair share": 1000, "Issued": 1010}, Fraction(1, 100)),
        PerHead("B", {"Fair share": 800}, None),
        PerHead("Nobody is registered", {}, None),
    ]
    heat.by_time(["Apr 25", "May 25"], {"A": [Fraction(1, 3), None]}, scale="%", **told)
    assert [(one["label"], one["figure"]) for one in drawn[-1]["spec"]["data"]["values"]] == [("A", "33.3%")]
    dots.per_head(heads, **told)
    assert [(one["label"], one["what"], one["at"]) for one in drawn[-1]["spec"]["data"]["values"]] == [
        ("A", "Historic", 9.5), ("A", "Fair share", 10.0), ("A", "Issued", 10.1), ("B", "Fair share", 8.0),
    ]  # fmt: skip
    lines.lines(
        ["Apr 25", "May 25"], {"One": [1.0, None], "Two": [None, None]}, ["#111111", "#222222"], axis="%", **told
    )
    assert len(drawn) == 10
    # A point without a value is a gap, and never nothing.
    assert drawn[-1]["spec"]["data"]["values"] == [{"point": "Apr 25", "line": "One", "length": 1.0}]
    for one in drawn:
        assert one["alt"] == "N. S."
        alt.Chart.from_dict({**one["spec"], "height": one["height"], "config": dict(kit._CONFIG)}).to_dict()


@given(st.lists(st.floats(-1e6, 1e6), max_size=6))
def test_an_axis_holds_all_bars_and_nothing(lengths: list[float]) -> None:
    low, high = kit.room(lengths)
    assert low < high
    assert low <= 0 <= high
    assert all(low <= length <= high for length in lengths)


def test_bridges_that_are_compared_have_one_axis_on_the_page(drawn: list[dict[str, Any]]) -> None:
    from screens.report.marks import bridge as spans

    small, large = spans(("a", 100), [("b", 100)], ("c", 200)), spans(("a", 100), [("b", 300)], ("c", 400))
    for each in (small, large):
        flows.bridge(each, name="N", sentence="S.", key="k", beside=[small, large])
    domains = [one["spec"]["layer"][0]["encoding"]["x"]["scale"]["domain"] for one in drawn]
    assert domains[0] == domains[1]
    assert domains[0][1] >= large[-1].to_millions


def test_a_long_table_begins_with_ten_rows_and_a_telephone_with_three_and_its_whole_is_always_there() -> None:
    def folded(number: int, *, has_total: bool = False) -> tuple[int, int, int]:
        rows = [*((f"Row {place}", place) for place in range(number)), *([("All", 0)] if has_total else [])]
        html = page.as_html(Table("T", columns("Name", count("N")), rows, has_total=has_total), folds=True)
        return html.count("later"), html.count("soon"), html.count(f"Show all {number} rows: T")

    assert folded(4) == (0, 0, 0)
    assert folded(5) == (0, 2, 1)
    assert folded(12) == (0, 9, 1)
    # The tenth row is the last that is shown at once.
    assert folded(13) == (3, 10, 1)
    assert folded(13, has_total=True) == (3, 10, 1)
    whole = page.as_html(Table("T", columns("Name"), [(f"Row {place}",) for place in range(40)]))
    assert "Show all" not in whole
    assert "later" not in whole


def test_a_table_of_many_columns_is_shown_as_cards() -> None:
    def html(number: int) -> str:
        return page.as_html(Table("T", columns(*(f"C{place}" for place in range(number))), [("x",) * number]))

    assert 'class="broad"' not in html(14)
    assert 'class="broad"' in html(15)
    # One of seven is cut off by a tablet.
    assert 'class="wide"' not in html(6)
    assert 'class="wide"' in html(7)


def test_a_card_of_a_wide_table_keeps_the_amount_that_ends_its_row() -> None:
    def left_out(*last: str) -> int:
        heads = columns(*(f"C{place}" for place in range(7)), *last)
        return page.as_html(Table("T", heads, [("x",) * 7 + (100,) * len(last)]), folds=True).count("besides")

    # Five stand on a card: the name, and four that are told.
    assert left_out() == 2
    assert left_out("Amount (£)") == 2


def test_a_long_name_takes_two_lines_where_there_is_little_room() -> None:
    def lines(name: str) -> str:
        return str(kit.names([{"label": name}])["axis"]["labelExpr"])

    # By hand: the break that leaves the shorter lines.
    assert '["Bedfordshire, Luton", "and Milton Keynes"]' in lines("Bedfordshire, Luton and Milton Keynes")
    assert '["MIDDLETON AND", "HUNSLET PCN"]' in lines("MIDDLETON AND HUNSLET PCN")
    assert "[" not in lines("West Yorkshire").replace("[0]", "").replace("[datum.label]", "")


def test_the_bars_of_every_panel_lead_on(drawn: list[dict[str, Any]]) -> None:
    led = Table("T", columns("Who"), [(Link("NHS A ICB", "national", {"part": "why", "why": "QA"}),), ("B",)])
    some = {"North": [bars.Bar("NHS A ICB", 5.0, "5%")], "South": [bars.Bar("B", 7.0, "7%")]}
    lines.multiples(some, name="N", sentence="S.", table=led, key="k")
    found = [[row.get("href") for row in one["spec"]["data"]["values"]] for one in drawn]
    assert found == [["national?part=why&why=QA"], [None]]


def test_a_mark_leads_where_its_row_in_the_table_leads(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr(kit, "vega", lambda spec, **_: drawn.append(spec))
    monkeypatch.setattr(kit, "frame", lambda name, sentence, draw, *_, **__: draw(f"{name} {sentence}"))
    led = Table("T", columns("Who", "Amount (£)"), [
        ("NHS One ICB", Link(5, "audit", {"view": "made", "under": "A"})), ("Two", 7)
    ])  # fmt: skip
    some = [bars.Bar("NHS One ICB", 5.0, "5"), bars.Bar("Two", 7.0, "7")]
    for table in (led, Table("T", columns("Who"), [("One",), ("Two",)])):
        bars.ranked(some, name="N", sentence="S.", axis="£", table=table, key="k")
    with_ways, without = drawn
    found = [(row["label"], row["href"]) for row in with_ways["data"]["values"]]
    assert found == [("One", "audit?view=made&under=A"), ("Two", "")]
    assert with_ways["encoding"]["href"]["field"] == "href"
    assert "href" not in without["encoding"]
    alt.Chart.from_dict(with_ways)
