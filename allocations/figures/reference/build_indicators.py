"""Work out the shipped ages and indicators of practices from the published files.

Called by ``build``; the folder and the promises are the same.
"""

import csv
import gzip
from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from allocations.figures.indicators import AGES, AGES_TABLE, INDICATORS, INDICATORS_TABLE, SEXES, age_column

PEOPLE_BY_AGE = "practice_age_sex_apr2026.csv.gz"
PUBLISHED_INDICATORS = "practice_indicators_2024_25.csv.gz"
FILES = (PEOPLE_BY_AGE, PUBLISHED_INDICATORS)
_OLDEST = 95
_DEPRIVATION = "deprivation"


def tables_of(source: Path) -> Iterator[tuple[str, Iterable[dict[str, Any]]]]:
    """The two tables, each with the name of its file.

    Args:
        source: the folder with the published files.
    """
    people = _people(source / PEOPLE_BY_AGE)
    yield f"{AGES_TABLE}.csv", _ages(people)
    yield f"{INDICATORS_TABLE}.csv", _indicators(source / PUBLISHED_INDICATORS, people)


def _people(path: Path) -> dict[tuple[str, str], list[int]]:
    """Practice and sex to people of each single year of age. The publisher has no line where there is nobody."""
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (row["practice"], row["sex"]): [int(row[str(age)] or 0) for age in range(_OLDEST + 1)]
        for row in sorted(rows, key=lambda row: (row["practice"], row["sex"]))
    }


def _ages(people: dict[tuple[str, str], list[int]]) -> Iterator[dict[str, Any]]:
    ends = (*AGES[1:], _OLDEST + 1)
    for practice in sorted({practice for practice, _ in people}):
        for sex in SEXES:
            single = people.get((practice, sex), [0] * (_OLDEST + 1))
            groups = {age_column(start): sum(single[start:end]) for start, end in zip(AGES, ends, strict=True)}
            yield {"practice": practice, "sex": sex, **groups}


def _indicators(path: Path, people: dict[tuple[str, str], list[int]]) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as file:
        # A practice of two ICBs' areas stands twice, with the same figures.
        published = {row["GP code"]: row for row in csv.DictReader(file)}
    for practice in sorted(published.keys() & {code for code, _ in people}):
        row = published[practice]
        yield {
            "practice": practice,
            **{
                name: _counted(row[one.published], people, practice, one.from_age, name)
                for name, one in INDICATORS.items()
            },
        }


def _counted(
    text: str, people: dict[tuple[str, str], list[int]], practice: str, from_age: int, name: str
) -> Decimal | str:
    if not text:
        return ""  # not published for this practice: missing, and not zero
    whom = sum(sum(people.get((practice, sex), [])[from_age:]) for sex in SEXES)
    per = 1 if name == _DEPRIVATION else 100
    return (Decimal(text) * whom / per).quantize(Decimal("0.01"), ROUND_HALF_UP)
