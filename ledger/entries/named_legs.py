"""The legs of a batch by the accounts that they name: many legs name few accounts, so each is looked at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from ledger.entries import canonical
from ledger.entries.draft import LEGS, Draft

# What names an account, in the order in which it is hashed, and what a leg says besides.
ACCOUNT = ("organisation", "fund", "year", "standing")
REST = ("amount_pence", "recurrent", "note")
_COLUMNS = len(canonical.TRANSFER_FIELDS)
# Entries that have fewer legs than this on average are put together in memory, where large ones are left as they are.
_FEW = 100
# Rows whose text is written at once: whole blocks.
_AT_ONCE = 10 * canonical.ROWS_IN_A_BLOCK


@dataclass(frozen=True, slots=True)
class NamedLegs:
    """The legs of several entries, end to end.

    Attributes:
        table: the legs as they were given, of schema ``LEGS``.
        counts: how many of them each entry has, in order.
        accounts: the distinct accounts that they name: organisation, fund, year and standing.
        payers: for each leg the place of its payer in ``accounts``, from 0.
        payees: the same of its payee.
    """

    table: pa.Table
    counts: Sequence[int]
    accounts: pa.Table
    payers: pa.Array
    payees: pa.Array

    def parts(self) -> Iterator[bytes]:
        """The canonical text of each entry's legs, as ``canonical.part`` of them; nothing for an entry without legs.

        Only so many rows are written at a time that the text of a million is never held.
        """
        texts = canonical.joined([canonical.fields(column.combine_chunks()) for column in self.accounts.columns])
        done, waiting = 0, list[int]()
        for count in self.counts:
            if waiting and sum(waiting) + count > _AT_ONCE:
                yield from self._small(texts, done, waiting)
                done, waiting = done + sum(waiting), []
            if count > _AT_ONCE:
                yield self._large(texts, done, count)
                done += count
            else:
                waiting.append(count)
        yield from self._small(texts, done, waiting)

    def _small(self, texts: pa.Array, first: int, counts: Sequence[int]) -> Iterator[bytes]:
        """Consecutive entries whose text is written in one go."""
        text, offsets = self._rows(texts, first, sum(counts))
        for its_text, its_offsets in canonical.slices(text, offsets, counts):
            its = canonical.part("transfer", _COLUMNS, its_text, its_offsets)
            yield its if len(its_offsets) > 1 else b""

    def _large(self, texts: pa.Array, first: int, count: int) -> bytes:
        """One entry whose text is written in pieces."""
        pieces = (
            canonical.blocks(*self._rows(texts, first + at, min(_AT_ONCE, count - at)))
            for at in range(0, count, _AT_ONCE)
        )
        return canonical.part_of_blocks("transfer", _COLUMNS, count, chain.from_iterable(pieces))

    def _rows(self, texts: pa.Array, first: int, count: int) -> tuple[memoryview, Sequence[int]]:
        """The text of some legs, put together from the texts of their pairs of accounts and of their other columns."""
        payers, payees = self.payers.slice(first, count), self.payees.slice(first, count)
        many = len(texts)
        pairs = pc.dictionary_encode(pc.add(pc.multiply(payers, many), payees))
        payer = pc.divide(pairs.dictionary, many)
        payee = pc.subtract(pairs.dictionary, pc.multiply(payer, many))
        between = canonical.joined([pc.take(texts, payer), pc.take(texts, payee)])
        rest = [canonical.fields(self.table[name].slice(first, count).combine_chunks()) for name in REST]
        return canonical.end_to_end(canonical.joined([pc.take(between, pairs.indices), *rest]))

    def named_first(self, account: int) -> int:
        """The first leg, from 0, that names an account."""
        found = [side.index(account).as_py() for side in (self.payers, self.payees)]
        return int(min(at for at in found if at >= 0))


def of_drafts(drafts: Sequence[Draft]) -> NamedLegs:
    """The legs of some drafts, in their order."""
    tables = [draft.legs() for draft in drafts]
    table = pa.concat_tables([LEGS.empty_table(), *tables])
    if len(tables) * _FEW > table.num_rows:
        table = table.combine_chunks()  # many entries of few legs each: every column would be in as many pieces
    counts = [each.num_rows for each in tables]
    if not table.num_rows:
        nobody = pa.nulls(0, pa.int64())
        return NamedLegs(table, counts, pa.table([table[f"to_{name}"] for name in ACCOUNT], ACCOUNT), nobody, nobody)
    sides = [
        pa.chunked_array([chunk for side in ("from", "to") for chunk in table[f"{side}_{name}"].chunks])
        for name in ACCOUNT
    ]
    places, accounts = _distinct(sides)
    payers, payees = places[: table.num_rows], places[table.num_rows :]
    return NamedLegs(table, counts, pa.table(accounts, ACCOUNT), payers, payees)


def _distinct(columns: Sequence[pa.ChunkedArray]) -> tuple[pa.Array, list[pa.Array]]:
    """The distinct rows of some columns, and for each row the place of its like among them.

    Columns are taken together one after another, the last first: there are few standings, years and funds, and to
    tell few values apart is cheap. No code is ever larger than the square of the number of rows.
    """
    places, distinct = None, list[pa.Array]()
    for column in reversed(columns):
        encoded = pc.dictionary_encode(column).unify_dictionaries()
        known = encoded.chunk(0).dictionary
        own = pa.concat_arrays([pc.cast(chunk.indices, pa.int64()) for chunk in encoded.chunks])
        # What is missing has a place of its own, after all others.
        own, values = pc.fill_null(own, len(known)), pa.concat_arrays([known, pa.nulls(1, known.type)])
        if places is None:
            places, distinct = own, [values]
            continue
        many = len(values)
        both = pc.dictionary_encode(pc.add(pc.multiply(places, many), own))
        before = pc.divide(both.dictionary, many)
        last = pc.subtract(both.dictionary, pc.multiply(before, many))
        distinct = [pc.take(values, last), *(pc.take(others, before) for others in distinct)]
        places = pc.cast(both.indices, pa.int64())
    return places, distinct
