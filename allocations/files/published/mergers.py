"""Mergers and splits of ICBs into the books: who begins, who ends, who follows whom, and who is below whom then.

The change summary of the Organisation Data Service says who follows whom, but a draft of it leaves codes open and
it holds no people; the practice map of a later day says which code each practice is under. Together they give
every successor its code and its weight: the registered people of the practices that went there. Nothing is
restated: what was posted stays with the organisations of its time, and reports can be shown as is.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from allocations.figures import tables
from allocations.files.published import headings, structure_entries
from allocations.files.published.change_summary import ChangeSummary, IcbSuccession
from allocations.files.published.practices import PracticeFile
from allocations.files.published.registered_patients import PracticeMap
from allocations.files.published.structure_entries import ICB, KnownStructure, StructureEntry, Tie
from allocations.files.published.understood import PublishedFile
from ledger import structure
from ledger.entries.chain import last_entry
from ledger.entries.draft import Draft, because
from ledger.entries.posting import Posted, post
from ledger.errors import Problem, Refused, refuse_any
from ledger.inputs import Action
from ledger.reports import register
from ledger.store.base import Reader, Store

ACTOR = "devolution import"
BASIS = "registered population x 10^9, practices open in both years"
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One predecessor and one of those that follow it, itself included where it goes on.

    Attributes:
        weight: registered population x 10^9 of the practices that went there.
        cell: where the change summary says it; empty for what the predecessor keeps.
    """

    predecessor: str
    successor: str
    kind: str
    weight: int
    cell: str


@dataclass(frozen=True, slots=True)
class MergerRound:
    """A merger round as it goes into the books.

    Attributes:
        icb_of: practice to its ICB after the change, for those the books or the practice file knew before it.
        moved: practice to (ICB before, ICB after), for those whose ICB changed.
        sentences: what a reader should know.
    """

    day: date
    steps: tuple[Step, ...]
    moved: Mapping[str, tuple[str, str]]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergersImported:
    """What became of the files: the entry, if anything was new, and what it brings in sentences."""

    posted: tuple[Posted, ...]
    steps: tuple[Step, ...]
    sentences: tuple[str, ...]


def import_structure(
    store: Store, files: Sequence[PublishedFile], *, actor: str = ACTOR, why: str = "", dry_run: bool = False
) -> MergersImported:
    """Post the entry by which ICBs merge and split, or nothing.

    Args:
        store: the ledger, open to write.
        files: a change summary and a practice map of its day or later; a practice file of the year before, else
            the shipped figures of 2025/26 say where practices were and how many people they had.
        actor: who posts.
        why: what whoever posts says of it; the entry records it after its own reason.
        dry_run: do everything and keep nothing.

    Raises:
        Refused: a file is missing, has problems, or contradicts another or the books.
    """
    changes, practice_map, before = _files(files)
    summary, now = changes.content, practice_map.content
    assert isinstance(summary, ChangeSummary)
    assert isinstance(now, PracticeMap)
    with store.read() as reader:
        books = structure_entries.known(reader)
        change = work_out(changes.file, summary, now, _practices(before))
        recorded = {
            (predecessor, successor, when): weight
            for when, step in structure.successions(reader, date.max, last_entry(reader))
            for predecessor, parts in step.items()
            for successor, weight in parts.items()
        }
        entry = StructureEntry(books, changes.file)
        _organisations(entry, summary, now, change)
        _successions(entry, change, recorded)
        _memberships(entry, reader, books, now, change, _people(before))
    if entry.problems:
        raise Refused(entry.problems)
    draft = _draft(entry, changes, practice_map, change, actor)
    if draft is None:
        return MergersImported((), change.steps, (*change.sentences, "The books have all that these files say."))
    organisations, ties = entry.counted
    brought = f"{organisations:,} organisations and {ties:,} relationships that the books had not."
    return MergersImported(
        tuple(post(store, because([draft], why), dry_run=dry_run)), change.steps, (*change.sentences, brought)
    )


def work_out(
    file: str, summary: ChangeSummary, now: PracticeMap, before: Mapping[str, tuple[str, Decimal]]
) -> MergerRound:
    """Who followed whom, with which weight.

    Args:
        file: the change summary's name, for problems.
        now: the practice map.
        before: practice to its ICB before the change and its registered people.

    Raises:
        Refused: a successor has no code, the map is of a day before the change, practices went where the summary
            does not say, or nobody went where it does.
    """
    day = summary.effective_date
    assert day is not None
    problems: list[Problem] = []
    if now.day is None or now.day < day:
        sentence = f"the change counts from {day}, and the practice map is of {now.day or 'no day'}."
        remedy = "Give a practice map of that day or later."
        problems.append(Problem(file, sentence, "It does not show where practices went.", remedy))
    successors = _successor_codes(file, summary, now, problems)
    after = dict(zip(now.table["practice"].to_pylist(), now.table["icb"].to_pylist(), strict=True))
    people: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    moved: dict[str, tuple[str, str]] = {}
    gone: dict[str, int] = defaultdict(int)
    changing = {pair.predecessor for pair in summary.successions}
    for practice, (icb, registered) in before.items():
        if practice not in after:
            gone[icb] += icb in changing
            continue
        people[icb, after[practice]] += registered
        if icb != after[practice]:
            moved[practice] = (icb, after[practice])
    told = {(pair.predecessor, successors.get(_key(pair), "")): pair for pair in summary.successions}
    problems.extend(_contradictions(file, told, people, moved))
    refuse_any(problems)
    goes_on = {pair.predecessor for pair in summary.successions if pair.kind == "transfer"}
    steps = [
        Step(old, new, pair.kind, tables.billionths(people[old, new]), f"{pair.sheet}!{pair.cell}")
        for (old, new), pair in told.items()
    ]
    steps += [Step(icb, icb, "transfer", tables.billionths(people[icb, icb]), "") for icb in sorted(goes_on)]
    left_out = sum(gone.values())
    closed = f"{left_out:,} practices of these ICBs are not on the map any more: weights leave them out."
    sentences = [
        f"{len(moved):,} practices of {len(changing)} ICBs stand elsewhere after {day}, on the map of {now.day}.",
        *([closed] if left_out else []),
        *_draft_and_map(summary, after, successors),
    ]
    return MergerRound(day, _in_order(steps), moved, tuple(sentences))


def _in_order(steps: Iterable[Step]) -> tuple[Step, ...]:
    return tuple(sorted(steps, key=lambda step: (step.predecessor, step.successor)))


def _files(files: Sequence[PublishedFile]) -> tuple[PublishedFile, PublishedFile, PublishedFile | None]:
    """The change summary, the practice map and, where given, the practice file."""
    wanted = {ChangeSummary: "a change summary", PracticeMap: "a practice map", PracticeFile: "a practice file"}
    found: dict[type, list[PublishedFile]] = defaultdict(list)
    problems = [problem for file in files for problem in file.problems]
    for file in files:
        if type(file.content) in wanted:
            found[type(file.content)].append(file)
        else:
            sentence = f"it is {file.kind}."
            why = "It does not say who follows whom, or where practices are."
            problems.append(Problem(file.file, sentence, why, f"Import it {Action.IMPORT_PUBLISHED.done()}."))
    for kind, name in wanted.items():
        if len(found[kind]) > 1:
            names = " and ".join(file.file for file in found[kind])
            problems.append(Problem(names, f"each is {name}.", "They may contradict each other.", "Give one."))
        if not found[kind] and kind is not PracticeFile:
            sentence = f"there is no {name.removeprefix('a ')} among the files."
            why = "The summary says who follows whom, and the map gives the codes and the people who went."
            problems.append(Problem("import structure", sentence, why, f"Give {name} too."))
    refuse_any(problems)
    return found[ChangeSummary][0], found[PracticeMap][0], next(iter(found[PracticeFile]), None)


def _practices(before: PublishedFile | None) -> dict[str, tuple[str, Decimal]]:
    table = tables.table("practices_2025_26")
    if before is not None:
        assert isinstance(before.content, PracticeFile)
        table = before.content.table
    columns = (table[name].to_pylist() for name in ("practice", "icb", "registered"))
    return {practice: (icb, registered) for practice, icb, registered in zip(*columns, strict=True)}


def _people(before: PublishedFile | None) -> dict[str, Decimal]:
    return {practice: registered for practice, (_, registered) in _practices(before).items()}


def _key(pair: IcbSuccession) -> str:
    return headings.plain_name(pair.successor_name)


def _successor_codes(file: str, summary: ChangeSummary, now: PracticeMap, problems: list[Problem]) -> dict[str, str]:
    """Plain name of a successor to its code: the summary's own, or where that is open, the map's for the name."""
    on_map = {headings.plain_name(now.names.get(icb, "")): icb for icb in set(now.table["icb"].to_pylist())}
    found: dict[str, str] = {}
    for pair in summary.successions:
        code = pair.successor or on_map.get(_key(pair))
        if code is None:
            place = f"{file}, sheet {pair.sheet}, cell {pair.cell}"
            sentence = f"the code of {pair.successor_name} is to be confirmed, and the practice map has no such ICB."
            why = "Money could not be restated to an organisation without a code."
            problems.append(Problem(place, sentence, why, "Give a practice map of a day on which it exists."))
        else:
            found[_key(pair)] = code
    return found


def _contradictions(
    file: str,
    successions: Mapping[tuple[str, str], IcbSuccession],
    people: Mapping[tuple[str, str], Decimal],
    moved: Mapping[str, tuple[str, str]],
) -> list[Problem]:
    """Practices that went where the summary does not say, and successors to whom nobody went."""
    problems = []
    for (old, new), pair in successions.items():
        if new and not people.get((old, new)):
            sentence = f"{old} is followed by {new}, and no practice of {old} stands there on the practice map."
            why = "What it held could not be shared by people."
            place = f"{file}, sheet {pair.sheet}, cell {pair.cell}"
            problems.append(Problem(place, sentence, why, "Give the practice map and practice file that fit it."))
    changing = {old for old, _ in successions}
    stray: dict[tuple[str, str], list[str]] = defaultdict(list)
    for practice, pair_of in moved.items():
        if pair_of not in successions and pair_of[0] in changing:
            stray[pair_of].append(practice)
    for (old, new), practices in sorted(stray.items()):
        named = ", ".join(practices[:_MOST_NAMED]) + (", ..." if len(practices) > _MOST_NAMED else "")
        sentence = f"{len(practices)} practices went from {old} to {new} ({named}), which the summary does not tell."
        why = "Their part of what was held would go elsewhere than they did."
        problems.append(Problem(file, sentence, why, "Ask the Organisation Data Service for the summary that does."))
    return problems


def _draft_and_map(summary: ChangeSummary, after: Mapping[str, str], successors: Mapping[str, str]) -> list[str]:
    """How far the moves of practices that the summary lists have come true on the map."""
    listed = [move for move in summary.practices if move.code in after]
    if not listed:
        return []
    elsewhere = [
        move.code for move in listed if successors.get(headings.plain_name(move.destination_name)) != after[move.code]
    ]
    right, named = len(listed) - len(elsewhere), f"; elsewhere: {', '.join(elsewhere)}" if elsewhere else ""
    return [f"Of {len(listed)} practices that the summary lists and the map has, {right} stand where it says{named}."]


# --- what goes into the books ---------------------------------------------------------------------


def _organisations(entry: StructureEntry, summary: ChangeSummary, now: PracticeMap, change: MergerRound) -> None:
    """The ICBs that begin, below their region and the national body; and the days on which others end."""
    regions = dict(zip(now.table["icb"].to_pylist(), now.table["region"].to_pylist(), strict=True))
    regions |= {icb.code: icb.region for icb in summary.new_icbs if icb.code}
    entry.icbs({step.successor for step in change.steps}, change.day, names=now.names, regions=regions)
    going_on = {step.predecessor for step in change.steps if step.predecessor == step.successor}
    for code in sorted({step.predecessor for step in change.steps} - going_on):
        entry.closes(code, change.day)


def _successions(entry: StructureEntry, change: MergerRound, recorded: Mapping[tuple[str, str, date], int]) -> None:
    for step in change.steps:
        weight = recorded.get((step.predecessor, step.successor, change.day))
        if weight is None:
            entry.succession(
                step.predecessor, step.successor, change.day, kind=step.kind, weight=step.weight, basis=BASIS
            )
        elif weight != step.weight:
            sentence = (
                f"{step.predecessor} to {step.successor} has the weight {step.weight:,} here, "
                f"and {weight:,} in the books."
            )
            remedy = "Give the practice file on which the books' weights rest, or import into a new ledger."
            entry.problems.append(Problem(entry.place, sentence, "Both cannot hold.", remedy))


def _memberships(
    entry: StructureEntry,
    reader: Reader,
    books: KnownStructure,
    now: PracticeMap,
    change: MergerRound,
    people: Mapping[str, Decimal],
) -> None:
    """Practices, networks and places of the ICBs that changed, below those that came after."""
    changed = {step.predecessor for step in change.steps}
    placed = {
        practice: icb
        for practice, icb in zip(now.table["practice"].to_pylist(), now.table["icb"].to_pylist(), strict=True)
        if practice in books.organisations
    }
    ours = [
        child for (child, scheme), ties in books.ties.items() if scheme == ICB and _was_in(ties, changed, change.day)
    ]
    for child in ours:
        if child in placed:
            entry.snapshot(child, ICB, {placed[child]: None}, change.day)
    networks: dict[str, list[str]] = defaultdict(list)
    for practice, pcn in zip(now.table["practice"].to_pylist(), now.table["pcn"].to_pylist(), strict=True):
        if pcn and practice in placed:
            networks[pcn].append(practice)
    places = set(register.organisations(reader, "place"))
    within: dict[str, list[str]] = defaultdict(list)
    for (child, _), ties in list(books.ties.items()):
        for tie in ties:
            if tie.parent in places and child in placed and _reaches(tie, change.day):
                within[tie.parent].append(child)
    for child in ours:
        members = networks.get(child) or within.get(child) or []
        if child not in placed and members:
            entry.snapshot(child, ICB, _parts(entry, child, members, placed, people), change.day)
    _renew(entry, books, places, changed, change.day)


def _renew(entry: StructureEntry, books: KnownStructure, places: set[str], changed: set[str], day: date) -> None:
    """What is inside a place stays in it: memberships that ended with the ICB alone go on."""
    moving = {place for place in places if _was_in(books.ties.get((place, ICB), []), changed, day)}
    for (child, scheme), ties in list(books.ties.items()):
        ended = [tie for tie in ties if tie.parent in moving and tie.valid_to == day]
        if ended and not any(tie.covers(day) for tie in ties):
            entry.snapshot(child, scheme, {tie.parent: tie.part for tie in ended}, day)


def _was_in(ties: Iterable[Tie], icbs: set[str], day: date) -> bool:
    """Whether a member was below one of some ICBs up to a day, or would be from it on."""
    return any(tie.parent in icbs and _reaches(tie, day) for tie in ties)


def _reaches(tie: Tie, day: date) -> bool:
    return tie.valid_from < day and (tie.valid_to is None or day <= tie.valid_to)


def _parts(
    entry: StructureEntry, child: str, members: Sequence[str], placed: Mapping[str, str], people: Mapping[str, Decimal]
) -> dict[str, int | None]:
    """Whole where all members are in one ICB, else by the people of those that were open before the change too."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for practice in members:
        sums[placed[practice]] += people.get(practice, Decimal(0))
    if len(sums) == 1:
        return dict.fromkeys(sums)
    for icb, count in sums.items():
        if not count:
            sentence = (
                f"{child} lies in {' and '.join(sorted(sums))}, and nobody knows the people of its part in {icb}."
            )
            remedy = "Give a practice file that has its practices."
            why = "It is shared by its people, and missing is not zero."
            entry.problems.append(Problem(entry.place, sentence, why, remedy))
    return {icb: tables.billionths(count) for icb, count in sums.items()}


def _draft(
    entry: StructureEntry, changes: PublishedFile, practice_map: PublishedFile, change: MergerRound, actor: str
) -> Draft | None:
    merged = len({step.predecessor for step in change.steps})
    return entry.draft(
        key=f"mergers/{change.day}/{changes.sha256[:16]}/{practice_map.sha256[:16]}",
        day=change.day,
        actor=actor,
        reason=f"ICBs merge and split on {change.day}: {merged} give way or give a part",
        source=f"{changes.file}; {practice_map.file} (SHA-256 {practice_map.sha256[:16]})",
        source_hash=changes.sha256,
    )
