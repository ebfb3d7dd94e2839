"""The board pack as a printable page: one HTML file that asks nothing of any network, and prints on A4 unclipped.

Its tables are those of the Scenarios page, and its figures those of ``devolution scenario run --json``.
"""

from collections.abc import Sequence
from html import escape

from ledger.reports.position import Moment
from scenarios import compare
from scenarios.compare import Comparison
from scenarios.gainers import View
from scenarios.outcome import Outcome
from screens.report import scenario_tables, tables
from screens.report.answers import about
from screens.report.tables import Table
from screens.web.charts import kit

# So many gainers and losers are printed of a level; the workbook has them all.
MOST_PRINTED = 40
_STYLE = (
    "@page{size:A4;margin:18mm 15mm}"
    "html{font:11pt/1.4 Arial,sans-serif;color:#212B32;background:#fff}"
    "body{max-width:190mm;margin:0 auto;padding:1rem;overflow-wrap:break-word}"
    "h1{font-size:20pt;line-height:1.2;margin:0 0 .5rem}h2{font-size:14pt;margin:1.6rem 0 .4rem}"
    "h3{font-size:12pt;margin:1.1rem 0 .3rem}h1,h2,h3{break-after:avoid}h1:not(:first-of-type){break-before:page}"
    ".mark{border-left:6px solid #12436D;padding:.4rem .8rem;background:#F0F4F5;print-color-adjust:exact}"
    "figure{margin:.6rem 0;break-inside:avoid}"
    "table{border-collapse:collapse;width:100%;margin:.4rem 0 1rem;font-size:9.5pt;table-layout:auto}"
    "caption{text-align:left;font-weight:bold;padding:.2rem 0;break-after:avoid}"
    "thead{display:table-header-group}tr{break-inside:avoid}"
    "th,td{text-align:left;vertical-align:top;padding:.22rem .35rem;border-bottom:1px solid #AEB7BD}"
    "thead th{border-bottom:2px solid #4C6272;vertical-align:bottom}tbody th{font-weight:normal}"
    ".number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".whole :is(th,td){font-weight:bold;border-top:2px solid #4C6272}"
    # On a telephone rows become cards, as in the app; paper is about as narrow, and keeps its tables.
    + tables.STYLE[tables.STYLE.index("@media") :].replace("@media ", "@media screen and ")
)


def page(outcomes: Sequence[Outcome], at: Moment, compared: Comparison | None = None) -> str:
    """The pack of one scenario, or of several with their comparison in front.

    Args:
        outcomes: in their order.
        at: the point on both clocks that they rest on.
        compared: the same outcomes side by side; None for one alone.
    """
    names = [found.run.written.scenario.title for found in outcomes]
    title = names[0] if compared is None else f"{len(names)} scenarios side by side"
    parts = [f"<h1>{escape(title)}</h1>"]
    if compared is not None:
        parts.append(_compared(outcomes, compared))
    for number, found in enumerate(outcomes, 1):
        if compared is not None:
            parts.append(f"<h1>Scenario {number}: {escape(names[number - 1])}</h1>")
        parts.append(_one(found))
    parts.append(_foot(outcomes, at))
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        # Whatever a title says, the page loads nothing and runs nothing.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>\n"
    )


def _one(found: Outcome) -> str:
    parts = [
        _words(found.run.written.scenario.question),
        f'<p class="mark">{escape(scenario_tables.HYPOTHETICAL)}</p>',
        "<h2>In a paragraph</h2>",
        _words(found.sentence),
        "<h2>What is done</h2>",
        _table(scenario_tables.steps(found)),
        _words(scenario_tables.order_sentence(found)),
        "<h2>What changes</h2>",
        _table(scenario_tables.amounts(found)),
    ]
    for each in scenario_tables.moving(found):
        sentence = scenario_tables.bridge_sentence(each)
        picture = kit.bridge(scenario_tables.spans(each), name=sentence)
        parts.append(
            f"<h3>{escape(each.quantity.title)}</h3>{_words(sentence)}<figure>{picture}</figure>"
            f"{_table(scenario_tables.bridge(each))}"
        )
    parts += [_words(scenario_tables.still(found)), "<h2>Who gains and who loses</h2>"]
    parts += [_gains(view) for view in found.views]
    parts += ["<h2>The propositions</h2>", _table(scenario_tables.scorecard(found))]
    parts += ["<h2>Every measure</h2>", _table(scenario_tables.measures(found))]
    assumed = scenario_tables.assumptions(found)
    parts += ["<h2>What is assumed</h2>", _table(assumed) if assumed else "<p>The file names no assumption.</p>"]
    return "".join(parts)


def _gains(view: View) -> str:
    parts = [f"<h3>{escape(view.title)}</h3>", _words(scenario_tables.gain_sentence(view))]
    if view.gains:
        rows = scenario_tables.ends(view, MOST_PRINTED)
        if len(rows) < len(view.gains):
            parts.append(
                _words(f"The {len(rows)} largest changes of {len(view.gains):,} are printed; the workbook has all.")
            )
        parts.append(_table(scenario_tables.gains(view, rows)))
    fifths = scenario_tables.fifths(view)
    if fifths is not None:
        parts += [_words(f"Deprivation: {view.basis}."), _table(fifths)]
    return "".join(parts)


def _compared(outcomes: Sequence[Outcome], found: Comparison) -> str:
    listed = "".join(f"<li>Scenario {number}: {escape(name)}</li>" for number, name in enumerate(found.names, 1))
    parts = [f"<ul>{listed}</ul>", *(_words(sentence) for sentence in compare.sentences(found))]
    parts.append(_table(scenario_tables.side_by_side(found, ("amount", "test"), "What differs in the outcome")))
    for each in outcomes[0].bridges.bridges:
        if any(b.quantity.name == each.quantity.name for outcome in outcomes for b in scenario_tables.moving(outcome)):
            parts.append(_table(scenario_tables.bridges_side_by_side(outcomes, each.quantity.name)))
    parts += [_table(scenario_tables.gains_side_by_side(found, level, MOST_PRINTED)) for level in found.levels]
    differs = scenario_tables.what_differs(found)
    parts.append(_words("The files say the same.") if differs is None else _table(differs))
    return "".join(parts)


def _foot(outcomes: Sequence[Outcome], at: Moment) -> str:
    hashes = "".join(
        f"<li>{escape(found.run.written.name)}: scenario {found.run.written.scenario.content_hash()}, baseline "
        f"{found.run.books.content_hash}, result {found.result_hash}</li>"
        for found in outcomes
    )
    return (
        f"<h2>What these figures are</h2>{_words(scenario_tables.HYPOTHETICAL)}{_words(' '.join(about(at)))}"
        f"<p>Run again with <code>devolution scenario run</code>; these hashes say whether it is the same:</p>"
        f"<ul>{hashes}"
        "</ul><p>Prototype, not an NHS England product. Contains public sector information licensed under the Open "
        "Government Licence v3.0.</p>"
    )


def _words(sentence: str) -> str:
    return f"<p>{escape(sentence)}</p>" if sentence else ""


def _table(table: Table) -> str:
    return tables.as_html(table)
