"""Every page in every state: it says what is the matter and what to do, ends as a page should, and never falls over."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ledger.store.base import Store
from ledger.store.migrations import SCHEMA_VERSION
from tests.profiles import every
from tests.screens.pages import no_leftovers, page, said, tables
from tests.screens.states import KINDS, PAGES, made

__all__ = ["no_leftovers"]
LAST_WORDS = "What these figures are"
NEED_BOOKS = ("overview", "ring_fences", "national", "audit")
# What pages that show the books say instead, and what is to be done.
INSTEAD = {
    "none": "There is no ledger at",
    "empty": "The ledger is empty: no money stands in it yet.",
    "foreign": "cannot be read as a ledger: it is another kind of file. Name a ledger made by this program",
    "newer": f"its schema is version 99, and this program knows {SCHEMA_VERSION}. Name a ledger made by this program with --ledger, or "
    "upgrade the program",
    "older": "Take a backup, then run 'devolution migrate --ledger",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("states")
    for kind in KINDS:
        made(kind, place)
    return place


def told(app: AppTest) -> str:
    """All that stands in boxes, and all commands."""
    boxes = [*app.info, *app.warning, *app.error, *app.success]
    return "\n".join([*(box.value for box in boxes), *(code.value for code in app.code)])


def whole(app: AppTest) -> None:
    """A page with one title, that ends with what its figures are."""
    assert len(app.title) == 1
    assert app.header[-1].value == LAST_WORDS
    assert "Prototype, not an NHS England product." in said(app)


@pytest.mark.parametrize(("kind", "name"), every(list(KINDS), list(PAGES)))
def test_it_is_a_whole_page(monkeypatch: pytest.MonkeyPatch, folder: Path, kind: str, name: str) -> None:
    app = page(monkeypatch, name, folder / f"{kind}.duckdb")
    whole(app)
    if kind in INSTEAD and name in NEED_BOOKS:
        assert INSTEAD[kind] in told(app)
        assert not app.metric
    if kind in ("none", "empty") and name in NEED_BOOKS:
        assert f"devolution demo --ledger {folder / kind}.duckdb" in told(app)


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("national", "overview", "No ICB holds money of this year yet, so only the national picture can be shown."),
        ("national", "national", "No ICB holds money of this year yet, so there is nobody to compare."),
        ("national", "ring_fences", "All ICBs: nothing is ring-fenced."),
        ("one-icb", "ring_fences", "First ICB: nothing is ring-fenced. The one pot is not tied to a purpose."),
        ("one-icb", "national", "Only First ICB is in these books, so there is nobody to compare it with yet."),
        ("one-icb", "national", "No ICB is beyond these limits."),
        ("nothing-fenced", "ring_fences", "All ICBs: nothing is ring-fenced. The one pot is not tied"),
        ("nothing-fenced", "places", "NHS West Yorkshire ICB holds no money in this ledger, so nothing is issued here"),
        ("none", "places", "There is no ledger at"),
    ],
)
def test_what_is_partial_is_said(
    monkeypatch: pytest.MonkeyPatch, folder: Path, kind: str, name: str, words: str
) -> None:
    assert words in told(page(monkeypatch, name, folder / f"{kind}.duckdb", part="all"))


def test_an_icb_without_practice_figures_has_no_places_but_its_money(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    ledger = folder / "nothing-fenced.duckdb"
    app = page(monkeypatch, "places", ledger, icb="ICB1")
    assert "'ICB1' under 'ICB', which has no practices in the figures of 2025/26." in told(app)
    compared = tables(page(monkeypatch, "national", ledger, icb="ICB1", part="all"))
    assert "not on record" in compared
    assert '"6,000.00"' in compared
    assert "no peers here" in said(page(monkeypatch, "national", ledger, icb="ICB1", part="beside"))


@pytest.mark.parametrize("name", NEED_BOOKS)
def test_a_held_ledger_says_who_holds_it_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, own_demo_ledger: Path, name: str
) -> None:
    with Store.open(own_demo_ledger):
        app = page(monkeypatch, name, own_demo_ledger)
    assert "is held by" in told(app)
    assert "then try again" in told(app)
    whole(app)


def test_by_the_boundaries_of_a_day_there_are_36(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, "national", demo_ledger, icbs="2026-04-01")
    assert "among 36 ICBs" in said(app)
    assert "shared among those that came after them by registered population" in said(app)
    # Restated sums stand in no books, so they lead nowhere.
    ranked = next(html.body for html in app.html if "All ICBs by" in html.body)
    assert "view=made" not in ranked
    whole(app)


@pytest.mark.parametrize(
    ("name", "query", "words"),
    [
        ("overview", {"icb": "ZZ"}, "'ZZ' under 'ICB', which holds no money in this ledger. All ICBs is shown"),
        ("overview", {"year": "1900"}, "'1900' under 'Year', for which no money stands"),
        ("national", {"trend_of": "ZZ"}, "'ZZ' under 'Whose money', which holds no money in this ledger"),
        ("national", {"icbs": "1999-01-01"}, "'1999-01-01' under 'Which ICBs'"),
        ("national", {"measure": "wealth", "whom": "Mars"}, "'Mars' under 'Show'"),
        ("national", {"tied": "999"}, "'999' as ring-fenced, soft included: more than, which is not from 0 to 100"),
        ("national", {"tied": "many"}, "'many' as ring-fenced"),
        ("ring_fences", {"packet": "1"}, "'1' under 'A penny packet is a pot below'"),
        ("ring_fences", {"on": "soon"}, "'soon'"),
        ("places", {"places": "own", "own": "rubbish"}, "The places in the address cannot be read"),
        ("places", {"places": "own", "own": "QWO|A:XXXX"}, "The places in the address cannot be used."),
        ("places", {"places": "own", "own": "QMM|A:D82001"}, "Your places are of QMM."),
        ("bids", {"awards": "99999"}, "'99999' as awards, which is not from 1 to 28"),
        ("audit", {"view": "nowhere"}, "'nowhere' under 'View'"),
        ("audit", {"organisation": "ZZ"}, "'ZZ' under 'Organisation', which has never held money here"),
        ("audit", {"organisation": "QWO", "fund": "zz"}, "'zz' under 'Line', on which it holds nothing"),
        ("audit", {"view": "made", "tier": "moon"}, "Nothing is held here, narrowed to tier moon"),
        ("audit", {"view": "entries", "entry": "last"}, "'last', which is no number. All entries are shown."),
        ("audit", {"view": "entries", "entry": "9" * 30}, "It cannot be shown."),
        ("audit", {"view": "made", "as_at": "2999-01-01"}, "'2999-01-01', which is no day up to"),
        ("audit", {"view": "made", "as_at": "2025-02-31"}, "'2025-02-31', which is no day up to"),
        ("overview", {"part": "moon"}, "'moon' under 'What to see', which is not here"),
        ("overview", {"reading": "kind"}, "'kind' under 'How ring-fences are read'"),
        ("overview", {"icb": "q" * 5_000}, f"'{'q' * 60}' under 'ICB'"),
        ("receivers", {"tier": "moon"}, "'moon' under 'Seen by each'"),
        ("scenarios", {"scenario": "../../etc/passwd"}, "'../../etc/passwd' under 'Scenario', which is neither"),
        ("scenarios", {"scenario": "devolve-80-at-once", "a.share_at_place": "900%"}, "'900%' as Share at place"),
        ("scenarios", {"scenario": "devolve-80-at-once", "a.moon": "1"}, "'a.moon', which is no figure of this scenario"),
        ("scenarios", {"view": "compare", "with": "one,two"}, "'one', 'two' under 'Scenarios to compare'"),
        ("month", {"of": "2025-13", "icb": "QWO"}, "'2025-13' under 'Month', which is not in this year"),
        ("record", {"kind": "steal"}, "'steal' under 'What happened', which is no kind of decision"),
        ("import_export", {"view": "undo", "entry": "last"}, "'last' under 'Which import', with which no import here begins"),
        ("import_export", {"view": "take", "file": "all"}, "'all' under 'File to take out'"),
    ],
)  # fmt: skip
def test_an_address_that_names_what_does_not_exist_says_so(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, name: str, query: dict[str, str], words: str
) -> None:
    app = page(monkeypatch, name, demo_ledger, **query)
    assert words in told(app)
    whole(app)


@pytest.mark.parametrize(
    ("name", "choice"),
    [("overview", "icb"), ("audit", "entry"), ("scenarios", "scenario"), ("bids", "awards"), ("audit", "as_at")],
)
def test_hostile_words_of_an_address_are_told_as_words(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, name: str, choice: str
) -> None:
    """No link, no formula and no picture, which would be asked for elsewhere."""
    app = page(
        monkeypatch,
        name,
        demo_ledger,
        **{choice: "![x](http://a.b/c)$y$"},
        **({"view": "entries"} if choice == "entry" else {}),
    )
    assert r"!\[x\](http://a.b/c)\$y\$" in told(app)
    whole(app)


def test_an_address_may_name_what_people_read(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, "overview", demo_ledger, icb="NHS West Yorkshire ICB (QWO)", year="2025/26")
    assert "NHS West Yorkshire ICB receives £6.7 billion" in said(app)
    assert not app.warning


def test_the_one_year_that_there_is_is_no_choice_and_leaves_the_address(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    app = page(monkeypatch, "overview", demo_ledger, year="2025")
    assert "year" not in app.query_params
    assert [box.label for box in app.selectbox if box.label == "Year"] == []
