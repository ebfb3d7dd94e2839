"""Bids: a pot that is bid for, beside the same money by formula: what it costs, who wins, and what matters most."""

import hashlib

import streamlit as st

from ledger.errors import Refused
from ledger.money import spoken
from ledger.reports.summary import percent
from scenarios.bids.assumptions import cost_pounds, turned
from scenarios.bids.file import EXAMPLE, read_bids
from scenarios.bids.pot import LISTED, PotPlan
from scenarios.bids.simulation import PotOutcome
from scenarios.bids.tornado import TornadoBar
from scenarios.bids.words import number, provenance, sentences, words
from screens.asked.explored import drawn
from screens.report.marks import at_millions
from screens.report.render import page as tables
from screens.report.scenarios import bids
from screens.web.charts.bars import Range, Swing, spreads
from screens.web.charts.bars import tornado as draw_tornado
from screens.web.importing import common
from screens.web.shell import address, frame, header, parts

_COST_STEP, _MOST_COST = 1_000, 100_000
_MOST_DRAWN = 45
_PARTS = {
    "spread": "The spread of outcomes", "account": "What becomes of the pot, both ways",
    "matters": "What matters most", "assumed": "What is assumed",
}  # fmt: skip


def page() -> None:
    """Render the page: the example, or a pot of the reader's own, with two numbers to turn."""
    frame.title("What a bidding pot costs")
    header.tell("an example", "reads no books", "illustrative")
    text = _text()
    if text is None:
        return
    try:
        plan, digest = _read(text)
    except Refused as refused:
        frame.refused(refused.problems, "This pot cannot be simulated. Correct the YAML and try again.")
        frame.foot(None, "Nothing is shown of a pot that cannot be read.", illustrative="")
        return
    st.header(plan.title, anchor=False)
    if plan.question:
        st.write(plan.question)
    _simulated(plan, digest)
    frame.foot(
        None,
        "Weighted populations of the bidders: derived from NHS England's practice figures of 2025/26. Everything else "
        "is assumed, with its grounds in the table above.",
        illustrative="**Illustrative**: this pot is an example, not a decision of anybody. " + provenance(plan),
    )


def _text() -> str | None:
    """The YAML in view: what the reader wrote or brought in this visit, or the example."""
    if not EXAMPLE.exists():
        st.error(f"The example is not at {EXAMPLE}: run the app from a clone of its repository.")
        return None
    example = EXAMPLE.read_text(encoding="utf-8")
    with frame.for_analysts("the pot as a file, to change or to bring your own"):
        st.write(
            "What is written here stays in this visit. Keep it with the download; whatever is left out is as in the "
            "shipped assumptions. 'devolution bids FILE' answers the same on the command line."
        )
        file = st.file_uploader("A bidding pot", type=["yaml", "yml"], max_upload_size=1)
        if file is not None and st.session_state.get("pot read") != file.file_id:
            st.session_state["pot read"] = file.file_id
            st.session_state["pot"] = file.getvalue().decode("utf-8", errors="replace")
        st.session_state.setdefault("pot", st.session_state.get("pot kept", example))
        text = st.text_area("YAML", key="pot", height=320)
        st.session_state["pot kept"] = text
        again, save = st.columns(2)
        again.button("Back to the example", on_click=_use, args=(example,))
        save.download_button(
            "Download this YAML", data=text, file_name="bids.yaml", mime="application/yaml", on_click="ignore"
        )
    return text


def _use(text: str) -> None:
    st.session_state["pot"] = text


@st.cache_resource(show_spinner=False, max_entries=50)
def _read(text: str) -> tuple[PotPlan, str]:
    with common.as_path("pot.yaml", text.encode()) as path:
        return read_bids(path)


@st.cache_resource(show_spinner=False, max_entries=100)
def _drawn(digest: str, awards: int, cost: int, _plan: PotPlan) -> tuple[PotOutcome, tuple[TornadoBar, ...]]:
    """Draws for a pot; kept by its file and by the two numbers that the reader can turn."""
    del digest, awards, cost
    return drawn(_plan)


@st.fragment
def _simulated(plan: PotPlan, digest: str) -> None:
    left, right = st.columns(2)
    with left:
        if plan.pot.sizes == LISTED or len(plan.pot.bidders) == 1:
            awards = plan.pot.awards
            st.write(f"{awards} awards, each of a size that the file lists.")
        else:
            awards = address.slide("awards", "Awards", 1, len(plan.pot.bidders), plan.pot.awards)
    with right:
        usual = cost_pounds(plan)
        highest = max(_MOST_COST, usual)
        cost = address.slide(
            "cost", "Cost of one bid (£)", 0, highest, usual, step=_COST_STEP if usual % _COST_STEP == 0 else 1
        )
    plan = turned(plan, awards=awards, cost_of_a_bid_pounds=cost)
    with st.spinner("Drawing many rounds"):
        outcome, bars = _drawn(hashlib.sha256(digest.encode()).hexdigest(), awards, cost, plan)
    said = sentences(plan, outcome)
    st.write(f"**{said[0]}**")
    overhead, wins, placed = st.columns(3)
    overhead.metric("Overhead, of the pot (illustrative)", percent(outcome.overhead_share))
    wins.metric("Bids that win", percent(outcome.bidding.success))
    placed.metric("Not where need is, of the pot", percent(outcome.misplaced_share))
    for sentence in said[1:]:
        st.write(sentence)
    seen = parts.choose(_PARTS, "What to see")
    if "spread" in seen:
        _spread(plan, outcome)
    if "account" in seen:
        _account(plan, outcome)
    if "matters" in seen:
        _matters(outcome, bars)
    if "assumed" in seen:
        _assumed(plan)


def _account(plan: PotPlan, outcome: PotOutcome) -> None:
    st.header("What becomes of the pot, both ways", anchor=False)
    st.write("Each column sums to the pot. By formula, the same money goes by weighted population, with no bids.")
    tables.show(bids.account(plan, outcome, []), "bids-account")


def _spread(plan: PotPlan, outcome: PotOutcome) -> None:
    receivers = outcome.receivers
    few = "" if len(receivers) <= _MOST_DRAWN else f" The first {_MOST_DRAWN} are drawn."
    spreads(
        [
            Range(
                row.name,
                at_millions(row.award.percentile_5_pence),
                at_millions(row.award.mean_pence),
                at_millions(row.award.percentile_95_pence),
                at_millions(row.fair_share_pence),
                spoken(row.award.mean_pence),
            )
            for row in receivers[:_MOST_DRAWN]
        ],
        middle="Mean award",
        mark="Fair share by formula",
        name="The spread of outcomes",
        sentence=f"Each bar holds what a bidder wins in 90 of 100 rounds, over {plan.draws:,} draws (seed "
        f"{plan.seed}). The diamond is what the formula would give it for sure.{few}",
        table=bids.receivers(plan, outcome),
        key="bids-spread",
    )


def _matters(outcome: PotOutcome, bars: tuple[TornadoBar, ...]) -> None:
    moving = [bar for bar in bars if bar.moves]
    if not moving:
        st.header("What matters most", anchor=False)
        st.write("No assumption here has a range, so none can be varied. Give some a low and a high in the YAML.")
        return
    widest, without = moving[0], " ".join(bids.without_effect(bars))
    draw_tornado(
        [
            Swing(
                words(bar.assumption.name),
                at_millions(bar.low.advantage_pence),
                at_millions(bar.high.advantage_pence),
                "",
            )
            for bar in moving
        ],
        centre=at_millions(outcome.comparison.advantage_pence),
        axis="Worth more than the formula (£ million)",
        name="What matters most",
        sentence=f"What bidding is worth more than the formula, with one assumption at a time at its low and at its "
        f"high. The widest swing is {words(widest.assumption.name)}: {spoken(widest.swing_pence)}. "
        f"{without}",
        table=bids.swings(bars),
        key="bids-tornado",
    )


def _assumed(plan: PotPlan) -> None:
    st.header("What is assumed", anchor=False)
    st.write(f"{number(len(plan.assumptions))} assumptions, each with its grounds. {provenance(plan)}")
    with st.expander("Every assumption"):
        tables.show(bids.assumptions(plan), "bids-assumptions")
