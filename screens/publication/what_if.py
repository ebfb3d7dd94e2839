"""The what-if pages of a publication: every scenario of the program's own library, on the published books.

They are questions that the program asks. What users wrote, saved or proposed is never among them.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from html import escape

from ledger.errors import Refused
from ledger.money import spoken
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear
from scenarios import baseline, outcome
from scenarios.baseline import Baseline
from scenarios.gainers import View
from scenarios.outcome import Outcome
from screens.asked.explored import explored
from screens.publication.pages import Edition, document, figure, paragraph, table_of
from screens.report.render import svg
from screens.report.report import Link, Row, Table, columns, link
from screens.report.scenarios import answers as reporting
from screens.report.scenarios import years

FOLDER = "what-if"
NOBODYS = (
    "What if: a question of the program's own library, asked of the books that this publication shows. Nobody has "
    "proposed or decided it, and what users of these books write, save or propose is in no publication."
)
# So many of those who gain or lose most are listed; the tables of the program have all.
_MOST = 20


def pages(reader: Reader, at: Moment, years_shown: Collection[int], edition: Edition) -> Iterator[tuple[str, str]]:
    """A page for every scenario of the library that starts from a published year and fits the books; last their list.

    Args:
        at: the point on both clocks that the publication stands at, from which all start.
        years_shown: the published years, by the year each starts in.

    Returns:
        Names of files, each with its page; one after another, for an outcome holds a position for each step.
    """
    answered: list[Row] = []
    left_out: list[Row] = []
    read: dict[tuple[FinancialYear, str | None, date | None], Baseline] = {}
    for name in outcome.library():
        written = outcome.find(name)
        scenario, start = written.scenario, written.scenario.baseline
        if start.year.start not in years_shown:
            left_out.append((scenario.title, f"It starts from {start.year}, which is not published here."))
            continue
        key = start.year, start.organisation, start.as_at
        try:
            if key not in read:
                day = start.as_at or min(at.as_at, start.year.last_day)
                read[key] = baseline.read(
                    reader, year=start.year, organisation=start.organisation, as_at=day, known_at=at.known_at
                )
            each = explored(written, read[key])
        except Refused as refused:
            left_out.append((scenario.title, " ".join(f"{one.found} {one.why}" for one in refused.problems)))
            continue
        answered.append((Link(scenario.title, f"{name}.html", {}), scenario.question, _headline(each)))
        yield f"{FOLDER}/{name}.html", _one(each, edition)
    yield f"{FOLDER}/index.html", _index(answered, left_out, edition)


def _index(answered: Sequence[Row], left_out: Sequence[Row], edition: Edition) -> str:
    heads = columns(link("Scenario"), "The question", "What would change")
    parts = [paragraph(NOBODYS), paragraph(reporting.HYPOTHETICAL)]
    if answered:
        parts.append(table_of(Table("What if: the scenarios of the library", heads, answered), edition, ""))
    if left_out:
        parts.append(table_of(Table("Not asked of these books", columns("Scenario", "Why"), left_out), edition, ""))
    return _page("What if?", parts, edition, "")


def _headline(each: Outcome) -> str:
    """How the amounts that move most would move."""
    moving = [bridge for bridge in reporting.moving(each) if bridge.change_pence]
    if not moving:
        return "No headline amount moves; propositions and measures may."
    most = max(moving, key=lambda bridge: abs(bridge.change_pence))
    return f"{most.quantity.title}: {spoken(most.before_pence)} before, {spoken(most.after_pence)} after."


def _one(each: Outcome, edition: Edition) -> str:
    scenario = each.run.written.scenario
    parts = [
        paragraph(NOBODYS),
        paragraph(scenario.question),
        f"<p><b>{escape(each.sentence)}</b></p>",
        *([paragraph(said)] if (said := reporting.directed(each)) else []),
        paragraph(reporting.HYPOTHETICAL),
        "<h2>Before and after</h2>",
        table_of(reporting.amounts(each), edition, ""),
    ]
    moving = [bridge for bridge in reporting.moving(each) if bridge.can_be_seen]
    for bridge in moving:
        sentence = reporting.bridge_sentence(bridge)
        parts += [
            f"<h3>{escape(bridge.quantity.title)}</h3>",
            figure(svg.bridge(reporting.spans(bridge), name=sentence), sentence),
            table_of(reporting.bridge(bridge), edition, ""),
        ]
    if said := reporting.still(each):
        parts.append(paragraph(said))
    parts += ["<h2>By fund</h2>", *(table_of(table, edition, "") for table in reporting.lines_in_short(each))]
    parts += ["<h2>Who would have more and who less</h2>", *_gains(each.views, edition)]
    if each.years:
        parts.append("<h2>Year by year</h2>")
        parts += [table_of(table.beginning()[0], edition, "") for table in years.in_short(each)]
    parts += [
        "<h2>The propositions</h2>",
        paragraph("Each is a test of the position before and after. They are never put together into one score."),
        table_of(reporting.scorecard(each), edition, ""),
        "<h2>What is done, and on what assumptions</h2>",
        table_of(reporting.steps(each), edition, ""),
    ]
    assumed = reporting.assumptions(each)
    parts.append(paragraph("The file names no assumption.") if assumed is None else table_of(assumed, edition, ""))
    return _page(f"What if: {scenario.title}", parts, edition, '<p><a href="index.html">All what-if questions</a></p>')


def _gains(views: Sequence[View], edition: Edition) -> list[str]:
    changing = [view for view in views if view.gains or view.began or view.ended]
    if not changing:
        return [paragraph("Nobody's total changes: what moves are terms, or who decides within the same organisation.")]
    parts = []
    for view in changing:
        parts += [f"<h3>{escape(view.title)}</h3>", paragraph(reporting.gain_sentence(view))]
        if view.gains:
            rows = reporting.ends(view, _MOST)
            few = "" if len(rows) == len(view.gains) else f", the {len(rows)} largest of {len(view.gains):,}"
            table = reporting.gains(view, rows)
            parts.append(table_of(replace(table, name=f"{table.name}{few}"), edition, ""))
    return parts


def _page(title: str, parts: Sequence[str], edition: Edition, head: str) -> str:
    return document(title, parts, up="../", head=head, foot=[edition.sources, *edition.clocks])
