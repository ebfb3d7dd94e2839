"""A year of an integrated care board, month by month, as decisions: made up, and as such years go.

Plain data: each decision is its kind and what is given, all of it text, as a row of a register or the options of a
command. The organisations and lines are those with which West Yorkshire's own ledger of 2025/26 begins; every amount,
reference, contact and name of a person is invented.
"""

from collections.abc import Collection, Iterator
from itertools import count

Decision = dict[str, str]

ICB, NATIONAL, COUNCIL = "QWO", "X24", "LA-BRADFORD"
BRADFORD, CALDERDALE, KIRKLEES, LEEDS, WAKEFIELD = (f"QWO-E080000{last}" for last in (32, 33, 34, 35, 36))
PLACES = (BRADFORD, CALDERDALE, KIRKLEES, LEEDS, WAKEFIELD)
# Who may do what: one gives rights, one may do anything, and two have limits.
BEGINNER, OFFICE, DIRECTOR, LEAD, ASSISTANT = "beginner", "office", "director", "lead", "assistant"
# Whoever comes after the assistant, who is dismissed in the sixth month.
SECOND, DISMISSED = "second assistant", 5
LEADS_LIMIT, ASSISTANTS_LIMIT = 6_000_000_000, 40_000_000

MONTHS = tuple(f"2025-{month:02}" for month in range(4, 13)) + tuple(f"2026-{month:02}" for month in range(1, 4))
LAST_DAYS = (30, 31, 30, 31, 31, 30, 31, 30, 31, 31, 28, 31)

# The ICB's own budgets: line, what is received for the year, and what of it goes to places; in pounds.
BUDGETS = (
    ("core-general-acute", 2_600_000_000, 0),
    ("core-community", 420_000_000, 300_000_000),
    ("core-mental-health", 510_000_000, 120_000_000),
    ("core-prescribing", 390_000_000, 0),
    ("core-primary-care", 61_500_000, 41_000_000),
    ("core-recurrent", 24_000_000, 24_000_000),
    ("better-care-fund", 230_000_000, 0),
    ("primary-medical-recurrent", 480_000_000, 0),
    ("running-costs", 45_000_000, 0),
)
# When each quarter's instalment is due, and what becomes of it: the third is withheld.
QUARTERS = (("2025-06-30", "earned"), ("2025-09-30", "earned"), ("2025-12-31", "withheld"), ("2026-03-31", "earned"))
# Fifths of what goes to places, in hundredths: by population, made up.
PARTS = (27, 9, 18, 32, 14)

# Sixty pots: twenty notified before the year, and four more in each month of it.
ALL_POTS = range(60)
FEW_POTS = (0, 1, 2, 3, 5, 6, 7, 9, 12, 24, 27)
# What small pots are for, with the line around them.
PURPOSES = (
    ("virtual wards", "core"), ("cancer alliance", "core"), ("maternity safety", "core"), ("diabetes", "core"),
    ("stroke", "core"), ("talking therapies", "core"), ("school mental health teams", "core"),
    ("crisis alternatives", "core"), ("perinatal care", "core"), ("learning disability", "core"),
    ("suicide prevention", "core"), ("digital first access", "primary-medical"), ("fellowships", "primary-medical"),
    ("mentoring", "primary-medical"), ("practice resilience", "primary-medical"), ("estates review", "core"),
    ("care homes", "core"), ("end of life care", "core"), ("urgent care at home", "core"), ("vaccination", "core"),
)  # fmt: skip


def decisions(pots: Collection[int] = ALL_POTS) -> list[Decision]:
    """The whole year, in the order in which it was decided.

    Args:
        pots: the numbers of the pots that it has; with ``FEW_POTS`` everything that happens still does.
    """
    made = [*_people_and_structure(), *_opening()]
    for nth, month in enumerate(MONTHS):
        made += [
            *_of_month(nth, month),
            *_of_people_and_plans(nth, month),
            *_pots(nth, month, pots),
            *_spending(nth, month, pots),
            *_end(nth, month),
        ]
    return [*made, *_next_year()]


def _decided(kind: str, day: str, reason: str, by: str = LEAD, **given: str) -> Decision:
    names = {name.rstrip("_"): text for name, text in given.items()}
    return {"kind": kind, "date": day, "reason": reason, **names, "recorded_by": by}


def _people_and_structure() -> Iterator[Decision]:
    day = "2025-04-01"
    why = "Scheme of delegation 2025/26"
    yield _decided("appoint", day, why, BEGINNER, person=OFFICE, role="administrator")
    yield _decided("appoint", day, why, OFFICE, person=DIRECTOR, role="approver", alone="yes")
    yield _decided("appoint", day, why, OFFICE, person=LEAD, role="approver", organisation=NATIONAL, alone="yes",
                   limit=str(LEADS_LIMIT), period="year")  # fmt: skip
    yield _decided("appoint", day, why, OFFICE, person=ASSISTANT, role="approver", organisation=ICB, alone="yes",
                   limit=str(ASSISTANTS_LIMIT), period="year")  # fmt: skip
    yield _decided("organisation", day, "The council hosts the pool for Bradford", OFFICE, code=COUNCIL,
                   name="Council that hosts the pool", tier="local_authority", part_of=ICB)  # fmt: skip
    yield _decided("limit", day, "The limit voted for the year", DIRECTOR, fund="nhs-revenue", year="2025/26",
                   amount="9,000,000,000", source="Financial directions 2025/26")  # fmt: skip


def _received(day: str, fund: str, pounds: int, reference: str, month: str, *, recurs: str, reason: str) -> Decision:
    """New money from the source by way of the national body, with what its letter says."""
    return _decided(
        "receive", day, reason, DIRECTOR, to=ICB, fund=fund, amount=str(pounds), recurrent=recurs, from_fund="nhs-revenue",
        new_money="yes", reference=reference, month=month, contact="regional finance team",
    )  # fmt: skip


def _opening() -> Iterator[Decision]:
    """Own budgets, what goes to places, the pool with a council, and what is kept by agreement."""
    day = "2025-04-01"
    for nth, (fund, pounds, to_places) in enumerate(BUDGETS, start=1):
        yield _received(day, fund, pounds, f"M1/{nth:03}", "2025-04", recurs="R", reason="Opening allocation")
        for place, part in zip(PLACES, PARTS, strict=True) if to_places else ():
            yield _decided("devolve", day, "Place budgets, as the board agreed", from_=ICB, to=place, fund=fund,
                           amount=str(to_places // 100 * part), recurrent="R", note=f"{part}% by population")  # fmt: skip
    yield _decided("pot", day, "Section 75 agreement", DIRECTOR, code="pool-bradford", name="Pool with the council",
                   parent="better-care-fund", grade="statutory", route="direction", recurrent="R",
                   notified_on="2025-02-20", spend_by="2026-03-31", returns_per_year="4", quality="green",
                   source="Section 75 agreement, schedule 3")  # fmt: skip
    yield _decided("devolve", day, "The ICB's contribution to the pool", from_=ICB, to=COUNCIL, fund="better-care-fund",
                   to_fund="pool-bradford", amount="62,000,000", recurrent="R")  # fmt: skip
    for payer, agreed, minimum in ((ICB, "62,000,000", "41,000,000"), (COUNCIL, "18,500,000", "")):
        yield _decided("contribution", day, "Section 75 agreement", DIRECTOR, pool=COUNCIL, payer=payer,
                       fund="pool-bradford", year="2025/26", agreed=agreed, **({"minimum": minimum} if minimum else {}))  # fmt: skip
    for quarter, (due, _) in enumerate(QUARTERS, start=1):
        yield _decided("instalment", day, "Paid by the quarter, if earned", DIRECTOR, instalment=f"support/Q{quarter}",
                       fund="core-general-acute", from_=NATIONAL, to=ICB, due_on=due, amount="2,500,000",
                       test="On plan at the end of the quarter")  # fmt: skip
    for fund, pounds, purpose in (("core-community", "20,000,000", "Shared community digital team"),
                                  ("core-mental-health", "15,000,000", "Out of area placements"),
                                  ("core-primary-care", "2,000,000", "Locum pool")):  # fmt: skip
        yield _decided("retain", day, purpose, organisation=ICB, fund=fund, amount=pounds, recurrent="R")
        yield _decided("agree", day, purpose, DIRECTOR, organisation=ICB, fund=fund, amount=pounds,
                       partners="The five places", reference="Partnership board, 25 March 2025, item 6",
                       purpose=purpose, until="2026-04-01", key=f"agreement/{fund}")  # fmt: skip


def _pots(nth: int, month: str, pots: Collection[int]) -> Iterator[Decision]:
    """Sixty pots: twenty notified before the year, forty in it, each with its strings, its letter and its money."""
    first, more = (0, 20) if nth == 0 else (20 + (nth - 1) * 4, 4)
    for number in sorted({*range(first, first + more)} & {*pots}):
        purpose, parent = PURPOSES[number % len(PURPOSES)]
        code = pot(number)
        day, notified = (f"{month}-01", "2025-02-13") if nth == 0 else (f"{month}-05", f"{month}-03")
        grade = ("hard", "soft", "monitored")[number % 3]
        yield _decided("pot", day, f"Letter for {purpose}", DIRECTOR, code=code, name=f"{purpose.capitalize()} {number}",
                       parent=parent, lowest_tier="practice", grade=grade, route=("formula", "direction")[number % 2],
                       recurrent="NR", notified_on=notified, spend_by="2026-03-31",
                       returns_per_year=str(2 + number % 3), clawback="what is not spent",
                       leave_by="vire,consolidate", quality="green",
                       source=f"Letter of {notified}, line {number}")  # fmt: skip
        yield _received(day, code, pounds(number), f"M{nth + 1}/{number:03}", month, recurs="NR", reason=purpose)
        if number % 4 == 0:
            by = ASSISTANT if nth < DISMISSED else SECOND
            yield _decided("devolve", day, f"{purpose} is run by places", by, from_=ICB, to=PLACES[number % 5],
                           fund=code, amount=str(pounds(number) // 2), recurrent="NR")  # fmt: skip


def pot(number: int) -> str:
    """The code of a pot."""
    return f"pot-{number:02}"


def pounds(number: int) -> int:
    """What a pot receives."""
    return 120_000 + 7_310 * number


def _of_month(nth: int, month: str) -> Iterator[Decision]:
    """What happens in some months alone."""
    day = f"{month}-20"
    serial = count()
    if month == "2025-05":
        yield _decided("earmark", day, "Held for the pool of the coming winter", organisation=ICB, fund="better-care-fund",
                       to_fund="pool-bradford", amount="1,500,000", recurrent="R")  # fmt: skip
    if month == "2025-06":
        for number in (0, 3, 6):
            yield _decided("terms", day, "The fence is lifted by letter", DIRECTOR, fund=pot(number), grade="none",
                           authority="NHS England, for 2025-06-20", source="Letter of 18 June 2025")  # fmt: skip
            yield _decided("vire", f"{month}-21", "Into community services", organisation=ICB, fund=pot(number),
                           authority="Finance committee, 19 June 2025", to_fund="core-community", amount="30,000", recurrent="NR",
                           note=f"virement {next(serial)}")  # fmt: skip
    if month == "2025-07":
        yield _decided("terms", day, "Audit asks for it", DIRECTOR, fund=pot(5), grade="hard", returns_per_year="12",
                       authority="Audit committee, 8 July 2025")  # fmt: skip
        yield _decided("spend", day, "Keyed twice", organisation=ICB, fund="running-costs", amount="310,000",
                       recurrent="R", key="2025-07/keyed twice")  # fmt: skip
        yield _decided("reverse", day, "It was keyed twice", LEAD, entry="2025-07/keyed twice")
    if month == "2025-09":
        yield _decided("release", day, "The digital team costs less", organisation=ICB, fund="core-community",
                       amount="1,250,000.50", recurrent="R")  # fmt: skip
        yield _decided("end-agreement", day, "The locum pool ends", DIRECTOR, organisation=ICB,
                       fund="core-primary-care", agreement="agreement/core-primary-care")  # fmt: skip
        yield _decided("release", day, "The locum pool ends", organisation=ICB, fund="core-primary-care",
                       amount="2,000,000", recurrent="R")  # fmt: skip
    if month == "2025-10":
        for number in (9, 12):
            yield _decided("terms", day, "The fence is lifted by letter", DIRECTOR, fund=pot(number), grade="none",
                           authority="NHS England, for 2025-10-20")  # fmt: skip
            yield _decided("consolidate", day, "Two small pots are put together", organisation=ICB, fund=pot(number),
                           to_fund=pot(0), amount="45,000", recurrent="NR")  # fmt: skip
    if month == "2025-11":
        yield _decided("return", day, "Calderdale cannot use it", from_=CALDERDALE, to=ICB, fund="core-recurrent",
                       amount="60,000", recurrent="R")  # fmt: skip


def _of_people_and_plans(nth: int, month: str) -> Iterator[Decision]:
    """What is promised and expected by the quarter, and who comes and goes."""
    day = f"{month}-20"
    if nth % 3 == 2:
        due, outcome = QUARTERS[nth // 3]
        quarter = f"support/Q{nth // 3 + 1}"
        yield _decided("outcome", due, "As the plan stood", DIRECTOR, instalment=quarter, outcome=outcome)
        if outcome == "earned":
            yield _received(due, "core-general-acute", 2_500_000, quarter, month, recurs="NR", reason="Instalment")
        yield _decided("forecast", due, "As the committee saw it", LEAD, organisation=ICB, fund="running-costs", month=month,
                       expected=str(44_900_000 - 100_000 * nth))  # fmt: skip
    if month == "2025-08":
        yield _decided("letter", day, "Expected by word of mouth", DIRECTOR, reference="M6/090", month="2025-09", to=ICB,
                       fund="core-mental-health", line_amount="1,900,000", recurrent="NR", anticipated_on="2025-08-12",
                       contact="regional finance team")  # fmt: skip
        yield _decided(
            "rename", day, "As the council asked", OFFICE, organisation=COUNCIL, name="Council, host of the pool"
        )
    if nth == DISMISSED:
        yield _decided("dismiss", day, "Moved to another post", OFFICE, person=ASSISTANT)
        yield _decided("appoint", day, "Comes after", OFFICE, person=SECOND, role="approver",
                       organisation=ICB, alone="yes", limit=str(ASSISTANTS_LIMIT), period="year")  # fmt: skip


def _spending(nth: int, month: str, pots: Collection[int]) -> Iterator[Decision]:
    """Two lines each month, the others and the places by the quarter, and pots as they come to be used."""
    day = f"{month}-{LAST_DAYS[nth]}"
    is_quarter = nth % 3 == 2
    lines = [("core-general-acute", 216_000_000), ("running-costs", 3_700_000)]
    lines += [("core-prescribing", 96_000_000), ("primary-medical-recurrent", 118_500_000)] if is_quarter else []
    for fund, spent in lines:
        yield _decided(
            "spend", day, f"Ledger of month {nth + 1}", organisation=ICB, fund=fund, amount=str(spent), recurrent="R",
        )  # fmt: skip
    if is_quarter:
        yield _decided(
            "spend", day, f"Return of quarter {nth // 3 + 1}", organisation=COUNCIL, fund="pool-bradford",
            amount="15,300,000", recurrent="R",
        )  # fmt: skip
        for place, part in zip(PLACES, PARTS, strict=True):
            yield _decided(
                "spend", day, f"Quarter {nth // 3 + 1}", organisation=place, fund="core-community",
                amount=str(720_000 * part), recurrent="R",
            )  # fmt: skip
    for number in sorted({nth * 2 + 7, nth + 1} & {*pots}):
        yield _decided(
            "spend", day, f"Invoices of month {nth + 1}", organisation=ICB, fund=pot(number), amount="30,000.25",
            recurrent="NR",
        )  # fmt: skip


def _end(nth: int, month: str) -> Iterator[Decision]:
    day = f"{month}-{LAST_DAYS[nth]}"
    if nth == len(MONTHS) - 1:
        for number in (1, 2):
            yield _decided("carry", day, "The funder lets it run on", DIRECTOR, from_=ICB, fund=pot(number),
                           amount="20,000", authority="NHS England, letter of 2 March 2026")  # fmt: skip
    yield _decided("close-month", day, f"Month {nth + 1} is done", OFFICE, month=month)


def _next_year() -> Iterator[Decision]:
    for number in (1, 2):
        yield _decided("bring", "2026-04-01", "The funder lets it run on", DIRECTOR, to=ICB, fund=pot(number),
                       amount="20,000", authority="NHS England, letter of 2 March 2026")  # fmt: skip
