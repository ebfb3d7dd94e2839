"""A scenario's board pack as files: a workbook, and one HTML page that asks nothing of any network and prints on A4.

Its tables are those of the Scenarios page, and its figures those of ``devolution scenario run --json``.
"""

import hashlib
from collections.abc import Sequence
from html import escape
from pathlib import Path

from allocations.files.out.sheets import MoreSheet, unwritable
from allocations.files.position import export
from allocations.files.position.export import Guard
from allocations.shares import national
from ledger.reports import position
from ledger.reports.measures import PAYERS_VIEW
from ledger.reports.position import Moment, moment
from ledger.store.base import Reader
from scenarios import compare
from scenarios.compare import Comparison
from scenarios.gainers import View, deprivation
from scenarios.outcome import Outcome
from scenarios.ranges import FigureRange, Ranges, ranged
from scenarios.world import ICB
from screens.report.marks import at_pounds, pounds_apart
from screens.report.render import page as rendered
from screens.report.render import svg
from screens.report.render.workbook import sheet
from screens.report.report import Table, about
from screens.report.scenarios import answers, headlines, years
from screens.report.scenarios.ranges import every_range, every_swing, range_sentence, range_value, swings

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
    "thead .number,.number.ranged{white-space:normal}"
    ".whole :is(th,td){font-weight:bold;border-top:2px solid #4C6272}"
    # On a telephone rows become cards, as in the app; paper is about as narrow, and keeps its tables.
    + rendered.STYLE[rendered.STYLE.index("@media") :]
)


def workbook(reader: Reader, outcome: Outcome, content: bytes, out: Path, ranges: Ranges | None = None) -> Guard:
    """Write what a scenario says and the position that it leads to, marked as hypothetical throughout.

    Args:
        content: of the scenario's file, whose hash the workbook names.
        out: of a name that ends in ``.xlsx``; or in ``.csv``, for the position alone.
        ranges: of the answer, where they are known already; they are worked out otherwise.

    Raises:
        Refused: the file cannot be written.
    """
    written = outcome.run.written
    told = export.told_of_scenario(
        reader,
        outcome.run.books.at or moment(reader),
        title=written.scenario.title,
        question=" ".join(filter(None, [written.scenario.question, answers.changed(outcome)])),
        source=written.name,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    found = outcome.run.position.cast(position.SCHEMA)
    if out.suffix.lower() == ".csv":
        return export.write_position(found, told, out, [])
    return export.write_position(found, told, out, _sheets(outcome, ranges or ranged(outcome)))


def printable(outcomes: Sequence[Outcome], at: Moment, out: Path) -> None:
    """Write the page to print, of one scenario or of several side by side.

    Raises:
        Refused: the file cannot be written.
    """
    try:
        out.write_text(page(outcomes, at), encoding="utf-8")
    except OSError as error:
        raise unwritable(out) from error


def page(outcomes: Sequence[Outcome], at: Moment, ranges: Sequence[Ranges] = ()) -> str:
    """The page to print, of one scenario; or of several, in their order, with their comparison in front.

    Args:
        at: the point on both clocks, where the first scenario starts from no other.
        ranges: of each, where they are known already; they are worked out otherwise.
    """
    ranges = ranges or [ranged(found) for found in outcomes]
    compared = compare.compare(outcomes) if len(outcomes) > 1 else None
    at = outcomes[0].run.books.at or at
    names = [found.run.written.scenario.title for found in outcomes]
    title = names[0] if compared is None else f"{len(names)} scenarios side by side"
    parts = [f"<h1>{escape(title)}</h1>"]
    if compared is not None:
        parts.append(_compared(outcomes, compared))
    for number, (found, between) in enumerate(zip(outcomes, ranges, strict=True), 1):
        if compared is not None:
            parts.append(f"<h1>Scenario {number}: {escape(names[number - 1])}</h1>")
        parts.append(_one(found, between, outcomes))
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


def _front(outcome: Outcome, ranges: Ranges) -> str:
    """The two pages for who decides: the question, the answer, what drives it, and what it cannot say."""
    scenario = outcome.run.written.scenario
    drives = swings(ranges)
    asked = scenario.decision or "None: this is for information."
    first = [
        _words(answers.changed(outcome)),
        f"<p class=question>{escape(scenario.question)}</p>",
        f"<p class=answer>{escape(headlines.in_a_sentence(outcome, ranges))}</p>",
        "<div class=figures>" + "".join(_card(each) for each in headlines.three(outcome, ranges)) + "</div>",
        _picture(outcome),
        _by_fund(outcome),
        "" if drives is None else f"<h2>What drives it</h2>{_table(drives)}",
    ]
    second = [
        "<h2>Where it goes</h2>",
        *_maps(outcome),
        "<h2>What it rests on</h2>",
        _words(f"{answers.HYPOTHETICAL} {answers.rests_on(outcome)}"),
        _words(range_sentence(ranges)),
        "<h2>What it cannot say</h2>",
        "<ul>" + "".join(f"<li>{escape(each)}</li>" for each in answers.cannot_say(outcome)) + "</ul>",
        f"<h2>The decision asked</h2><p class=answer>{escape(asked)}</p>",
    ]
    return f"<section class=front>{''.join(first)}</section><section class='front sheet'>{''.join(second)}</section>"


def _card(figure: FigureRange) -> str:
    central = range_value(figure, figure.central)
    return (
        f"<div><span>{escape(figure.title)}</span><strong>{escape(central)}</strong>"
        f"<span>{escape(headlines.ends(figure))}</span></div>"
    )


def _picture(outcome: Outcome) -> str:
    """The one picture of the answer."""
    drawing = headlines.before_and_after(outcome)
    drawn = svg.bridge(drawing.spans, name=drawing.sentence)
    return f"<figure><figcaption>{escape(drawing.sentence)}</figcaption>{drawn}</figure>" if drawing.spans else ""


def _by_fund(outcome: Outcome) -> str:
    """The lines that change most; the annex has them all."""
    return "".join(f"<h2>Which money</h2>{_table(each)}" for each in headlines.which_money(outcome))


def _maps(outcome: Outcome) -> list[str]:
    """A map and a strip of what each ICB gains a head; a sentence where none gains."""
    view = next((each for each in outcome.views if each.level == ICB and each.gains), None)
    if view is None:
        return [_words("No ICB's total changes, with all below it: there is nothing to map.")]
    if view.has_new_bounds:
        return [_words("Bounds change: nobody gains by what moves with them, and there is nothing to map.")]
    squares, (scores, basis) = national.squares(), deprivation(ICB, outcome.run.world)
    drawn = [
        svg.MapMark(gain.code, *squares[gain.code], scores[gain.code], at_pounds(gain.per_head_pence),
                    pounds_apart(gain.per_head_pence))
        for gain in view.gains
        if gain.per_head_pence is not None and gain.code in squares and gain.code in scores
    ]  # fmt: skip
    told = "What each ICB gains a head, with all below it. Squares show neither area nor boundary."
    against = f"The same against deprivation: {basis}."
    strip = svg.strip(drawn, name=against, across="more deprived →", up="gain a head ↑")
    return [
        f"<div class=beside><figure><figcaption>{escape(told)}</figcaption>{svg.tile_map(drawn, name=told)}</figure>"
        f"<figure><figcaption>{escape(against)}</figcaption>{strip}</figure></div>"
        if drawn
        else ""
    ]


def _one(outcome: Outcome, between: Ranges, beside: Sequence[Outcome]) -> str:
    """One scenario; its bridges on the axes of those beside it, so that bars can be compared."""
    parts = [
        _front(outcome, between),
        *_by_year(outcome),
        "<h2 class=sheet>Annex: every table, in £ million</h2>",
        _words("To the penny all of it is in the workbook, and in the command line's --json."),
        "<h3>In a paragraph</h3>",
        _words(outcome.sentence),
        "<h2>What is done</h2>",
        _table(answers.steps(outcome)),
        _words(answers.order_sentence(outcome)),
        "<h2>What changes</h2>",
        _table(answers.amounts(outcome)),
    ]
    for each in answers.moving(outcome):
        sentence = answers.bridge_sentence(each)
        same = [b for found in beside for b in found.bridges.bridges if b.quantity.name == each.quantity.name]
        picture = svg.bridge(answers.spans(each), name=sentence, beside=[answers.spans(other) for other in same])
        parts.append(
            f"<h3>{escape(each.quantity.title)}</h3>{_words(sentence)}<figure>{picture}</figure>"
            f"{_table(answers.bridge(each))}"
        )
    parts += [_words(answers.still(outcome)), *map(_table, answers.lines_in_short(outcome))]
    parts += ["<h2>Who gains and who loses</h2>"]
    parts += [_gains(view) for view in outcome.views]
    if outcome.movements:
        parts.append(_table(answers.movements(outcome).beginning()[0]))
    parts += ["<h2>The propositions</h2>", _table(answers.scorecard(outcome))]
    parts += ["<h2>Every measure</h2>", _table(answers.measures(outcome))]
    assumed = answers.assumptions(outcome)
    parts += ["<h2>What is assumed</h2>", _table(assumed) if assumed else "<p>The file names no assumption.</p>"]
    return "".join(parts)


def _by_year(outcome: Outcome) -> list[str]:
    """A column a year, right behind the two pages; nothing of a scenario of one year."""
    shown = [_table(table.beginning()[0]) for table in years.in_short(outcome)]
    return ["<h2 class=sheet>Year by year</h2>", *shown] if shown else []


def _gains(view: View) -> str:
    parts = [f"<h3>{escape(view.title)}</h3>", _words(answers.gain_sentence(view))]
    if view.gains:
        rows = answers.ends(view, MOST_PRINTED)
        if len(rows) < len(view.gains):
            parts.append(
                _words(f"The {len(rows)} largest changes of {len(view.gains):,} are printed; the workbook has all.")
            )
        parts.append(_table(answers.gains(view, rows)))
    fifths = answers.fifths(view)
    if fifths is not None:
        parts += [_words(f"Deprivation: {view.basis}."), _table(fifths)]
    return "".join(parts)


def _compared(outcomes: Sequence[Outcome], comparison: Comparison) -> str:
    listed = "".join(f"<li>{escape(name)}</li>" for name in answers.scenario_names(comparison))
    parts = [f"<ul>{listed}</ul>", *(_words(sentence) for sentence in compare.sentences(comparison))]
    parts.append(_table(answers.side_by_side(comparison, ("amount", "test"), "What differs in the outcome")))
    for each in outcomes[0].bridges.bridges:
        if any(b.quantity.name == each.quantity.name for outcome in outcomes for b in answers.moving(outcome)):
            parts.append(_table(answers.bridges_side_by_side(outcomes, each.quantity.name)))
    parts += [_table(answers.gains_side_by_side(comparison, level, MOST_PRINTED)) for level in comparison.levels]
    differs = answers.what_differs(comparison)
    parts.append(_words("The files say the same.") if differs is None else _table(differs))
    return "".join(parts)


def _foot(outcomes: Sequence[Outcome], at: Moment) -> str:
    hashes = "".join(
        f"<li>{escape(found.run.written.name)}: scenario {found.run.written.scenario.content_hash()}, baseline "
        f"{found.run.books.content_hash}, result {found.result_hash}</li>"
        for found in outcomes
    )
    return (
        f"<h2>What these figures are</h2>{_words(answers.HYPOTHETICAL)}{_words(' '.join(about(at)))}"
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


def _sheets(outcome: Outcome, ranges: Ranges) -> list[MoreSheet]:
    note = outcome.sentence
    sheets = [
        sheet("Steps", answers.steps(outcome), note),
        sheet("Amounts", answers.amounts(outcome), note),
        *(
            sheet(f"Bridge {number}", answers.bridge(each), answers.bridge_sentence(each))
            for number, each in enumerate(answers.moving(outcome), 1)
        ),
    ]
    sheets.append(sheet("By fund", answers.by_fund(outcome), note))
    sheets.append(sheet("Resource movement", answers.movements(outcome), note))
    sheets.append(sheet("By discretion", answers.by_discretion(outcome), note))
    for view in outcome.views:
        if view.gains:
            told = answers.gain_sentence(view)
            sheets.append(sheet(_LEVELS[view.level], answers.gains(view), told))
        fifths = answers.fifths(view)
        if fifths is not None:
            sheets.append(sheet(f"{_LEVELS[view.level]} by deprivation", fifths, f"Deprivation: {view.basis}."))
    sheets += [
        sheet("Propositions", answers.scorecard(outcome), "Side by side, and never put together into one score."),
        sheet("Measures", answers.measures(outcome), f"Every measure, in both scopes. {PAYERS_VIEW}"),
    ]
    sheets += [sheet(name, table, note) for name, table in years.tables(outcome).items()]
    sheets.append(sheet("Ranges", every_range(ranges), range_sentence(ranges)))
    sheets.append(sheet("What drives it", every_swing(ranges), "One thing at a time, the others as they are."))
    assumed = answers.assumptions(outcome)
    return (
        [*sheets, sheet("Assumptions", assumed, "What the scenario assumes, with its grounds.")] if assumed else sheets
    )
