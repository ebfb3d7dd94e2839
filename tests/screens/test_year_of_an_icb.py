"""A whole year of an ICB comes in by register, by command and by page, and goes out and in again: always the same ledger."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import devolution
from allocations.files.register.beginning import begin, beginning
from allocations.files.register.reading import read_register
from allocations.files.register.writing import lists, write_register
from ledger.entries import chain
from ledger.entries.decisions import batch
from ledger.entries.decisions.batch import DecisionRow
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.fields import Field, Holds
from ledger.entries.decisions.known import known
from ledger.reports import position, verify
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.cli import record
from screens.web.shell import open_ledger
from tests import year_of_an_icb as year
from tests.profiles import PROFILE
from tests.screens.importing import field
from tests.screens.pages import no_leftovers, page, well
from tests.shelves import ServerShelf

__all__ = ["no_leftovers"]
YEAR = FinancialYear(2025)
_COMMAND = typer.main.get_command(record.app)
# What no year of this ICB had: nobody merged, and no level of deciding, contract or total was new.
NOT_IN_IT = {"mandate", "allocate", "relate", "close", "succession", "tier", "total", "contract"}


CONTRACT = {
    "kind": "contract", "date": "2026-04-01", "reason": "Let by the board", "contract": "WY-SNP-1", "contract_kind": "snp",
    "holder": year.LEEDS, "commissioner": year.ICB, "fund": "core-community", "population": "48500",
    "until": "2029-04-01", "recorded_by": year.DIRECTOR,
}  # fmt: skip


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ICB's own ledger, with no money."""
    path = tmp_path_factory.mktemp("begun") / "own.duckdb"
    with Store.create(path) as store:
        begin(store, beginning(YEAR, [year.ICB]))
        store.checkpoint()
    return path


def brought_by_register(begun: Path, made: Sequence[year.Decision], name: str) -> Path:
    """The ledger after decisions that were brought in by a register."""
    register, path = begun.with_name(f"{name}.xlsx"), begun.with_name(f"{name}.duckdb")
    shutil.copy(begun, path)
    with Store.open(path) as store:
        with store.read() as reader:
            offered = lists(known(reader))
        write_register(register, made, offered)
        batch.record(store, read_register(register).rows, actor="nobody")
        store.checkpoint()
    return path


@pytest.fixture(scope="module")
def own(begun: Path) -> Path:
    """The ledger after the year, brought in by register."""
    return brought_by_register(begun, year.decisions(), "by register")


def content(path: Path) -> str:
    with Store.open(path) as store, store.read() as reader:
        return chain.books_hash(reader)


def run(*arguments: object) -> dict[str, object]:
    done = CliRunner().invoke(devolution.app, [str(one) for one in (*arguments, "--json")])
    assert done.exit_code == 0, (arguments, done.stderr)
    document: dict[str, object] = json.loads(done.stdout)
    return document


def test_the_year_has_what_such_years_have() -> None:
    made = year.decisions()
    assert [one["outcome"] for one in made if one["kind"] == "outcome"] == ["earned", "earned", "withheld", "earned"]
    assert {one["payer"] for one in made if one["kind"] == "contribution"} == {year.ICB, year.COUNCIL}
    assert {one["kind"] for one in made} >= set(DECISIONS) - NOT_IN_IT
    pots = [one for one in made if one["kind"] == "pot" and one["code"] != "pool-bradford"]
    assert len(pots) == 60
    assert sum(one["notified_on"] >= "2025-04-01" for one in pots) == 40
    kinds = Counter(one["kind"] for one in made)
    assert (kinds["close-month"], kinds["agree"], kinds["end-agreement"], kinds["reverse"]) == (12, 3, 1, 1)
    assert sum(one["kind"] == "terms" and one.get("grade") == "none" for one in made) == 5
    limited = {one["person"] for one in made if one["kind"] == "appoint" and "limit" in one}
    assert limited == {year.LEAD, year.ASSISTANT, year.SECOND}


def test_the_books_hold_and_say_what_the_year_did(own: Path) -> None:
    """By hand: running costs of £45.0m less twelve times £3.7m leave £0.6m; what was keyed twice is undone.

    The pool gets £62.0m from the ICB and spends four times £15.3m. Of core-primary-care £61.5m arrive and £41.0m go to
    places; the £2.0m that were kept back are free again.
    """
    with Store.open(own) as store, store.read_afresh() as reader:
        assert verify.verify(reader) == []
        rows = position.position(reader, position.moment(reader, YEAR.last_day)).to_pylist()
        stands = Counter()
        for row in rows:
            stands[row["organisation"], row["fund"], row["standing"]] += row["amount_pence"]
        assert stands[year.ICB, "running-costs", "available"] == 600_000_00
        assert stands[year.COUNCIL, "pool-bradford", "available"] == 800_000_00
        assert stands[year.ICB, "pool-bradford", "available"] == 1_500_000_00
        assert stands[year.ICB, "core-primary-care", "available"] == 20_500_000_00
        assert stands[year.ICB, "core-community", "retained by agreement"] == 18_749_999_50
        received = sum(pounds for _, pounds, _ in year.BUDGETS) + sum(map(year.pounds, range(60)))
        received += 3 * 2_500_000  # of four instalments one is withheld
        assert sum(stands.values()) == 0
        carried = 2 * 20_000
        given = -sum(pence for (_, _, standing), pence in stands.items() if standing == "source")
        assert given == (received - carried) * 100
        ((pots,),) = reader.rows("SELECT count(*) FROM fund WHERE code LIKE 'pot-%'")
        assert pots == 60


# By night every decision by one door; by day the first of each kind by page, the second by command, and the rest by
# register, since each that is posted alone takes its time.
DOORS = [("page",), ("command",)] if PROFILE == "nightly" else [("page", "command")]


def in_turns(made: Sequence[year.Decision], doors: Sequence[str]) -> Iterator[tuple[str, list[year.Decision]]]:
    """Decisions in their order, each with its door; those that go by register together, as far as they stand so."""
    seen: Counter[str] = Counter()
    between: list[year.Decision] = []
    for one in made:
        nth = seen[one["kind"]]
        seen[one["kind"]] += 1
        if PROFILE != "nightly" and nth >= len(doors):
            between.append(one)
            continue
        if between:
            yield "register", between
        between = []
        yield doors[0 if PROFILE == "nightly" else nth], [one]
    if between:
        yield "register", between


def by_register(store: Store, made: Sequence[year.Decision]) -> None:
    """Bring in decisions as the rows of a register that somebody made of them."""
    rows = [DecisionRow(one["kind"], given_in(one), str, one["recorded_by"]) for one in made]
    batch.record(store, rows, actor="nobody")


def given_in(decision: year.Decision) -> dict[str, str]:
    """What a decision is made of, without its kind and who records it."""
    return {name: text for name, text in decision.items() if name not in ("kind", "recorded_by")}


def by_command(monkeypatch: pytest.MonkeyPatch, store: Store, decision: year.Decision) -> None:
    """Record a decision by its command, on a ledger that is open: to open it anew for each is tried elsewhere."""
    monkeypatch.setattr(record, "Store", SimpleNamespace(open=lambda _path: nullcontext(store)))
    options = [part for name, text in given_in(decision).items() for part in (record.option(name), text)]
    asked = [decision["kind"], *options, "--actor", decision["recorded_by"]]
    assert not _COMMAND.main(asked, standalone_mode=False), decision


def in_a_box(field: Field, text: str) -> Any:
    """What somebody puts into the box of a field who means a text of a register."""
    match field.holds:
        case Holds.DAY:
            return date.fromisoformat(text)
        case Holds.YES_NO:
            return {"R": "yes", "NR": "no"}.get(text, text)
        case Holds.KINDS:
            return text.split(",")
    return text


def type_in(app: AppTest, decision: year.Decision) -> None:
    """Let lists of names take one that is typed, as a browser does: the test's page takes what is listed alone."""
    names = {
        f"record {decision['kind']} {one.name}": one.name for one in DECISIONS[decision["kind"]].fields if one.among
    }
    for box in app.selectbox:
        text = decision.get(names.get(str(box.key), ""), "")
        if text and text not in box.options:
            box.options.append(text)


def by_page(monkeypatch: pytest.MonkeyPatch, path: Path, decision: year.Decision) -> None:
    """Record a decision on the Record page: its boxes, its button, and what it says afterwards."""
    app = page(monkeypatch, "record", path, kind=decision["kind"])
    boxes = {one.key: one for kind in (app.selectbox, app.date_input, app.text_input, app.multiselect) for one in kind}
    for one in DECISIONS[decision["kind"]].fields:
        box, text = boxes[f"record {decision['kind']} {one.name}"], decision.get(one.name, "")
        if text:
            type_in(app, decision)
            box.set_value(in_a_box(one, text))
    field(app.text_input, "Who records it").input(decision["recorded_by"])
    well(app.run())
    assert not app.error, (decision, [one.value for one in app.error])
    type_in(app, decision)
    well(field(app.button, "Post it").click().run())
    assert [one.value for one in app.success] == ["It is recorded."], (decision, [one.value for one in app.error])


@pytest.mark.parametrize("doors", DOORS, ids="-".join)
def test_by_other_doors_it_is_the_same_ledger(
    begun: Path, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, doors: Sequence[str]
) -> None:
    """The whole year by night; by day the year with few pots, in which everything happens that happens in it."""
    made = year.decisions() if PROFILE == "nightly" else year.decisions(year.FEW_POTS)
    path = tmp_path / "by other doors.duckdb"
    shutil.copy(begun, path)
    with Store.open(path) as store:
        monkeypatch.setattr(open_ledger, "store", lambda: store)
        for door, few in in_turns(made, doors):
            if door == "page":
                by_page(monkeypatch, path, few[0])
            elif door == "command":
                by_command(monkeypatch, store, few[0])
            else:
                by_register(store, few)
    whole = own if PROFILE == "nightly" else brought_by_register(begun, made, "few pots")
    assert content(path) == content(whole)


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_exported_and_brought_into_a_new_ledger_it_is_the_same(
    begun: Path, own: Path, tmp_path: Path, suffix: str
) -> None:
    """All that the newest records can hold is in it, and a contract, which the year has none of."""
    out, path, whole = tmp_path / f"year.{suffix}", tmp_path / "again.duckdb", tmp_path / "whole.duckdb"
    shutil.copy(own, whole)
    with Store.open(whole) as store:
        by_register(store, [CONTRACT])
    told = run("export", "register", "--out", out, "--ledger", whole)
    newest = {"forecast", "letter", "contribution", "contract", "instalment", "outcome", "rename"}
    assert newest <= {row.name for row in read_register(out).rows}
    assert [one["kind"] for one in told["left_out"]] == ["structure", "terms"]
    shutil.copy(begun, path)
    run("record", out, "--ledger", path)
    assert content(path) == content(whole)


@pytest.mark.nightly
@pytest.mark.parametrize("kind", ["server"])
def test_on_a_server_it_is_the_same_ledger(own: Path, shelf: ServerShelf) -> None:
    with Store.create(shelf.place("year")) as store:
        begin(store, beginning(YEAR, [year.ICB]))
        by_register(store, year.decisions())
        with store.read_afresh() as reader:
            assert chain.books_hash(reader) == content(own)
            assert verify.verify(reader) == []
