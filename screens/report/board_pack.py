"""A scenario's board pack as files: a workbook, and one HTML page that asks nothing of any network and prints on A4.

Its tables are those of the Scenarios page, and its figures those of ``devolution scenario run --json``.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from allocations.files.out.sheets import MoreSheet, unwritable
from allocations.files.position import export
from allocations.files.position.export import Guard
from allocations.shares import national
from ledger.money import spoken
from ledger.reports import position
from ledger.reports.position import Moment, moment
from ledger.store.base import Reader
from scenarios import compare
from scenarios.compare import Comparison
from scenarios.gainers import View, deprivation
from scenarios.outcome import Outcome
from scenarios.ranges import GAINING, LOSING, MOVED, FigureRange, Ranges, ranged
from scenarios.world import ICB
from screens.report import scenarios, years
from screens.report.marks import Span, at_millions, at_pounds, pounds_apart
from screens.report.ranges import range_sentence, range_value, swings
from screens.report.render import page as rendered
from screens.report.render import svg
from screens.report.render.workbook import sheet
from screens.report.report import Table, about

_LEVELS = {
    "icb": "ICBs",
    "place": "Places",
    "pcn": "Networks",
    "practice": "Practices",
    "iho": "IHOs",
    "local_authority": "Councils",
    "pool": "Pools",
    "provider": "Providers",
    "mnp": "MNPs",
    "snp": "SNPs",
}
_FIGURES, _MOST_DRAWN, _MOST_LINES, _LONGEST = 3, 10, 6, 36
# So many gainers and losers are printed of a level; the workbook has them all.
MOST_PRINTED = 40
_STYLE = (
    "@page{size:A4;margin:18mm 15mm}"
    "html{font:11pt/1.4 Arial,sans-serif;color:#212B32;background:#fff}"
    "body{max-width:190mm;margin:0 auto;padding:1rem;overflow-wrap:break-word}"
    "h1{font-size:20pt;line-height:1.2;margin:0 0 .5rem}h2{font-size:14pt;margin:1.6rem 0 .4rem}"
    "h3{font-size:12pt;margin:1.1rem 0 .3rem}h1,h2,h3{break-after:avoid}h1:not(:first-of-type){break-before:page}"
    ".mark{border-left:6px solid #4C6272;padding:.4rem .8rem;background:#F0F4F5;print-color-adjust:exact}"
    "figure{margin:.6rem 0;break-inside:avoid}figcaption{font-size:9.5pt}"
    ".front{font-size:9.5pt}.front h2{font-size:12pt;margin:.8rem 0 .2rem}.front p,.front ul{margin:.3rem 0}"
    ".sheet{break-before:page}.question{font-size:13pt;margin:.2rem 0}.answer{font-weight:bold}"
    ".figures{display:flex;flex-wrap:wrap;gap:.6rem;margin:.6rem 0}"
    ".figures div{flex:1 1 9rem;border-top:4px solid #4C6272;padding:.3rem 0}"
    ".figures strong{display:block;font-size:16pt}.figures span{font-size:9.5pt}"
    ".beside{display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-end}"
    ".beside figure{flex:1 1 12rem}.beside figure+figure{flex:1.35 1 14rem}"
    "table{border-collapse:collapse;width:100%;margin:.4rem 0 1rem;font-size:9.5pt;table-layout:auto}"
    "caption{text-align:left;font-weight:bold;padding:.2rem 0;break-after:avoid}"
    "thead{display:table-header-group}tr{break-inside:avoid}"
    "th,td{text-align:left;vertical-align:top;padding:.22rem .35rem;border-bottom:1px solid #AEB7BD}"
    "thead th{border-bottom:2px solid #4C6272;vertical-align:bottom}tbody th{font-weight:normal}"
    ".number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    "thead .number{white-space:normal}"
    ".whole :is(th,td){font-weight:bold;border-top:2px solid #4C6272}"
    # On a telephone rows become cards, as in the app; paper is about as narrow, and keeps its tables.
    + rendered.STYLE[rendered.STYLE.index("@media") :].replace("@media ", "@media screen and ")
)


def workbook(reader: Reader, outcome: Outcome, content: bytes, out: Path) -> Guard:
    """Write what a scenario says and the position that it leads to, marked as hypothetical throughout.

    Args:
        content: of the scenario's file, whose hash the workbook names.
        out: of a name that ends in ``.xlsx``; or in ``.csv``, for the position alone.

    Raises:
        Refused: the file cannot be written.
    """
    written = outcome.run.written
    told = export.told_of_scenario(
        reader,
        outcome.run.books.at or moment(reader),
        title=written.scenario.title,
        question=" ".join(filter(None, [written.scenario.question, scenarios.changed(outcome)])),
        source=written.name,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return export.write_position(outcome.run.position.cast(position.SCHEMA), told, out, _sheets(outcome))


def printable(outcomes: Sequence[Outcome], at: Moment, out: Path) -> None:
    """Write the page to print, of one scenario or of several side by side.

    Raises:
        Refused: the file cannot be written.
    """
    try:
        out.write_text(page(outcomes, at), encoding="utf-8")
    except OSError as error:
        raise unwritable(out) from error


def page(outcomes: Sequence[Outcome], at: Moment) -> str:
    """The page to print, of one scenario; or of several, in their order, with their comparison in front.

    Args:
        at: the point on both clocks, where the first scenario starts from no other.
    """
    compared = compare.compare(outcomes) if len(outcomes) > 1 else None
    at = outcomes[0].run.books.at or at
    names = [found.run.written.scenario.title for found in outcomes]
    title = names[0] if compared is None else f"{len(names)} scenarios side by side"
    parts = [f"<h1>{escape(title)}</h1>"]
    if compared is not None:
        parts.append(_compared(outcomes, compared))
    for number, found in enumerate(outcomes, 1):
        if compared is not None:
            parts.append(f"<h1>Scenario {number}: {escape(names[number - 1])}</h1>")
        parts.append(_one(found, outcomes))
    parts.append(_foot(outcomes, at))
    return printed(title, parts)


def printed(title: str, parts: Sequence[str]) -> str:
    """A page to print, whole by itself.

    Args:
        parts: of its body, as HTML.
    """
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Whatever a title says, the page loads nothing and runs nothing.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _front(outcome: Outcome, found: Ranges) -> str:
    """The two pages for who decides: the question, the answer, what drives it, and what it cannot say."""
    scenario = outcome.run.written.scenario
    drives = swings(found)
    asked = scenario.decision or "None: this is for information."
    first = [
        _words(scenarios.changed(outcome)),
        f"<p class=question>{escape(scenario.question)}</p>",
        f"<p class=answer>{escape(_in_a_sentence(outcome, found))}</p>",
        "<div class=figures>" + "".join(_card(each) for each in _three(outcome, found)) + "</div>",
        _picture(outcome),
        _by_fund(outcome),
        "" if drives is None else f"<h2>What drives it</h2>{_table(drives)}",
    ]
    second = [
        "<h2>Where it goes</h2>",
        *_maps(outcome),
        "<h2>What it rests on</h2>",
        _words(f"{scenarios.HYPOTHETICAL} {scenarios.rests_on(outcome)}"),
        _words(range_sentence(found)),
        "<h2>What it cannot say</h2>",
        "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in scenarios.cannot_say(outcome)) + "</ul>",
        f"<h2>The decision asked</h2><p class=answer>{escape(asked)}</p>",
    ]
    return f"<section class=front>{''.join(first)}</section><section class='front sheet'>{''.join(second)}</section>"


def _in_a_sentence(outcome: Outcome, found: Ranges) -> str:
    """How much would be otherwise, and for how many it would be more or less."""
    moved = found.named(MOVED)
    start = "Nothing would stand elsewhere"
    if moved is not None and moved.central:
        ends = f" (from {spoken(int(moved.low))} to {spoken(int(moved.high))})" if moved.low != moved.high else ""
        start = f"{spoken(int(moved.central))}{ends} would stand elsewhere, or on other terms"
    told = next((scenarios.gainers_in_short(view) for view in outcome.views if view.gains), "nobody's total changes")
    return f"{start}: {told}."


def _three(outcome: Outcome, found: Ranges) -> list[FigureRange]:
    """The money moved and the two that say most beside it: amounts that change, else how many gain and lose."""
    changing = [each for bridge in outcome.bridges.bridges if bridge.change_pence
                and (each := found.named(f"{bridge.quantity.name}_pence"))]  # fmt: skip
    counted = [each for name in (GAINING, LOSING) if (each := found.named(name)) and each.high]
    rest = [each for name in ("free_of_conditions", "decided_locally") if (each := found.named(name))]
    moved = found.named(MOVED)
    return [each for each in (moved, *changing[:1], *counted, *changing[1:], *rest) if each][:_FIGURES]


def _card(figure: FigureRange) -> str:
    central, low, high = (range_value(figure, each) for each in (figure.central, figure.low, figure.high))
    ends = "no range was found" if low == high else f"from {low} to {high}"
    return (
        f"<div><span>{escape(figure.title)}</span><strong>{escape(central)}</strong><span>{escape(ends)}</span></div>"
    )


def _picture(outcome: Outcome) -> str:
    """Before and after, for the amount that changes most; where none changes, the largest gains and losses."""
    # A change too small to be seen beside the whole is no picture.
    moving = [each for each in scenarios.moving(outcome) if each.can_be_seen]
    if moving:
        most = max(moving, key=lambda each: abs(each.change_pence))
        ends = [(each, at_millions(each)) for each in (most.before_pence, most.after_pence)]
        spans = [
            Span(label, pence, True, 0.0, end) for label, (pence, end) in zip(("Before", "After"), ends, strict=True)
        ]
        sentence = f"{most.quantity.title}: {spoken(most.before_pence)} before, {spoken(most.after_pence)} after."
    else:
        gains = [gain for view in outcome.views[:1] for gain in scenarios.ends(view, _MOST_DRAWN)]
        spans = [
            Span(_short(gain.name), gain.change_pence, False, 0.0, at_millions(gain.change_pence)) for gain in gains
        ]
        sentence = "The largest gains and losses of ICBs, with all below them."
    drawn = svg.bridge(spans, name=sentence)
    return f"<figure><figcaption>{escape(sentence)}</figcaption>{drawn}</figure>" if spans else ""


def _short(name: str) -> str:
    """An organisation's name where there is little room."""
    name = name.removeprefix("NHS ").removesuffix(" ICB")
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"


def _by_fund(outcome: Outcome) -> str:
    """The lines that change most; the annex has them all."""
    tables = [replace(each, rows=each.rows[:_MOST_LINES]) for each in scenarios.lines_in_short(outcome)[:1]]
    return "".join(f"<h2>Which money</h2>{_table(each)}" for each in tables)


def _maps(outcome: Outcome) -> list[str]:
    """A map and a strip of what each ICB gains a head; a sentence where none gains."""
    view = next((each for each in outcome.views if each.level == ICB and each.gains), None)
    if view is None:
        return [_words("No ICB's total changes, with all below it: there is nothing to map.")]
    squares, (scores, basis) = national.squares(), deprivation(ICB, outcome.run.world)
    drawn = [
        svg.MapMark(gain.code, *squares[gain.code], scores[gain.code], at_pounds(gain.per_head_pence),
                    pounds_apart(gain.per_head_pence))
        for gain in view.gains
        if gain.per_head_pence is not None and gain.code in squares and gain.code in scores
    ]  # fmt: skip
    verb = "gains" if view.of_money else "would decide over more"
    told = f"What each ICB {verb} a head, with all below it. Squares show neither area nor boundary."
    against = f"The same against deprivation: {basis}."
    strip = svg.strip(drawn, name=against, across="more deprived →", up="gain a head ↑")
    return [
        f"<div class=beside><figure><figcaption>{escape(told)}</figcaption>{svg.tile_map(drawn, name=told)}</figure>"
        f"<figure><figcaption>{escape(against)}</figcaption>{strip}</figure></div>"
        if drawn
        else ""
    ]


def _one(outcome: Outcome, beside: Sequence[Outcome]) -> str:
    """One scenario; its bridges on the axes of those beside it, so that bars can be compared."""
    parts = [
        _front(outcome, ranged(outcome)),
        "<h2 class=sheet>Annex: every table, in £ million</h2>",
        _words("To the penny all of it is in the workbook, and in the command line's --json."),
        "<h3>In a paragraph</h3>",
        _words(outcome.sentence),
        "<h2>What is done</h2>",
        _table(scenarios.steps(outcome)),
        _words(scenarios.order_sentence(outcome)),
        "<h2>What changes</h2>",
        _table(scenarios.amounts(outcome)),
    ]
    for each in scenarios.moving(outcome):
        sentence = scenarios.bridge_sentence(each)
        same = [b for found in beside for b in found.bridges.bridges if b.quantity.name == each.quantity.name]
        picture = svg.bridge(scenarios.spans(each), name=sentence, beside=[scenarios.spans(other) for other in same])
        parts.append(
            f"<h3>{escape(each.quantity.title)}</h3>{_words(sentence)}<figure>{picture}</figure>"
            f"{_table(scenarios.bridge(each))}"
        )
    parts += [_words(scenarios.still(outcome)), *map(_table, scenarios.lines_in_short(outcome))]
    parts += ["<h2>Who gains and who loses</h2>"]
    parts += [_gains(view) for view in outcome.views]
    if outcome.years:
        parts += ["<h2>Year by year</h2>", *(_table(table.beginning()[0]) for table in years.in_short(outcome))]
    if outcome.movements:
        parts.append(_table(scenarios.movements(outcome).beginning()[0]))
    parts += ["<h2>The propositions</h2>", _table(scenarios.scorecard(outcome))]
    parts += ["<h2>Every measure</h2>", _table(scenarios.measures(outcome))]
    assumed = scenarios.assumptions(outcome)
    parts += ["<h2>What is assumed</h2>", _table(assumed) if assumed else "<p>The file names no assumption.</p>"]
    return "".join(parts)


def _gains(view: View) -> str:
    parts = [f"<h3>{escape(view.title)}</h3>", _words(scenarios.gain_sentence(view))]
    if view.gains:
        rows = scenarios.ends(view, MOST_PRINTED)
        if len(rows) < len(view.gains):
            parts.append(
                _words(f"The {len(rows)} largest changes of {len(view.gains):,} are printed; the workbook has all.")
            )
        parts.append(_table(scenarios.gains(view, rows)))
    fifths = scenarios.fifths(view)
    if fifths is not None:
        parts += [_words(f"Deprivation: {view.basis}."), _table(fifths)]
    return "".join(parts)


def _compared(outcomes: Sequence[Outcome], comparison: Comparison) -> str:
    listed = "".join(f"<li>{escape(name)}</li>" for name in scenarios.scenario_names(comparison))
    parts = [f"<ul>{listed}</ul>", *(_words(sentence) for sentence in compare.sentences(comparison))]
    parts.append(_table(scenarios.side_by_side(comparison, ("amount", "test"), "What differs in the outcome")))
    for each in outcomes[0].bridges.bridges:
        if any(b.quantity.name == each.quantity.name for outcome in outcomes for b in scenarios.moving(outcome)):
            parts.append(_table(scenarios.bridges_side_by_side(outcomes, each.quantity.name)))
    parts += [_table(scenarios.gains_side_by_side(comparison, level, MOST_PRINTED)) for level in comparison.levels]
    differs = scenarios.what_differs(comparison)
    parts.append(_words("The files say the same.") if differs is None else _table(differs))
    return "".join(parts)


def _foot(outcomes: Sequence[Outcome], at: Moment) -> str:
    hashes = "".join(
        f"<li>{escape(found.run.written.name)}: scenario {found.run.written.scenario.content_hash()}, baseline "
        f"{found.run.books.content_hash}, result {found.result_hash}</li>"
        for found in outcomes
    )
    return (
        f"<h2>What these figures are</h2>{_words(scenarios.HYPOTHETICAL)}{_words(' '.join(about(at)))}"
        f"<p>Run again with <code>devolution scenario run</code>; these hashes say whether it is the same:</p>"
        f"<ul>{hashes}"
        "</ul><p>Prototype, not an NHS England product. Contains public sector information licensed under the Open "
        "Government Licence v3.0.</p>"
    )


def _words(sentence: str) -> str:
    return f"<p>{escape(sentence)}</p>" if sentence else ""


def _table(table: Table) -> str:
    """A table as it is printed: amounts as on the pages of the app."""
    return rendered.as_html(table.on_screen())


def _sheets(outcome: Outcome) -> list[MoreSheet]:
    note = outcome.sentence
    sheets = [
        sheet("Steps", scenarios.steps(outcome), note),
        sheet("Amounts", scenarios.amounts(outcome), note),
        *(
            sheet(f"Bridge {number}", scenarios.bridge(each), scenarios.bridge_sentence(each))
            for number, each in enumerate(scenarios.moving(outcome), 1)
        ),
    ]
    sheets.append(sheet("By fund", scenarios.by_fund(outcome), note))
    sheets.append(sheet("Resource movement", scenarios.movements(outcome), note))
    sheets.append(sheet("By discretion", scenarios.by_discretion(outcome), note))
    for view in outcome.views:
        if view.gains:
            told = scenarios.gain_sentence(view)
            sheets.append(sheet(_LEVELS[view.level], scenarios.gains(view), told))
        fifths = scenarios.fifths(view)
        if fifths is not None:
            sheets.append(sheet(f"{_LEVELS[view.level]} by deprivation", fifths, f"Deprivation: {view.basis}."))
    sheets += [
        sheet("Propositions", scenarios.scorecard(outcome), "Side by side, and never put together into one score."),
        sheet("Measures", scenarios.measures(outcome), "Every measure, in both scopes."),
    ]
    sheets += [sheet(name, table, note) for name, table in years.tables(outcome).items()]
    assumed = scenarios.assumptions(outcome)
    return (
        [*sheets, sheet("Assumptions", assumed, "What the scenario assumes, with its grounds.")] if assumed else sheets
    )
