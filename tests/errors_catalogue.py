"""Every kind of problem with an example: ``docs/errors.md``, from what tests were really refused.

``python -m tests.errors_catalogue`` runs all tests and notes each problem that the product makes, by the function
that makes it and by its sentence in the source; ``python -m tests.errors_catalogue tests/ledger`` notes what those
tests meet and keeps the rest. The examples are kept in ``tests/errors_catalogue.json``, as the rooms say them; the
document says each in the words of the command line, and in those of the page where they are others.
"""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from ledger.errors import (
    LedgerFault,
    LedgerHeld,
    LedgerMissing,
    LedgerUnreachable,
    NeedsMigration,
    NotALedger,
    Problem,
)
from ledger.inputs import Input
from ledger.store.address import parse
from screens.report.wording import COMMAND_LINE, PAGE, FrontDoor
from tests.profiles import EVERY_TEST

ROOT = Path(__file__).parent.parent
KEPT, DOCUMENT = Path(__file__).with_suffix(".json"), ROOT / "docs" / "errors.md"
UNUSABLE = (
    LedgerMissing(Path("ledger.duckdb")),
    LedgerHeld(Path("ledger.duckdb"), "process 4021"),
    LedgerUnreachable(parse("postgresql://server/ledger"), "nobody answers there.", "Ask who runs the server."),
    LedgerFault(Path("ledger.duckdb"), "there is no room on the disk.", "Make room, and try again."),
    NeedsMigration(Path("ledger.duckdb"), 4, 5),
    NotALedger(Path("notes.duckdb"), "it holds other tables."),
)
ROOMS = ("ledger", "allocations", "scenarios", "screens")
SEEN = "DEVOLUTION_ERRORS_SEEN"
_MAKERS = {"Problem", "refuse", "Doubt", "CannotApply"}
_LEAST = 8  # letters that a sentence in the source has beside what is put into it, or it would fit any text
_OF_THIS_MACHINE = (
    (re.compile(r"/[^\s'\",;]*/pytest-\d+/(?:popen-gw\d+/)?[^/\s'\",;]+/"), ""),
    (re.compile(rf"{re.escape(str(ROOT))}/"), ""),
    (re.compile(r"/tmp/[^/\s'\",;]+/"), ""),
    (re.compile(r"postgresql://[^\s'\",;]+"), "postgresql://analyst@server/ledger"),
    (re.compile(r"\bprocess \d+"), "process 4021"),
)


@dataclass(frozen=True, slots=True, order=True)
class Example:
    """A problem that was met, with the function that made it."""

    file: str
    function: str
    where: str
    found: str
    why: str
    fix: str
    field: str = ""

    @property
    def kind(self) -> tuple[str, str, str, str]:
        """Its function, and its sentences as they stand in the source; empty where they stand elsewhere."""
        return self.file, self.function, sentence_of(self.file, self.found), sentence_of(self.file, self.why)

    def told(self, door: FrontDoor) -> str:
        """The problem as a front door says it, in two lines."""
        said = Problem(Input(self.field) if self.field else self.where, self.found, self.why, self.fix).told(door)
        return f"{said.where}: {said.found}\n    {said.why} {said.fix}".rstrip()


# --- what the source says -----------------------------------------------------------------------------


@cache
def _tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text("utf-8"))


@cache
def _sentences(file: str) -> list[tuple[re.Pattern[str], str]]:
    """Every sentence of a file as a pattern, what is put into it left open; the one that says most comes first."""
    found = {}
    for node in ast.walk(_tree(file)):
        parts = node.values if isinstance(node, ast.JoinedStr) else [node]
        texts = [part.value if isinstance(part, ast.Constant) else None for part in parts]
        if not all(text is None or isinstance(text, str) for text in texts):
            continue
        letters = sum(len(text or "") for text in texts)
        if letters >= _LEAST:
            pieces = [".*?" if text is None else _open(str(text)) for text in texts]
            found["".join(pieces)] = letters
    return [(re.compile(text, re.DOTALL), text) for text in sorted(found, key=lambda text: (-found[text], text))]


def _open(text: str) -> str:
    """A part of a sentence as a pattern; ``{name}`` is filled in later by ``format``."""
    return ".*?".join(re.escape(part) for part in re.split(r"\{\w+\}", text))


@cache
def sentence_of(file: str, text: str) -> str:
    """The sentence of a file that a text was made from; empty where it has none."""
    return next((name for pattern, name in _sentences(file) if pattern.fullmatch(text)), "")


def functions(file: str) -> Iterator[tuple[str, int, bool]]:
    """The functions of a file by their full names, their lines, and whether they make a problem of their own."""

    def walk(node: ast.AST, name: str) -> Iterator[tuple[str, int, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                whole = f"{name}{child.name}"
                yield whole, child.lineno, any(_is_made(call, child) for call in _own(child))
                yield from walk(child, f"{whole}.<locals>.")
            elif isinstance(child, ast.ClassDef):
                yield from walk(child, f"{name}{child.name}.")
            else:
                yield from walk(child, name)

    yield from walk(_tree(file), "")


def _own(function: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield child
            yield from _own(child)


def _is_made(node: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a problem is made here, and not handed on in sentences that the function was given."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MAKERS):
        return False
    given = {one.arg for one in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}
    at = 0 if node.func.id in ("Doubt", "CannotApply") else 1
    if len(node.args) <= at or any(isinstance(one, ast.Starred) for one in node.args):
        return False
    found = node.args[at]
    return not (isinstance(found, ast.Name) and found.id in given) and not isinstance(found, ast.Attribute)


# --- what tests meet ----------------------------------------------------------------------------------


class Recorder:
    """Notes each problem while tests run; pytest loads it as a plugin in every worker."""

    def __init__(self) -> None:
        self.examples: dict[tuple[str, str, str, str], Example] = {}
        self._made_at: dict[tuple[str, str], tuple[str, str]] = {}

    def watch(self) -> None:
        """Begin to note what is made."""
        # Only who collects needs the rooms above.
        from allocations.reading.numbers import Doubt
        from scenarios.fields import CannotApply

        problem, apply, doubt = Problem.__init__, CannotApply.__init__, Doubt.__new__

        def made(one: Problem, where: Any, found: str, why: str, fix: str, about: str = "") -> None:
            problem(one, where, found, why, fix, about)
            self._note(where, found, why, fix)

        def cannot(one: Any, found: str, why: str, *more: Any, **named: Any) -> None:
            apply(one, found, why, *more, **named)
            self._begin(found, why)

        def doubted(kind: Any, found: str, why: str, fix: str) -> Any:
            self._begin(found, why)
            return doubt(kind, found, why, fix)

        Problem.__init__, CannotApply.__init__ = made, cannot  # type: ignore[method-assign]
        Doubt.__new__ = doubted  # type: ignore[method-assign, assignment]

    def pytest_sessionfinish(self) -> None:
        """Write what was met, for whoever asked."""
        folder = Path(os.environ[SEEN])
        rows = [asdict(example) for example in self.examples.values()]
        (folder / f"{os.getpid()}.json").write_text(json.dumps(rows), "utf-8")

    def _begin(self, found: str, why: str) -> None:
        site = _site(sys._getframe(2), found)
        if site is not None:
            self._made_at.setdefault((found, why), site)

    def _note(self, where: Any, found: str, why: str, fix: str) -> None:
        site = self._made_at.get((found, why)) or _site(sys._getframe(2), found)
        if site is None or not all(isinstance(text, str) for text in (where, found, why, fix)):
            return
        field = where.value if isinstance(where, Input) else ""
        example = Example(*site, "" if field else _anywhere(where), *map(_anywhere, (found, why, fix)), field)
        kind = example.kind
        if (kind[2] or kind[3]) and _rank(example) < _rank(self.examples.get(kind)):
            self.examples[kind] = example


def _site(frame: FrameType | None, found: str) -> tuple[str, str] | None:
    """The function that worded a problem: who handed the sentence on to a helper, and not the helper."""
    while frame is not None:
        code, path = frame.f_code, Path(frame.f_code.co_filename)
        if code.co_name == "told":
            return None
        name = re.sub(r"(\.<locals>)?\.<(listcomp|genexpr|dictcomp|setcomp|lambda)>", "", code.co_qualname)
        given = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        if path.is_relative_to(ROOT):
            file = path.relative_to(ROOT)
            handed_on = any(frame.f_locals.get(one) is found for one in given)
            if file.parts[0] in ROOMS and file.name != "errors.py" and not handed_on:
                return str(file), name
            if file.parts[0] == "tests":
                return None
        frame = frame.f_back
    return None


def _anywhere(text: str) -> str:
    """A text without the folders and servers of the machine on which it was met."""
    for here, instead in _OF_THIS_MACHINE:
        text = here.sub(instead, text)
    return text


def _rank(example: Example | None) -> tuple[bool, bool, int, str]:
    """The plainest example comes first: printable, and short."""
    if example is None:
        return True, True, sys.maxsize, ""
    text = f"{example.where} {example.found} {example.why} {example.fix}"
    return not text.isprintable(), not text.isascii(), len(text), text


# --- the document -------------------------------------------------------------------------------------


def kept() -> list[Example]:
    """The examples that are kept."""
    return [Example(**row) for row in json.loads(KEPT.read_text("utf-8"))]


def still_said(examples: Iterable[Example]) -> list[Example]:
    """Those whose function and sentences the source still has, one of each kind, in the order of the source."""
    places = {
        (file, name): (file, line)
        for file in sorted({example.file for example in examples if (ROOT / example.file).is_file()})
        for name, line, _ in functions(file)
    }
    plainest: dict[tuple[str, str, str, str], Example] = {}
    for example in examples:
        if (example.file, example.function) in places and any(example.kind[2:]):
            plainest[example.kind] = min(plainest.get(example.kind, example), example, key=_rank)
    return sorted(plainest.values(), key=lambda one: (*places[one.file, one.function], one))


def not_met(examples: Iterable[Example]) -> list[str]:
    """The functions that make a problem which no test has met."""
    met = {(example.file, example.function) for example in examples}
    files = (str(path.relative_to(ROOT)) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return [
        f"{file}: {name}"
        for file in files
        for name, _, makes in functions(file)
        if makes and not any(file == other and whole.startswith(name) for other, whole in met)
    ]


def document(examples: list[Example]) -> str:
    """The document as Markdown."""
    lines = [
        "# What is refused, and what is said of it",
        "",
        f"{len(examples)} kinds of problem, each with an example that a test was really refused: where it stands, what "
        "was found; why it matters, and what to do. It is said as the command line says it; where the page says it in "
        "other words, these stand below. `python -m tests.errors_catalogue` makes this page.",
    ]
    for file in dict.fromkeys(example.file for example in examples):
        said = (ast.get_docstring(_tree(file)) or "").partition("\n")[0]
        lines += ["", f"## {file}", "", said]
        for example in (example for example in examples if example.file == file):
            here, there = example.told(COMMAND_LINE), example.told(PAGE)
            lines += ["", "```text", here, *(["", "On the page:", there] if there != here else []), "```"]
    lines += ["", "## ledger/errors.py", "", "A ledger that cannot be opened, read or written at all."]
    for error in UNUSABLE:
        lines += ["", "```text", COMMAND_LINE.text(error), "```"]
    return "\n".join(lines) + "\n"


def write(examples: list[Example]) -> None:
    """Keep the examples, and make the document from them."""
    rows = [{name: value for name, value in asdict(example).items() if value} for example in examples]
    for row in rows:
        row.setdefault("where", "")
        row.setdefault("why", "")
        row.setdefault("fix", "")
    KEPT.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
    DOCUMENT.write_text(document(examples), "utf-8")


def main(tests: list[str]) -> None:
    """Run tests, and make the document anew from what they met; what other tests met is kept."""
    from tempfile import TemporaryDirectory

    before = kept() if KEPT.is_file() else []
    with TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.errors_catalogue", *tests],
            env={**os.environ, SEEN: folder, EVERY_TEST: "1"}, cwd=ROOT, check=False,
        )  # fmt: skip
        met = [Example(**row) for path in Path(folder).glob("*.json") for row in json.loads(path.read_text("utf-8"))]
    examples = still_said([*(before if tests else []), *met])
    write(examples)
    lacking = not_met(examples)
    told = f"{len(examples)} kinds of problem. {len(lacking)} functions can refuse, and no test that ran made them:"
    sys.stderr.write("\n".join([told, *lacking, ""]))


def pytest_configure(config: Any) -> None:
    """Note problems where somebody asked for it."""
    if SEEN in os.environ:
        recorder = Recorder()
        recorder.watch()
        config.pluginmanager.register(recorder)


if __name__ == "__main__":
    main(sys.argv[1:])
