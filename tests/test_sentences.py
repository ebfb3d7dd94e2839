"""What the product says of money, sentence by sentence: figures worked out elsewhere, and sentences that are never said.

All library scenarios and their packs, reports of commands, pages, exports and JSON documents of the demo are gathered
once. What they say is held to right answers: worked out by hand beside each, or from the position by other code (pandas). And ways in which a figure is used
wrongly have a test each: under which condition something may be said, and that it is not said otherwise.
"""

import json
import re
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import devolution
from allocations.figures import tables as figures
from ledger.money import spoken
from ledger.reports.position import moment, position
from ledger.store.base import Store
from scenarios import outcome
from scenarios.lines import LineChange
from scenarios.ranges import Ranges
from screens.report.files import board_pack
from screens.report.files.exports import EXPORTS, BooksAt, ExportRequest
from screens.report.scenarios import answers as scenarios
from tests.screens.pages import no_leftovers, page
from tests.temptations import GAINS, TEMPTATIONS, betrayed, plain

__all__ = ["no_leftovers"]
ROOT = Path(__file__).parent.parent
COMMANDS = ("measures", "measures --organisation QWO", "measures --organisation QMM", "pots", "pots --seen-by icb",
            "pots --seen-by practice --organisation QWO", "national", "national --pots", "trend --over years",
            "breakeven", "position --by tier,grade", "flows --by from_tier,to_tier", "schedule --icb QWO --fund "
            "core-community --to place", "month show 2025-06 --organisation QWO", "scenario compare devolve-80-at-once "
            "keep-by-agreement", "targets", f"bids {ROOT}/scenarios/bids/example.yaml")  # fmt: skip
NO_LEDGER = ("targets", "bids")
PAGES = ("start", "overview", "places", "ring_fences", "receivers", "scenarios", "bids", "national", "record", "month",
         "import_export", "audit")  # fmt: skip
# All of England, and two ICBs; the page of receivers for every kind of them too.
QUERIES: dict[str, tuple[dict[str, str], ...]] = {name: ({}, {"icb": "QWO"}) for name in PAGES}
for _name in ("overview", "places", "ring_fences", "receivers", "national"):
    QUERIES[_name] += ({"icb": "QMM"},)
QUERIES["receivers"] += tuple({"tier": tier} for tier in ("place", "pcn", "practice"))
QUERIES["scenarios"] += ({"scenario": "earned-autonomy"},)
NOT_A_CHOICE = ("national contract", "pass-through")
FENCED, LOCAL = ("soft", "hard", "statutory"), ("place", "pcn", "practice")


@dataclass(frozen=True)
class Said:
    """Everything that was said, by where: a scenario's name, a command, or a page; and the position behind it."""

    by_place: dict[str, str]
    position: pd.DataFrame
    outcomes: dict[str, outcome.Outcome]

    def of(self, *places: str) -> str:
        return "\n".join(self.by_place[place] for place in places)


def everything_on(app: AppTest) -> str:
    """All words of a page: sentences, tables, and figures that stand alone."""
    written = [app.markdown, app.caption, app.info, app.warning, app.error, app.success, app.title, app.header]
    figures_alone = [f"{one.label}: {one.value}" for one in app.metric]
    tables = [plain(one.body) for one in app.html]
    return "\n".join([*(str(one.value) for kind in written for one in kind), *figures_alone, *tables])


def taken_out(ledger: Path, folder: Path) -> dict[str, str]:
    """What stands in every file that can be taken out: workbooks cell by cell."""
    found: dict[str, str] = {}
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        for kind, export in EXPORTS.items():
            out = folder / f"{kind}{export.ending}"
            asked = ExportRequest(icb="QWO", scenario=str(outcome.library()["lift-small-pots"]))
            export.write(BooksAt(reader, moment(reader)), out, asked)
            if out.suffix == ".xlsx":
                book = CalamineWorkbook.from_path(out)
                rows = (row for sheet in book.sheet_names for row in book.get_sheet_by_name(sheet).iter_rows())
                found[f"export {kind}"] = "\n".join(" ".join(map(str, row)) for row in rows)
            else:
                found[f"export {kind}"] = out.read_text("utf-8")
    return found


@pytest.fixture(scope="module")
def everything(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """All of it, gathered once."""
    by_place: dict[str, str] = {}
    names = sorted(outcome.library())
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        answers = outcome.work_out_all(reader, [outcome.find(one) for one in names])
        by_place |= {name: found.sentence for name, found in zip(names, answers, strict=True)}
        at = moment(reader)
        frame = position(reader, at).to_pandas()
    for command in COMMANDS:
        named = () if command.split()[0] in NO_LEDGER else ("--ledger", str(demo_ledger))
        done = CliRunner().invoke(devolution.app, [*command.split(), *named], env={"COLUMNS": "400"})
        assert done.exit_code == 0, done.stderr
        by_place[command] = done.stdout
    with pytest.MonkeyPatch.context() as patch:
        for name, queries in QUERIES.items():
            for query in queries:
                where = " ".join(["page", name, *query.values()])
                by_place[where] = everything_on(page(patch, name, demo_ledger, **query))
        # What is drawn at random is told with its ranges in tests of its own: here each pack is made without draws.
        patch.setattr(board_pack, "ranged", lambda _: Ranges((), 0, 0, (), 0, 0))
        by_place |= {
            f"pack {name}": plain(board_pack.page([one], at)) for name, one in zip(names, answers, strict=True)
        }
    by_place |= taken_out(demo_ledger, tmp_path_factory.mktemp("taken"))
    by_place |= {
        f"json {one['asked']}": "\n".join(one["told"])
        for path in sorted((ROOT / "tests" / "golden").glob("*.json"))
        for one in json.loads(path.read_text("utf-8"))
    }
    frame = frame[frame.tier != "government"]
    return Said(by_place, frame, dict(zip(names, answers, strict=True)))


def percent(part: int, whole: int) -> str:
    """One decimal, half up."""
    return f"{(Decimal(100 * part) / Decimal(whole)).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


# --- right answers, worked out by hand ------------------------------------------------------------

# Where, what is said, and how it was worked out.
BY_HAND = [
    ("competitive-pot", "£5 million to 28 organisations, graded hard, by bid", "28 of 42 ICBs may bid"),
    ("competitive-pot", "each bidder has £178,571 in the mean", "5,000,000 / 28 = 178,571.43"),
    ("competitive-pot", "in one draw £0 or £555,556", "9 awards: 5,000,000 / 9 = 555,555.56"),
    ("competitive-pot", "28 bids cost £840,000", "28 x 30,000"),
    ("competitive-pot", "with returns and administration £1.1 million, 21.1% of it",
     "840,000 + 9 x 6 x 1,200 + 150,000 = 1,054,800, of 5,000,000"),
    ("competitive-pot", "who wins is not known", "nobody drew it yet"),
    ("competitive-pot", "by core to the 28 that could bid for it", "a formula beside a bid has the same eligible set"),
    ("earned-autonomy", "90% in segment 1 (1), 60% in segment 2 (19), 30% in segment 3 (17), 0% in segment 4 (5)",
     "the published numbers of 42 systems: 1, 19, 17 and 5"),
    ("earned-autonomy", "41.4% of each in the mean", "(90 + 19 x 60 + 17 x 30) / 42 = 1,740 / 42"),
    ("earned-autonomy", "which ICB is in which is not known", "numbers were published and no names"),
    ("earned-autonomy", "in nine of ten draws between", "a range over draws, not one list"),
    ("presumed-autonomy", "90% in segment 3 (17), 30% in segment 4 (5)", "1 + 19 + 17 of 42 have 90%"),
    ("presumed-autonomy", "82.9% of each in the mean", "(37 x 90 + 5 x 30) / 42 = 3,480 / 42"),
    ("presumed-autonomy", "which ICB is in which is not known", "as before"),
    ("lift-small-pots", "Women's health hubs: £446,250 each, £18.7 million to 42 organisations",
     "75% of 595,000; 42 x 446,250 = 18,742,500"),
    ("lift-small-pots", "GP fellowships and mentors: £44.3 million to 42 organisations, graded hard, by claim",
     "published for 2024/25"),
    ("womens-health-hubs", "£595,000 each, £25 million to 42 organisations", "42 x 595,000 = 24,990,000"),
    ("womens-health-hubs", "graded hard, by equal shares", "published: must be spent only for this purpose"),
    ("womens-health-hubs", "gives it out by formula, among ICBs by registered", "people on lists"),
    ("match-funding", "Virtual wards: £250 million to 42 organisations", "published for 2023/24"),
    ("match-funding", "100% of each pound as a match: £250 million of 42 organisations' own money", "a pound for each"),
    ("match-funding", "Money free of conditions falls by £250 million", "what is tied as a match was free"),
    ("match-funding", "Ring-fenced money rises by £250 million", "and is tied now"),
    ("winter-fund-in-the-baseline", "Winter fund: £500 million to 42 organisations", "as the discharge fund of 2022/23"),
    ("winter-fund-in-the-baseline", "known on 2025-03-31, with 365 days to spend it instead of 134",
     "from 18 November to 31 March are 13 + 31 + 31 + 28 + 31 = 134 days"),
    ("winter-fund-in-the-baseline", "Ring-fenced money falls by £500 million", "hard before, free after"),
    ("winter-fund-in-the-baseline", "Money free of conditions rises by £500 million", "likewise"),
    ("winter-fund-sixty-days-later", "known 60 days later, with 74 days to spend it instead of 134", "134 - 60"),
    ("winter-fund-sixty-days-later", "No headline amount changes", "the same money, later in the year"),
    ("winter-fund-withdrawn", "takes back £250 million of what is not spent; £250 million is spent by then",
     "half of 500 million"),
    ("winter-fund-withdrawn", "The money held in all falls by £250 million", "what was taken back"),
    ("winter-fund-withdrawn", "none gain and 42 lose", "every ICB had a share of it"),
    ("capacity-funding-to-practices", "devolves £292 million", "204 + 87.6 million, published as 292"),
    ("capacity-funding-to-practices", "none would hold more and 1,300 less", "all networks pass it on, by contract"),
    ("april-2026-mergers", "restates 12 ICBs as the 7 that follow them", "12 end; 6 new ones and one that is enlarged"),
    ("april-2026-mergers", "6 come to be and 12 end", "42 - 12 + 6 = 36"),
    ("april-2026-mergers", "No headline amount changes", "boundaries move, and money with them"),
    ("devolve-80-at-once", "187 would hold more and none less", "each of the 187 places has some of it"),
    ("capacity-funding-to-practices", "a head more and decide over none of it", "the network contract directs all"),
    ("neighbourhood-contract", "6 would decide over more and none over less", "no contract directs community services"),
    ("devolve-80-in-three-years", "80% over 3 years (year 1)", "a third of the way in the first year"),
    ("devolve-80-in-five-years", "80% over 5 years (year 1)", "a fifth of the way in the first year"),
    ("merge-with-inner-ring-fences", "inner ring-fences stay; it asks for 12 returns at the least", "each stays as tied"),
    ("merge-with-inner-ring-fences", "for of 1 of them it is not known how many. No headline amount changes",
     "both payments for additional roles ask for 12; of remaining growth nobody says how many"),
    ("merge-without-inner-ring-fences", "graded soft, with no inner ring-fence", "the parts are free inside it"),
    ("lift-development-funding", "now graded none", "what the step says"),
    ("trend --over years", "Of 2023/24 and 2024/25 nothing is recorded here", "the demo holds one year alone"),
    ("national --pots", "How many of them end is not known: no ICB has money of 2026/27", "likewise"),
    ("national --pots", "the books record some use of 0.", "the demo spends nothing"),
]  # fmt: skip


def test_forty_sentences_have_the_figures_that_were_worked_out_by_hand(everything: Said) -> None:
    assert len(BY_HAND) >= 40
    wrong = [(place, words, why) for place, words, why in BY_HAND if words not in everything.of(place)]
    assert not wrong


# --- right answers from the position, by other code -------------------------------------------------


def test_what_is_said_of_the_whole_is_what_the_position_adds_up_to(everything: Said) -> None:
    """Total, devolved, ring-fenced and local and free: sums of rows, of ICBs' money and of known grades alone."""
    frame = everything.position
    assert f"England holds {spoken(int(frame.amount_pence.sum()))} in 2025/26." in everything.of("keep-by-agreement")
    below = frame[frame.tier != "national"]
    local = below[below.tier.isin(LOCAL)]
    graded = below[below.grade.notna()]
    whole, known = int(below.amount_pence.sum()), int(graded.amount_pence.sum())
    devolved = percent(int(local.amount_pence.sum()), whole)
    fenced = percent(int(graded[graded.grade.isin(FENCED)].amount_pence.sum()), known)
    free = graded[graded.tier.isin(LOCAL) & ~graded.grade.isin(FENCED)]
    local_and_free = percent(int(free.amount_pence.sum()), known)
    measures = everything.of("measures")
    for title, value in (("Devolved", devolved), ("Ring-fenced, soft included", fenced),
                         ("Local and free", local_and_free)):  # fmt: skip
        assert re.search(rf"all +{title} +{re.escape(value)}", measures), (title, value)
    assert f"All ICBs together: {fenced}" in everything.of("national")
    assert f"All ICBs together: {fenced}" in everything.of("page national")


def test_notice_is_told_for_what_is_known_of_it_and_no_more(everything: Said) -> None:
    """No share is 'known before the year' by a day that was typed for all: each pot by its own day, or not known."""
    frame = everything.position
    text = everything.of("national --pots")
    told = re.search(r"Of ([\d,]+) pots at ICBs, each .*? notice of ([\d,]+) came before the year, of ([\d,]+) in it, "
                     r"and of ([\d,]+) it is not known when", text)  # fmt: skip
    assert told is not None
    pots, before, in_year, unknown = (int(number.replace(",", "")) for number in told.groups())
    own = frame[frame.tier == "icb"]
    assert before + in_year + unknown == pots >= len(own.groupby(["organisation", "pot"]))
    days = frame[frame.tier != "national"].groupby("pot").notified_on.first()
    if days.isna().all():
        assert (before, in_year) == (0, 0)
    amounts = frame[pd.to_datetime(frame.notified_on) < "2025-04-01"].amount_pence.sum()
    for name in outcome.library():
        rise = re.search(
            r"known before the year starts rises by .*?, from (£\S+(?: [mb]illion)?) to", everything.of(name)
        )
        if rise:
            given = [int(pounds) * 100_000_000 for pounds in re.findall(r"£(\d+) million to 42", everything.of(name))]
            assert rise[1] in {spoken(int(amounts) + pence) for pence in (0, *given)}, name


def test_weighing_anew_moves_a_part_of_the_difference_of_two_shares(everything: Said) -> None:
    """A tenth of the 89.7% that is not weighed so already: each ICB's part changes by as much of its difference."""
    text = everything.of("more-by-health-inequality")
    people = figures.table("practices_2025_26").to_pandas().groupby("icb")[["core", "health_inequalities"]].sum()
    shares = people.astype(float) / people.astype(float).sum()
    weighed = re.search(r"weighs £([\d.]+) billion .*?; £([\d.]+) million changes hands", text)
    assert weighed is not None
    difference = 0.0897 * (shares.health_inequalities - shares.core)
    assert float(weighed[1]) * 1_000 * difference.clip(lower=0).sum() == pytest.approx(float(weighed[2]), rel=1e-3)
    gain, lose = int((difference > 0).sum()), int((difference < 0).sum())
    assert f"{gain} gain and {lose} lose" in text


def test_half_of_the_running_costs_is_half_of_their_line(everything: Said) -> None:
    running = everything.position[everything.position.fund == "running-costs"].amount_pence.sum()
    assert f"cuts 50%, {spoken(int(running) // 2)}." in everything.of("running-costs-halved")
    assert f"Step 2 adds {spoken(int(running) // 2)} of new money." in everything.of("running-costs-halved")


# --- what is never said -----------------------------------------------------------------------------

# Where somebody's total changes, by what their steps do: new money, less money, or money shared anew.
TOTALS_CHANGE = {"competitive-pot", "icb-convergence", "more-by-health-inequality", "place-convergence",
                 "running-costs-halved", "winter-fund-withdrawn", "womens-health-hubs"}  # fmt: skip
# Where money only changes its strings, its day, its pot, or who decides over it.
TOTALS_STAY = {"april-2026-mergers", "capacity-funding-to-practices", "devolve-80-at-once", "devolve-80-in-five-years",
               "devolve-80-in-three-years", "earned-autonomy", "integrated-settlement", "keep-by-agreement",
               "keep-without-agreement", "lift-development-funding", "lift-small-pots", "match-funding",
               "merge-with-inner-ring-fences", "merge-without-inner-ring-fences", "neighbourhood-contract",
               "presumed-autonomy", "winter-fund-in-the-baseline", "winter-fund-sixty-days-later"}  # fmt: skip


def test_nobody_gains_where_money_only_changes_who_decides(everything: Said) -> None:
    """'Gains £180 a head' is said where a system's total changes, and nowhere else."""
    gaining = {name for name in outcome.library() if re.search(r"\b(gains?|loses?) ", everything.of(name))}
    assert gaining >= TOTALS_CHANGE
    assert not gaining & TOTALS_STAY
    assert re.search(r"would decide over £[\d.,]+ a head", everything.of("neighbourhood-contract"))


def test_money_that_a_contract_directs_is_held_and_not_decided_over(everything: Said) -> None:
    """95% of the flagship is paid by the GP contract: of each pound a place would hold five pence are its to decide."""
    for name, most in (("devolve-80-at-once", 0.06), ("earned-autonomy", 0.40), ("presumed-autonomy", 0.40)):
        text = everything.of(name)
        told = re.findall(r"would hold £([\d.]+) a head more and decide over £([\d.]+) of it", text)
        assert len(told) >= 2, name
        assert all(0 < float(decided) < most * float(held) for held, decided in told), name
        assert "would decide over" not in text.replace("it would decide over", ""), name


@pytest.mark.parametrize("name", TEMPTATIONS)
def test_each_temptation_is_found_where_somebody_gives_in_to_it(name: str) -> None:
    assert name in betrayed(TEMPTATIONS[name].example)


def test_nothing_that_the_product_says_gives_in_to_a_temptation(everything: Said) -> None:
    """No scenario, page, command, pack, export or JSON document; the publication is asked where it is made."""
    given_in = {place: found for place, text in everything.by_place.items() if (found := betrayed(text))}
    assert not given_in


def test_no_pack_says_that_somebody_gains_where_nobody_has_a_penny_more(everything: Said) -> None:
    for name in TOTALS_STAY:
        told = [words for words in everything.of(f"pack {name}").split("\n") if GAINS.search(words)]
        assert not told, name


def test_the_nation_as_one_holder_is_called_the_payers_view(everything: Said) -> None:
    """Fragmentation is measured at the receiver; wherever all of it is one holder's money, that is said first."""
    text = everything.of("measures")
    assert text.index("Seen by the payer") < text.index("Effective number of pots")
    assert "median ICB works with" in everything.of("pots --seen-by icb")


def test_a_headline_that_rests_on_grades_stands_beside_its_range(everything: Said) -> None:
    for place in ("measures", "national", "page national", "page overview"):
        text = everything.of(place)
        assert "strict" in text, place
        assert "as published" in text, place


def test_returns_per_million_are_of_the_same_pots_above_and_below_the_line(everything: Said) -> None:
    assert "Returns are added up over the pots of which it is known how many they ask for, and over no others." in (
        everything.of("pots --seen-by icb")
    )


def test_what_a_contract_directs_is_nobodys_choice_to_keep(everything: Said) -> None:
    """What may be held no further down than the ICB, and the contracts of practices and networks, are apart."""
    frame = everything.position
    retained = frame[frame.standing.str.startswith("retained")]
    choice = retained[(retained.lowest_depth > 0) & ~retained.discretion.isin(NOT_A_CHOICE)]
    kept = {
        title: float(found[1])
        for title in ("Kept with agreement", "Kept without agreement", "Kept, and not a choice")
        if (found := re.search(rf"all +{title} +£([\d.]+) billion", everything.of("measures")))
    }
    not_a_choice = kept.pop("Kept, and not a choice")
    assert sum(kept.values()) == pytest.approx(choice.amount_pence.sum() / 1e11, abs=0.11)
    assert not_a_choice == pytest.approx((retained.amount_pence.sum() - choice.amount_pence.sum()) / 1e11, abs=0.6)


def test_what_a_contract_directs_is_told_apart_from_what_is_devolved(everything: Said) -> None:
    """'Devolve 80%' whose money is mostly that of the GP contract says how much of it nobody at the place decides."""
    for name, found in everything.outcomes.items():
        pence = sum(line.local_change_pence for line in found.by_discretion if line.code in NOT_A_CHOICE)
        assert bool(scenarios.directed(found)) == (pence > 0), name
    contract = LineChange("national contract", "", 100, 100, 10, 60, 0, 0)
    through = LineChange("pass-through", "", 900_000_000, 900_000_000, 0, 900_000_000, 0, 0)
    free = LineChange("free", "", 5, 5, 0, 5, 5, 5)
    found = replace(everything.outcomes["devolve-80-at-once"], by_discretion=(contract, through, free))
    # 50p and £9 million.
    told = "Of what comes to be held at place or below, £9 million is directed by a national contract or passed through"
    assert scenarios.directed(found).startswith(told)
    assert told in scenarios.run(found).title
