"""The Python interface: its names, what each says of itself, and that it answers as the command of its name does."""

import importlib.util
import inspect
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pytest
from typer.testing import CliRunner

import devolution
from screens.python import Ledger
from screens.report.report import Report
from tests import python_reference

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "docs" / "examples" / "ten_questions.py"
# What users rely on. A name may come; one that goes, or is called otherwise, is for a new first number of the version.
KEPT = (
    "open", "close", "position", "flows", "measures", "pots", "trail", "journal", "verify", "national", "trend", "need",
    "schedule", "targets", "network", "scenario", "compare_scenarios", "check_scenario", "bids",
)  # fmt: skip


@pytest.fixture(scope="module")
def ledger(demo_ledger: Path) -> Iterator[Ledger]:
    with devolution.Ledger.open(str(demo_ledger)) as opened:
        yield opened


def test_every_name_that_users_rely_on_is_there() -> None:
    assert set(KEPT) <= set(python_reference.public(Ledger))


@pytest.mark.parametrize("name", python_reference.public(Ledger))
def test_every_name_says_what_it_takes_gives_and_refuses(name: str) -> None:
    said = inspect.getdoc(getattr(Ledger, name)) or ""
    assert "Returns:" in said
    assert "Raises:" in said
    taken = [
        one
        for one in inspect.signature(python_reference.function(vars(Ledger)[name])).parameters
        if one not in ("self", "cls")
    ]
    for one in taken:
        assert f"    {one}: " in said, f"{name} does not say what {one} is"
    if name not in ("open", "close", "verify"):  # which give no figures
        given = said.partition("Returns:")[2].partition("Raises:")[0]
        assert "row" in given, f"{name} does not say what a row is"
        assert any(unit in given for unit in ("pence", "fraction", "index")), f"{name} does not say in which units"


def test_the_reference_is_made_from_the_code() -> None:
    assert python_reference.DOCUMENT.read_text(encoding="utf-8") == python_reference.document(), (
        "run: python -m tests.python_reference"
    )


# Each question in Python, and as a command.
SAME: dict[str, Callable[[Ledger], Report]] = {
    "position --by tier,standing": lambda ledger: ledger.position("tier", "standing"),
    "position --organisation QWO --by fund,standing --year 2025/26": lambda ledger: ledger.position(
        "fund", "standing", organisation="QWO", year="2025/26"
    ),
    "flows": lambda ledger: ledger.flows(),
    "flows --by from_tier,to_tier,stream --within": lambda ledger: ledger.flows(
        "from_tier", "to_tier", "stream", within=True
    ),
    "measures --organisation QWO": lambda ledger: ledger.measures(organisation="QWO"),
    "measures --scope earmarked": lambda ledger: ledger.measures(scopes=["earmarked"]),
    "pots --organisation QWO": lambda ledger: ledger.pots(organisation="QWO"),
    "pots --seen-by place": lambda ledger: ledger.pots(seen_by="place"),
    "trail --organisation QWO --fund core-community": lambda ledger: ledger.trail("QWO", fund="core-community"),
    "national": lambda ledger: ledger.national(),
    "national --pots": lambda ledger: ledger.national(pots=True),
    "trend --organisation QWO": lambda ledger: ledger.trend(organisation="QWO"),
    "trend --over years": lambda ledger: ledger.trend(over="years"),
    "trend --every-icb --year 2025/26": lambda ledger: ledger.trend(every_icb=True, year="2025/26"),
    "national --region London --above devolved_share=10% --reading strict": lambda ledger: ledger.national(
        region="London", above=["devolved_share=10%"], reading="strict"
    ),
    "measures --reading strict": lambda ledger: ledger.measures(reading="strict"),
    "schedule --icb QWO --fund core-community": lambda ledger: ledger.schedule("QWO", funds=["core-community"]),
    "scenario compare keep-by-agreement lift-small-pots": lambda ledger: ledger.compare_scenarios(
        "keep-by-agreement", "lift-small-pots"
    ),
    "scenario run keep-by-agreement": lambda ledger: ledger.scenario("keep-by-agreement"),
    "scenario run keep-by-agreement lift-small-pots": lambda ledger: ledger.scenario(
        "keep-by-agreement", "lift-small-pots"
    ),
}
WITHOUT_LEDGER: dict[str, Callable[[Any], Report]] = {
    "targets": lambda _: Ledger.targets(),
    "network U41591": lambda _: Ledger.network("U41591"),
    "need --icb QWO": lambda _: Ledger.need(icb="QWO"),
    "need --icb QWO --to pcn --component mental_health": lambda _: Ledger.need(
        icb="QWO", to="pcn", component="mental_health"
    ),
    f"bids {ROOT}/scenarios/bids/example.yaml": lambda _: Ledger.bids(ROOT / "scenarios" / "bids" / "example.yaml"),
}


def _asked(command: str, where: Path | None) -> list[dict[str, Any]]:
    given = [*command.split(), "--json", *(["--ledger", str(where)] if where else [])]
    answered = CliRunner().invoke(devolution.app, given)
    assert answered.exit_code == 0, answered.output
    rows: list[dict[str, Any]] = json.loads(answered.stdout)["rows"]
    return rows


@pytest.mark.parametrize("command", [*SAME, *WITHOUT_LEDGER])
def test_python_answers_as_the_command_does(command: str, ledger: Ledger, demo_ledger: Path) -> None:
    question = SAME.get(command) or WITHOUT_LEDGER[command]
    report = question(ledger)
    rows = _asked(command, demo_ledger if command in SAME else None)
    plain = json.loads(
        json.dumps(report.records(), default=lambda one: float(one) if isinstance(one, Fraction) else _text(one))
    )
    assert plain == rows
    table = report.to_arrow()
    assert table.num_rows == len(rows)
    for field in table.schema:
        if field.name.endswith("_pence"):
            assert field.type == pa.int64()
            assert table[field.name].to_pylist() == [row.get(field.name) for row in rows]
    assert len(report.to_pandas()) == len(rows)
    assert pa.table(report) == table


def _text(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else f"{value:f}"


def test_a_whole_position_sums_to_zero_and_the_journal_to_the_position(ledger: Ledger) -> None:
    held = ledger.position().to_pandas()
    assert int(held.amount_pence.sum()) == 0
    legs = ledger.journal().to_pandas()
    came = (
        legs[legs.to_organisation == "QWO"].amount_pence.sum()
        - legs[legs.from_organisation == "QWO"].amount_pence.sum()
    )
    own = held[held.organisation == "QWO"].amount_pence.sum()
    assert int(came) == int(own) > 0


def test_whole_pence_stay_whole_beside_what_is_missing(ledger: Ledger) -> None:
    measures = ledger.measures(organisation="QWO").to_pandas()
    assert measures.amount_pence.isna().any()
    assert str(measures.amount_pence.dtype) == "int64[pyarrow]"


def test_a_sound_ledger_has_nothing_to_say_of_itself(ledger: Ledger) -> None:
    assert ledger.verify().records() == []


def test_what_is_refused_says_what_to_write_in_python_and_what_to_type(ledger: Ledger, tmp_path: Path) -> None:
    gone = tmp_path / "none.duckdb"
    with pytest.raises(devolution.LedgerError) as missing:
        devolution.Ledger.open(gone)
    assert f"'devolution demo --ledger {gone}' in a terminal, or name another in Ledger.open(address)" in str(
        missing.value
    )
    asked: list[tuple[str, Callable[[], object]]] = [
        ("organisation: there is no organisation 'XXX'", lambda: ledger.position(organisation="XXX")),
        ("by: there is no column 'tierr'", lambda: ledger.position("tierr")),
        ("fund: there is no fund 'none'", lambda: ledger.trail("QWO", fund="none")),
        ("peers_of: there is no ICB 'XXX'", lambda: ledger.national(peers_of="XXX")),
        ("icb: there is no ICB 'XXX'", lambda: Ledger.need(icb="XXX")),
        ("icb: there is no ICB 'XXX'", lambda: ledger.schedule("XXX")),
        ("Give historic budgets as historic=, or issue some with 'devolution allocate --post' in a terminal",
         lambda: ledger.schedule("QWO", funds="none")),
        ("known_at: 2999-01-01T23:59:59.999999+00:00 is in the future", lambda: ledger.journal(known_at="2999-01-01")),
        ("or its people as counts=", lambda: Ledger.network("none")),
        ("Name what 'devolution scenario run --json' in a terminal gave",
         lambda: ledger.check_scenario("keep-by-agreement", EXAMPLE)),
    ]  # fmt: skip
    for said, ask in asked:
        with pytest.raises(devolution.Refused) as refused:
            ask()
        assert said in str(refused.value)
        assert "⟨" not in str(refused.value)
        assert str(refused.value) == "\n".join(str(problem) for problem in refused.value.problems)


def test_an_argument_that_cannot_be_read_says_what_it_may_be(ledger: Ledger) -> None:
    asked: list[tuple[str, Callable[[], object]]] = [
        ("'31 March' is not a day. Write it as 2025-06-30", lambda: ledger.position(as_at="31 March")),
        ("'noon' is not a time. Write it as 2025-06-30 or 2025-06-30T12:00", lambda: ledger.flows(known_at="noon")),
        ("'abc' is not a financial year", lambda: ledger.position(year="abc")),
        ("there is no reading 'none'. Choose from recorded, ", lambda: ledger.measures(reading="none")),
        (
            "there is no receiver 'village'. Choose from icb, place, pcn, practice",
            lambda: ledger.pots(seen_by="village"),
        ),
        ("there is no measure 'none'. Choose from ring_fenced_share, ", lambda: ledger.national(rank="none")),
        ("there is no kind of points 'weeks'. Choose from months, years", lambda: ledger.trend(over="weeks")),
        ("there is no level 'street'. Choose from place, pcn, practice", lambda: ledger.schedule("QWO", to="street")),
        ("there is no stream 'none'. Choose from core, specialised, primary medical", lambda: Ledger.targets("none")),
        ("places divide one ICB", lambda: Ledger.need(places="places.csv")),
        ("name a scenario", ledger.scenario),
    ]
    for said, ask in asked:
        with pytest.raises(ValueError, match=re.escape(said)):
            ask()


@pytest.mark.parametrize(
    ("method", "given"),
    [
        ("position", {}), ("flows", {}), ("pots", {}), ("pots", {"seen_by": "icb"}), ("national", {}),
        ("national", {"pots": True}), ("trend", {}), ("trail", {"organisation": "QWO"}),
    ],
)  # fmt: skip
def test_a_year_of_which_nothing_is_recorded_has_no_rows_and_the_words_say_so(
    ledger: Ledger, method: str, given: dict[str, Any]
) -> None:
    report = getattr(ledger, method)(year="2031/32", **given)
    assert report.to_arrow().num_rows == 0
    assert re.match("Nothing is recorded there|No (fund|ICB) ", report.sentences[0])


def test_a_measure_of_nothing_is_null_and_never_zero(ledger: Ledger) -> None:
    rows = {row["measure"]: row for row in ledger.measures(year="2031/32", scopes="all").rows.records()}
    assert (rows["ring_fenced_share"]["value"], rows["ring_fenced_share"]["defined"]) == (None, False)


def test_days_moments_files_and_single_words_are_given_as_analysts_write_them(
    ledger: Ledger, demo_ledger: Path
) -> None:
    by_text = ledger.position("tier", as_at="2025-06-30")
    assert by_text.records() == ledger.position("tier", as_at=date(2025, 6, 30)).records()
    assert by_text.records() == ledger.position("tier", as_at=datetime.fromisoformat("2025-06-30T12:00")).records()
    # Without a time zone it is UTC, and nothing was known then.
    assert ledger.position(known_at=datetime.fromisoformat("2001-01-01T00:00")).records() == []
    assert ledger.measures(scopes="all").records() == ledger.measures(scopes=["all"]).records()
    example = ROOT / "scenarios" / "bids" / "example.yaml"
    assert Ledger.bids(str(example), draws=20).records() == Ledger.bids(example, draws=20).records()


def test_a_ledger_says_where_it_is_and_whether_it_is_open(demo_ledger: Path) -> None:
    opened = devolution.Ledger.open(demo_ledger)
    assert repr(opened) == f"<Ledger {demo_ledger}>"
    opened.close()
    opened.close()
    assert repr(opened) == f"<Ledger {demo_ledger}, closed>"
    with pytest.raises(ValueError, match=re.escape(f"Open it again with Ledger.open('{demo_ledger}')")):
        opened.position()


def test_a_notebook_shows_the_words_and_the_rows_of_a_report(ledger: Ledger) -> None:
    report = ledger.pots(organisation="QWO")
    assert (
        repr(report) == f"<Report: {' '.join(report.title.split()) or 'without a title'}; {len(report.records())} rows>"
    )
    shown = report._repr_html_()
    assert shown.count("<table") == 1
    assert "Head of the chain" in shown
    assert "Nothing" in ledger.position(year=2031)._repr_html_()


def _example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("ten_questions", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ten_questions_are_answered_in_few_lines(ledger: Ledger, capsys: pytest.CaptureFixture[str]) -> None:
    example = _example()
    assert len(example.QUESTIONS) == 10
    for question in example.QUESTIONS:
        assert len(inspect.getsource(question).splitlines()) < 40
        question(ledger)
    printed = capsys.readouterr().out
    assert all(question.__doc__ for question in example.QUESTIONS)
    # The minimum contribution of 2025/26 without the discharge fund inside it, as NHS England announced it.
    assert re.search(r"Better Care Fund: NHS minimum contribution +5114\.0", printed)
    assert "1 of 42 ICBs end the year more than 2.5% below target" in printed


def test_importing_the_interface_loads_no_library_that_a_question_may_not_need() -> None:
    asked = "import sys; from devolution import Ledger; print(sorted({'pandas', 'streamlit', 'openpyxl', 'sqlalchemy'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.strip() == "[]"
