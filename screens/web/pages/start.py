"""Start: what people come to ask, each question with the headline of its answer, and three ways through the app."""

from collections.abc import Callable, Mapping
from html import escape

import streamlit as st

from ledger.errors import Refused
from ledger.reports.position import moment
from scenarios import outcome
from scenarios.files.scenario import WrittenScenario
from screens.asked import answers
from screens.asked.shares import targets
from screens.report import questions
from screens.report.month import newest_month, shown
from screens.report.questions import QUESTIONS, WAYS, WHAT_IFS, Question
from screens.web.pages.scenarios import work_out
from screens.web.shell import address, frame, open_ledger
from screens.web.shell.cards import question_cards
from screens.web.shell.open_ledger import Books

_CORE = "core"


def page() -> None:
    """Render it: every question first, then the answers, the quickest before those that take a moment."""
    frame.title("What do you want to know?")
    store = open_ledger.store()
    books = None if store is None else frame.books_of(store)
    if books is None:
        _ways(None, None)
        frame.foot(None, "There are no books to answer from yet.", illustrative="")
        return
    icb = frame.icb(books, with_all=True)
    year = address.asked_for("year")
    places = question_cards(QUESTIONS, icb, year, 3)
    st.header("What if it were otherwise?", anchor=False)
    st.write("Of all ICBs together, beside what is so today.")
    places |= question_cards(WHAT_IFS, None, None, 4)
    _ways(icb, year)
    frame.foot(books.at, frame.sources(books))
    for name, answer in {**_answers(books, icb), **_what_ifs(books)}.items():
        with places[name], st.container():
            try:
                told = answer()
            except Refused:
                told = "These books cannot answer it. The page says why."
        places[name].html(f"<p>{escape(told)}</p>")


def _answers(books: Books, icb: str | None) -> Mapping[str, Callable[[], str]]:
    """The headline of each question by its name, read from the answer that its page shows."""
    year, read = books.year, books.reading

    def where() -> str:
        return books.ask(answers.picture, icb, year, read, held=books.held(icb)).sentence

    def free() -> str:
        if icb is None:
            return questions.how_free(books.ask(answers.together, year, None, read))
        each = books.ask(answers.standings, year, None, read)
        return questions.how_free(next((one for one in each if one.code == icb), None))

    def pieces() -> str:
        found, _ = books.ask(answers.received, "icb", icb, year, read)
        return questions.in_pieces(found)

    def month() -> str:
        asked = newest_month(year, books.at.as_at)
        if icb is None:
            return questions.came_in(None, asked)
        report = books.answer(
            "month", lambda reader, _: shown(reader, moment(reader, asked.last_day), asked, icb), asked, icb
        )
        return questions.came_in(report, asked)

    return {
        "fair": lambda: questions.fair_share(targets(_CORE), icb),
        "where": where, "free": free, "month": month, "pieces": pieces,
    }  # fmt: skip


def _what_ifs(books: Books) -> Mapping[str, Callable[[], str]]:
    """The headline of each scenario by its question's name."""

    def headline(question: Question) -> str:
        path = outcome.library()[question.query["scenario"]]
        content = path.read_bytes()
        return questions.what_if(question, work_out(books, _written(path.stem, content), content))

    return {question.name: lambda question=question: headline(question) for question in WHAT_IFS}  # type: ignore[misc]


@st.cache_resource(show_spinner=False, max_entries=20)
def _written(name: str, content: bytes) -> WrittenScenario:
    """A scenario of the library, read once."""
    del content  # part of the key
    return outcome.find(name)


def _ways(icb: str | None, year: str | None) -> None:
    """The ways of three kinds of people, each in at most three steps."""
    st.header("Or start from who you are", anchor=False)
    for column, way in zip(st.columns(len(WAYS)), WAYS, strict=True):
        steps = "".join(
            f'<li><a href="{escape(step.link(icb, year).address)}" target="_self">{escape(step.asked)}</a></li>'
            for step in way.steps
        )
        column.html(f'<div class="house"><h3>{escape(way.who)}</h3><ol>{steps}</ol></div>')
