"""Posts of the additional roles: what they may be reimbursed at most, against what a network is entitled to.

The maximum reimbursement of each role is set every year and is not shipped here: it comes from a file of the user's
own, and a role without one is a problem.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from allocations.network.files import DEFAULT_CLAIM, NETWORK_COLUMN, needed_columns, refuse_all
from allocations.reading.csv_rows import parse, read_text
from allocations.reading.numbers import Number, written_number
from ledger.errors import Problem, Refused
from ledger.inputs import Input
from ledger.money import parse_pounds, round_half_up_fraction

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Post:
    """A post, or several alike, of an additional role.

    Attributes:
        element: the entitlement that it is paid from, as ``arrs_maximum``.
        whole_time: whole-time equivalents.
        months: of the year in which it is filled, 12 at most.
        maximum_pence: what one whole-time equivalent is reimbursed at most in a year.
        at_most_pence: what this is reimbursed at most, to the penny, halves up.
    """

    network: str
    element: str
    role: str
    whole_time: Fraction
    months: Fraction
    maximum_pence: int
    at_most_pence: int


@dataclass(frozen=True, slots=True)
class PostsAgainst:
    """A network's posts against one entitlement.

    Attributes:
        at_most_pence: of all posts together.
        entitlement_pence: the most that is reimbursed in the year; None where it is not known, and then nothing that
            follows from it is known either.
        unclaimed_pence: what of the entitlement these posts cannot claim.
        above_pence: what they come to beyond it.
    """

    element: str
    posts: tuple[Post, ...]
    at_most_pence: int
    entitlement_pence: int | None
    unclaimed_pence: int | None
    above_pence: int | None


def read_posts(posts: Path, maximums: Path | None) -> tuple[Post, ...]:
    """Posts with what each is reimbursed at most.

    Args:
        posts: a CSV with ``pcn``, ``role``, ``wte`` and ``months``; ``element`` where the contract has more than one
            entitlement; ``maximum``, in pounds a year, where the posts say their own.
        maximums: a CSV with ``role`` and ``maximum``, in pounds for one whole-time equivalent in a year.

    Raises:
        Refused: with every line that cannot be used, and every role without a maximum.
    """
    known = {} if maximums is None else _maximums(maximums)
    table = parse(read_text(posts, "The posts"), posts.name)
    needed = needed_columns(
        table,
        ("pcn", "role", "wte", "months"),
        (NETWORK_COLUMN, (r"role|post",), (r"wte|fte|whole time( equivalents?)?",), (r"months( filled)?",)),
    )
    columns = (*needed, table.column(r"element"), table.column(*_MAXIMUM))
    found: list[Post] = []
    problems: list[Problem] = []
    for line, (network, role, wte, months, element, own) in table.cells(columns):
        where = f"{table.name}, line {line}"
        whole_time = _above_zero(wte, where, "whole-time equivalents", problems)
        filled = _above_zero(months, where, "months", problems, most=MONTHS)
        for text, name in ((network, "PCN"), (role, "role")):
            if not text:
                problems.append(Problem(where, f"no {name} is named.", "It cannot be told whose it is.", "Name it."))
        maximum = _maximum(role, own, where, known, problems)
        if None in (whole_time, filled, maximum) or not (network and role):
            continue
        assert whole_time is not None
        assert filled is not None
        assert maximum is not None
        at_most = round_half_up_fraction(whole_time * filled * maximum / MONTHS)
        named = element.lower().replace(" ", "_") or DEFAULT_CLAIM
        found.append(Post(network.upper(), named, role, whole_time, filled, maximum, at_most))
    refuse_all(table, problems, is_empty=not found)
    return tuple(found)


def against(posts: Iterable[Post], entitlements: Mapping[str, int | None]) -> tuple[PostsAgainst, ...]:
    """A network's posts against each entitlement that it has.

    Args:
        posts: of one network.
        entitlements: element to its year's amount; None where that is not known.

    Raises:
        Refused: posts of an element that is no entitlement of the year.
    """
    by_element: dict[str, list[Post]] = {}
    for post in posts:
        by_element.setdefault(post.element, []).append(post)
    wrong = sorted(by_element.keys() - entitlements.keys())
    if wrong:
        sentence = f"nothing is reimbursed as '{', '.join(wrong)}' in this year."
        remedy = f"Use {' or '.join(entitlements)}."
        raise Refused([Problem(Input.POSTS, sentence, "There is no such entitlement.", remedy)])
    return tuple(_against(element, tuple(its), entitlements[element]) for element, its in by_element.items())


def _against(element: str, posts: tuple[Post, ...], entitlement: int | None) -> PostsAgainst:
    whole = sum(post.at_most_pence for post in posts)
    if entitlement is None:
        return PostsAgainst(element, posts, whole, None, None, None)
    return PostsAgainst(element, posts, whole, entitlement, max(0, entitlement - whole), max(0, whole - entitlement))


_MAXIMUM = (r"maximum( reimbursement)?( \(?£\)?)?|max", r"(annual )?maximum reimbursable amount")


def _maximums(path: Path) -> dict[str, int]:
    """Role, in small letters, to its maximum a year in pence."""
    table = parse(read_text(path, "The maximum reimbursements"), path.name)
    columns = needed_columns(table, ("role", "maximum"), ((r"role|post",), _MAXIMUM))
    found: dict[str, int] = {}
    problems: list[Problem] = []
    line_of: dict[str, int] = {}
    for line, (role, maximum) in table.cells(columns):
        where, name = f"{table.name}, line {line}", role.casefold()
        pence = _pounds(maximum, where, problems)
        if name in line_of:
            sentence = f"{role} is on line {line_of[name]} too."
            problems.append(Problem(where, sentence, "It cannot be told which of the two holds.", "Keep one of them."))
        line_of.setdefault(name, line)
        if pence is not None:
            found[name] = pence
    refuse_all(table, problems, is_empty=not found)
    return found


def _maximum(role: str, own: str, where: str, known: Mapping[str, int], problems: list[Problem]) -> int | None:
    if own:
        return _pounds(own, where, problems)
    if role and role.casefold() not in known:
        why = "Maximum reimbursements are set for each role and year, and cannot be guessed."
        remedy = f"Give it {Input.MAXIMUMS.given}, a CSV of role and maximum, or in a column 'maximum'."
        problems.append(Problem(where, f"there is no maximum reimbursement of '{role}'.", why, remedy))
    return known.get(role.casefold())


def _pounds(text: str, where: str, problems: list[Problem]) -> int | None:
    try:
        pence = parse_pounds(text)
    except ValueError as error:
        problems.append(Problem(where, f"the maximum is '{text}'.", "What is reimbursed cannot be told.", str(error)))
        return None
    if pence <= 0:
        problems.append(Problem(where, f"the maximum is '{text}'.", "Nothing would be reimbursed.", "Correct it."))
        return None
    return pence


def _above_zero(
    text: str, where: str, what: str, problems: list[Problem], *, most: int | None = None
) -> Fraction | None:
    read = written_number(text)
    number = Fraction(read.value) if isinstance(read, Number) and not read.percent else None
    if number is None or number <= 0 or (most is not None and number > most):
        within = f"above 0 and at most {most}" if most else "above 0"
        why = "What is missing is not zero, and cannot be guessed."
        problems.append(Problem(where, f"the {what} are '{text}'.", why, f"Write a number {within}, as 0.6."))
        return None
    return number
