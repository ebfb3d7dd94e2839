"""The examples of docs/levers.md, run on the demo's books: each does what the line below it says."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from allocations.reading.strict_yaml import TextLoader
from ledger.store.base import Store
from ledger.years import FinancialYear
from scenarios import baseline
from scenarios.baseline import Baseline
from scenarios.engine import run
from scenarios.files.scenario import Scenario, read_scenario, written
from scenarios.levers import ALL

PAGE = Path(__file__).parent.parent.parent / "docs" / "levers.md"
SECTIONS = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
EXAMPLES = [
    (title, example, [line[2:].strip() for line in said.strip().splitlines()])
    for title, body in SECTIONS
    for example, said in re.findall(r"```yaml\n(.*?)```\n\n((?:> [^\n]*\n)+)", body, re.DOTALL)
]
SEGMENTS = {
    "values": {"QE1": 1, "QF7": 2},
    "otherwise": 3,
    "reason": "to test",
    "source": "the tests",
    "quality": "red",
}


@cache
def books(path: Path) -> Baseline:
    with Store.open(path, read_only=True) as store, store.read() as reader:
        return baseline.read(reader, year=FinancialYear(2025))


def test_every_lever_has_a_section_with_an_example() -> None:
    titles = {word for title, _, _ in EXAMPLES for word in title.split(", ")}
    named = {lever.model_fields["lever"].annotation.__args__[0] for lever in ALL}  # type: ignore[union-attr]
    assert named <= titles
    assert len(named) == 21


@pytest.mark.parametrize(("title", "example", "said"), EXAMPLES, ids=[title for title, _, _ in EXAMPLES])
def test_an_example_does_what_the_page_says(
    demo_ledger: Path, tmp_path: Path, title: str, example: str, said: list[str]
) -> None:
    if title == "The file":
        (tmp_path / "example.yaml").write_text(example, encoding="utf-8")
        asked = read_scenario(tmp_path / "example.yaml")
    else:
        facts: dict[str, Any] = {"title": title, "question": "?", "baseline": {"year": "2025/26"}}
        listed = yaml.load(example, Loader=TextLoader)
        asked = written(Scenario.model_validate({**facts, "steps": listed, "segments": SEGMENTS}))
    done = run(asked, books(demo_ledger)).done
    for line in said:
        assert any(line in step.change.says for step in done), [step.change.says for step in done]
