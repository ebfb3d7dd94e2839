"""What a pot is shared by: one measure or a mixture of them, as ``60% registered, 40% diabetes.csv``.

A measure is a weighted population, a sex and ages as ``women 15-49``, a shipped indicator as ``diabetes``, or a file
of the user's own with a number for each receiver or practice. Whatever has no number is a problem, or takes the
average where that is asked for; it is never zero.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from allocations.figures import tables
from allocations.figures.indicators import AGES, AGES_TABLE, INDICATORS, INDICATORS_TABLE, SEXES, age_column
from allocations.figures.weightings import UnknownWeighting, weighting
from allocations.places.division import UNASSIGNED
from allocations.reading.csv_rows import UserTable, parse, read_text
from allocations.reading.numbers import Doubt, Number, written_number
from allocations.shares.need import weights
from ledger.errors import Problem, Refused, refuse, refuse_any
from ledger.inputs import Action, Input
from ledger.money import plain_decimal

AVERAGE = "average"
# A mixture as it is written: parts divided by commas, each with a percentage or a fraction before its measure.
_DIVIDED = re.compile(r",(?=\s*(?:\d{1,9}(?:\.\d{1,9})?\s*%|\d{1,9}/\d{1,9}\s))", re.ASCII)
_PART = re.compile(
    r"\s*(?:(?P<percent>\d{1,9}(?:\.\d{1,9})?)\s*%|(?P<over>\d{1,9})/(?P<under>[1-9]\d{0,8})(?=\s))\s*(?:by\s+)?(?P<by>.+)",
    re.ASCII,
)
_PEOPLE = {
    "people": "FM", "everybody": "FM", "children": "FM", "women": "F", "girls": "F", "female": "F", "females": "F",
    "men": "M", "boys": "M", "male": "M", "males": "M",
}  # fmt: skip
_OF_ALL_AGES = ("people", "everybody", "women", "female", "females", "men", "male", "males")
_AGED = re.compile(
    rf"(?P<who>{'|'.join(_PEOPLE)})(?: (?:aged )?(?:(?P<first>\d{{1,3}}) ?(?:-|to) ?(?P<last>\d{{1,3}})"
    r"|(?P<least>\d{1,3})(?: ?\+| and over)|under (?P<below>\d{1,3})))?",
    re.ASCII,
)
_CODE = (r"(practice|pcn|place|organisation|ods)?[ _]?code", r"practice|pcn|place|organisation|name")
_NUMBERS = r"value|number|count|people|patients|list"
_RATES = r"rate|percent|percentage|%|prevalence|score|index|per cent"
_SHOWN = 6
_NOT_ZERO = "What is missing is not zero, and nobody can be given a share of it."


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a mixture, as it was asked for.

    Attributes:
        part: of the whole, exact; those of a mixture make one.
        by: the measure, as it was written.
    """

    part: Fraction
    by: str


@dataclass(frozen=True, slots=True)
class MixturePart:
    """One part of a mixture with the number of every receiver.

    Attributes:
        counts: what the numbers count, in words.
        values: receiver to number, exact; they are added up over a receiver's practices where a practice has one.
        source: where the numbers are from.
        sha256: of the user's file; None for shipped figures.
        averaged: who had no number and took the average, by code.
        left_aside: how many lines of the file are of nobody here.
    """

    part: Fraction
    by: str
    counts: str
    values: Mapping[str, Fraction]
    source: str
    sha256: str | None = None
    averaged: tuple[str, ...] = ()
    left_aside: int = 0

    def share_of(self, number: Fraction) -> Fraction:
        """The share that a number is of everybody's."""
        return number / sum(self.values.values(), Fraction(0))

    @property
    def percent(self) -> str:
        """Its part of the mixture, in percent."""
        return _percent(self.part)


class _Numbers(NamedTuple):
    """Numbers by code, before they are added up: what they count, where they are from, and of whom they are."""

    counts: str
    source: str
    of: Mapping[str, Fraction | None]
    is_rate: bool = False
    sha256: str | None = None
    left_aside: int = 0


def terms(text: str) -> tuple[Term, ...]:
    """A mixture from its text: ``60% registered, 40% diabetes.csv``; a measure alone is all of it.

    Raises:
        Refused: a part without its percentage, the same measure twice, or parts that do not make the whole.
    """
    pieces = [piece.strip() for piece in _DIVIDED.split(text)]
    read = [(piece, _PART.fullmatch(piece)) for piece in pieces]
    if len(read) == 1 and read[0][1] is None:
        return (Term(Fraction(1), text.strip()),)
    why = "Each part of a mixture is a percentage and what it goes by."
    remedy = "Write it as 60% registered, 40% diabetes.csv."
    problems = [
        Problem(Input.WEIGHTING, f"'{piece}' has no percentage.", why, remedy) for piece, is_part in read if not is_part
    ]
    found = [Term(_fraction(is_part), is_part["by"].strip()) for _, is_part in read if is_part]
    problems += [
        Problem(
            Input.WEIGHTING, f"'{term.by}' stands twice.", "Which part counts cannot be told.", "Add the two parts up."
        )
        for at, term in enumerate(found)
        if term.by.casefold() in {earlier.by.casefold() for earlier in found[:at]}
    ]
    whole = sum((term.part for term in found), Fraction(0))
    if whole != 1 and not problems:
        away = f"{_percent(abs(1 - whole))} {'more' if whole > 1 else 'less'} than the whole"
        sentence = f"the parts make {_percent(whole)}, {away}."
        problems.append(Problem(Input.WEIGHTING, sentence, "A pot is shared out once.", "Make them sum to 100%."))
    refuse_any(problems)
    return tuple(found)


def plain_weighting(terms: tuple[Term, ...]) -> str | None:
    """The weighting that a mixture is, where it is one and nothing else; None otherwise."""
    return _weighting(terms[0].by) if len(terms) == 1 else None


def refuse_files(terms: Iterable[Term]) -> None:
    """Refuse measures that are files: for a front door that reads no files of the machine that it runs on.

    Raises:
        Refused: with the files that are named.
    """
    files = [term.by for term in terms if _is_file(term.by)]
    if files:
        remedy = f"Use {Action.ALLOCATE.done()}, which reads files."
        refuse(Input.WEIGHTING, f"{', '.join(files)} may be a file.", "Files are not read from here by name.", remedy)


def measured(
    terms: Iterable[Term], practices: pa.Table, level: str, names: Mapping[str, str], *, missing: str | None = None
) -> tuple[MixturePart, ...]:
    """A mixture with the numbers of every receiver.

    Args:
        terms: the mixture.
        practices: the ICB's, with ``practice``, the level's column and a decimal column for each weighting.
        level: ``place``, ``pcn`` or ``practice``: who receives.
        names: of receivers, by which a file may name them too.
        missing: ``average`` to give whoever has no number the average of the others for each registered person.

    Raises:
        Refused: a file that cannot be read, receivers without a number.
        UnknownWeighting: a measure that there is not, with those that there are.
    """
    problems: list[Problem] = []
    read: list[MixturePart] = []
    for term in terms:
        try:
            read.append(_measured(term, practices, level, names, missing))
        except Refused as refused:
            problems.extend(refused.problems)
    refuse_any(problems)
    return tuple(read)


def _measured(
    term: Term, practices: pa.Table, level: str, names: Mapping[str, str], missing: str | None
) -> MixturePart:
    column = _weighting(term.by)
    members = _members(practices, level)
    if column is not None:
        if column not in practices.column_names:
            refuse(
                Input.WEIGHTING, f"the figures have no weighted population '{column}'.", _NOT_ZERO, "Choose another."
            )
        people = weights(practices, column, "practice")
        counts = "registered people" if column == "registered" else f"people weighted by {column.replace('_', ' ')}"
        numbers = _Numbers(counts, "the population figures", {code: Fraction(people[code], 10**9) for code in people})
    else:
        numbers = _numbers(term.by, members, names, level)
    registered = {code: Fraction(one, 10**9) for code, one in weights(practices, "registered", "practice").items()}
    by_receiver = set(numbers.of) - set(members) if level != "practice" else set()
    if by_receiver:
        heads: dict[str, Fraction] = {}
        for practice, receiver in members.items():
            heads[receiver] = heads.get(receiver, Fraction(0)) + registered[practice]
    else:
        heads = registered
    values, averaged = _complete(numbers, heads, term.by, level if by_receiver else "practice", missing)
    if not by_receiver:
        summed: dict[str, Fraction] = {}
        for practice, amount in values.items():
            summed[members[practice]] = summed.get(members[practice], Fraction(0)) + amount
        values = summed
    if not any(values.values()):
        refuse(Input.WEIGHTING, f"'{term.by}' is nothing for everybody.", "It divides nothing.", "Check its numbers.")
    by = term.by if numbers.sha256 is None else numbers.source
    return MixturePart(
        term.part, by, numbers.counts, values, numbers.source, numbers.sha256, averaged, numbers.left_aside
    )


def _complete(
    numbers: _Numbers, heads: Mapping[str, Fraction], by: str, level: str, missing: str | None
) -> tuple[dict[str, Fraction], tuple[str, ...]]:
    """A number for everybody, and who took the average; refused where somebody has none."""
    known = {code: number for code in heads if (number := numbers.of.get(code)) is not None}
    values = {code: number * heads[code] if numbers.is_rate else number for code, number in known.items()}
    without = tuple(code for code in sorted(heads) if code not in known)
    people = sum((heads[code] for code in values), Fraction(0))
    if without and missing == AVERAGE and people:
        each = sum(values.values(), Fraction(0)) / people
        values |= {code: heads[code] * each for code in without}
    elif without:
        more = f" and {len(without) - _SHOWN} more" if len(without) > _SHOWN else ""
        sentence = f"{len(without)} of {len(heads)} have no number of '{by}': {', '.join(without[:_SHOWN])}{more}."
        remedy = (
            f"Give them one in a file of your own, or {Input.MISSING.set_to(AVERAGE)} to give each the average of the "
            "others for every registered person."
        )
        refuse(Input.WEIGHTING, f"by {level}, {sentence}", _NOT_ZERO, remedy)
    return values, without


def _members(practices: pa.Table, level: str) -> dict[str, str]:
    """Practice to receiver; those of none stand together."""
    codes, receivers = practices["practice"].to_pylist(), practices[level].to_pylist()
    return {code: receiver or UNASSIGNED for code, receiver in zip(codes, receivers, strict=True)}


def _numbers(by: str, members: Mapping[str, str], names: Mapping[str, str], level: str) -> _Numbers:
    name = " ".join(by.casefold().split())
    indicator = INDICATORS.get(name.replace(" ", "_").replace("-", "_"))
    if indicator is not None:
        rows = tables.table(INDICATORS_TABLE).select(["practice", indicator.name])
        values = {row["practice"]: row[indicator.name] for row in rows.to_pylist()}
        own = {code: None if values.get(code) is None else Fraction(values[code]) for code in members}
        return _Numbers(indicator.counts, f"allocations/figures/reference/{INDICATORS_TABLE}.csv", own)
    aged = _AGED.fullmatch(name)
    if aged is not None and (aged["who"] in _OF_ALL_AGES or name != aged["who"]):
        return _of_ages(by, aged, members)
    if not _is_file(by):
        besides = (
            f"Or an indicator ({', '.join(INDICATORS)}), a sex and ages as women 15-49 or people 65+, or a CSV file."
        )
        raise UnknownWeighting(by, INDICATORS, besides)
    return _of_file(Path(by), members, names, level)


def _is_file(by: str) -> bool:
    return bool(Path(by).suffix) or "/" in by or "\\" in by


def _of_ages(by: str, aged: "re.Match[str]", members: Mapping[str, str]) -> _Numbers:
    """Registered people of a sex, or of both, within ages that the shipped groups can tell apart."""
    first = int(aged["first"] or aged["least"] or 0)
    after = int(aged["last"]) + 1 if aged["last"] else int(aged["below"]) if aged["below"] else None
    edges = {*AGES, None}
    wrong = [age for age in (first, after) if age not in edges]
    if wrong or (after is not None and after <= first):
        starts = ", ".join(map(str, AGES))
        why = "People are shipped by groups of ages, and part of a group is not known."
        remedy = f"Begin at one of {starts}, and end a year before one of them, or with no end as 65+; or bring a file."
        refuse(Input.WEIGHTING, f"'{by}' is no group of ages that can be told apart.", why, remedy)
    columns = [age_column(start) for start in AGES if start >= first and (after is None or start < after)]
    sexes = _PEOPLE[aged["who"]]
    people: dict[str, int] = {}
    for row in tables.table(AGES_TABLE).select(["practice", "sex", *columns]).to_pylist():
        if row["sex"] in sexes:
            people[row["practice"]] = people.get(row["practice"], 0) + sum(row[column] for column in columns)
    who = "people" if len(sexes) > 1 else SEXES[sexes]
    ages = f"of {first} and over" if after is None else f"of {first} to {after - 1}"
    own = {code: Fraction(people[code]) if code in people else None for code in members}
    counts = f"registered {who} {'of all ages' if ages == 'of 0 and over' else ages}, 1 April 2026"
    return _Numbers(counts, f"allocations/figures/reference/{AGES_TABLE}.csv", own)


def _of_file(path: Path, members: Mapping[str, str], names: Mapping[str, str], level: str) -> _Numbers:
    """A user's numbers: of every receiver, by code or name, or of every practice."""
    if path.suffix.casefold() not in (".csv", ".txt", ""):
        found = f"'{path.name}' is no CSV file."
        refuse(Input.WEIGHTING, found, "Numbers are read from text.", "Save the sheet as 'CSV UTF-8' and name that.")
    table = parse(read_text(path, "Numbers to share by"), path.name)
    code_at, number_at = table.column(*_CODE), table.column(_NUMBERS)
    rate_at = table.column(_RATES)
    at = number_at if number_at is not None else rate_at
    if code_at is None or at is None:
        found = f"its columns are {', '.join(table.headers) or 'missing'}."
        remedy = "Head them code and value; or code and rate, where each number is for so many registered people."
        refuse(f"{path.name}, line 1", found, "A code and a number are needed.", remedy)
    receivers = {code.casefold(): code for code in members.values()}
    receivers |= {names[code].casefold(): code for code in set(members.values()) if code in names}
    practices = {code.casefold(): code for code in members}
    heading, is_rate = table.headers[at], number_at is None
    _refuse_percentages(table, at, is_rate=is_rate)
    numbers, left_aside = _lines(table, (code_at, at), receivers, practices, level)
    counts = f"'{heading}' of {path.name}" + (" x registered people" if is_rate else "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return _Numbers(counts, path.name, numbers, is_rate, digest, left_aside)


def _refuse_percentages(table: UserTable, at: int, *, is_rate: bool) -> None:
    """Refuse percentages where numbers are wanted, and a column in which some are and some are not."""
    lines = [line for line, (text,) in table.cells([at]) if text]
    percent = [line for line, (text,) in table.cells([at]) if text.endswith("%")]
    if percent and not is_rate:
        found = "it is a percentage, in a column of numbers."
        remedy = "Head the column 'rate' to have it multiplied by registered people, or give numbers."
        refuse(
            f"{table.name}, line {percent[0]}",
            found,
            "A share by rates would forget how many people there are.",
            remedy,
        )
    if percent and len(percent) < len(lines):
        found = f"{len(percent)} of {len(lines)} are percentages."
        refuse(f"{table.name}, line {percent[0]}", found, "One differs from another a hundredfold.", "Write all alike.")


def _lines(
    table: UserTable, columns: tuple[int, int], receivers: Mapping[str, str], practices: Mapping[str, str], level: str
) -> tuple[dict[str, Fraction | None], int]:
    problems: list[Problem] = []
    found: dict[str, dict[str, Fraction | None]] = {"receivers": {}, "practices": {}}
    line_of: dict[str, int] = {}
    left_aside = 0
    for line, (name, text) in table.cells(columns):
        where, known = f"{table.name}, line {line}", name.casefold()
        kind = "receivers" if known in receivers else "practices" if known in practices else None
        if kind is None:
            left_aside += 1
            continue
        code = receivers[known] if kind == "receivers" else practices[known]
        if code in line_of:
            sentence = f"{name} is on line {line_of[code]} too."
            problems.append(Problem(where, sentence, "It cannot be told which of the two holds.", "Keep one of them."))
        line_of[code] = line
        number = _number(text, where, problems)
        found[kind][code] = number
    both = found["receivers"] and found["practices"] and level != "practice"
    if both:
        sentence = f"it has numbers of {len(found['receivers'])} by {level} and of {len(found['practices'])} practices."
        problems.append(Problem(table.name, sentence, "People would be counted twice.", "Keep one of the two kinds."))
    refuse_any(problems)
    return {**found["receivers"], **found["practices"]}, left_aside


def _number(text: str, where: str, problems: list[Problem]) -> Fraction | None:
    """The number in a cell; None where the cell says that there is none."""
    read = written_number(text)
    if isinstance(read, Number):
        if read.value < 0:
            problems.append(
                Problem(where, f"the number is {text}.", "A share cannot be less than none.", "Correct it.")
            )
        return Fraction(read.value)
    if isinstance(read, Doubt):
        problems.append(Problem(where, read.found, read.why, "Type a plain number, or leave the line out."))
    return None


def _weighting(by: str) -> str | None:
    try:
        return weighting(by)
    except UnknownWeighting:
        return None


def _fraction(part: "re.Match[str]") -> Fraction:
    if part["percent"]:
        return Fraction(Decimal(part["percent"])) / 100
    return Fraction(int(part["over"]), int(part["under"]))


def _percent(part: Fraction) -> str:
    """A part in percent, exactly where it has few decimals, to four otherwise."""
    return plain_decimal(part * 100, 4).rstrip("0").rstrip(".") + "%"
