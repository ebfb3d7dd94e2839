"""The National page's trend, peers and alerts say what the command line says, to the penny."""

import json
import re
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from allocations.shares import national
from allocations.shares.national import ABOVE, BELOW, Threshold
from ledger.entries import posting
from ledger.money import exact_pounds
from ledger.reports.position import moment
from ledger.store.base import Store
from screens.report.report import share
from screens.web.charts import kit
from tests.books import at, entry, new_terms, term
from tests.screens.pages import asked, document, no_leftovers, page, said, tables, well
from tests.shelves import small_file

__all__ = ["no_leftovers"]


@pytest.fixture
def moving(tmp_path: Path) -> Path:
    """A small year in which money and terms move."""
    path = tmp_path / "moving.duckdb"
    with Store.open(small_file(path, funded=True)) as store:
        late = term("winter", "hard", effective_from=date(2025, 6, 1), notified_on=date(2025, 6, 1), recurrent=False)
        posting.post(store, [
            new_terms(late),
            entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 100_000, day=date(2025, 6, 10)),
            entry("devolve", at("ICB1", "core"), at("P1", "core"), 150_000, day=date(2025, 9, 1)),
        ])  # fmt: skip
    return path


def test_the_trend_of_the_page_is_the_trend_of_the_command(monkeypatch: pytest.MonkeyPatch, moving: Path) -> None:
    app = page(monkeypatch, "national", moving, trend_of="ICB1")
    rows = document("trend", "--organisation", "ICB1", "--ledger", moving)["rows"]
    assert len(rows) == 12
    shown = tables(app)
    for row in rows:
        assert f'"{exact_pounds(row["total_pence"])}"' in shown
        assert f"as_at={row['as_at']}" in shown
    assert {row["total_pence"] for row in rows} == {600_000, 700_000}
    assert rows[-1]["in_year_share"] == rows[-1]["non_recurrent_share"] == pytest.approx(1 / 7)
    assert "First ICB: between 30 April 2025 and 31 March 2026" in said(app)
    assert "notified in the year went from 0.0% to 14.3%; non-recurrent went from 0.0% to 14.3%" in said(app)
    assert "devolved went from 0.0% to 21.4%" in said(app)


def test_the_page_watches_pots_and_its_own_limits_can_be_passed(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    """At the limits that nobody set a tenth of 42 ICBs are beyond each; England stands in the same table."""
    app = page(monkeypatch, "national", demo_ledger, watched="QWO", part="all")
    assert "alerts on" in app.warning[0].value
    assert "All ICBs together: " in said(app)
    answer = document("national", "--pots", "--ledger", demo_ledger)
    assert f"Of {len(answer['rows']):,} pots at ICBs the books record some use of 0." in said(app)
    notice, ended = answer["notice"], answer["discontinued"]
    assert notice["before"] + notice["in_year"] + notice["not_known"] == notice["pots"] > 42
    # The demo holds one year alone, so nobody can tell what goes on in the next.
    assert (ended["of"], ended["not_known"], ended["share"]) == (0, notice["pots"], None)
    assert "How many of them end is not known: no ICB has money of 2026/27 in these books." in said(app)
    own = [row for row in answer["rows"] if row["icb"] == "QWO"]
    shown = tables(app)
    assert all(exact_pounds(row["not_reported_pence"]) in shown for row in own)
    assert sum(row["allocated_pence"] for row in answer["rows"]) == 16_024_116_447_831


def test_every_icb_stands_side_by_side_over_the_months(monkeypatch: pytest.MonkeyPatch, moving: Path) -> None:
    """The first ICB has 1,000 of winter money, which is hard, beside 6,000 from June on; the second has 4,000 of core."""
    rows = document("trend", "--every-icb", "--ledger", moving)["rows"]
    assert {row["icb"] for row in rows} == {"ICB1", "ICB2"}
    tied = {icb: [row["ring_fenced_share_with_soft"] for row in rows if row["icb"] == icb] for icb in ("ICB1", "ICB2")}
    assert tied["ICB1"] == pytest.approx([0, 0, *[1 / 7] * 10])
    (alone,) = [
        [
            row["ring_fenced_share_with_soft"]
            for row in document("trend", "--organisation", "ICB2", "--ledger", moving)["rows"]
        ]
    ]
    assert tied["ICB2"] == alone
    drawn: list[dict[str, Any]] = []
    monkeypatch.setattr(kit, "vega", lambda spec, **_: drawn.append(spec))
    app = page(monkeypatch, "national", moving, part="each")
    assert "lowest 0.0%, median 7.1%, highest 14.3%" in said(app)
    assert "Median ICB" in tables(app)
    # England, which is all ICBs together, on top: 1,000 of 10,000 from June on. Then the most tied.
    whole = [row["ring_fenced_share_with_soft"] for row in document("trend", "--ledger", moving)["rows"]]
    assert whole == pytest.approx([0, 0, *[1 / 10] * 10])
    cells = [cell for spec in drawn for cell in spec.get("data", {}).get("values", []) if {"level", "point"} <= {*cell}]
    levels: dict[str, list[float]] = {}
    for cell in cells:
        levels.setdefault(cell["label"], []).append(cell["level"] / 100)
    assert list(levels) == ["All ICBs together", "First", "Second"]
    assert list(levels.values()) == [pytest.approx(line) for line in (whole, tied["ICB1"], tied["ICB2"])]


def test_each_part_is_shown_alone_and_no_table_is_in_none(monkeypatch: pytest.MonkeyPatch, moving: Path) -> None:
    def named(**query: str) -> set[str]:
        app = page(monkeypatch, "national", moving, icb="ICB1", **query)
        return set(re.findall("<caption>([^<]+)<", tables(app)))

    every = ("ranked", "map", "regions", "beside", "why", "alerts", "pots", "trend", "each", "targets")
    parts = {part: named(part=part) for part in every}
    assert named() == parts["ranked"]
    assert named(part="all") == set().union(*parts.values())
    # An address of before there were parts shows what it asks for.
    assert named(over="months") == named(trend_of="ICB1") == parts["trend"]


def test_what_was_not_yet_recorded_is_said_and_not_zero(monkeypatch: pytest.MonkeyPatch, moving: Path) -> None:
    app = page(monkeypatch, "national", moving, clock="then")
    assert any("Nothing of it was recorded in these books by any of these points" in info.value for info in app.info)
    over = next(radio for radio in app.radio if radio.key == "clock")
    well(over.set_value("now").run())
    assert "clock" not in app.query_params
    assert "none of these shares changed" not in said(app)


def test_years_stand_beside_each_other(monkeypatch: pytest.MonkeyPatch, moving: Path) -> None:
    app = page(monkeypatch, "national", moving, over="years")
    assert "there is one point so far, 31 March 2026" in said(app)
    assert asked(app, "over") == "years"
    (row,) = document("trend", "--over", "years", "--ledger", moving)["rows"]
    assert (row["year"], row["total_pence"]) == ("2025/26", 1_000_000)


def test_the_alerts_of_the_page_are_those_of_the_command(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, "national", demo_ledger, tied="31", free="22", away="6")
    options = ("--above", "ring_fenced_share_with_soft=31", "--below", "untied_devolved_share=22", "--above")
    answer = document("national", *options, "closing_distance=6", "--ledger", demo_ledger)
    assert {alert["measure"] for alert in answer["alerts"]} == {
        "ring_fenced_share_with_soft", "untied_devolved_share", "closing_distance",
    }  # fmt: skip
    codes = {alert["icb"] for alert in answer["alerts"]}
    assert f"{len(answer['alerts'])} alerts on {len(codes)} of 42 ICBs." in app.warning[0].value
    alerts = next(html.body for html in app.html if "<caption>Alerts<" in html.body)
    assert alerts.count("<tr") - 1 == len(answer["alerts"])
    found = _alerts(demo_ledger)
    for alert in answer["alerts"]:
        assert f">{alert['name']}<" in alerts
        part = next(one.value for one in found if one.code == alert["icb"])
        assert share("").text(part).lstrip("+") in alerts


def _alerts(ledger: Path) -> list[national.Alert]:
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        rows = national.standings(reader, moment(reader), 2025)
    limits = [national.threshold("ring_fenced_share_with_soft=31", ABOVE), national.threshold("closing_distance=6", ABOVE),
              national.threshold("untied_devolved_share = 22%", BELOW)]  # fmt: skip
    return national.alerts(rows, limits)


def test_the_ranking_of_the_page_is_that_of_the_command(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    rows = document("national", "--rank", "devolved_share", "--region", "london", "--ledger", demo_ledger)["rows"]
    shown = tables(page(monkeypatch, "national", demo_ledger, measure="devolved_share", whom="London"))
    places = [shown.index(f">{row['name']}<") for row in rows]
    assert (len(rows), places) == (5, sorted(places))
    for row in rows:
        assert f"under={row['icb']}&amp;year=2025" in shown


@pytest.mark.parametrize("part", ["ranked", "map", "targets"])
def test_an_icb_of_later_boundaries_leads_nowhere_and_all_others_do(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, part: str
) -> None:
    def led(**asks: str) -> set[str]:
        return set(
            re.findall(r'href="[^"]*(?:icb|why)=(\w+)"', tables(page(monkeypatch, "national", demo_ledger, **asks)))
        )

    now = led(part=part)
    assert len(now) == 42
    # Counted by hand: of 36 ICBs from 1 April 2026 six are new, made of twelve that are no more.
    assert now > led(part=part, icbs="2026-04-01")
    assert len(led(part=part, icbs="2026-04-01")) == 30


def test_one_icb_is_beside_its_peers_and_region(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, "national", demo_ledger, icb="QWO", part="beside")
    near = document("national", "--peers-of", "QWO", "--ledger", demo_ledger)["rows"]
    assert len(near) == 6
    told = next(text.value for text in app.markdown if text.value.startswith("Its peers are"))
    assert all(row["name"] in told for row in near if row["icb"] != "QWO")
    shown = next(html.body for html in app.html if "Beside others" in html.body)
    assert ">26 of 42<" in shown
    # Nothing was notified in the year anywhere, so all share the first place.
    assert ">1 of 42, with 41 others<" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--region", "Atlantis"), "there is no region 'Atlantis'"),
        (("--peers-of", "QXX"), "there is no ICB 'QXX' with money of this year"),
    ],
)
def test_who_is_not_there_is_refused(demo_ledger: Path, arguments: tuple[str, str], words: str) -> None:
    result = CliRunner().invoke(devolution.app, ["national", *arguments, "--ledger", str(demo_ledger), "--json"])
    assert result.exit_code == 1
    assert words in json.loads(result.stdout)["problems"][0]["found"]


@pytest.mark.parametrize("limit", ["tied=3", "devolved_share", "devolved_share=much", "devolved_share=NaN"])
def test_a_limit_that_cannot_be_read_is_wrong_usage(demo_ledger: Path, limit: str) -> None:
    result = CliRunner().invoke(devolution.app, ["national", "--above", limit, "--ledger", str(demo_ledger)])
    assert result.exit_code == 2
    with pytest.raises(ValueError, match=r"names no measure|is not a number of percent"):
        national.threshold(limit, ABOVE)


def test_a_limit_is_read_exactly() -> None:
    assert national.threshold("devolved_share=12.5%", BELOW) == Threshold("devolved_share", Fraction(1, 8), BELOW)
