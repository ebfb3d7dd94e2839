"""Who in the books may receive a budget, and by what code or name a workbook may call them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from allocations.reading.letters import folded
from allocations.reading.numbers import Doubt
from ledger import structure
from ledger.entries.chain import last_entry
from ledger.errors import refuse
from ledger.inputs import Input
from ledger.reports import register
from ledger.reports.below import StructurePoint, below, members
from ledger.reports.register import every_name
from ledger.store.base import Reader
from ledger.structure import suggestion

_WORD = re.compile(r"[a-z0-9]+")
_SAYS_NOTHING = {"services", "service", "core", "budget", "budgets", "spend"}


def line_word(text: str) -> str:
    """A line's name without the words that say nothing of it."""
    return " ".join(word for word in _WORD.findall(folded(text)) if word not in _SAYS_NOTHING)


@dataclass(frozen=True)
class Receivers:
    """The books' organisations and funds, as somebody who pays out on a day sees them.

    Attributes:
        payer: the code of who pays.
        tier: the payer's tier.
        organisations: every organisation by its code: name, tier, rank and days.
        below: the codes of those below the payer on the day.
        successors: for each closed organisation, who took over, with the weight of what went there.
        funds: every fund by its code: its name, and whether its money recurs.
        around: for each fund, the fund that it is inside of.
        called: every name that an organisation has or had, by its code.
    """

    payer: str
    tier: str
    day: date
    organisations: Mapping[str, Mapping[str, Any]]
    below: frozenset[str]
    successors: Mapping[str, Mapping[str, int]]
    funds: Mapping[str, tuple[str, bool]]
    around: Mapping[str, str | None]
    called: Mapping[str, Sequence[str]]

    @cached_property
    def codes(self) -> dict[str, str]:
        """Codes without regard to case."""
        return {folded(code): code for code in self.organisations}

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """Names without regard to case, also earlier ones, of those who can receive and of those who have closed."""
        found: dict[str, list[str]] = {}
        for code in self.organisations:
            if code in self.below or self.closed(code):
                for name in dict.fromkeys(map(folded, self.called[code])):
                    found.setdefault(name, []).append(code)
        return found

    @cached_property
    def fund_words(self) -> dict[str, str]:
        """Codes and names of funds without regard to case."""
        return {folded(word): code for code, (name, _) in self.funds.items() for word in (name, code)}

    @cached_property
    def line_words(self) -> dict[str, str]:
        """What teams call a line for short (``Community`` for ``Core services: community``), where one fund has it."""
        found: dict[str, list[str]] = {}
        for code, (name, _) in self.funds.items():
            if ":" in name:
                found.setdefault(line_word(name.rsplit(":", 1)[1]), []).append(code)
        return {word: codes[0] for word, codes in found.items() if len(codes) == 1}

    def line(self, text: str) -> str | None:
        """The fund that a team's word for a line stands for; none where none does, or more than one could."""
        return self.fund_words.get(folded(text)) or self.line_words.get(line_word(text))

    def is_inside(self, fund: str, other: str) -> bool:
        """Whether a fund is another, or inside of it."""
        at: str | None = fund
        while at is not None and at != other:
            at = self.around.get(at)
        return at == other

    def closed(self, code: str) -> bool:
        """Whether an organisation has closed by the day."""
        until = self.organisations[code]["valid_to"]
        return until is not None and until <= self.day

    def by_code(self, text: str) -> str | Doubt:
        """The organisation of a code, however its letters are cased, or why there is none."""
        code = self.codes.get(folded(text))
        return self._usable(code) if code else self._unknown(text)

    def by_name(self, text: str) -> str | Doubt:
        """The organisation of a name, exactly but for case and spaces, or the nearest names there are."""
        codes = self.names.get(folded(text), [])
        open_now = [code for code in codes if code in self.below]
        if len(open_now) == 1:
            return open_now[0]
        if len(open_now) > 1:
            return Doubt(
                f"'{text}' is the name of {' and '.join(sorted(open_now))}.",
                "The money could go to either.",
                "Give a column of codes.",
            )
        return self._usable(codes[0]) if len(codes) == 1 else self._unknown(text)

    def _usable(self, code: str) -> str | Doubt:
        name = self.organisations[code]["name"]
        if code in self.below or (self.closed(code) and code in self.successors):
            return code
        if self.closed(code):
            until = self.organisations[code]["valid_to"]
            return Doubt(f"{code} ({name}) closed on {until}.", "It can receive nothing.", "Give who took over.")
        payer = self.organisations[self.payer]["name"]
        if code == self.payer:
            return Doubt(f"{code} ({name}) is who pays.", "Money cannot be handed to oneself.", "Take the row out.")
        return Doubt(
            f"{code} ({name}) is not below {self.payer} ({payer}) on {self.day}.",
            "Money moves only to those below.",
            "Correct the code, or record the relationship first.",
        )

    def _unknown(self, text: str) -> Doubt:
        listed = " or ".join(f"{code} ({self.organisations[code]['name']})" for code in self._near(text))
        remedy = f"Did you mean {listed}?" if listed else "Correct it, or record the organisation first."
        return Doubt(
            f"the books know no organisation '{text}' below {self.payer}.", "Its money has nowhere to go.", remedy
        )

    def _near(self, text: str) -> list[str]:
        """Who may be meant: those whose name is within the text or around it, the highest tier of them; else alike."""
        said = set(_WORD.findall(folded(text)))
        named = {code: set(_WORD.findall(folded(self.organisations[code]["name"]))) for code in self.below}
        within = [code for code, words in named.items() if words and (words <= said or said <= words)]
        ranks = {code: self.organisations[code]["rank"] for code in within}
        if within:
            return sorted(code for code in within if ranks[code] == min(ranks.values()))[:3]
        words = {folded(code): code for code in self.below}
        words |= {folded(self.organisations[code]["name"]): code for code in self.below}
        return list(dict.fromkeys(words[word] for word in get_close_matches(folded(text), words, 3, 0.6)))

    def fund(self, text: str) -> str | Doubt:
        """The fund of a code or a name, exactly but for case and spaces, or the nearest there are."""
        code = self.fund_words.get(folded(text))
        if code:
            return code
        near = dict.fromkeys(self.fund_words[word] for word in get_close_matches(folded(text), self.fund_words, 3, 0.6))
        listed = " or ".join(f"{code} ({self.funds[code][0]})" for code in near)
        remedy = f"Did you mean {listed}? " if near else ""
        return Doubt(
            f"the books know no fund '{text}'.",
            "Its money has no purpose.",
            f"{remedy}Correct it, or say in the mapping which fund it is.",
        )


@dataclass(frozen=True, slots=True)
class Everybody:
    """The books as whoever reads a budget sees them before it is known who pays.

    Attributes:
        all: with everybody below any of those who could pay, as if the highest in the books paid.
        below: who is below each of those who could pay, on the day.
    """

    all: Receivers
    below: Mapping[str, frozenset[str]]


def everybody(reader: Reader, payers: Sequence[str], day: date) -> Everybody:
    """The organisations and funds of the books, for any of several payers on a day."""
    known = last_entry(reader)
    ranks = {code: facts["rank"] for code, facts in structure.lives(reader, known).items()}
    under: dict[str, set[str]] = {code: set() for code in payers}
    for row in below(reader, list(payers), [StructurePoint(0, day, known)]).to_pylist():
        under[row["root"]].add(row["organisation"])
    highest = receivers(reader, min(ranks, key=lambda code: (ranks[code], code)), day)
    strictly = {code: frozenset(found - {code}) for code, found in under.items()}
    whole = frozenset().union(*strictly.values()) - {highest.payer}
    return Everybody(replace(highest, below=whole), strictly)


def receivers(reader: Reader, payer: str, day: date) -> Receivers:
    """The organisations and funds of the books, for a payer on a day.

    Raises:
        Refused: the books do not know the payer, however its letters are cased.
    """
    organisations = structure.lives(reader, last_entry(reader))
    folded_codes = {folded(code): code for code in organisations}
    payer = folded_codes.get(folded(payer), payer)
    if payer not in organisations:
        remedy = suggestion(reader, payer, "organisation")
        refuse(Input.PAYER, f"there is no organisation '{payer}' in the books.", "Nobody would pay.", remedy)
    successors: dict[str, dict[str, int]] = {}
    for _, step in structure.successions(reader, day, last_entry(reader)):
        for predecessor, parts in step.items():
            successors.setdefault(predecessor, {}).update(parts)
    recurrent = register.recurrent(reader, day)
    return Receivers(
        payer,
        organisations[payer]["tier"],
        day,
        organisations,
        frozenset(members(reader, payer, day, last_entry(reader))) - {payer},
        successors,
        {code: (fund["name"], recurrent[code]) for code, fund in register.funds(reader).items()},
        {code: fund["parent"] for code, fund in register.funds(reader).items()},
        every_name(reader, last_entry(reader)),
    )
