"""Names: what they may hold, which are one, and that both databases say the same of them."""

import unicodedata
from collections.abc import Iterator
from datetime import date

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import characters
from ledger.entries.appointments import appoint
from ledger.entries.draft import records
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.models import Fund, Organisation, Tier
from ledger.reports import verify
from ledger.store.base import Store
from tests.books import APRIL, Draft, at, entry, new_terms, term
from tests.shelves import administrator, server_is_there

LONG_AGO = date(2020, 1, 1)
# Spelling, and what it has in common with all others of the same name; worked out by hand.
FOLDED = (
    ("anna", "anna"),
    ("ANNA@ICB.example", "anna@icb.example"),
    ("anna ", "anna"),
    ("anna\u00a0", "anna"),
    ("ÉLÈNE", "élène"),
    ("Élène", "élène"),
    ("ŁUKASZ ŻÓŁĆ", "łukasz żółć"),
    ("IRİNA", "irina"),
    ("\u0131r\u0131na", "irina"),
    ("ÐAN", "đan"),  # Icelandic and Croatian capitals that look alike
    ("Đan", "đan"),
    ("Șerban", "şerban"),  # with a comma, and with a cedilla
    ("Ÿ", "ÿ"),
    ("ẞ", "ẞ"),  # no name at all, and left as it is
    ("Straße", "straße"),
    ("0f8e6a2c-7B1D-4d5e-9c3a-2f1e0d9c8b7a", "0f8e6a2c-7b1d-4d5e-9c3a-2f1e0d9c8b7a"),
)
NAMES = (
    "anna", "anna@icb.example", "devolution_anna", "Élène d'Aubigné-O'Hara", "finance, preparer", "{QWO} 50% $1", "QWO/1",
    "0f8e6a2c-7b1d-4d5e-9c3a-2f1e0d9c8b7a", "00gq1wFakeSub1234", "AaFQ2.xy_Z-9",
)  # fmt: skip
NO_NAMES = (
    "",
    " ",
    "anna ",
    " anna",
    "an  na",
    "\u0430nna",
    "ann\u200ba",
    "anna\u00a0b",
    "\uff41nna",
    "an\u2014na",
    "\u1f08nna",
    "an\nna",
    "ŉ",
    "\ufb01n",
)


@pytest.fixture(scope="module", params=["duckdb", "postgresql"])
def ask(request: pytest.FixtureRequest) -> Iterator[object]:
    """One question with one answer, asked of one of the two databases: the server in the C locale, without ICU."""
    if request.param == "duckdb":
        with duckdb.connect() as connection:
            yield lambda sql, name: connection.execute(sql.replace("NAME", "?"), [name] * sql.count("NAME")).fetchone()[
                0
            ]
        return
    if not server_is_there():
        pytest.skip("there is no server to test with")
    with administrator() as server:
        provider, collation = server.execute(
            "SELECT datlocprovider, datcollate FROM pg_database WHERE datname = current_database()"
        ).fetchone()
        assert (provider, collation) == ("c", "C")
        yield lambda sql, name: server.execute(
            sql.replace("%", "%%").replace("NAME", "%s::varchar"), [name] * sql.count("NAME")
        ).fetchone()[0]


@pytest.mark.parametrize(("name", "folded"), FOLDED)
def test_spellings_of_one_name_fold_to_the_same(ask, name: str, folded: str) -> None:
    assert characters.folded(name) == folded
    assert ask(f"SELECT {characters.FOLDED.format('NAME')}", name) == folded


@pytest.mark.parametrize("name", NAMES + NO_NAMES)
def test_what_is_a_name(ask, name: str) -> None:
    wanted = name in NAMES
    assert characters.is_name(name) == wanted
    assert ask(f"SELECT {characters.IS_NAME.format('NAME')}", name) == wanted


@given(name=st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=8))
def test_both_databases_say_of_any_text_what_python_says(ask, name: str) -> None:
    assert ask(f"SELECT {characters.IS_NAME.format('NAME')}", name) == characters.is_name(name)
    assert ask(f"SELECT {characters.FOLDED.format('NAME')}", name) == characters.folded(name)


# What Unicode keeps for characters that show nothing, or says is none: Default_Ignorable_Code_Point of DerivedCoreProperties
# and the noncharacters, of which some are not given out yet; and two that it gave out after Python 3.11.
SHOWS_NOTHING = (
    "\u00ad\u034f\u061c\u115f\u17b4\u180b\u200b\u202e\u2065\u2066\u3164\ufe00\ufeff\uffa0\ufff0\ufff8\ufdd0\uffff"
    "\U0001bca0\U0001d173\U0001fffe\U000e0000\U000e0001\U000e0041\U000e0080\U000e0100\U000e0fff\U00013439\U0001343f"
    "\U00016fe4\U0001d159"
)


def test_what_shows_nothing_is_known_whatever_version_of_unicode_is_at_hand() -> None:
    for letter in SHOWS_NOTHING:
        assert characters.unseen(f"a{letter}b") == [f"U+{ord(letter):04X}"]
    for code in range(0x110000):
        kind = unicodedata.category(chr(code))
        if kind in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            assert characters.unseen(chr(code)), f"U+{code:04X}"
        elif kind[0] in "LNPS" and characters.unseen(chr(code)):
            # Fillers of Hangul, the empty Braille pattern, the null note head.
            assert code in (0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0, 0x1D159), f"U+{code:04X}"


@pytest.mark.parametrize(
    ("text", "blank"), [(" ", True), ("", True), (" \u00a0\u3000\u2003\u1680 ", True), (" a\u00a0", False)]
)
def test_spaces_of_any_width_are_blank(ask, text: str, blank: bool) -> None:
    assert ask(f"SELECT {characters.IS_BLANK.format('NAME')}", text) == blank


@pytest.mark.parametrize("authority", ["\u00a0", "\u3000\u2003", "\u2065", "\U000e0000", " ", "\U00016fe4"])
def test_no_ring_fenced_money_leaves_by_an_authority_that_shows_nothing(funded: Store, authority: str) -> None:
    post(funded, [
        entry("mandate", at("GOV", "winter"), at("NHS", "winter"), 5),
        entry("allocate", at("NHS", "winter"), at("ICB1", "winter"), 5),
    ])  # fmt: skip
    move = entry("vire", at("ICB1", "winter"), at("ICB1", "core"), 5, authority=authority)
    with pytest.raises(Refused, match=r"no authority is named|the authority holds characters that cannot be seen"):
        post(funded, [move])
    loosened = new_terms(term("winter", "none", version=2), authority=authority)
    with pytest.raises(Refused, match=r"Name the authority|the authority holds characters that cannot be seen"):
        post(funded, [loosened])
    with funded.read() as reader:
        assert verify.verify(reader) == []


def test_a_name_that_looks_like_another_is_refused_whoever_posts(funded: Store) -> None:
    one = entry("devolve", at("ICB1", "core"), at("P1", "core"), 5)
    for name, said in (
        ("Tests", r"entry 6, person 'Tests': the books know 'tests'\. .* Write 'tests'\."),
        ("t\u0435sts", r"it holds U\+0435 \(CYRILLIC SMALL LETTER IE\)\. Another person could be made to look like it"),
        ("tests ", r"it is empty, or has spaces around it or several in a row"),
        ("te\u2014sts", r"it holds U\+2014 \(EM DASH\)"),
    ):
        with pytest.raises(Refused, match=said):
            post(funded, [Draft(**{**_facts(one), "actor": name})])
    post(funded, [Draft(**{**_facts(one), "actor": "Élène"})])
    with pytest.raises(Refused, match="the books know 'Élène'"):
        post(funded, [Draft(**{**_facts(one), "key": "again", "actor": "ÉLÈNE"})])
    with pytest.raises(Refused, match="the books know 'tests'"):
        appoint(funded, "TESTS", "administrator", by="tests", reason="x", day=LONG_AGO)
    with funded.read() as reader:
        assert verify.verify(reader) == []


def test_a_code_that_looks_like_another_is_refused(books: Store) -> None:
    for model, row, said in (
        (Organisation, {"code": "icb1", "name": "x", "tier": "icb", "valid_from": LONG_AGO}, "the books know 'ICB1'"),
        (Organisation, {"code": "IC\u04129", "name": "x", "tier": "icb", "valid_from": LONG_AGO}, "CYRILLIC CAPITAL LETTER VE"),
        (Fund, {"code": "Core", "name": "x", "stream": "x", "resource": "revenue", "lowest_tier": "icb"}, "the books know 'core'"),
        (Tier, {"code": "ICB", "name": "x", "rank": 9, "depth": 0, "may_go_below_zero": False}, "the books know 'icb'"),
    ):  # fmt: skip
        draft = Draft("more", "structure", APRIL, "tests", "more", records={model: records(model, [row])})
        with pytest.raises(Refused, match=said):
            post(books, [draft])
    two = [{"code": code, "name": "x", "tier": "icb", "valid_from": LONG_AGO} for code in ("ICB3", "Icb3")]
    with pytest.raises(Refused, match="organisation 'Icb3': the books know 'ICB3'"):
        post(
            books, [Draft("two", "structure", APRIL, "tests", "x", records={Organisation: records(Organisation, two)})]
        )


def _facts(draft: Draft) -> dict[str, object]:
    return {name: getattr(draft, name) for name in draft.__slots__}
