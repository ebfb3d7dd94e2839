"""The documentation as a site, built from ``docs/`` and from the code: ``python -m tests.documentation FOLDER``.

It opens from a disk and asks nothing of any network: the index of the search is a script beside the pages.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape, unescape
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import typer
from markdown_it import MarkdownIt
from markdown_it.token import Token

import devolution
from screens.publication.pages import STYLE

ROOT = Path(__file__).parent.parent
COMMANDS, PYTHON, SEARCH = "commands.html", "docs/python.html", "search.html"
_FRONT = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
# What the index lists, in the order in which people need it; what else lies in docs/ follows.
_FIRST = ("README.html", "docs/guide.html", COMMANDS, PYTHON, "docs/architecture.html", "docs/errors.html")
_MORE_STYLE = (
    "code{background:#F0F4F5;padding:0 .2rem}pre code{padding:0}img{max-width:100%}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}th,td{text-align:left;vertical-align:top;"
    "border-bottom:1px solid #AEB7BD;padding:.3rem .4rem;overflow-wrap:anywhere}"
    "input{font:inherit;padding:.3rem;width:100%;max-width:30rem;border:2px solid #212B32}"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file: data:; script-src 'self' file:"


@dataclass(frozen=True, slots=True)
class Chapter:
    """One page of the site: its title, what is in it, and what a search finds in it, heading by heading."""

    title: str
    body: str
    found: tuple[tuple[str, str, str], ...]  # anchor, heading, text


def build(folder: Path) -> int:
    """Write the site; returns how many pages it has."""
    files = pages()
    for name, content in files.items():
        where = folder / name
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(content)
    return len([name for name in files if name.endswith(".html")])


def sources() -> list[str]:
    """The documents that the site is made of, by their paths in the repository."""
    return [*_FRONT, *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))]


def pages() -> dict[str, bytes]:
    """Every file of the site by its name."""
    documents = {name: f"{name.removesuffix('.md')}.html" for name in sources()}
    made: dict[str, Chapter] = {
        page: chapter((ROOT / name).read_text(encoding="utf-8"), name, documents) for name, page in documents.items()
    }
    made[COMMANDS] = chapter(commands(), COMMANDS, documents)
    others = {
        path.relative_to(ROOT).as_posix(): path.read_bytes()
        for path in sorted((ROOT / "docs").rglob("*"))
        if path.suffix in (".yaml", ".py", ".ipynb", ".png")
    }
    found = [
        {"page": page, "anchor": anchor, "title": one.title, "heading": heading, "text": text}
        for page, one in made.items()
        for anchor, heading, text in one.found
    ]
    index = f"window.pages={json.dumps(found, ensure_ascii=False, separators=(',', ':'))};\n"
    written = {page: _document(one.title, one.body, page) for page, one in made.items()}
    written["index.html"] = _document("Documentation of the devolution ledger", _index(made), "index.html")
    written[SEARCH] = _document("Search the documentation", _SEARCH_PAGE, SEARCH)
    return {
        **{name: text.encode() for name, text in written.items()},
        **others, "search-index.js": index.encode(), "search.js": _SEARCH_SCRIPT.encode(),
    }  # fmt: skip


def chapter(text: str, source: str, documents: Mapping[str, str]) -> Chapter:
    """A document as a page, its links led to the pages of the site.

    Args:
        text: in Markdown.
        source: its path in the repository, from which its links start.
        documents: the documents of the site, each with its page.
    """
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = reader.parse(text)
    anchors: dict[str, int] = {}
    found: list[tuple[str, str, list[str]]] = []
    title = source
    for token, following in pairwise([*tokens, Token("end", "", 0)]):
        if token.type == "heading_open":
            words = "".join(one.content for one in following.children or () if one.type in ("text", "code_inline"))
            anchor = _slug(words, anchors)
            token.attrs["id"] = anchor
            found.append((anchor, words, []))
            title = words if token.tag == "h1" else title
        elif token.type in ("inline", "fence") and found:
            found[-1][2].append(token.content)
        if token.type == "inline":
            _lead(token, source, documents)
    body = reader.renderer.render(tokens, reader.options, {}).replace("<pre>", '<pre tabindex="0">')
    return Chapter(title, body, tuple((anchor, words, _plain(texts)) for anchor, words, texts in found))


def _slug(words: str, taken: dict[str, int]) -> str:
    """The name of a heading in addresses, as repositories give it."""
    name = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-") or "part"
    taken[name] = taken.get(name, 0) + 1
    return name if taken[name] == 1 else f"{name}-{taken[name] - 1}"


def _plain(texts: list[str]) -> str:
    return re.sub(r"\s+", " ", " ".join(re.sub(r"\]\([^)]*\)|[`*\[\]]", "", text) for text in texts))


def _lead(inline: Token, source: str, documents: Mapping[str, str]) -> None:
    """Lead the links of a paragraph to pages of the site; what is no part of it is told by its name alone."""
    kept: list[Token] = []
    is_left_out = False
    for token in inline.children or ():
        if token.type == "link_open":
            led = _led(str(token.attrs["href"]), source, documents)
            is_left_out = led is None
            token.attrs["href"] = led or ""
        if not (is_left_out and token.type in ("link_open", "link_close")):
            kept.append(token)
        if token.type == "link_close":
            is_left_out = False
    inline.children = kept


def _led(address: str, source: str, documents: Mapping[str, str]) -> str | None:
    parts = urlsplit(address)
    if parts.scheme or not parts.path:
        return address
    path = os.path.normpath(PurePosixPath(source).parent / unquote(parts.path))
    here = PurePosixPath(source).parent
    anchor = f"#{parts.fragment}" if parts.fragment else ""
    if path == "docs/decisions":
        path = next(name for name in documents if name.startswith("docs/decisions/"))
    if path in documents:
        return os.path.relpath(documents[path], here) + anchor
    return address if path.startswith("docs/") and (ROOT / path).is_file() else None


def _document(title: str, body: str, page: str) -> str:
    up = "../" * page.count("/")
    ways = (("index.html", "Contents"), ("docs/guide.html", "Guide"), (COMMANDS, "Commands"), (PYTHON, "Python"),
            ("docs/errors.html", "Errors"), (SEARCH, "Search"))  # fmt: skip
    links = " · ".join(f'<a href="{up}{path}">{said}</a>' for path, said in ways)
    heading = "" if "<h1" in body else f"<h1>{escape(title)}</h1>"
    scripts = '<script src="search-index.js"></script><script src="search.js"></script>' if page == SEARCH else ""
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)} - Devolution ledger</title><style>{STYLE}{_MORE_STYLE}</style></head><body>"
        '<a class="skip" href="#content">Skip to the content</a><header><p><b>Devolution ledger</b></p>'
        f'<nav aria-label="Documentation"><p>{links}</p></nav></header>'
        f'<main id="content">{heading}{body}</main>{scripts}</body></html>\n'
    )


def _index(made: Mapping[str, Chapter]) -> str:
    order = [page for page in _FIRST if page in made]
    decisions = [page for page in made if page.startswith("docs/decisions/")]
    rest = [page for page in made if page not in (*order, *decisions)]
    parts = []
    for heading, listed in (("To begin with", order), ("More", rest), ("Decisions", decisions)):
        links = "".join(f'<li><a href="{page}">{escape(made[page].title)}</a></li>' for page in listed)
        parts.append(f"<h2>{heading}</h2><ul>{links}</ul>")
    return "".join(parts)


def commands() -> str:
    """The reference of commands as Markdown, from what each says of itself."""
    root = typer.main.get_command(devolution.app)
    parts = ["# Commands\n", "Made from the code. Every command says the same with `--help`.\n"]
    parts += [_command(name, one) for name, one in walk(root, "devolution")]
    return "\n".join(parts)


def walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """A command and those below it, each with the words that call it; what is hidden is left out."""
    if hasattr(command, "list_commands"):
        context = typer.Context(command, info_name=name)
        for below in command.list_commands(context):
            one = command.get_command(context, below)
            if one is not None and not one.hidden:
                yield from walk(one, f"{name} {below}")
    else:
        yield name, command


def _command(name: str, command: Any) -> str:
    context = typer.Context(command, info_name=name)
    said = re.sub(r"\s+", " ", command.help or "")
    lines = [f"## {name}\n", f"{said}\n", f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```\n"]
    rows = []
    for parameter in command.params:
        help_text = re.sub(r"\s+", " ", getattr(parameter, "help", None) or "").replace("|", "\\|")
        if getattr(parameter, "hidden", False):
            continue
        called = ", ".join(parameter.opts) if parameter.param_type_name == "option" else parameter.name.upper()
        usual = parameter.default
        shown = f"`{usual}`" if isinstance(usual, str | int) and not isinstance(usual, bool) and str(usual) else ""
        rows.append(f"| `{called}` | {help_text} | {shown} |")
    if rows:
        lines += ["| Argument or option | What it is | Usual |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


_SEARCH_PAGE = (
    '<form role="search"><p><label for="words">What you look for</label><br>'
    '<input id="words" type="search" autocomplete="off"></p></form>'
    '<p id="number" role="status">Every word must stand on the page, under the heading that is shown.</p>'
    '<ol id="found"></ol><noscript><p>The search needs JavaScript; the contents do not.</p></noscript>'
)
_SEARCH_SCRIPT = """// Looks for words in the index beside it; nothing is asked of anybody.
const box = document.getElementById("words"), list = document.getElementById("found");
const number = document.getElementById("number");
const most = 40;
document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
box.addEventListener("input", () => {
  const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
  const count = (text) => words.filter((word) => text.toLowerCase().includes(word)).length;
  const hits = !words.length ? [] : window.pages
    .filter((one) => words.every((word) => `${one.title} ${one.heading} ${one.text}`.toLowerCase().includes(word)))
    .sort((a, b) => count(b.heading) - count(a.heading) || count(b.title) - count(a.title));
  number.textContent = words.length ? `${hits.length} found${hits.length > most ? `, the first ${most} shown` : ""}` : "";
  list.replaceChildren(...hits.slice(0, most).map((one) => {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = `${one.page}#${one.anchor}`;
    link.textContent = one.heading === one.title ? one.title : `${one.title}: ${one.heading}`;
    const at = Math.max(0, one.text.toLowerCase().indexOf(words[0]) - 60);
    item.append(link, document.createElement("br"), one.text.slice(at, at + 200));
    return item;
  }));
});
"""


def addresses(page: bytes) -> Iterator[str]:
    """What a page links to and loads."""
    for _, address in re.findall(r'\b(href|src)="([^"]*)"', page.decode()):
        yield unescape(address)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "build/documentation")
    sys.stdout.write(f"{build(target):,} pages in {target}: open {target / 'index.html'}\n")
