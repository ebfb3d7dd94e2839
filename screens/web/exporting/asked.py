"""What a file that is taken out is narrowed to: each choice in the address, so a link makes the same file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

import streamlit as st

from allocations.figures import tables
from allocations.figures.tables import WEIGHTINGS
from allocations.shares.split import FIGURES_YEAR
from ledger.reports import journal
from ledger.years import FinancialYear
from scenarios import outcome as outcomes
from scenarios import saved
from screens.web.shell import address, open_ledger
from screens.web.shell.open_ledger import Books

_LEVELS = {"place,pcn": "Places and PCNs", "place": "Places", "pcn": "PCNs"}
_EVERYBODY = "All organisations"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks of a file.

    Attributes:
        icb: whose, by code; everybody's otherwise.
        levels: who shares, in a working workbook.
        as_at: the last day that counts; today otherwise.
        everything: also what has ended.
    """

    kind: str = ""
    icb: str | None = None
    year: FinancialYear | None = None
    fund: str = "core-recurrent"
    weighting: str = "core"
    levels: tuple[str, ...] = ("place", "pcn")
    as_at: date | None = None
    known_at: datetime | None = None
    scenario: str = ""
    contact: str | None = None
    everything: bool = False

    def file_name(self, ending: str) -> str:
        """A name that says what is in the file: lower case, words joined by hyphens."""
        year = "" if self.year is None else str(self.year).replace("/", "-")
        parts = (self.kind, self.scenario, (self.icb or "").lower(), year, str(self.as_at or ""))
        return f"{'-'.join(part for part in parts if part)}{ending}"


def ask(found: Books, kind: str, asks: Sequence[str]) -> Asked | None:
    """What the reader chooses of the books; None, with the page told why, where there is nothing to choose."""
    asked = Asked(kind)
    if "icb" in asks or "whose" in asks:
        if not found.icbs:
            st.info("No ICB holds money of this year yet.")
            return None
        everybody = [] if "icb" in asks else [""]
        code = address.choose(
            "icb", "ICB", [*everybody, *found.icbs],
            shown=lambda code: f"{found.icbs[code]} ({code})" if code else _EVERYBODY,
            unknown="which holds no money in this ledger",
        )  # fmt: skip
        asked = replace(asked, icb=code or None)
    if "year" in asks:
        asked = replace(asked, year=FinancialYear(found.year))
    if "fund" in asks:
        names = found.answer("funds of", lambda reader, _: journal.funds(reader, asked.icb), asked.icb)
        fund = address.choose(
            "fund", "Line", list(names), shown=lambda code: f"{names[code]} ({code})",
            usual="core-recurrent" if "core-recurrent" in names else None, unknown="on which it has no money",
        )  # fmt: skip
        asked = replace(asked, fund=fund)
    asked = _of_shares(asked, asks)
    if "clocks" in asks:
        asked = _clocks(asked, found.at.as_at)
    return _few(asked, asks)


def ask_figures(names: Mapping[str, str], kind: str, asks: Sequence[str]) -> Asked:
    """What the reader chooses of the published figures, where there is no ledger."""
    code = address.choose("icb", "ICB", list(names), shown=lambda code: f"{names[code]} ({code})",
                          unknown="which is not in the figures")  # fmt: skip
    asked = Asked(kind, icb=code, year=FIGURES_YEAR)
    if "fund" in asks:
        rows = tables.table("allocations_2025_26").to_pylist()
        funds = list(dict.fromkeys(row["fund"] for row in rows if row["holder"] == code))
        fund = address.choose("fund", "Line", funds, usual="core-recurrent", unknown="which it did not receive")
        asked = replace(asked, fund=fund)
    return _of_shares(asked, asks)


def _of_shares(asked: Asked, asks: Sequence[str]) -> Asked:
    if "weighting" not in asks:
        return asked
    by = address.choose(
        "by", "Weighted population to share by", list(WEIGHTINGS),
        shown=lambda name: name.replace("_", " ").capitalize(), usual="core",
    )  # fmt: skip
    to = address.choose("to", "Who shares", list(_LEVELS), shown=lambda levels: _LEVELS[levels])
    return replace(asked, weighting=by, levels=tuple(to.split(",")))


def _clocks(asked: Asked, today: date) -> Asked:
    with st.expander("As at, and as known at", expanded=bool(address.told("as_at") or address.told("known_at"))):
        left, right = st.columns(2)
        with left:
            as_at = address.pick_day("as_at", "What counts by the end of", today, today)
        with right:
            known = address.pick_day("known_at", "As it was known at the end of", today, today)
    return replace(
        asked,
        as_at=None if as_at == today else as_at,
        known_at=None if known == today else datetime.combine(known, time.max, UTC),
    )


def _few(asked: Asked, asks: Sequence[str]) -> Asked:
    if "scenario" in asks:
        names = [*saved.saved(open_ledger.path()), *outcomes.library()]
        chosen = address.choose("scenario", "Scenario", names, unknown="which is neither saved nor in the library")
        asked = replace(asked, scenario=chosen)
    if "contact" in asks:
        typed = st.text_input("Who answers questions, for the cover (optional)", max_chars=120, key="take contact")
        asked = replace(asked, contact=typed.strip() or None)
    if "everything" in asks:
        asked = replace(asked, everything=st.checkbox("Those that have ended too", key="take everything"))
    return asked
