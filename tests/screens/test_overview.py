"""The first screen, without a browser."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    st.cache_resource.clear()
    st.cache_data.clear()
    monkeypatch.chdir(ROOT)


def page(monkeypatch: pytest.MonkeyPatch, ledger: Path, **query: str) -> AppTest:
    monkeypatch.setenv("DEVOLUTION_LEDGER", str(ledger))
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=30)
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def text(app: AppTest) -> str:
    return "\n".join(element.value for element in app.markdown)


def test_all_icbs_at_once(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, demo_ledger)
    assert not app.exception
    assert app.title[0].value == "Where the money goes"
    assert "£160.2 billion to ICBs" in text(app)
    assert [(metric.label, metric.value) for metric in app.metric] == [
        ("Total", "£205.1 billion"), ("Both local and free (illustrative)", "17.2%"),
        ("Ring-fenced, soft included (illustrative)", "26.3%"),
    ]  # fmt: skip
    assert "Illustrative" in text(app)
    assert "March 2025" in text(app)


def test_the_icb_is_in_the_address_both_ways(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, demo_ledger, icb="QWO")
    assert app.selectbox[0].value == "QWO"
    assert "NHS West Yorkshire ICB receives £6.7 billion" in text(app)
    app.selectbox[0].select("QMM").run()
    assert app.query_params["icb"] in ("QMM", ["QMM"])
    assert "Norfolk and Waveney" in text(app)
    app.selectbox[0].select("").run()
    assert "icb" not in app.query_params


def test_the_table_beside_the_flow_adds_up(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    rows = page(monkeypatch, demo_ledger, icb="QWO").table[0].value
    pence = rows["Amount (£)"].str.replace(",", "").str.replace(".", "").astype(int)
    streams = pence[rows["From"] == "NHS England"].sum()
    assert streams == pence[rows["From"] != "NHS England"].sum() == 672_633_873_697


def test_an_address_with_an_unknown_icb_says_so(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, demo_ledger, icb="<script>")
    assert "which holds no money in this ledger" in app.warning[0].value
    assert app.selectbox[0].value == ""


def test_without_a_ledger_it_offers_the_demo(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = page(monkeypatch, tmp_path / "none.duckdb")
    assert "There is no ledger" in app.info[0].value
    assert "devolution demo --ledger" in app.code[0].value


def test_an_empty_ledger_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ledger.store import Store

    Store.create(tmp_path / "empty.duckdb").close()
    assert "The ledger is empty" in page(monkeypatch, tmp_path / "empty.duckdb").info[0].value


def test_a_ledger_that_is_held_says_who_holds_it(monkeypatch: pytest.MonkeyPatch, own_demo_ledger: Path) -> None:
    from ledger.store import Store

    with Store.open(own_demo_ledger):
        app = page(monkeypatch, own_demo_ledger)
    assert "is held by" in app.warning[0].value
    assert not app.exception


def test_a_file_that_is_no_ledger_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_text("no database at all " * 100)
    assert "cannot be read as a ledger" in page(monkeypatch, tmp_path / "x.duckdb").warning[0].value
