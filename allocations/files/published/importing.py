"""Published files into the books: one batch for all of them, kept whole or not at all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from allocations.figures import structure, tables
from allocations.files.published import structure_entries
from allocations.files.published.allocations_workbook import AllocationsWorkbook
from allocations.files.published.entries import (
    LIMIT_FUND,
    NATIONAL,
    Steps,
    allocations,
    control_totals,
    further_funds,
    mandate,
    recurrent_funds,
)
from allocations.files.published.pcn_memberships import PcnFile
from allocations.files.published.practices import PracticeFile
from allocations.files.published.recognise import FileKind
from allocations.files.published.registered_patients import PracticeMap
from allocations.files.published.structure_entries import ICB, PCN, KnownStructure, StructureEntry
from allocations.files.published.understood import PublishedFile
from ledger.entries.draft import Draft, because
from ledger.entries.posting import Posted, post
from ledger.errors import KeyReused, Problem, Refused, refuse_any
from ledger.inputs import Action, Input
from ledger.models import Fund, Terms
from ledger.money import spoken
from ledger.reports import register
from ledger.store.base import Reader, Store
from ledger.words import OWN, PUBLISHED

ACTOR = "devolution import"
PREFIX = "published"
_ORDER = (FileKind.ALLOCATIONS, FileKind.PRACTICES, FileKind.PRACTICE_MAP, FileKind.NETWORKS)


@dataclass(frozen=True, slots=True)
class PublishedImport:
    """What became of the files.

    Attributes:
        posted: the entries, in order; those that were there already say so.
        sentences: what each file brought, or why it brought nothing.
        moved_pence: what the entries that are new bring to ICBs, in pence.
    """

    posted: tuple[Posted, ...]
    sentences: tuple[str, ...]
    moved_pence: int = 0


def import_files(
    store: Store,
    files: Sequence[PublishedFile],
    *,
    actor: str = ACTOR,
    limit_pence: int | None = None,
    why: str = "",
    dry_run: bool = False,
) -> PublishedImport:
    """Post what the files bring that the books do not have, all of it or none.

    Args:
        store: the ledger, open to write.
        files: what was understood, without problems.
        actor: who posts.
        limit_pence: NHS England's revenue limit, for a year for which none is shipped.
        why: what whoever posts says of it; each entry records it after its own reason.
        dry_run: do everything and keep nothing.

    Raises:
        Refused: a file has problems, or what it brings contradicts the books.
    """
    problems = [problem for file in files for problem in file.problems]
    refuse_any(problems)
    with store.read() as reader:
        batch = _Batch(reader, files, actor, limit_pence)
        drafts = because(batch.drafts(), why)
    try:
        posted = post(store, drafts, dry_run=dry_run) if drafts else []
    except KeyReused as error:
        raise Refused([_other_edition(problem) for problem in error.problems]) from error
    return PublishedImport(tuple(posted), tuple(batch.sentences), _allocated_pence(drafts, posted))


def _allocated_pence(drafts: Sequence[Draft], posted: Sequence[Posted]) -> int:
    fresh = {entry.key for entry in posted if not entry.replayed}
    legs = [leg for draft in drafts if draft.key in fresh for leg in draft.legs().to_pylist()]
    above = (NATIONAL, structure_entries.GOVERNMENT)
    # A negative line goes back up, so what ICBs get is what comes less what goes.
    come = sum(int(leg["amount_pence"]) for leg in legs if leg["to_organisation"] not in above)
    return come - sum(int(leg["amount_pence"]) for leg in legs if leg["from_organisation"] not in above)


def _other_edition(problem: Problem) -> Problem:
    return Problem(
        problem.where,
        "the books hold this decision already, from other figures.",
        "An edition that was corrected does not replace the one that was posted.",
        f"Import it into {Action.ANOTHER_LEDGER.done()}.",
    )


class _Batch:
    """The entries of one import, each file's made with what those before it bring."""

    def __init__(self, reader: Reader, files: Sequence[PublishedFile], actor: str, limit_pence: int | None) -> None:
        self.reader = reader
        self.files = sorted(files, key=lambda file: _ORDER.index(file.kind) if file.kind in _ORDER else len(_ORDER))
        self.actor = actor
        self.limit_pence = limit_pence
        self.books: KnownStructure = structure_entries.known(reader)
        self.problems: list[Problem] = []
        self.sentences: list[str] = []
        self.funds = set(register.funds(reader))

    def drafts(self) -> list[Draft]:
        drafts: list[Draft] = []
        for file in self.files:
            content = file.content
            if isinstance(content, AllocationsWorkbook):
                drafts.extend(self._allocations(file, content))
            elif isinstance(content, PracticeFile | PracticeMap | PcnFile):
                drafts.extend(self._structure(file))
            elif file.kind is FileKind.CHANGES:
                self._not_here(file)
            else:
                self.sentences.append(f"{file.file}: people are not money; nothing of it goes into the books.")
        refuse_any(self.problems)
        return drafts

    def _not_here(self, file: PublishedFile) -> None:
        self._problem(
            file.file, f"it is a {file.kind}.",
            "Who follows whom is recorded with the weights by which money is shared, which it does not hold.",
            f"Import it {Action.IMPORT_STRUCTURE.done()}.",
        )  # fmt: skip

    def _problem(self, where: str, found: str, why: str, fix: str) -> None:
        self.problems.append(Problem(where, found, why, fix))

    # --- an allocations workbook ------------------------------------------------------------------------

    def _allocations(self, file: PublishedFile, content: AllocationsWorkbook) -> list[Draft]:
        year = content.year
        assert year is not None
        before = register.allocated(self.reader, year.start)
        if before and all(row["source_hash"] == file.sha256 for row in before):
            numbers = f"{before[0]['number']} to {before[-1]['number']}"
            self.sentences.append(f"{file.file}: the books hold it already (entries {numbers}); nothing is added.")
            return []
        undone = register.allocated_from(self.reader, file.sha256, year.start)
        if before or undone:
            self._allocated_before(file, before, undone)
            return []
        for figure in content.figures:
            if figure.holder == NATIONAL and figure.amount_pence < 0:
                self._problem(
                    f"{file.file}, sheet {figure.sheet}, cell {figure.cell}",
                    f"the line stays with NHS England and is negative: {spoken(figure.amount_pence)}.",
                    "Nobody can be told from whom that money comes.", "Ask the publisher what it means.",
                )  # fmt: skip
        source = f"NHS England, ICB allocations {year} ({file.file})"
        # What stands beside the recurrent allocation does not recur.
        recurrent = {**recurrent_funds(), **{line.fund: False for line in content.further}}
        steps = Steps(PREFIX, year, self.actor, recurrent)
        entry = StructureEntry(self.books, file.file)
        icbs = {figure.about for figure in content.figures if figure.holder == figure.about}
        entry.icbs(icbs, year.first_day, names={**content.regions, **content.names}, regions={})
        for region in content.regions:
            self._region(entry, region, content, year.first_day)
        self.problems.extend(entry.problems)
        drafts = self._limit(file, steps)
        lines = [{**asdict(figure), "amount_pence": figure.amount_pence} for figure in content.figures]
        given = {"source": source, "source_hash": file.sha256}
        fresh = [line for line in content.further if line.fund not in self.funds]
        if fresh:
            drafts.append(further_funds(steps, fresh, **given))
            self.funds |= {line.fund for line in fresh}
        drafts += allocations(steps, lines, further=content.further, standing=PUBLISHED, **given)
        totals = [{**asdict(total), "expected_pence": total.expected_pence} for total in content.totals]
        if totals:
            about = "What NHS England printed, for England by line and for each ICB by stream"
            drafts.append(control_totals(steps, totals, about=about, further=content.further, **given))
        who = self._entry(entry, file, year.first_day, f"Who there is, for the allocations of {year}", str(year))
        to_icbs = [figure.amount_pence for figure in content.figures if figure.holder != NATIONAL]
        self.sentences.append(
            f"{file.file}: {year}: {len(lines)} figures, {spoken(sum(to_icbs))} for {len(icbs)} ICBs; "
            f"{len(totals)} printed totals are kept as assertions."
        )
        return [*who, *self._funds(), *drafts]

    def _allocated_before(self, file: PublishedFile, before: Sequence[Mapping[str, Any]], undone: int | None) -> None:
        found = f"it was imported before, and entry {undone} of it was reversed."
        if before:
            whole = spoken(sum(int(row["amount_pence"]) for row in before))
            found = (
                f"the books hold allocations of that year already: {whole}, from entry {before[0]['number']} on "
                f"({before[0]['source']})."
            )
        self._problem(
            file.file, found,
            "The same money would be given out twice, or in part." if before else "A decision is posted once.",
            f"Import into {Action.ANOTHER_LEDGER.done()}.",
        )  # fmt: skip

    def _region(self, entry: StructureEntry, region: str, content: AllocationsWorkbook, day: date) -> None:
        if region not in self.books.organisations:
            shipped = structure_entries.shipped_organisations().get(region)
            name = shipped["name"] if shipped else content.regions[region]
            entry.organisation(region, name, "region", shipped["valid_from"] if shipped else day)
        entry.snapshot(region, structure_entries.REGION, {NATIONAL: None}, day)

    def _limit(self, file: PublishedFile, steps: Steps) -> list[Draft]:
        """The national limit, unless the books have one: published for some years, else as it is told."""
        if register.has_account(self.reader, NATIONAL, LIMIT_FUND, steps.year.start):
            return []
        shipped = [row for row in tables.table("national_limits").to_pylist() if row["year"] == str(steps.year)]
        if self.limit_pence is not None:
            row = {
                "fund": LIMIT_FUND, "payer": structure_entries.GOVERNMENT, "payee": NATIONAL,
                "amount_pence": self.limit_pence, "source": f"as told by {self.actor}",
            }  # fmt: skip
            return [mandate(steps, row, standing=OWN)]
        if shipped:
            return [mandate(steps, shipped[0])]
        self._problem(
            file.file, f"NHS England's revenue limit for {steps.year} is not known here.",
            "Allocations are made from it, and money is not made up.",
            f"Give it {Input.REVENUE_LIMIT.given}, as 205.1bn; the financial directions of the year state it.",
        )  # fmt: skip
        return []

    def _funds(self) -> list[Draft]:
        """The lines of money and their terms that the books do not have, as they are shipped."""
        (_, whole) = structure.drafts()
        funds, terms = whole.records[Fund], whole.records[Terms]
        missing = [row["code"] not in self.funds for row in funds.to_pylist()]
        of_missing = [row["fund"] not in self.funds for row in terms.to_pylist()]
        if not any(missing):
            return []
        self.funds |= set(funds["code"].to_pylist())
        return [
            Draft(
                key=f"{PREFIX}/funds and terms",
                kind="terms",
                effective_date=whole.effective_date,
                actor=self.actor,
                reason=whole.reason,
                source=whole.source,
                records={Fund: funds.filter(missing), Terms: terms.filter(of_missing)},
            )
        ]

    # --- files of structure -----------------------------------------------------------------------------

    def _structure(self, file: PublishedFile) -> list[Draft]:
        already = register.from_file(self.reader, file.sha256, "structure")
        if already is not None:
            self.sentences.append(f"{file.file}: the books hold it already (entry {already}); nothing is added.")
            return []
        entry = StructureEntry(self.books, file.file)
        content = file.content
        if isinstance(content, PracticeFile):
            day = _practices(entry, content)
        elif isinstance(content, PracticeMap):
            day = _map(entry, content, self._people())
        else:
            assert isinstance(content, PcnFile)
            day = _networks(entry, content)
        self.problems.extend(entry.problems)
        drafts = self._entry(entry, file, day, f"Who there is and who is part of whom: {file.kind}")
        organisations, ties = entry.counted
        if not drafts:
            self.sentences.append(f"{file.file}: the books have all that it says; nothing is added.")
            return []
        moved = f" {entry.moved:,} memberships end, because the file shows another." if entry.moved else ""
        self.sentences.append(
            f"{file.file}: {organisations:,} organisations and {ties:,} relationships that the books had not.{moved}"
        )
        return drafts

    def _entry(self, entry: StructureEntry, file: PublishedFile, day: date, reason: str, part: str = "") -> list[Draft]:
        """What the file says of who there is; ``part`` tells apart the years of one file."""
        key = f"{PREFIX}/structure/{file.sha256[:16]}{part and '/'}{part}"
        found = entry.draft(
            key=key, day=day, actor=self.actor, reason=reason, source=file.file, source_hash=file.sha256
        )
        return [found] if found else []

    def _people(self) -> dict[str, Decimal]:
        """Registered people by practice: of a practice file in the same import, else those shipped for 2025/26."""
        given = [file.content.table for file in self.files if isinstance(file.content, PracticeFile)]
        table = given[0] if given else tables.table("practices_2025_26")
        return dict(zip(table["practice"].to_pylist(), table["registered"].to_pylist(), strict=True))


def _practices(entry: StructureEntry, content: PracticeFile) -> date:
    year = content.year
    assert year is not None
    rows = content.table.to_pylist()
    icbs = {row["icb"] for row in rows}
    # ICBs began on 1 July 2022, inside a year: what a file of that year says holds from then on.
    begun = [life[0] for icb in icbs if (life := entry.books.life(icb)) is not None]
    day = max((begins for begins in begun if year.first_day < begins <= year.last_day), default=year.first_day)
    entry.icbs(icbs, day, names={}, regions={})
    for row in rows:
        _practice(entry, row["practice"], row["icb"], day)
        if row.get("pcn"):
            entry.organisation(row["pcn"], row["pcn"], "pcn", day)
            entry.snapshot(row["practice"], PCN, {row["pcn"]: None}, day)
    return day


def _map(entry: StructureEntry, content: PracticeMap, people: Mapping[str, Decimal]) -> date:
    day, rows = content.day, content.table.to_pylist()
    assert day is not None
    regions = {row["icb"]: row["region"] for row in rows}
    entry.icbs(regions, day, names=content.names, regions=regions)
    members: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row["pcn"]:
            members[row["pcn"]][row["icb"]].append(row["practice"])
    for pcn, by_icb in sorted(members.items()):
        entry.organisation(pcn, content.names.get(pcn, pcn), "pcn", day)
        entry.snapshot(pcn, ICB, _parts(entry, pcn, by_icb, people), day)
    for row in rows:
        _practice(entry, row["practice"], row["icb"], day)
        if row["pcn"]:
            entry.snapshot(row["practice"], PCN, {row["pcn"]: None}, day)
    return day


def _parts(
    entry: StructureEntry, pcn: str, by_icb: Mapping[str, Sequence[str]], people: Mapping[str, Decimal]
) -> dict[str, int | None]:
    """A network whole in its ICB; where it straddles, by the registered people of its practices in each."""
    if len(by_icb) == 1:
        return dict.fromkeys(by_icb)
    parts: dict[str, int | None] = {}
    for icb, practices in by_icb.items():
        unknown = [practice for practice in practices if practice not in people]
        if unknown:
            entry.problems.append(
                Problem(
                    entry.place,
                    f"network {pcn} lies in {' and '.join(sorted(by_icb))}, and the people of {', '.join(unknown)} "
                    "are not known.",
                    "A network in two ICBs is shared by its people.",
                    "Give the practice file of the year in the same import.",
                )
            )
            return {}
        parts[icb] = tables.billionths(sum((people[practice] for practice in practices), Decimal(0)))
    return parts


def _networks(entry: StructureEntry, content: PcnFile) -> date:
    entry.tiers()
    opened = {network.code: network for network in content.networks}
    first: dict[str, date] = {}
    for membership in content.memberships:
        first[membership.practice] = min(membership.began, first.get(membership.practice, membership.began))
    for network in content.networks:
        until = None if network.closed is None else date.fromordinal(network.closed.toordinal() + 1)
        entry.organisation(network.code, network.name, "pcn", network.opened, valid_to=until)
    for membership in content.memberships:
        if membership.pcn not in opened:
            entry.organisation(membership.pcn, membership.pcn, "pcn", membership.began)
        entry.organisation(membership.practice, _practice_name(membership.practice), "practice",
                           first[membership.practice])  # fmt: skip
        entry.history(membership.practice, PCN, membership.pcn, membership.began, membership.valid_to)
    return max((membership.began for membership in content.memberships), default=date.min)


def _practice(entry: StructureEntry, practice: str, icb: str, day: date) -> None:
    entry.organisation(practice, _practice_name(practice), "practice", day)
    life = entry.books.life(icb)
    entry.snapshot(practice, ICB, {icb: None}, day, until=life[1] if life else None)


def _practice_name(code: str) -> str:
    # Names of practices stay in the published files: some are names of people.
    return f"Practice {code}"
