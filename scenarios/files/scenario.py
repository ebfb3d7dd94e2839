"""A scenario as one small file: a question, where it starts, what is done step by step, and on what assumptions."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, WithJsonSchema, model_validator

from allocations.figures.weightings import WEIGHTINGS
from allocations.reading.strict_yaml import Path_, StrictModel, Whole, place_of, read_lines, read_model
from ledger.errors import Problem, refuse, refuse_any
from scenarios.fields import Instant, Light, Share, Text, Year, Years
from scenarios.files.expressions import NoExpression, named, number, put_in, put_in_words
from scenarios.files.shapes import Shape
from scenarios.files.variants import Difference, changed_from_library, with_values
from scenarios.levers import Step
from scenarios.paths.rates import NotKnown, YearlyGrowth

SCHEMA_VERSION = 1
LARGEST_FILE_BYTES = 1_000_000


_Value = Annotated[str | int | date, WithJsonSchema({"type": ["string", "number"]})]


class Grounds(StrictModel):
    """Why a figure is what it is, where it comes from, and how sure that is."""

    reason: Text = Field(min_length=1)
    source: Text = Field(min_length=1)
    quality: Light = Field(description="how good the evidence is: red, amber or green")


class Assumption(Grounds):
    """A value that somebody chose. Steps use it as ``$name``.

    Attributes:
        impact: how much the answer would move if it were wrong: red is much, green is little.
        low, high: between which values it lies, written as the value is; both or none.
        shape: how it is drawn between them, as ``scenarios.files.shapes`` says; a triangle where nothing is said.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_-]*$")
    value: _Value
    impact: Light
    low: _Value | None = None
    high: _Value | None = None
    shape: Shape = Field(default="triangular", description="how it is drawn between low and high")

    @model_validator(mode="after")
    def _in_order(self) -> "Assumption":
        ends = (self.low, self.value, self.high)
        if self.low is None and self.high is None:
            if self.shape != "triangular":
                raise ValueError("a shape needs a low and a high to lie between")
            return self
        try:
            low, central, high = (number(each) for each in ends)
        except NoExpression as error:
            raise ValueError("low, value and high must be three numbers") from error
        if not low <= central <= high:
            raise ValueError(f"the value {self.value} does not lie from {self.low} to {self.high}")
        return self


class PeopleSpread(Grounds):
    """How sure the people are that money is shared by: a relative error of its own for every ICB, drawn at random.

    Attributes:
        weighting: whose weighted people; ``registered`` moves every weighting alike.
        spread: the standard deviation of the error, as 1%; what is beyond two of them is drawn again.
    """

    weighting: str
    spread: Share = Field(gt=0, le=Decimal("0.2"))

    @model_validator(mode="after")
    def _known(self) -> "PeopleSpread":
        if self.weighting not in WEIGHTINGS:
            raise ValueError(f"there is no weighting '{self.weighting}'; there are {', '.join(WEIGHTINGS)}")
        return self


class Measured(Grounds):
    """A measure of organisations that the file brings, such as days of delayed discharge by ICB."""

    values: dict[str, Any]

    @model_validator(mode="after")
    def _numbers(self) -> "Measured":
        for code, value in self.values.items():
            if isinstance(value, bool) or _fraction(value) is None:
                raise ValueError(f"the value of {code} is '{value}', not a number of zero or more")
        return self

    def fractions(self) -> dict[str, Fraction]:
        """Code to exact value."""
        return {code: Fraction(str(value)) for code, value in self.values.items()}


class Segments(Grounds):
    """The oversight segment of each ICB, 1 (most trusted) to 4 (most supported); or how many are in each.

    Where only ``counts`` are known, a step shows the mean over all ways to fill the segments, and its range.
    """

    values: dict[str, Whole] = Field(default_factory=dict)
    otherwise: Whole | None = Field(default=None, ge=1, le=4)
    counts: dict[Whole, Whole] = Field(default_factory=dict, description="segment to the number of ICBs in it")

    @model_validator(mode="after")
    def _four(self) -> "Segments":
        wrong = [f"{code}: {segment}" for code, segment in self.values.items() if segment not in range(1, 5)]
        if wrong:
            raise ValueError(f"a segment is 1, 2, 3 or 4, not {', '.join(wrong)}")
        if not set(self.counts) <= {1, 2, 3, 4} or min(self.counts.values(), default=0) < 0:
            raise ValueError("counts give each of the segments 1, 2, 3 and 4 a number of ICBs")
        if self.counts and (self.values or self.otherwise is not None):
            raise ValueError("give the segment of each ICB, or the counts, and not both")
        return self


class Start(StrictModel):
    """Where the scenario starts.

    Attributes:
        organisation: only this organisation and those below it.
        as_at, known_at: the point on both clocks.
        given: steps that put into the baseline what the books do not hold, such as a pot of the past.
    """

    year: Year
    organisation: str | None = None
    as_at: date | None = None
    known_at: Instant | None = None
    given: tuple[Step, ...] = ()


class Scenario(StrictModel):
    """What if."""

    schema_version: Literal[1] = 1
    title: Text = Field(min_length=1)
    question: Text = Field(min_length=1)
    decision: Text | None = Field(default=None, description="what whoever reads the answer is asked to decide")
    based_on: str | None = Field(default=None, description="the library scenario that this one was made from")
    baseline: Start
    steps: tuple[Step, ...] = Field(min_length=1)
    assumptions: tuple[Assumption, ...] = ()
    years: Years | None = Field(default=None, description="each of them is looked at; the first is the baseline's")
    growth: tuple[YearlyGrowth, ...] = ()
    recurrence_not_known: NotKnown | None = Field(
        default=None, description="what becomes of money of which nobody knows whether it recurs"
    )
    measures: dict[str, Measured] = Field(default_factory=dict)
    people: tuple[PeopleSpread, ...] = ()
    segments: Segments | None = None
    seed: Whole = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _names_once(self) -> "Scenario":
        names = [assumption.name for assumption in self.assumptions]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the assumption {', '.join(twice)} stands twice")
        return self

    @model_validator(mode="after")
    def _years_fit(self) -> "Scenario":
        steps = (*self.baseline.given, *self.steps)
        named = [year for step in steps for year in step.years_named()]
        if self.years is None:
            if self.growth or self.recurrence_not_known or named:
                raise ValueError("it says what is so in other years, and does not say which years: add 'years'")
            return self
        if self.years[0] != self.baseline.year:
            raise ValueError(f"the years begin in {self.years[0]}, and the baseline is of {self.baseline.year}")
        grown = [year for rule in self.growth for year in rule.years]
        outside = [year for year in (*named, *grown) if year not in self.years]
        if outside:
            raise ValueError(f"{outside[0]} is not among its years")
        return self

    def content(self) -> dict[str, Any]:
        """What the file says, whatever its order, comments and spelling of numbers."""
        return self.model_dump(mode="json", by_alias=True, exclude_defaults=True)

    def content_hash(self) -> str:
        """SHA-256 of what the file says."""
        text = json.dumps(self.content(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class WrittenScenario:
    """A scenario with the place of each step in its file, for messages.

    Attributes:
        name: the file's name.
        where: names a place in the file by the keys that lead there.
        used: the assumptions that its steps name; None where that is not known.
        changes: what it says otherwise than the library scenario that it is based on.
        content: what the file says, before assumptions are put in; None where there is no file.
    """

    scenario: Scenario
    name: str
    where: Callable[[Path_], str]
    used: frozenset[str] | None = None
    changes: tuple[Difference, ...] = ()
    content: Any = None


def read_scenario(path: Path) -> WrittenScenario:
    """A scenario from its file.

    Raises:
        Refused: the file cannot be read, or something in it is unknown, missing, impossible or said
            twice; each with its line and a remedy.
    """
    if path.exists() and path.stat().st_size > LARGEST_FILE_BYTES:
        found = f"it has {path.stat().st_size:,} bytes."
        refuse(str(path), found, "A scenario is one small file.", "Name a scenario file.")
    content, lines = read_lines(path)
    scenario = read_model(path, Scenario, _with_assumptions)
    used = frozenset(_used([content.get(part) for part in ("steps", "baseline", "growth")]))
    changes = changed_from_library(content)
    return WrittenScenario(scenario, path.name, lambda keys: place_of(path, lines, keys), used, changes, content)


def revalued(written: WrittenScenario, values: Mapping[str, Any]) -> WrittenScenario:
    """The same scenario with other values of its assumptions.

    Args:
        values: name of an assumption to its value, as a file writes it.

    Raises:
        Refused: a step cannot have such a value.
    """
    content = with_values(written.content, values)
    try:
        scenario = Scenario.model_validate(_with_assumptions(content, written.where))
    except ValidationError as error:
        told = ", ".join(f"{name} {value}" for name, value in values.items())
        found = f"with {told} it cannot be read: {error.errors()[0]['msg'].removeprefix('Value error, ')}."
        refuse(f"{written.name}, assumptions", found, "The range has no answer there.", "Narrow low and high.")
    return replace(written, scenario=scenario, content=content)


def _used(part: Any) -> Iterator[str]:
    """The assumptions that figures of the steps name; a name in a sentence works nothing out."""
    if isinstance(part, dict):
        for key, value in part.items():
            if key not in _SENTENCES:
                yield from _used(value)
    elif isinstance(part, list):
        for value in part:
            yield from _used(value)
    elif isinstance(part, str):
        yield from named(part)


def written(scenario: Scenario, name: str = "scenario") -> WrittenScenario:
    """A scenario made in Python, to be run like one from a file."""
    return WrittenScenario(scenario, name, lambda keys: ".".join([name, *(str(key) for key in keys)]))


# Where an assumption may be named.
_FILLED = ("title", "question", "decision", "steps", "baseline", "growth")
# What people read, in which a dollar may be a dollar.
_SENTENCES = ("title", "question", "why", "name", "partners", "purpose", "decision", "reason", "source")


def _with_assumptions(content: Any, where: Callable[[Path_], str]) -> Any:
    """Put the values of assumptions in where steps, the title and the question name them.

    Raises:
        Refused: an assumption is named that the file does not make.
    """
    if not isinstance(content, dict):
        return content
    listed = content.get("assumptions")
    values = {
        each["name"]: each.get("value")
        for each in (listed if isinstance(listed, list) else [])
        if isinstance(each, dict) and isinstance(each.get("name"), str)
    }
    problems: list[Problem] = []

    def fill(part: Any, keys: Path_) -> Any:
        if isinstance(part, dict):
            return {key: fill(value, (*keys, str(key))) for key, value in part.items()}
        if isinstance(part, list):
            return [fill(value, (*keys, number)) for number, value in enumerate(part)]
        if isinstance(part, str) and (names := named(part)):
            wanting = [name for name in names if name not in values]
            if keys[-1] in _SENTENCES:
                return put_in_words(part, values)
            if not wanting:
                return put_in(part, values)
            known = ", ".join(f"${name}" for name in values) or "none"
            problems.append(
                Problem(
                    where(keys),
                    f"there is no assumption '${wanting[0]}'.",
                    "The step would have no value.",
                    f"Add it under 'assumptions'. There is {known}.",
                )
            )
        return part

    filled = {key: fill(value, (key,)) if key in _FILLED else value for key, value in content.items()}
    refuse_any(problems)
    return filled


def _fraction(value: Any) -> Fraction | None:
    try:
        found = Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        return None
    return found if found >= 0 else None
