"""What a published file says of who there is and who is part of whom, beside what the books say already.

Only what is new is recorded, in one structure entry for a file. A file that shows one day ends what the books
said of a member that has moved since; a file of history fills in what the books do not cover, and changes nothing
that they do.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlmodel import SQLModel

from allocations.figures import tables
from allocations.files.published.entries import NATIONAL
from ledger import structure
from ledger.entries.chain import last_entry
from ledger.entries.draft import Draft, records
from ledger.errors import Problem
from ledger.inputs import Action, Input
from ledger.models import Closure, Organisation, Relationship, Succession, Tier
from ledger.reports import register
from ledger.store.base import Reader
from ledger.words import PUBLISHED

GOVERNMENT = "DHSC"
FUNDING, REGION, ICB, PCN = "funding", "region", "icb", "pcn"
_FOREVER = date.max


@dataclass(frozen=True, slots=True)
class Tie:
    """One relationship; ``valid_to`` is the first day on which it no longer holds."""

    id: str
    parent: str
    child: str
    scheme: str
    valid_from: date
    valid_to: date | None = None
    part: int | None = None
    supersedes: str | None = None

    def covers(self, day: date) -> bool:
        """Whether it holds on a day."""
        return self.valid_from <= day < (self.valid_to or _FOREVER)


@dataclass
class KnownStructure:
    """What the books say, and the entries of this batch so far: organisations with their days, and ties."""

    tiers: set[str] = field(default_factory=set)
    organisations: dict[str, tuple[date, date | None]] = field(default_factory=dict)
    ties: dict[tuple[str, str], list[Tie]] = field(default_factory=lambda: defaultdict(list))
    ids: set[str] = field(default_factory=set)

    def life(self, code: str) -> tuple[date, date | None] | None:
        """From when to when an organisation exists: as the books say, else as the shipped list of ICBs does."""
        if code in self.organisations:
            return self.organisations[code]
        row = shipped_organisations().get(code)
        return None if row is None else (row["valid_from"], row["valid_to"])


def known(reader: Reader) -> KnownStructure:
    """What the books say now."""
    found = KnownStructure()
    found.tiers = set(register.tiers(reader))
    for code, life in structure.lives(reader, last_entry(reader)).items():
        found.organisations[code] = (life["valid_from"], life["valid_to"])
    for row in structure.relationships(reader):
        found.ids.add(row["id"])
        if not row["is_corrected"]:
            tie = Tie(**{name: row[name] for name in Tie.__slots__})
            found.ties[tie.child, tie.scheme].append(tie)
    return found


def shipped_organisations() -> dict[str, dict[str, Any]]:
    """National bodies, regions and ICBs, past and present, by code."""
    return {row["code"]: row for row in tables.table("organisations").to_pylist()}


class StructureEntry:
    """One structure entry in the making. What is added counts at once for what comes after it in the batch."""

    def __init__(self, books: KnownStructure, place: str) -> None:
        self.books = books
        self.place = place
        self.problems: list[Problem] = []
        self.moved = 0
        self._tiers: list[dict[str, Any]] = []
        self._organisations: list[dict[str, Any]] = []
        self._ties: list[Tie] = []
        self._closures: list[dict[str, Any]] = []
        self._successions: list[dict[str, Any]] = []

    # --- who there is -----------------------------------------------------------------------------------

    def tiers(self) -> None:
        """The tiers that are not there yet."""
        for row in tables.table("tiers").to_pylist():
            if row["code"] not in self.books.tiers:
                self.books.tiers.add(row["code"])
                self._tiers.append(row)

    def organisation(self, code: str, name: str, tier: str, valid_from: date, **given: Any) -> None:
        """An organisation, unless the books have it."""
        if code not in self.books.organisations:
            self.books.organisations[code] = (valid_from, given.get("valid_to"))
            self._organisations.append({"code": code, "name": name, "tier": tier, "valid_from": valid_from, **given})

    def closes(self, code: str, day: date) -> None:
        """An organisation ends on a day, unless the books say so already."""
        life = self.books.organisations.get(code)
        if life is not None and life[1] != day:
            self.books.organisations[code] = (life[0], day)
            self._closures.append({"id": f"{code}/{day}", "organisation": code, "valid_to": day})

    def succession(self, predecessor: str, successor: str, day: date, *, kind: str, weight: int, basis: str) -> None:
        """Who becomes whom on a day, with the weight by which what it held is shared."""
        name = f"{predecessor}>{successor}/{day}"
        if {predecessor, successor} <= self.books.organisations.keys():
            self._successions.append(
                {"id": name, "predecessor": predecessor, "successor": successor, "effective_date": day, "kind": kind,
                 "weight": weight, "basis": basis}
            )  # fmt: skip

    def national(self, day: date) -> None:
        """The department and the national body, from the shipped list."""
        self.tiers()
        shipped = shipped_organisations()
        for code in (GOVERNMENT, NATIONAL):
            row = shipped[code]
            self.organisation(code, row["name"], row["tier"], row["valid_from"])
        self.snapshot(NATIONAL, FUNDING, {GOVERNMENT: None}, day)

    def icbs(self, codes: Iterable[str], day: date, *, names: Mapping[str, str], regions: Mapping[str, str]) -> None:
        """ICBs with their region and the national body above them; one that does not exist on the day is a problem.

        Args:
            codes: the ICBs that the file names.
            day: from when they are known to be so.
            names: what the file calls ICBs and regions.
            regions: the region that the file gives for an ICB.
        """
        self.national(day)
        shipped = shipped_organisations()
        for code in sorted(codes):
            life = self.books.life(code)
            row = shipped.get(code, {})
            region = regions.get(code) or row.get("region") or ""
            if life is None and not names.get(code):
                self._no_such(code, "is known neither to the books nor to the shipped list of ICBs")
            elif life is not None and not life[0] <= day < (life[1] or _FOREVER):
                when = f"begins on {life[0]}" if day < life[0] else f"ended on {life[1]}"
                self._no_such(code, f"{when}, and the file is of {day}")
            else:
                self._icb(code, row, life, day, region, names)

    def _icb(
        self,
        code: str,
        shipped: Mapping[str, Any],
        life: tuple[date, date | None] | None,
        day: date,
        region: str,
        names: Mapping[str, str],
    ) -> None:
        begins, ends = life or (day, None)
        name = shipped.get("name") or names[code]
        self.organisation(code, name, "icb", begins, ons_code=shipped.get("ons_code"), valid_to=ends)
        self.snapshot(code, FUNDING, {NATIONAL: None}, day, until=ends)
        if region:
            row = shipped_organisations().get(region)
            named = row["name"] if row else names.get(region, region)
            self.organisation(region, named, "region", row["valid_from"] if row else day)
            self.snapshot(region, REGION, {NATIONAL: None}, day)
            self.snapshot(code, REGION, {region: None}, day, until=ends)

    def _no_such(self, code: str, what: str) -> None:
        self.problems.append(
            Problem(
                self.place,
                f"the ICB {code} {what}.",
                "What is its could not be placed.",
                f"Give the file for the year in which it exists ({Input.YEAR_OF_FILE.named}), or record who follows "
                f"it first, {Action.IMPORT_STRUCTURE.done()}.",
            )
        )

    # --- who is part of whom ------------------------------------------------------------------------------

    def snapshot(
        self, child: str, scheme: str, parents: Mapping[str, int | None], day: date, *, until: date | None = None
    ) -> None:
        """A member's parents as a file shows them on a day; ``parents`` maps each to its part, none for the whole.

        What the books say of other parents on that day ends with it. Where they say the same parents already,
        nothing is added.
        """
        ties = self.books.ties[child, scheme]
        now = [tie for tie in ties if tie.covers(day)]
        if {tie.parent for tie in now} == parents.keys():
            return
        for tie in now:
            if tie.valid_from == day:
                self.problems.append(
                    Problem(
                        self.place,
                        f"{child} is in {' and '.join(sorted(parents))} on {day}; "
                        f"the books say {tie.parent} from that day.",
                        "Both cannot hold.",
                        "Give a file of another day, or correct the books first.",
                    )
                )
                return
            self._end(tie, day)
            self.moved += 1
        later = min((tie.valid_from for tie in ties if tie.valid_from > day), default=None)
        ends = min((end for end in (until, later) if end is not None), default=None)
        for parent, part in parents.items():
            self._add(Tie("", parent, child, scheme, day, ends, part))

    def history(self, child: str, scheme: str, parent: str, begins: date, ends: date | None) -> None:
        """A membership of the past: only the days of which the books say nothing are added."""
        free = [(begins, ends or _FOREVER)]
        for tie in self.books.ties[child, scheme]:
            taken = (tie.valid_from, tie.valid_to or _FOREVER)
            free = [piece for span in free for piece in _without(span, taken)]
        for first, last in free:
            self._add(Tie("", parent, child, scheme, first, None if last == _FOREVER else last))

    def _end(self, tie: Tie, day: date) -> None:
        ended = replace(tie, id=f"{tie.id} until {day}", valid_to=day, supersedes=tie.id)
        ties = self.books.ties[tie.child, tie.scheme]
        ties.remove(tie)
        if tie in self._ties:  # made in this very entry: it is not corrected but not made
            self._ties.remove(tie)
            ended = replace(ended, id=tie.id, supersedes=None)
        ties.append(ended)
        self._ties.append(ended)
        self.books.ids.add(ended.id)

    def _add(self, tie: Tie) -> None:
        name = f"{tie.parent}>{tie.child}/{tie.scheme}/{tie.valid_from}"
        while name in self.books.ids:
            name += " again"
        made = replace(tie, id=name)
        self.books.ids.add(name)
        self.books.ties[tie.child, tie.scheme].append(made)
        self._ties.append(made)

    def draft(self, *, key: str, day: date, actor: str, reason: str, source: str, source_hash: str) -> Draft | None:
        """The entry; none where the file says nothing that the books do not have."""
        ties = [{name: getattr(tie, name) for name in Tie.__slots__} for tie in self._ties]
        rows: dict[type[SQLModel], list[dict[str, Any]]] = {
            Tier: self._tiers,
            Organisation: self._organisations,
            Relationship: ties,
            Closure: self._closures,
            Succession: self._successions,
        }
        brought = {model: records(model, found) for model, found in rows.items() if found}
        if not brought:
            return None
        return Draft(
            key, "structure", day, actor, reason, source=source, source_hash=source_hash, standing=PUBLISHED,
            records=brought,
        )  # fmt: skip

    @property
    def counted(self) -> tuple[int, int]:
        """How many organisations and relationships it brings."""
        return len(self._organisations), len(self._ties)


def _without(span: tuple[date, date], taken: tuple[date, date]) -> list[tuple[date, date]]:
    """What of a span of days is left when another is taken out of it."""
    (begins, ends), (first, last) = span, taken
    left = [(begins, min(ends, first)), (max(begins, last), ends)]
    return [piece for piece in left if piece[0] < piece[1]]
