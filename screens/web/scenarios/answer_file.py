"""A hypothetical answer as files to take away: a workbook, a table, and the question for the command line."""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from scenarios import saved
from screens.report.files import answers
from screens.report.files.exports import EXCEL
from screens.report.report import Report
from screens.web.shell import frame


def offer(report: Report, stem: str) -> None:
    """Offer a report as a workbook and as a table; each is made when somebody asks for it."""
    both = st.container(horizontal=True)
    for label, suffix, mime in (
        ("This answer (Excel)", answers.WORKBOOK, EXCEL),
        ("This answer (CSV)", answers.TABLE, "text/csv"),
    ):
        both.download_button(
            label,
            data=partial(_made, report, suffix),
            file_name=f"{saved.name_of(f'{stem} {report.title}')}{suffix}",
            mime=mime,
            key=f"{stem}{suffix}",
            on_click="ignore",
        )


def _made(report: Report, suffix: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"answer{suffix}"
        answers.written(report, path)
        return path.read_bytes()


def goal(content: bytes, title: str) -> None:
    """The goal as a file, and the command that reads it."""
    with frame.for_analysts("the same on the command line"):
        st.code(content.decode(), language=None, wrap_lines=True)
        st.download_button(
            "This goal as a file",
            data=content,
            file_name=f"{saved.name_of(title)}.yaml",
            mime="application/yaml",
            on_click="ignore",
        )
        st.code("devolution scenario solve goal.yaml --out way.xlsx", language=None, wrap_lines=True)
