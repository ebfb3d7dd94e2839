"""Places: who is in which place, how much they need, what is fair, and what they get; down to PCN and practice."""

from collections.abc import Sequence
from fractions import Fraction

import streamlit as st

from allocations.figures.tables import whole_people
from allocations.network.contract import title
from allocations.network.statement import Statement
from allocations.places import as_text
from allocations.places.division import Division
from allocations.places.files import shipped_membership
from allocations.shares import facts
from allocations.shares.facts import Group, icb_names, index
from allocations.shares.need import COMPONENTS
from allocations.shares.split import FIGURES_YEAR
from ledger.errors import Refused
from ledger.money import signed_percent, spoken
from screens.asked.shares import groups
from screens.asked.shares import statement as network_statement
from screens.report import network
from screens.report.marks import at_percent
from screens.report.render import page as tables
from screens.report.report import NOT_AVAILABLE, Link, Table, columns, count, link, ratio
from screens.web.charts.bars import Bar, distances
from screens.web.importing import common
from screens.web.places import budgets, choice
from screens.web.shell import address, frame, open_ledger, parts

LEVELS = {"place": "Places", "pcn": "PCNs", "practice": "Practices"}
_FEW = 20
_PARTS = {
    "need": "Need beside the ICB's average", "budgets": "Historic, fair share and issued",
    "contract": "The network contract", "take": "Take these places away",
}  # fmt: skip
# What an address asks for that is a choice of one part alone.
_CHOICES = {"budgets": ("line", "of", "amount", "share"), "contract": ("pcn",), "need": ("need",)}
# Which parts there are at one level alone.
_ONLY_AT = {"contract": "pcn", "take": "place"}
_TOLD = (
    "Derived from NHS England's practice figures of 2025/26: registered and weighted populations, November 2023 to "
    "October 2024, added up first and divided last. PCNs are those of 1 August 2026."
)
_OURS = (
    "**Illustrative**: the default places are upper-tier local authorities. That, and the weighting by which each line "
    "is shared, are this project's assumptions. No ICB has adopted them."
)


def page() -> None:
    """Render the page for an ICB; it works without a ledger, which only budgets need."""
    frame.title("Places")
    names = icb_names()
    icb = frame.choose_icb(list(names), names, "QWO", f"which has no practices in the figures of {FIGURES_YEAR}")
    level = address.choose("to", "Level", list(LEVELS), shown=lambda level: LEVELS[level], horizontal=True)
    members = shipped_membership()
    division = choice.choose(icb, members) if level == "place" else None
    if level == "place" and division is None:
        st.info("No place has been made yet. Bring a file, or choose practices above and name a place.")
        frame.foot(None, _TOLD, illustrative=_OURS)
        return
    found = groups(icb, level, division)
    if division is not None:
        _partition(division, found, names[icb])
    titles = {part: title for part, title in _PARTS.items() if _ONLY_AT.get(part, level) == level}
    seen = parts.choose(titles, "What to see", unknown="which is not at this level", choices=_CHOICES)
    store = open_ledger.store()
    opened = None if store is None else frame.books_of(store)
    if "need" in seen:
        _need(found, level, icb, names[icb])
    if "budgets" in seen:
        is_own = level == "place" and address.asked_for("places") == choice.OWN
        budgets.section(opened, icb, level, division if is_own else None)
    if "contract" in seen:
        _contract(found)
    if "take" in seen and division is not None:
        _downloads(division, icb, names[icb])
    frame.foot(None if opened is None else opened.at, _TOLD, illustrative=_OURS)


def _partition(division: Division, groups: Sequence[Group], name: str) -> None:
    places = [group for group in groups if not group.is_unassigned]
    whole, out = len(division.place_of), len(division.unassigned)
    if not out:
        st.success(
            f"Yes. {len(places)} places divide {name} between them: each of its {whole:,} practices is in exactly one."
        )
        return
    lost = next(group for group in groups if group.is_unassigned)
    st.warning(
        f"Not yet. {out:,} of {whole:,} practices, with {whole_people(lost.registered_billionths):,} registered "
        "people, are in no place. They are shown as 'In no place' and keep their share; nobody is in two places."
    )
    with frame.for_analysts("practices in no place"):
        st.write(", ".join(division.unassigned))


def _downloads(division: Division, icb: str, name: str) -> None:
    st.header(_PARTS["take"], anchor=False)
    as_csv, as_json = st.columns(2)
    as_csv.download_button(
        "Download these places (CSV)",
        data=lambda: as_text.as_csv(division).encode("utf-8-sig"),
        file_name=f"places-{icb}.csv",
        mime="text/csv",
        on_click="ignore",
    )
    try:
        saved = as_text.as_place_tool(division, name)
    except Refused as refused:
        frame.refused(refused.problems, "They cannot be saved for the place tool.")
        return
    as_json.download_button(
        "Download for the place tool (JSON)",
        data=saved,
        file_name=f"places-{icb}.json",
        mime="application/json",
        on_click="ignore",
        help="In the form that NHS England's tool saves. Codes stand for names of practices, which are not shipped.",
    )


@st.fragment
def _need(groups: Sequence[Group], level: str, icb: str, name: str) -> None:
    component = address.choose(
        "need", "Need for", list(COMPONENTS), shown=lambda part: part.replace("_", " ").capitalize(), usual="core"
    )
    said = component.replace("_", " ")
    heads = columns(
        link(LEVELS[level].removesuffix("s")),
        count("Practices"),
        count("Registered people"),
        ratio(f"Need for {said}, relative to {name}"),
        ratio(f"Need for {said}, relative to {facts.WHOLE}"),
        "Mind",
    )
    rows = [
        (
            _to_budget(group, level, icb),
            group.practices,
            whole_people(group.registered_billionths),
            index(group.of_icb.get(component)),
            index(group.of_england.get(component)),
            "Few people: uncertain" if group.is_small else "",
        )
        for group in groups
    ]
    table = Table(f"Need for {said} by {level}", heads, rows)
    drawn = _furthest(groups, component)
    few = (
        ""
        if len(drawn) == len(groups)
        else f" The {len(drawn)} furthest from 1 are drawn; the table has all {len(groups)}."
    )
    distances(
        [
            Bar(group.name, at_percent(Fraction(value, 1000) - 1), signed_percent(Fraction(value, 1000) - 1, 1))
            for group, value in drawn
        ],
        name="Need beside the ICB's average",
        sentence=f"An index of 1 is the average person's need in {name}; 1.1 is a tenth more, and is drawn as +10.0%. "
        f"Each column of the table names its own base, and the two cannot be compared with each other.{few}",
        axis="Need above or below the ICB's average (%)",
        table=table,
        key=f"need-{level}-{component}",
    )
    st.write("Indices relative to different bases cannot be compared. Groups of under 1,000 people are less certain.")


def _to_budget(group: Group, level: str, icb: str) -> Link | str:
    """A group by its name, which leads to what is fair for it and what is issued to it."""
    if group.is_unassigned:
        return group.name
    whose = {name: address.asked_for(name) for name in ("places", "own") if address.asked_for(name)}
    said = f"{group.name} ({group.code})" if level == "pcn" and group.name != group.code else group.name
    return Link(said, "places", {"icb": icb, "to": level, **whose, "part": "budgets", "of": group.code})


def _furthest(groups: Sequence[Group], component: str) -> list[tuple[Group, int]]:
    return facts.furthest(groups, component, _FEW)


_SHOWN = ("Element", "Paid", "Counted by", "Rate (£, published)", "A year (£)", "Why not")


@st.fragment
def _contract(groups: Sequence[Group]) -> None:
    """Show the contract of a PCN of the ICB, which the reader chooses; redrawn by itself."""
    st.header("The network contract", anchor=False)
    names = {group.code: group.name for group in groups if not group.is_unassigned}
    if not names:
        st.info("No practice of this ICB is in a PCN in the figures.")
        return
    code = address.choose("pcn", "PCN", list(names), shown=lambda code: f"{names[code]} ({code})")
    with st.expander("Your own counts of people, and claims"):
        counts = st.file_uploader("Counts of people (CSV)", type=["csv"], max_upload_size=1, key="network counts")
        claims = st.file_uploader("Claims for additional roles (CSV)", type=["csv"], max_upload_size=1,
                                  key="network claims")  # fmt: skip
    given = [(common.safe_name(file.name), file.getvalue()) for file in (counts, claims) if file is not None]
    try:
        with common.as_paths(given) as paths:
            rest = iter(paths)
            told = network_statement(code, counts=next(rest) if counts else None, claims=next(rest) if claims else None)
    except Refused as refused:
        frame.refused(refused.problems, "The contract cannot be worked out.")
        return
    _statement(told)


def _statement(statement: Statement) -> None:
    if statement.total_pence is None:
        st.write("**The total is not available: no element can be worked out.**")
    else:
        per_head = statement.per_head_pounds
        head = "" if per_head is None else f", £{per_head:.2f} for each registered person"
        without = (
            f" That is without {', '.join(title(name) for name in statement.without)}." if statement.without else ""
        )
        st.write(
            f"**Under the network contract {statement.name or statement.network} gets {spoken(statement.total_pence)} "
            f"in {statement.year}{head} (illustrative).**{without}"
        )
    tables.show(network.elements(statement).with_only(*_SHOWN), f"network-{statement.network}")
    for sentence in network.worked_out(statement):
        st.text(sentence)
    with st.expander("Month by month"):
        months = network.months(statement)
        if months.rows:
            tables.show(months, f"network-months-{statement.network}")
        else:
            st.write(f"Month by month is {NOT_AVAILABLE}.")
    with st.expander("What stands behind it"):
        for sentence in network.behind(statement):
            st.write(sentence)
