"""Workbooks recalculated by LibreOffice, all in one go, with the stored results thrown away first."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

_RECALCULATE_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>
"""
Grid = list[list[object]]


def recalculate(files: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Convert every workbook with each formula calculated anew; the test says plainly where LibreOffice is missing."""
    profile, out = folder / "profile", folder / "recalculated"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_RECALCULATE_ALWAYS, encoding="utf-8")
    return dict(zip(files, _run(list(files.values()), "xlsx", profile, out), strict=True))


def converted(files: Sequence[Path], suffix: str, folder: Path) -> list[Path]:
    """Workbooks saved by LibreOffice in another format, in their order."""
    return _run(files, suffix, folder / "profile", folder / suffix)


def _run(files: Sequence[Path], suffix: str, profile: Path, out: Path) -> list[Path]:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("LibreOffice is not installed, so no file can be saved by it here: install libreoffice-calc")
    command = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", suffix]
    done = subprocess.run(
        [*command, "--outdir", str(out), *map(str, files)], capture_output=True, text=True, check=False, timeout=180
    )
    made = [out / f"{path.stem}.{suffix}" for path in files]
    assert all(path.exists() for path in made), done.stdout + done.stderr
    return made


def grids(path: Path) -> dict[str, Grid]:
    """Sheet name to its values, row by row from A1."""
    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


def records(grid: Grid, heading_row: int) -> list[dict[str, object]]:
    """The rows of a sheet below its headings."""
    names = [str(name) for name in grid[heading_row]]
    return [dict(zip(names, row, strict=True)) for row in grid[heading_row + 1 :] if any(cell != "" for cell in row)]
