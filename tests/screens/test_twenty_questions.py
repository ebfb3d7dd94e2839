"""The twenty questions of finance leads, boards, networks and the national team: each asked by command and by page.

They are asked of the demo, of figures that need no ledger, and of a year of an ICB that is made up
(``tests/year_of_an_icb.py``), whose right answers are worked out by hand beside it. What nobody has the data for is
said in the product, and that sentence is asserted.
"""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import devolution
from allocations.files.register.beginning import begin, beginning
from allocations.shares import pace
from allocations.shares.pace import Curve, PacePlan
from ledger.money import exact_pounds
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests import year_of_an_icb as year
from tests.screens.importing import field
from tests.screens.pages import ROOT, document, no_leftovers, page, said, tables, well
from tests.screens.test_year_of_an_icb import brought_by_register

__all__ = ["no_leftovers"]
ICB, LAST = year.ICB, "2026-03-31"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up year, in a ledger of the ICB's own."""
    begun = tmp_path_factory.mktemp("twenty") / "begun.duckdb"
    with Store.create(begun) as store:
        begin(store, beginning(FinancialYear(2025), [ICB]))
        store.checkpoint()
    return brought_by_register(begun, year.decisions(), "own")


def told(*arguments: object) -> str:
    """What a command says to people."""
    done = CliRunner().invoke(devolution.app, [str(one) for one in arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.stderr
    return done.stdout


def by(rows: Sequence[dict[str, Any]], name: str, value: object) -> dict[str, Any]:
    (found,) = [row for row in rows if row[name] == value]
    return found


def received(number: int) -> int:
    """What a pot received, in pence."""
    return year.pounds(number) * 100


def seen(app: AppTest) -> str:
    """All that a page says: sentences, texts, figures and tables."""
    texts = [one.value for one in (*app.text, *app.metric, *app.info, *app.success, *app.warning)]
    return "\n".join([said(app), tables(app), *texts])


def shows(app: AppTest, rows: Sequence[dict[str, Any]], most: int = 12) -> None:
    """A page shows the amounts of the rows that a command answers with, as far as its tables go."""
    whole = seen(app)
    amounts = [pence for row in rows[:most] for name, pence in row.items() if name.endswith("_pence")]
    assert [pence for pence in amounts if pence is not None]
    for pence in amounts:
        # Rounded, with the penny for programs; or to the penny, where it is traced.
        assert pence is None or any(f"{a}{exact_pounds(pence)}{b}" in whole for a, b in ('""', "><"))


# What the invoices of a month come to, in pence.
INVOICE = 30_000_25


def test_1_fair_share_historic_and_issued_by_place(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """£300.0m go to places, Bradford's 27% are £81.0m; what was there before the year nobody has recorded."""
    asked = ("schedule", "--icb", ICB, "--fund", "core-community", "--to", "place", "--ledger", own)
    rows = [row for row in document(*asked)["rows"] if row["fund"] == "core-community" and not row["is_sum"]]
    issued = {row["organisation"]: row["issued_pence"] for row in rows}
    assert issued[year.BRADFORD] == 81_000_000_00
    assert sum(issued.values()) == sum(row["fair_pence"] for row in rows) == 300_000_000_00
    weights = sum(row["weighted_people"] for row in rows)
    bradford = by(rows, "organisation", year.BRADFORD)
    fair = Decimal(bradford["weighted_people"]) * 300_000_000 / weights
    assert abs(fair * 100 - bradford["fair_pence"]) < 50_000  # people are shown whole
    assert bradford["closing_distance_pence"] == bradford["issued_pence"] - bradford["fair_pence"]
    assert bradford["historic_pence"] is None
    assert "not available" in told(*asked)
    assert "Bradford" in tables(page(monkeypatch, "places", own, icb=ICB, line="core-community", part="all"))


def test_2_what_of_the_letter_is_unexplained(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In month 6 four pots and an instalment of £2.5m came, none with a line of a letter; one line is anticipated."""
    answer = document("month", "show", "2025-09", "--organisation", ICB, "--ledger", own)
    came = sum(received(number) for number in range(36, 40)) + 2_500_000_00
    assert answer["totals"]["came_pence"] == answer["totals"]["unexplained_pence"] == came
    assert answer["totals"]["anticipated_pence"] == 1_900_000_00
    assert answer["totals"]["notified_pence"] == 0
    assert by(answer["rows"], "reference", "M6/090")["notified_on"] is None
    shown = tables(page(monkeypatch, "month", own, year="2025", icb=ICB, of="2025-09", part="all"))
    assert f'"{exact_pounds(1_900_000_00)}"' in shown


def test_3_floors_caps_and_what_remains(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Worked again: the allocations come to the quantum; those at the floor grow by the floor, and nobody beyond it."""
    answer = document("pace", ROOT / "docs" / "pace_of_change_example.yaml")
    rows = answer["rows"]
    assert sum(row["amount_pence"] for row in rows) == answer["quantum_pence"]
    at_floor = [row for row in rows if row["limit"] == "floor"]
    assert {row["organisation"] for row in at_floor} == set(answer["at_floor"])
    assert answer["at_cap"] == [] == [row for row in rows if row["limit"] == "cap"]
    least = min(row["growth"] for row in rows)
    assert all(abs(row["growth"] - least) < 1e-6 for row in at_floor)
    for row in rows:
        distance = row["amount_pence"] / row["target_pence"] - 1
        assert abs(distance - row["closing_distance"]) < 1e-9
    app = page(monkeypatch, "national", own, year="2025", part="targets")
    file = ROOT / "docs" / "pace_of_change_example.yaml"
    well(field(app.file_uploader, "A pace of change").set_value((file.name, file.read_bytes(), "")).run())
    shows(app, [{"amount_pence": row["amount_pence"]} for row in rows])
    years = {one["distance"]: one["years"] for one in answer["within"]}
    assert f"within 2.5% of their targets in year {years['2.5%']}, and within 5% of their" in seen(app)


def test_3_when_everybody_is_near_target() -> None:
    """By hand: fair shares of £200 are £100 each; A begins at £120 and B at £80, and the whole does not grow.

    The curve takes 5% from A and gives 5% to B: £114 and £84 are £2 short, so both grow by a hundredth more and get
    £115.20 and £84.80, 15.2% from target. The year after they are at £110.32 and £89.68, which is 10.3%.
    """
    asked = PacePlan(
        {"A": 120_00, "B": 80_00}, {"A": Fraction(1, 2), "B": Fraction(1, 2)}, Fraction(0),
        Curve(((Fraction(-1, 100), Fraction(5, 100)), (Fraction(1, 100), Fraction(-5, 100)))), Fraction(-1, 10),
        Fraction(1, 10), unit_pence=1,
    )  # fmt: skip
    first = pace.plan(asked)
    assert [row.allocation_pence for row in first.rows] == [115_20, 84_80]
    near, never = Fraction(152, 1000), Fraction(0)
    assert pace.years_until_within(asked, first, [near, Fraction(151, 1000)]) == [1, 2]
    assert pace.years_until_within(asked, first, [Fraction(10)]) == [1]
    still = replace(asked, curve=Curve(((Fraction(0), Fraction(0)),)))
    assert pace.years_until_within(still, pace.plan(still), [never]) == [None]


def test_4_what_must_be_spent_by_31_march(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pot 21 has its money less one invoice; on 31 December there are 91 days, that day included."""
    answer = document("month", "show", "2025-12", "--organisation", ICB, "--ledger", own)
    pot = by(answer["deadlines"], "fund", year.pot(21))
    left = received(21) - INVOICE
    assert (pot["left_pence"], pot["spend_by"], pot["days_left"]) == (left, LAST, 91)
    assert abs(pot["rate_pence"] - Decimal(left) / 91) <= 1
    register = document("pots", "--organisation", ICB, "--year", "2025/26", "--ledger", own)["rows"]
    assert by(register, "fund", year.pot(21))["clawback"] == "what is not spent"
    shows(page(monkeypatch, "month", own, year="2025", icb=ICB, of="2025-12", part="all"), answer["deadlines"])
    arranged = page(monkeypatch, "month", own, year="2025", icb=ICB, view="arranged", part="all")
    assert ">what is not spent<" in tables(arranged)
    # It says of all that is arranged what the commands say.
    shows(arranged, register, most=len(register))
    for name in ("pools", "contracts", "instalments", "breakeven"):
        asked = document(name, "--organisation", ICB, "--year", "2025/26", "--ledger", own)
        if asked["rows"]:
            shows(arranged, asked["rows"])
    assert "No contract is recorded." in seen(arranged)


def test_5_what_recurs_next_year(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Running costs of £45.0m recur whole; what pot 21 received for once falls away."""
    answer = document("month", "show", "2026-03", "--organisation", ICB, "--ledger", own)
    running, pot = (by(answer["baselines"], "fund", fund) for fund in ("running-costs", year.pot(21)))
    assert (running["recurrent_pence"], running["falls_away_pence"]) == (45_000_000_00, 0)
    assert (pot["recurrent_pence"], pot["falls_away_pence"]) == (0, received(21))
    shows(page(monkeypatch, "month", own, year="2025", icb=ICB, of="2026-03", part="all"), answer["baselines"])


def test_6_every_journal_behind_a_number_and_its_reversal(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Running costs: one receipt, twelve months of spending, and what was keyed twice with its reversal."""
    rows = document("trail", "--organisation", ICB, "--fund", "running-costs", "--ledger", own)["rows"]
    entries = {row["entry"]: row for row in rows}
    kinds = sorted(row["kind"] for row in entries.values())
    assert kinds == ["allocate", "reverse", *["spend"] * 13]
    (receipt,) = [row for row in entries.values() if row["kind"] == "allocate"]
    assert (receipt["actor"], receipt["source"]) == (year.DIRECTOR, "Allocation letter M1/009")
    trail = {"view": "trail", "organisation": ICB, "fund": "running-costs", "year": "2025"}
    app = page(monkeypatch, "audit", own, **trail)
    shows(app, [{"amount_pence": row["amount_pence"]} for row in rows])
    assert f"**{len(rows)} legs come to" in seen(app)
    copied = tmp_path / "copy.duckdb"  # pages keep the other one open
    shutil.copy(own, copied)
    asked = [
        "reverse",
        receipt["entry"],
        "--reason",
        "wrong",
        "--actor",
        year.DIRECTOR,
        "--dry-run",
        "--ledger",
        copied,
    ]
    done = CliRunner().invoke(devolution.app, [str(one) for one in asked])
    assert done.exit_code == 1
    assert "are closed" in done.stderr  # it is told, and nothing is lost


def test_7_a_boundary_change_as_was_and_as_is(demo_ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """42 ICBs become 36 on 1 April 2026, and no money is lost on the way."""
    was = document("national", "--ledger", demo_ledger)["rows"]
    now = document("national", "--as-is", "2026-04-01", "--ledger", demo_ledger)["rows"]
    assert (len(was), len(now)) == (42, 36)
    assert sum(row["total_pence"] for row in was) == sum(row["total_pence"] for row in now)
    shows(
        page(monkeypatch, "national", demo_ledger, icbs="2026-04-01"), [{"_pence": row["total_pence"]} for row in now]
    )


def test_8_how_much_is_tied_and_how_that_changed(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tied are £230.0m of the Better Care Fund and its pool, the hard pots that nobody lifted, and pot 5, made hard.

    Of years that nobody recorded there is no row: they are left out, and not shown as nothing.
    """
    lifted = (0, 3, 6, 9, 12)
    hard = sum(received(number) for number in range(60) if number % 3 == 0 and number not in lifted) + received(5)
    rows = measured(own, "all")
    assert by(rows, "measure", "total")["amount_pence"] == total()
    tied = by(rows, "measure", "ring_fenced_share")["value"]
    assert tied == pytest.approx((230_000_000_00 + hard) / total(), abs=1e-12)
    over = document("trend", "--organisation", ICB, "--over", "years", "--ledger", own)["rows"]
    assert [row["year"] for row in over] == ["2025/26", "2026/27"]
    assert over[0]["ring_fenced_share"] == tied
    lacking = "Of 2024/25 nothing is recorded here"
    assert lacking in told("trend", "--organisation", ICB, "--over", "years", "--ledger", own)
    app = page(monkeypatch, "national", own, trend_of=ICB, over="years", each_by="ring_fenced_share", part="all")
    assert lacking in seen(app)
    assert f"{tied * 100:.1f}%<" in seen(app)


def total() -> int:
    """What the ICB and all below it hold of the year: what came, less what was carried forward; in pence."""
    budgets = sum(pounds for _, pounds, _ in year.BUDGETS) + 3 * 2_500_000 - 2 * 20_000
    return budgets * 100 + sum(map(received, range(60)))


def measured(own: Path, scope: str) -> list[dict[str, Any]]:
    rows = document("measures", "--organisation", ICB, "--year", "2025/26", "--scope", scope, "--ledger", own)["rows"]
    assert isinstance(rows, list)
    return rows


def test_9_how_fragmented_it_is_and_what_returns_it_takes(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five lines and sixty pots; returns: 180 of the pots, 8 more since pot 5 is asked every month, and 4 twice."""
    rows = measured(own, "all")
    pots = document("pots", "--organisation", ICB, "--year", "2025/26", "--ledger", own)["rows"]
    amounts = [row["amount_pence"] for row in pots]
    assert by(rows, "measure", "pots")["value"] == len(pots) == 65
    squares = sum(Decimal(pence) ** 2 for pence in amounts)
    effective = by(rows, "measure", "effective_number")["value"]
    assert effective == pytest.approx(float(Decimal(sum(amounts)) ** 2 / squares))
    returns = by(rows, "measure", "returns_per_year")
    assert returns["value"] == 180 + 8 + 2 * 4
    assert "Not known for 3 of 65 pots" in returns["note"]
    assert by(rows, "measure", "bid_pots")["value"] == 0
    app = page(monkeypatch, "ring_fences", own, year="2025", icb=ICB, scope="all", part="all")
    shown = {one.label: one.value for one in app.metric}
    assert shown["Pots"] == "65"
    assert shown["Effective number of pots"] == f"{effective:,.2f}"
    assert f">{returns['value']}<" in tables(app)


def test_10_what_devolving_more_would_change(demo_ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has a penny more; what is decided at place rises by what is moved."""
    answer = document("scenario", "run", "devolve-80-at-once", "--ledger", demo_ledger)
    assert (
        by(answer["bridges"], "quantity", "held")["before_pence"]
        == by(answer["bridges"], "quantity", "held")["after_pence"]
    )
    moved = sum(step["moved_pence"] for step in answer["steps"])
    assert f"rises by £{moved / 10**11:.1f} billion" in answer["sentence"]
    icbs = by(answer["gainers"], "level", "icb")
    assert icbs["same"] == 42
    assert icbs["changes"] == []
    assert answer["sentence"] in said(page(monkeypatch, "scenarios", demo_ledger, scenario="devolve-80-at-once"))


def test_11_what_is_kept_by_agreement_and_until_when(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In May £37.0m; after the locum pool ended in September it is free, and at the end £33,749,999.50 are left."""
    asked = ("position", "--organisation", ICB, "--by", "fund,standing", "--ledger", own)
    kept = [row for row in document(*asked, "--as-at", "2025-05-31")["rows"] if row["standing"].startswith("retained")]
    assert {row["fund"]: row["amount_pence"] for row in kept} == {
        "core-community": 20_000_000_00, "core-mental-health": 15_000_000_00, "core-primary-care": 2_000_000_00,
    }  # fmt: skip
    assert {row["standing"] for row in kept} == {"retained by agreement"}
    after = document(*asked, "--as-at", LAST)["rows"]
    assert sum(row["amount_pence"] for row in after if row["standing"] == "retained by agreement") == 33_749_999_50
    assert not [row for row in after if row["standing"] == "retained without agreement"]
    # By whom it was agreed and until when stands beside it, with each month.
    in_may = document("month", "show", "2025-05", "--organisation", ICB, "--ledger", own)["kept"]
    assert {(row["fund"], row["agreed_pence"]) for row in in_may} == {
        (row["fund"], row["amount_pence"]) for row in kept
    }
    assert {row["partners"] for row in in_may} == {"The five places"}
    ends = {row["fund"]: row["until"] for row in in_may}
    assert ends == dict.fromkeys(ends, "2026-04-01") | {"core-primary-care": "2025-09-20"}
    app = page(monkeypatch, "month", own, year="2025", icb=ICB, of="2025-05", part="all")
    shows(app, in_may)
    assert [tables(app).count(f">{said}<") for said in ("The five places", "1 April 2026", "20 September 2025")] == [
        3,
        2,
        1,
    ]
    fences = tables(page(monkeypatch, "ring_fences", own, year="2025", icb=ICB, part="all"))
    assert fences.count(">The five places<") == fences.count(">1 April 2026<") == 2


def test_12_whether_deprived_places_are_below_their_share(
    own: Path, demo_ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hand: of £300.0m Wakefield gets £42.0m, Leeds £96.0m; a place that got nothing is wholly below its share."""
    asked = ("schedule", "--icb", ICB, "--fund", "core-community", "--to", "place", "--ledger", own)
    rows = [row for row in document(*asked)["rows"] if row["fund"] == "core-community" and not row["is_sum"]]
    for row in rows:
        distance = Decimal(row["issued_pence"]) / row["fair_pence"] - 1
        assert row["closing_distance"] == pytest.approx(float(distance))
    assert by(rows, "organisation", "QWO-E06000065")["closing_distance"] == -1
    app = page(
        monkeypatch, "places", own, icb=ICB, line="core-community", need="health_inequalities", year="2025", part="all"
    )
    shows(app, [{name: row[name] for name in ("fair_pence", "issued_pence")} for row in rows])
    indices = document("need", "--icb", ICB)["rows"]
    assert len({row["group"] for row in indices if row["component"] == "health_inequalities"}) == 7  # and all together
    icbs = by(document("scenario", "run", "devolve-80-at-once", "--ledger", demo_ledger)["gainers"], "level", "icb")
    assert sum(fifth["organisations"] for fifth in icbs["fifths"]) == 42
    assert icbs["deprivation"].startswith("Indices of Deprivation 2025")


NETWORK = "U41591"
HEADINGS = "pcn,basis,people,effective_from,notified_on,source\n"


def network(tmp_path: Path, *counts: str, claims: str = "") -> dict[str, Any]:
    """The statement of a network with counts and claims of its own."""
    given = tmp_path / "counts.csv"
    given.write_text(HEADINGS + "".join(f"{NETWORK},{row},Our letter\n" for row in counts), encoding="utf-8")
    more: list[object] = []
    if claims:
        (tmp_path / "claims.csv").write_text(f"pcn,month,amount\n{claims}", encoding="utf-8")
        more = ["--claims", tmp_path / "claims.csv"]
    return document("network", NETWORK, "--counts", given, *more)


def monthly(people: int, rate: str) -> int:
    """A month's payment of an element, in pence: people times rate over twelve, halves up."""
    return int((people * Decimal(rate) * 100 / 12).quantize(Decimal(1), ROUND_HALF_UP))


def paid(answer: dict[str, Any], element: str) -> dict[str, dict[str, Any]]:
    return {row["month"]: row for row in answer["payments"] if row["element"] == element}


def contract(monkeypatch: pytest.MonkeyPatch, own: Path, *files: tuple[str, Path]) -> AppTest:
    """The contract of the network on the Places page, with files of one's own by what they hold."""
    app = page(monkeypatch, "places", own, icb="QT6", to="pcn", pcn=NETWORK, year="2025", part="all")
    for label, file in files:
        well(field(app.file_uploader, label).set_value((file.name, file.read_bytes(), "")).run())
    return app


COUNTS, CLAIMS = "Counts of people", "Claims for additional roles"


def test_13_what_a_network_receives_on_which_population(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """35,856.423831 people at £2.266 are £81,250.66 a year; the people are a stand-in, and it says so."""
    row = by(document("network", NETWORK)["rows"], "element", "core_registered")
    expected = (Decimal(row["people"]) * Decimal("2.266") * 100).quantize(Decimal(1), ROUND_HALF_UP)
    assert row["annual_pence"] == expected == 81_250_66
    assert "Illustrative: registered people are a stand-in" in told("network", NETWORK)
    app = seen(contract(monkeypatch, own))
    assert '"81,250.66"' in app
    assert "Illustrative: registered people are a stand-in" in app
    # What is paid on claims is not worked out without a count that nobody has.
    assert "no contractor weighted count is known" in app


def test_14_how_much_of_additional_roles_is_unclaimed(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """37,000 people at £26.631 are £985,347.00; £110,000.50 is claimed. Without a count nobody knows, and it says so."""
    claims = f"{NETWORK},2025-04,50000\n{NETWORK},2025-05,60000.50\n"
    answer = network(tmp_path, "contractor_weighted,37000,2025-04-01,2025-03-20", claims=claims)
    (used,) = answer["claims"]
    assert (used["entitlement_pence"], used["unclaimed_pence"]) == (985_347_00, 985_347_00 - 110_000_50)
    assert "ARRS maximum is not available: no contractor weighted count is known." in told("network", NETWORK)
    app = contract(monkeypatch, own, (COUNTS, tmp_path / "counts.csv"), (CLAIMS, tmp_path / "claims.csv"))
    assert f"£{exact_pounds(used['unclaimed_pence'])} unclaimed" in seen(app)


def test_15_a_practice_joins_on_1_july(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """3,000 people more from July on: three months on 36,000, nine on 39,000."""
    answer = network(
        tmp_path, "registered,36000,2025-04-01,2025-03-20", "registered,39000,2025-07-01,2025-06-20"
    )  # fmt: skip
    months = paid(answer, "core_registered")
    assert months["2025-06"]["payment_pence"] == monthly(36_000, "2.266")
    assert months["2025-07"]["payment_pence"] == monthly(39_000, "2.266")
    assert sum(row["arrears_pence"] for row in months.values()) == 0
    app = contract(monkeypatch, own, (COUNTS, tmp_path / "counts.csv"))
    for month in ("2025-06", "2025-07"):
        assert f'"{exact_pounds(months[month]["payment_pence"])}"' in tables(app)


def test_16_a_corrected_population_brings_arrears(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,200 people more from April on, notified in September: five months at £0.733 a head a year are £366.50."""
    answer = network(tmp_path, "adjusted,36000,2025-04-01,2025-03-20", "adjusted,37200,2025-04-01,2025-09-10")
    september = paid(answer, "core_adjusted")["2025-09"]
    assert (september["arrears_pence"], september["arrears_months"]) == (366_50, 5)
    told_there = seen(contract(monkeypatch, own, (COUNTS, tmp_path / "counts.csv")))
    assert "Arrears in September 2025: £366.50 of" in told_there
    assert "for 5 months before" in told_there


def test_17_what_became_of_each_pot(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of pot 3 £30,000 was moved to community services after its fence was lifted, and one invoice was paid."""
    answer = document("month", "show", "2026-03", "--organisation", ICB, "--ledger", own)
    pot = by(answer["purposes"], "fund", year.pot(3))
    given, moved = received(3), 30_000_00
    assert (pot["given_pence"], pot["spent_pence"], pot["redirected_pence"]) == (given, INVOICE, moved)
    assert pot["left_pence"] == given - INVOICE - moved
    # Who has no forecast on record is shown as that, and not as nothing expected.
    assert any(row["forecast_pence"] is None for row in answer["outlooks"])
    assert "none is recorded" in told("month", "show", "2026-03", "--organisation", ICB, "--ledger", own)
    app = page(monkeypatch, "month", own, year="2025", icb=ICB, of="2026-03", part="all")
    shows(app, answer["purposes"])
    assert ">none is recorded<" in tables(app)
    # A place has its own answer, and of what it holds nobody knows what was spent on a pot that it does not run.
    place = document("month", "show", "2026-03", "--organisation", year.LEEDS, "--ledger", own)
    shows(
        page(monkeypatch, "month", own, year="2025", icb=ICB, whose=year.LEEDS, of="2026-03", part="all"),
        place["purposes"],
    )


def test_18_how_much_comes_in_year_and_for_once(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty pots were notified in the year, of the money whose notice is known; of the shipped lines it is not."""
    rows = measured(own, "all")
    in_year = sum(map(received, range(20, 60)))
    listed = document("pots", "--organisation", ICB, "--year", "2025/26", "--ledger", own)["rows"]
    told = sum(row["amount_pence"] for row in listed if row["notified_on"])
    assert in_year < told < total()
    assert by(rows, "measure", "in_year_share")["value"] == pytest.approx(in_year / told)
    national = document("national", "--rank", "in_year_share", "--year", "2025/26", "--ledger", own)["rows"]
    assert by(national, "icb", ICB)["in_year_share"] == pytest.approx(in_year / told)
    app = page(monkeypatch, "national", own, year="2025", measure="in_year_share")
    assert f"{in_year / told * 100:.1f}%<" in tables(app)
    # Days of notice before the year began, of all that the register of pots knows; by other code.
    register = document("pots", "--organisation", ICB, "--year", "2025/26", "--ledger", own)["rows"]
    known = [row["notified_on"] for row in register if row["notified_on"] and row["amount_pence"] > 0]
    days = [(date(2025, 4, 1) - date.fromisoformat(day)).days for day in known]
    notice = document("month", "show", "2026-03", "--organisation", ICB, "--ledger", own)["notice"]
    assert (notice["known"], notice["median_days"]) == (len(days), median(days))
    assert notice["median_days"] < 0
    said_of_it = f"the median came {-median(days):.1f} days after the year began"
    assert said_of_it in seen(page(monkeypatch, "month", own, year="2025", icb=ICB, of="2026-03", part="all"))


def test_19_live_pots_and_which_end(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pots come from the national body; which directorate gave them nobody has recorded, and both say so."""
    pots = document("pots", "--organisation", ICB, "--year", "2025/26", "--ledger", own)["rows"]
    assert len([row for row in pots if row["fund"].startswith("pot-") and row["fund"][4:].isdecimal()]) == 60
    assert {row["given_by"] for row in pots} == {"NHS England"}
    unknown = [row["fund"] for row in pots if row["returns_per_year"] is None]
    assert len(unknown) == 3
    nobody_knows = "No entry says which directorate of the payer a pot comes from."
    answer = told("pots", "--organisation", ICB, "--year", "2025/26", "--ledger", own)
    assert "not known" in answer
    assert nobody_knows in " ".join(answer.split())
    app = page(monkeypatch, "month", own, year="2025", icb=ICB, view="arranged", part="all")
    assert nobody_knows in seen(app)
    shows(app, pots, 1)


def test_20_distance_from_target_of_all(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each distance is what is allocated beside the target, and the allocations are all 42."""
    answer = document("targets")
    rows = answer["rows"]
    assert len(rows) == 42
    for row in rows:
        assert row["closing_distance_pence"] == row["allocation_pence"] - row["closing_target_pence"]
        distance = Decimal(row["allocation_pence"]) / row["closing_target_pence"] - 1
        assert row["closing_distance"] == pytest.approx(float(distance))
    assert rows == sorted(rows, key=lambda row: -row["closing_distance"])
    for one, thousandths in zip(answer["within"], (25, 50), strict=True):
        short = [
            -((row["closing_target_pence"] * (thousandths - 1000)) // 1000) - row["allocation_pence"] for row in rows
        ]
        assert one["needed_pence"] == sum(pence for pence in short if pence > 0)
    needed = "To bring every ICB to at most 2.5% below its target would take £"
    assert needed in told("targets")
    assert needed in seen(page(monkeypatch, "national", own, stream="core"))
