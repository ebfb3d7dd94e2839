"""A page as somebody meets it who does not see it, and a page on paper: both asked of a page that is open already."""

import base64
import re
from typing import Any

# What A4 leaves between margins of 15 mm, in the browser's pixels.
PAPER_WIDE, PAPER_HIGH = 680, 1009
_LEAST_WORDS = 3


def faults_of_reading(page: Any) -> list[str]:
    """What is wrong with a page as Chromium's accessibility tree gives it: order, landmarks, tables, pictures, figures."""
    session = page.context.new_cdp_session(page)
    session.send("Accessibility.enable")
    nodes = [node for node in session.send("Accessibility.getFullAXTree")["nodes"] if not node.get("ignored")]
    session.detach()
    by_id = {node["nodeId"]: node for node in nodes}
    roles: dict[str, list[dict[str, Any]]] = {}
    for node in nodes:
        roles.setdefault(_value(node, "role"), []).append(node)
    faults = _headings(roles.get("heading", []))
    if len(roles.get("main", [])) != 1:
        faults.append(f"{len(roles.get('main', []))} main landmarks")
    faults += ["a navigation without a name" for node in roles.get("navigation", []) if not _value(node, "name")]
    for table in roles.get("table", []):
        inside = [_value(node, "role") for node in _below(table, by_id)]
        lacks_heads = "columnheader" not in inside or ("cell" in inside and "rowheader" not in inside)
        if not _value(table, "name") or lacks_heads:
            faults.append(f"table '{_value(table, 'name')}' lacks a name or headers")
    for kind in ("graphics-document", "image", "img"):
        for picture in roles.get(kind, []):
            if len(_value(picture, "name").split()) < _LEAST_WORDS:
                faults.append(f"a picture with no words for it: '{_value(picture, 'name')}'")
    return [*faults, *page.evaluate(_ON_SIGHT)]


# A figure is read after its label, and headings are read from the top of the page to its end.
_ON_SIGHT = """() => {
    const faults = [];
    for (const one of document.querySelectorAll('[data-testid=stMetric]')) {
        const label = one.querySelector('[data-testid=stMetricLabel]'), value = one.querySelector('[data-testid=stMetricValue]');
        if (!label || !label.textContent.trim() || !(label.compareDocumentPosition(value) & Node.DOCUMENT_POSITION_FOLLOWING))
            faults.push(`a figure without its label before it: ${one.textContent}`);
    }
    let reached = -Infinity;
    for (const one of document.querySelectorAll('[data-testid=stMain] :is(h1, h2, h3)')) {
        if (one.closest('[data-testid=stColumn]') || !one.getClientRects().length) continue;
        const top = one.getBoundingClientRect().top;
        if (top < reached) faults.push(`'${one.textContent}' is read after what stands below it`);
        reached = top;
    }
    return faults;
}"""


def _headings(nodes: list[dict[str, Any]]) -> list[str]:
    levels = [next(one["value"]["value"] for one in node["properties"] if one["name"] == "level") for node in nodes]
    names = [_value(node, "name") for node in nodes]
    faults = [] if levels[:1] == [1] and levels.count(1) == 1 else [f"headings of the first level: {levels.count(1)}"]
    faults += [
        f"'{name}' is of level {level} after level {before}"
        for name, level, before in zip(names[1:], levels[1:], levels[:-1], strict=True)
        if level > before + 1
    ]
    return [*faults, *("a heading without words" for name in names if not name.strip())]


def _below(node: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    found, waiting = [], list(node.get("childIds", []))
    while waiting:
        child = by_id.get(waiting.pop())
        if child is not None:
            found.append(child)
            waiting += child.get("childIds", [])
    return found


def _value(node: dict[str, Any], name: str) -> str:
    return str(node.get(name, {}).get("value", ""))


def faults_of_print(page: Any) -> list[str]:
    """What is wrong with a page on A4: the paper's size, what is cut at its side, what is split, what is not for paper."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER_WIDE, "height": PAPER_HIGH})
    page.wait_for_timeout(150)
    faults: list[str] = page.evaluate(_ON_PAPER, [PAPER_WIDE, PAPER_HIGH])
    session = page.context.new_cdp_session(page)
    printed = session.send("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": True})["data"]
    session.detach()
    sizes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", base64.b64decode(printed))
    if not sizes or any(abs(float(wide) - 595.3) > 1 or abs(float(high) - 841.9) > 1 for wide, high in sizes):
        faults.append(f"sheets of {set(sizes)} points, and A4 is 595 by 842")
    page.emulate_media(media="screen")
    return faults


_ON_PAPER = """([wide, high]) => {
    const faults = [], drawn = '[data-testid=stVegaLiteChart], [data-testid=stEChartsChart]';
    const seen = one => one.getClientRects().length > 0;
    for (const one of document.querySelectorAll('[data-testid=stHeader], [data-testid=stSidebar]'))
        if (seen(one)) faults.push(`${one.dataset.testid} is printed`);
    const header = document.querySelector('.st-key-header');
    if (!header || !seen(header) || !header.innerText.trim()) faults.push('the header is not printed');
    for (const one of document.querySelectorAll(`${drawn}, table, p, h1, h2, h3, [data-testid=stMetric]`))
        if (seen(one) && one.getBoundingClientRect().right > wide + 1)
            faults.push(`cut at the side: ${one.tagName} ${one.textContent.slice(0, 60)}`);
    for (const one of document.querySelectorAll(drawn)) {
        if (getComputedStyle(one).breakInside !== 'avoid') faults.push('a chart may be split');
        if (one.getBoundingClientRect().height > high) faults.push('a chart is higher than a sheet');
    }
    for (const one of document.querySelectorAll('.house tr'))
        if (getComputedStyle(one).breakInside !== 'avoid') { faults.push('a row may be split'); break; }
    return faults;
}"""
