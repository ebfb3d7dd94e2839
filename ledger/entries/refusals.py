"""What is refused before it is written: headers, keys, codes and amounts that could not be posted.

Rules that need the entry in the books, such as limits and ring-fences, are in ``rules``.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import String, UniqueConstraint
from sqlmodel import AutoString, SQLModel

from ledger import characters
from ledger.entries.draft import Draft, primary_key
from ledger.entries.kinds import ALL_KINDS, MONEY_KINDS, RECORD_KINDS, REVERSAL_KEY, REVERSE
from ledger.entries.named_legs import NamedLegs
from ledger.errors import Problem
from ledger.inputs import Action, Input
from ledger.models import RECORDS
from ledger.money import LARGEST_PENCE, MOST_MOVED_PENCE, exact_pounds
from ledger.rules.rights_questions import INDEXES
from ledger.rules.rule import MOST_SHOWN
from ledger.store.base import Reader
from ledger.structure import suggestion
from ledger.words import FIGURE_STANDINGS, STANDINGS
from ledger.years import FIRST_YEAR, LAST_YEAR

# Of a text by which something is found: a key, a code, a person. The longest that this program makes itself is of some
# 200 letters, and three of them, of whatever letters, stand in one row of a server's index, which takes 2,704 bytes.
LONGEST_NAME = 300
_SHOWN = 60


def header_problems(drafts: Sequence[Draft]) -> list[Problem]:
    """What is wrong with the entries themselves, whatever they move: kind, words, key and shape."""
    found: list[Problem] = []
    seen: set[str] = set()
    for draft in drafts:
        found.extend(_word_problems(draft))
        found.extend(_date_problems(draft))
        found.extend(_shape_problems(draft))
        found.extend(_length_problems(draft))
        if draft.key in seen:
            found.append(
                Problem(
                    _of(draft),
                    "its key is used twice in one batch.",
                    "A key stands for one decision.",
                    "Give each entry a key of its own.",
                )
            )
        seen.add(draft.key)
    return found


def _word_problems(draft: Draft) -> list[Problem]:
    place = _of(draft)
    missing = [
        Problem(place, f"it has no {name}.", "Every entry says who and why.", f"Give the {name}.")
        for name in ("key", "actor", "reason")
        if not str(getattr(draft, name)).strip()
    ]
    unclear = [
        _unclear(place, name, text)
        for name in ("key", "actor", "reason", "authority", "source", "source_hash", "standing")
        if (text := getattr(draft, name)) is not None
        and (characters.unseen(text) or characters.normalise(text) != text)
    ]
    return missing + unclear


def _unclear(place: str, name: str, text: str) -> Problem:
    letters = ", ".join(dict.fromkeys(characters.unseen(text)))
    found = f"holds characters that cannot be seen ({letters})" if letters else "holds an unusual form of a letter"
    why = "It could be made to look like something else."
    return Problem(place, f"the {name} {found}.", why, "Type it again as plain text.")


def _length_problems(draft: Draft) -> Iterator[Problem]:
    """Names and keys that a server could not find by an index, and so takes no file either."""
    place = _of(draft)
    for name, text in (("key", draft.key), ("actor", draft.actor)):
        if len(text) > LONGEST_NAME:
            yield _too_long(place, name, len(text))
    for model, rows in draft.records.items():
        for name in named_by(model) if model in RECORDS else ():
            lengths = pc.utf8_length(rows[name])
            for nth in pc.indices_nonzero(pc.greater(lengths, LONGEST_NAME)).to_pylist()[:MOST_SHOWN]:
                yield _too_long(f"{place}, {model.__tablename__} {nth + 1}", name, lengths[nth].as_py())


def _too_long(place: str, name: str, length: int) -> Problem:
    found = f"its {name} has {length:,} characters."
    why = f"Things are found by it, and what they are found by has at most {LONGEST_NAME}, in a file as on a server."
    return Problem(place, found, why, "Shorten it.", name)


def _of(draft: Draft) -> str:
    key = draft.key if len(draft.key) <= LONGEST_NAME else f"{draft.key[:_SHOWN]}…"
    return f"entry '{key}'"


@cache
def named_by(model: type[SQLModel]) -> tuple[str, ...]:
    """The texts by which rows of a table are found or tied to others, in the order of the table."""
    table = model.__table__  # type: ignore[attr-defined]
    found = {column.name for column in table.columns if column.primary_key or column.unique or column.foreign_keys}
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            found |= {column.name for column in constraint.columns}
    for of, columns in INDEXES.values():
        found |= set(columns.split(", ")) if of == table.name else set()
    return tuple(
        column.name for column in table.columns
        if column.name in found and isinstance(column.type, (String, AutoString))
    )  # fmt: skip


def _date_problems(draft: Draft) -> list[Problem]:
    # A datetime passes for a date in Python, and would be hashed as other text than the day it is kept as.
    if type(draft.effective_date) is date:
        return []
    found = f"its date is {draft.effective_date!r}."
    return [Problem(_of(draft), found, "An entry counts from a day on.", "Give a day without a time.")]


def _shape_problems(draft: Draft) -> list[Problem]:  # noqa: PLR0911 - one return for each way to be wrong
    place = _of(draft)
    has_legs = draft.transfers is not None and draft.transfers.num_rows > 0
    if draft.kind not in ALL_KINDS:
        remedy = f"Use one of {', '.join(ALL_KINDS)}."
        return [
            Problem(place, f"'{draft.kind}' is not a kind of entry.", "The books could not say what it may do.", remedy)
        ]
    if draft.standing is not None and draft.standing not in FIGURE_STANDINGS:
        why, remedy = "It tells what its figures rest on.", f"Use one of {', '.join(FIGURE_STANDINGS)}."
        return [Problem(place, f"its figures are '{draft.standing}'.", why, remedy)]
    unknown = [model.__name__ for model in draft.records if model not in RECORDS]
    if unknown:
        found = f"it brings {', '.join(unknown)}."
        return [Problem(place, found, "The books make those rows themselves.", "Leave them out.")]
    if draft.key.startswith(REVERSAL_KEY) != (draft.kind == REVERSE):
        found = f"its key {'begins' if draft.kind != REVERSE else 'does not begin'} with '{REVERSAL_KEY}'."
        return [Problem(place, found, "Those keys are kept for reversals.", "Use another key.")]
    if draft.kind in RECORD_KINDS and (has_legs or not any(table.num_rows for table in draft.records.values())):
        why = f"An entry of kind {draft.kind} brings records only."
        return [Problem(place, "it moves money or brings nothing.", why, "Post the money as an entry of its own.")]
    if draft.kind in (*MONEY_KINDS, REVERSE) and (not has_legs or draft.records):
        why = f"An entry of kind {draft.kind} moves money only."
        remedy = "Give it at least one leg, and post the records as an entry of their own."
        return [Problem(place, "it has no legs, or brings records besides.", why, remedy)]
    if (draft.kind == REVERSE) != (draft.reverses is not None):
        found = "a reversal must name the entry it undoes, and only a reversal may."
        return [Problem(place, found, "The two would not be linked.", f"Use {Action.REVERSE_ENTRY.done()}.")]
    return []


def reversed_before(number: int, by: object) -> Problem:
    """An entry that already has its reversal."""
    return Problem(
        f"entry {number}",
        f"it is already reversed, by entry {by}.",
        "A second reversal would undo it twice.",
        "To bring the money back, post the decision again under a new key.",
    )


def key_reused(key: str, number: int) -> Problem:
    """A key that came back with other content than the entry has that it names."""
    return Problem(
        f"entry '{key}'",
        f"this key already names entry {number}, with other content.",
        "A key stands for one decision; posting it again must change nothing.",
        "Give the new decision a key of its own, or reverse the old entry first.",
    )


def taken(table: str, key: str) -> Problem:
    """A record whose key another one has."""
    return Problem(
        f"{table} {key}",
        "it is recorded already, or twice in this batch.",
        "A row never changes.",
        "Give the new row a key of its own; where it corrects the old one, let it say so in 'supersedes'.",
    )


def another_speaks(login: str, person: str) -> Problem:
    """A login of a server that would act in somebody else's name."""
    return Problem(
        "the connection",
        f"it is {login}'s, and {person} is named.",
        "Nobody acts under another's name.",
        f"Give '{Input.ACTOR.set_to(login)}' or set DEVOLUTION_PERSON to it, or sign in to the server as {person}.",
    )


def record_problems(reader: Reader, model: type[SQLModel], rows: pa.Table) -> list[Problem]:
    """Keys that are taken and codes that are unknown, before the database would refuse them unkindly."""
    key, name = primary_key(model), model.__tablename__
    found: list[Problem] = []
    reader.stage("new_records", rows)
    for (identity,) in reader.rows(
        f'SELECT n."{key}" FROM new_records n GROUP BY n."{key}" HAVING count(*) > 1 '
        f'UNION SELECT n."{key}" FROM new_records n JOIN "{name}" o ON o."{key}" = n."{key}" ORDER BY 1'
    ):
        found.append(taken(str(name), str(identity)))
    for column in model.__table__.columns:  # type: ignore[attr-defined]
        for foreign in column.foreign_keys:
            target = foreign.column.table.name
            if target == "entry":
                continue
            for identity, code in reader.rows(
                f'SELECT n."{key}", n."{column.name}" FROM new_records n WHERE n."{column.name}" IS NOT NULL '
                f'AND n."{column.name}" NOT IN (SELECT "{foreign.column.name}" FROM "{target}") ORDER BY 1'
            ):
                found.append(unknown(reader, f"{name} {identity}", str(code), target))
        if pa.types.is_string(rows.schema.field(column.name).type) and not found:
            found.extend(
                _unclear(f"{name} {identity}", column.name, text)
                for identity, text in zip(rows[key].to_pylist(), rows[column.name].to_pylist(), strict=True)
                if text is not None and characters.unseen(text)
            )
    return found


def amount_problems(new_legs: pa.Table, keys: Mapping[int, str]) -> list[Problem]:
    """Legs that move no whole, positive amount between two different accounts."""
    amounts = new_legs["amount_pence"]
    too_large = pc.greater(amounts, LARGEST_PENCE)
    bad = pc.or_kleene(pc.is_null(amounts), pc.less_equal(amounts, 0))
    standings = pa.array(STANDINGS)
    for side in ("from_standing", "to_standing"):
        bad = pc.or_kleene(bad, pc.invert(pc.is_in(new_legs[side], value_set=standings)))
    same = pc.and_kleene(
        pc.and_kleene(
            pc.equal(new_legs["from_organisation"], new_legs["to_organisation"]),
            pc.equal(new_legs["from_fund"], new_legs["to_fund"]),
        ),
        pc.and_kleene(
            pc.equal(new_legs["from_year"], new_legs["to_year"]),
            pc.equal(new_legs["from_standing"], new_legs["to_standing"]),
        ),
    )
    for column in ("recurrent", "from_year", "to_year"):
        bad = pc.or_kleene(bad, pc.is_null(new_legs[column]))
    no_year = pc.or_(
        *(pc.or_(pc.less(new_legs[side], FIRST_YEAR), pc.greater(new_legs[side], LAST_YEAR))
          for side in ("from_year", "to_year"))
    )  # fmt: skip
    # Notes are many and alike, so only the few that are not plain are looked at letter by letter.
    notes = pc.unique(new_legs["note"].filter(pc.match_substring_regex(new_legs["note"], r"[^ -~]")))
    unclear = pa.array([note for note in notes.to_pylist() if characters.unseen(note)], pa.string())
    bad = pc.or_kleene(bad, pc.is_in(new_legs["note"], value_set=unclear))
    larger = new_legs.filter(too_large).slice(0, MOST_SHOWN).to_pylist()
    rows = new_legs.filter(pc.or_kleene(bad, same)).slice(0, MOST_SHOWN).to_pylist()
    years = new_legs.filter(pc.fill_null(no_year, False)).slice(0, MOST_SHOWN).to_pylist()
    return [
        *(
            Problem(
                _leg_of(row, keys),
                f"its money goes from the year {row['from_year']} to the year {row['to_year']}.",
                f"Money is of a year from {FIRST_YEAR} to {LAST_YEAR}.",
                "Correct the year, or the date.",
                "effective_date",
            )
            for row in years
        ),
        *(
            Problem(
                _leg_of(row, keys),
                f"it moves £{exact_pounds(row['amount_pence'])}.",
                f"A leg moves at most {LARGEST_PENCE} pence (£{exact_pounds(LARGEST_PENCE)}): up to there every "
                "program keeps whole numbers exactly.",
                "Correct the amount, or divide it among several legs.",
            )
            for row in larger
        ),
        *(
            Problem(
                _leg_of(row, keys),
                f"{row['amount_pence']} pence from {row['from_organisation']} ({row['from_fund']}, "
                f"{row['from_standing']}) to {row['to_organisation']} ({row['to_fund']}, {row['to_standing']}).",
                "A leg moves a whole, positive number of pence between two different accounts, "
                f"each {', '.join(STANDINGS[:-1])} or {STANDINGS[-1]}, in a year, with a note in plain text.",
                "Turn a negative amount round: money that goes back is a leg the other way.",
            )
            for row in rows
        ),
    ]


def _leg_of(row: Mapping[str, Any], keys: Mapping[int, str]) -> str:
    return f"entry '{keys[row['entry_number']]}', leg {row['leg']}" + (f", {row['note']}" if row["note"] else "")


def nameless_problems(new_legs: pa.Table, keys: Mapping[int, str]) -> list[Problem]:
    """Legs that say no organisation or no fund on one of their sides."""
    found = []
    for name in ("organisation", "fund"):
        missing = pc.or_(*(pc.is_null(new_legs[f"{side}_{name}"]) for side in ("from", "to")))
        for row in new_legs.filter(missing).slice(0, MOST_SHOWN).to_pylist():
            place = f"entry '{keys[row['entry_number']]}', leg {row['leg']}"
            why = "Money can only stand where the books know the name."
            found.append(Problem(place, f"there is no {name} 'None'.", why, f"Say the {name}."))
    return found


def sum_problems(reader: Reader, new_legs: pa.Table) -> tuple[int, list[Problem]]:
    """What the legs move in all, and whether the sum of all that was ever moved would be too large.

    Every sum over the books is at most that one, so none that a report asks for can fail.
    """
    moved = reader.whole("SELECT moved_pence FROM seal")
    new = sum(new_legs["amount_pence"].to_pylist())
    return new, [] if moved + new <= MOST_MOVED_PENCE else [too_much_in_all(moved, new)]


def too_much_in_all(moved: int, new: int) -> Problem:
    """Legs of ``new`` pence, with which more would have been moved in all than a ledger can hold."""
    found = f"with £{exact_pounds(moved)} moved before, £{exact_pounds(new)} more would be moved."
    why = f"All that a ledger ever moves, added up, can be at most £{exact_pounds(MOST_MOVED_PENCE)}."
    return Problem("this batch", found, why, "Look for an amount in the wrong unit; or begin a new ledger.")


def unknown_codes(reader: Reader, legs: NamedLegs, numbered: pa.Table, keys: Mapping[int, str]) -> list[Problem]:
    """Codes in the legs that the books do not know, with the nearest that they do.

    Args:
        reader: the books.
        legs: those of the batch.
        numbered: the same legs with ``entry_number`` and ``leg``.
        keys: of their entries, by number.
    """
    found: list[tuple[int, Problem]] = []
    for table in ("organisation", "fund"):
        known = reader.table(f"SELECT code FROM {table}")["code"].combine_chunks()
        strange = pc.invert(pc.is_in(legs.accounts[table], value_set=known))
        first: dict[str, int] = {}
        for place in pc.indices_nonzero(strange).to_pylist():
            code, leg = str(legs.accounts[table][place]), legs.named_first(place)
            first[code] = min(leg, first.get(code, leg))
        for code, leg in first.items():
            (row,) = numbered.slice(leg, 1).to_pylist()
            where = f"entry '{keys[row['entry_number']]}', leg {row['leg']}"
            found.append((leg, unknown(reader, where, code, table)))
    return [problem for _, problem in sorted(found, key=lambda each: each[0])]


# Tables whose rows people know by a code and a name.
_NAMED = ("organisation", "fund", "tier")


def unknown(reader: Reader, place: str, code: str, table: str) -> Problem:
    """A code that the books do not know, with the nearest that they do."""
    return Problem(
        place,
        f"there is no {table} '{code}'.",
        "Money can only stand where the books know the name.",
        suggestion(reader, code, table) if table in _NAMED else f"Record the {table} first.",
    )
