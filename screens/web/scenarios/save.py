"""Taking a scenario away, and saving it. Who saves second under a name hears about it, and loses nothing."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from ledger.errors import Refused
from ledger.store.attachments import SavedSince, Version
from scenarios import outcome, saved
from scenarios.compare import differences
from scenarios.files.knobs import as_text
from scenarios.files.scenario import Scenario, read_scenario
from scenarios.files.variants import Difference, changed_name
from scenarios.outcome import Outcome
from scenarios.ranges import Ranges
from screens.report.files import board_pack
from screens.report.files.exports import EXCEL
from screens.report.render import page as tables
from screens.report.report import Link, Table, columns, day, link
from screens.web.scenarios.choice import Opened, is_knob, remember
from screens.web.shell import address, frame, open_ledger
from screens.web.shell.open_ledger import Books


@dataclass(frozen=True)
class _Waiting:
    """What somebody wanted to save under a name that was saved meanwhile; kept until they decide."""

    name: str
    content: bytes
    newest: Version


def take_away(books: Books, worked: Outcome, opened: Opened, ranges: Callable[[], Ranges]) -> None:
    """The board pack to print and as a workbook; each is made when somebody asks for it.

    Args:
        ranges: gives the ranges of the answer, which may take seconds.
    """
    stem = file_name(opened, worked)
    both = st.container(horizontal=True)
    both.download_button(
        "Board pack to print (HTML)",
        data=lambda: board_pack.page([worked], books.at, [ranges()]).encode(),
        file_name=f"{stem}.html",
        mime="text/html",
        on_click="ignore",
        type="primary",
    )
    both.download_button(
        "Board pack (Excel)",
        data=lambda: _workbook(books, worked, opened.content, ranges()),
        file_name=f"{stem}.xlsx",
        mime=EXCEL,
        on_click="ignore",
    )


def keep(opened: Opened, scenario: Scenario) -> None:
    """Save it under a name, see what was saved before, and take it towards a decision."""
    save(opened, scenario)
    versions(opened)
    commands(opened)
    with frame.for_analysts("the scenario as it is written, in YAML"):
        st.code(opened.content.decode("utf-8", errors="replace"), language=None, wrap_lines=True)
        st.download_button(
            "This scenario as a file",
            data=opened.content,
            file_name=f"{_stem(opened, scenario)}.yaml",
            mime="application/yaml",
            on_click="ignore",
        )


def file_name(opened: Opened, worked: Outcome) -> str:
    """The name of a file without its suffix, which says what was changed from the library or from what was opened."""
    written = worked.run.written
    return _stem(opened, written.scenario, written.changes)


def _stem(opened: Opened, scenario: Scenario, changes: Sequence[Difference] = ()) -> str:
    return saved.name_of(changed_name(opened.name or scenario.title, changes or opened.turned)) or "scenario"


def _workbook(books: Books, worked: Outcome, content: bytes, ranges: Ranges) -> bytes:
    with TemporaryDirectory() as folder, books.store.read() as reader:
        path = Path(folder) / "pack.xlsx"
        board_pack.workbook(reader, worked, content, path, ranges)
        return path.read_bytes()


def save(opened: Opened, scenario: Scenario) -> None:
    """Offer to save the scenario as it stands, under a name."""
    st.subheader("Save it", anchor=False)
    done = st.session_state.pop("just saved", None)
    if done:
        st.success(done)
    is_own = opened.version is not None
    suggested = opened.name if is_own else f"{opened.name}-ours" if opened.name else saved.name_of(scenario.title)
    with st.form(f"save {opened.name}"):
        st.write("It is kept beside the ledger as a file that the command line runs. The books stay as they are.")
        title = st.text_input("Title", scenario.title, key=f"title of {opened.name} {scenario.title}")
        name = st.text_input("Name", suggested, key=f"name of {opened.name} {suggested}")
        wanted = st.form_submit_button("Save")
    if wanted:
        content = _titled(opened, title)
        is_same = is_own and saved.name_of(name) == opened.name
        digest = opened.version.digest if is_same and opened.version else None
        _attempt(saved.name_of(name), content, digest)
    waiting: _Waiting | None = st.session_state.get("waiting to be saved")
    if waiting is not None:
        _second(waiting)


def _titled(opened: Opened, title: str) -> bytes:
    said = opened.said
    if not isinstance(said, dict) or said.get("title") == title:
        return opened.content
    return as_text({**said, "title": title}).encode()


def _attempt(name: str, content: bytes, digest: str | None) -> None:
    """Save, or say why not; who was second keeps what they have until they decide."""
    try:
        version = saved.save(open_ledger.path(), name, content, opened=digest)
    except SavedSince as since:
        st.session_state["waiting to be saved"] = _Waiting(name, content, since.newest)
        return
    except Refused as refused:
        frame.refused(refused.problems, "It is not saved.")
        return
    st.session_state.pop("waiting to be saved", None)
    remember(version)
    st.session_state["just saved"] = (
        f"Saved as {version.name}, version {version.number}. Its id is {version.digest[:16]}; a link with "
        f"?scenario={version.digest[:16]} always shows this very version."
    )
    address.forget(lambda each: is_knob(each) or each in ("scenario", "view"))
    address.write("scenario", version.name)
    st.session_state["written scenario"] = None
    st.rerun(scope="app")


def _second(waiting: _Waiting) -> None:
    """Somebody else saved the name meanwhile: what differs, and three ways on."""
    newest = waiting.newest
    frame.refused(SavedSince(newest, is_new_name=False).problems, "It is not saved yet, and nothing is lost.")
    tables.show(_differs(waiting))
    with st.form("save elsewhere"):
        other = st.text_input("Another name for yours", f"{waiting.name}-2")
        elsewhere = st.form_submit_button("Save under the other name")
    st.write(f"Or replace it knowingly: version {newest.number} stays among the versions, and yours comes after it.")
    if st.button(f"Replace version {newest.number} with mine"):
        _attempt(waiting.name, waiting.content, newest.digest)
        _again(waiting)
    if st.button("Leave it as they saved it"):
        st.session_state.pop("waiting to be saved", None)
        st.rerun(scope="fragment")
    if elsewhere:
        _attempt(saved.name_of(other), waiting.content, None)
        _again(waiting)


def _again(before: _Waiting) -> None:
    """Where a third was quicker still, show what they saved."""
    if st.session_state.get("waiting to be saved") not in (None, before):
        st.rerun(scope="fragment")


def _differs(waiting: _Waiting) -> Table:
    headers = columns("Where", f"Theirs, version {waiting.newest.number}", "Yours")
    try:
        both = [saved.read_text(content).scenario for content in (waiting.newest.content(), waiting.content)]
    except Refused:
        return Table("What differs", headers, [("the file", "cannot be read", "can be read")])
    rows = [
        (each.what.replace("_", " "), *("not said" if text is None else text for text in each.values))
        for each in differences(both)
    ] or [("title or question", *(each.title for each in both))]
    return Table("What differs", headers, rows)


def versions(opened: Opened) -> None:
    """Every version of a saved scenario, each under its own link."""
    if opened.version is None:
        return
    rows = [
        (
            Link(f"Version {each.number}", "scenarios", {"scenario": each.digest[:16]}),
            each.saved_at,
            each.digest[:16],
        )
        for each in reversed(saved.versions(open_ledger.path(), opened.version.name))
    ]
    with st.expander("Every version that was saved"):
        tables.show(Table(f"Versions of {opened.version.name}", columns(link("Version"), day("Saved"), "Id"), rows))


def commands(opened: Opened) -> None:
    """The same on the command line, and the one way towards the books."""
    name = shlex.quote(opened.command_name) if opened.name else "FILE.yaml"
    ledger = open_ledger.path()
    st.subheader("From here towards a decision", anchor=False)
    st.write(
        "This page only reads the books. On the command line a scenario can become a proposal. Then its money is "
        "held, and nothing is posted until somebody else says yes."
    )
    with frame.for_analysts("the commands"):
        if not opened.name:
            st.write("Save it first, or put your downloaded file in place of FILE.yaml.")
        st.code(
            f"devolution scenario run {name} --ledger {ledger} --json\n"
            f"devolution scenario pack {name} --ledger {ledger} --out pack.html\n"
            f"devolution scenario adopt {name} --ledger {ledger} --actor YOUR-NAME",
            language=None,  # the colours of a shell's words are too pale to read
            wrap_lines=True,
        )


def library() -> Table:
    """The scenarios of the project, for where there are no books to run them on."""
    rows = []
    for name in outcome.library():
        scenario = read_scenario(outcome.library()[name]).scenario
        rows.append((scenario.title, name, scenario.question))
    return Table("The library", columns("Scenario", "Name", "The question"), rows)
