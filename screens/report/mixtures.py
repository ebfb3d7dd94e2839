"""A pot shared out by what it is for, beside plain weighted population: who gets more, who less, and by what."""

from collections.abc import Sequence
from typing import Any

from allocations.figures.tables import whole_people
from allocations.places.division import UNASSIGNED
from allocations.shares.mixture import MixturePart
from allocations.shares.sharing import Mixture
from allocations.shares.split import Allocation, Part
from ledger.attributes import picked
from ledger.money import exact_pounds, spoken
from screens.report.report import Row, Table, count, data, money, ratio, share, text

_SHOWN = 6


def parts(split: Allocation, mixture: Mixture, line: str) -> Table:
    """What each gets, and what plain weighted population would give it.

    Args:
        line: the name of what is shared.
    """
    heads = [
        *data("organisation"), text("Name", "name"), text("Code"), count("Practices", "practices"),
        count("Registered people", "registered_people"), *data("weighted_people"), share("Share", "share", places=2),
        money("Gets (£)", "amount_pence"), money("Gets, a registered person (£)", "per_head_pence"),
        money(f"By {_plain(mixture)} alone (£)", "plain_pence"), money("More or less (£)", "difference_pence"),
        money("More or less, a registered person (£)", "difference_per_head_pence"),
        text("At the least amount", "at_floor"),
    ]  # fmt: skip
    return Table(f"{line} by {split.level}", heads, [_row(part) for part in split.parts])


def _row(part: Part) -> Row:
    return (
        part.code, part.name, "" if part.code == UNASSIGNED else part.code, part.practices,
        whole_people(part.registered_billionths),
        whole_people(part.people_billionths), part.share, part.amount_pence, part.per_head_pence(part.amount_pence),
        part.plain_pence, part.more_pence, part.per_head_pence(part.more_pence), part.at_floor,
    )  # fmt: skip


def numbers(split: Allocation, mixture: Mixture) -> Table:
    """The number of each by every measure, and its share of it."""
    heads = [text("Name")]
    for term in mixture.terms:
        heads += [ratio(f"{term.by}: {term.counts}", places=2), share(f"{term.by}: share", places=2)]
    rows = [
        [
            part.name,
            *(
                cell
                for at, term in enumerate(mixture.terms)
                for cell in (part.numbers[at], term.share_of(part.numbers[at]))
            ),
        ]
        for part in split.parts
    ]
    return Table("What each is shared by", heads, rows)


def sentences(split: Allocation, mixture: Mixture) -> list[str]:
    """By what it is shared, who has no number of their own, and who gets more and who less."""
    more, less, moved = split.gainers()
    said = [
        f"{term.percent} by {term.by}: {term.counts}. Source: {term.source}.{_averaged(term.averaged)}{_aside(term)}"
        for term in mixture.terms
    ]
    if mixture.floor_pence:
        at_floor = [part.name for part in split.parts if part.at_floor]
        said.append(f"At least £{exact_pounds(mixture.floor_pence)} each; at that: {', '.join(at_floor) or 'nobody'}.")
    said.append(
        f"Beside {_plain(mixture)} alone {len(more)} get more and {len(less)} less; {spoken(moved)} moves between them."
    )
    for part, word in ((more[0], "gains"), (less[0], "loses")) if more and less else ():
        head = part.per_head_pence(abs(part.more_pence))
        a_head = "" if head is None else f", £{exact_pounds(head)} a registered person"
        said.append(f"{part.name} {word} most: £{exact_pounds(abs(part.more_pence))}{a_head}.")
    return said


def facts(mixture: Mixture) -> dict[str, Any]:
    """What programs get of a mixture besides its rows."""
    return {
        "floor_pence": mixture.floor_pence,
        "beside": mixture.plain_by,
        "terms": [
            {
                **picked(term, "by", "part", "counts", "source", "sha256"),
                "averaged": list(term.averaged),
                "left_aside": term.left_aside,
            }
            for term in mixture.terms
        ],
    }


def _plain(mixture: Mixture) -> str:
    by = mixture.plain_by.replace("_", " ")
    return "registered people" if by == "registered" else f"people weighted by {by}"


def _aside(term: MixturePart) -> str:
    return f" Lines of the file that are of nobody here: {term.left_aside}." if term.left_aside else ""


def _averaged(codes: Sequence[str]) -> str:
    if not codes:
        return ""
    more = f" and {len(codes) - _SHOWN} more" if len(codes) > _SHOWN else ""
    return f" No number, so the average of the others for each registered person: {', '.join(codes[:_SHOWN])}{more}."
