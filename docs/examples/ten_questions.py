"""Ten questions that people ask of NHS money, each answered from a ledger in a few lines of Python.

    devolution demo --ledger demo.duckdb
    python docs/examples/ten_questions.py demo.duckdb

Money stays whole pence until it is printed. Each answer says what it is of; the sentences of a report say the rest.
"""

import sys

from devolution import Ledger

MILLION_POUNDS = 100_000_000
FAR_BELOW = -0.025


def fair_shares_of_places(ledger):
    """What is each place's fair share of community services in West Yorkshire, and what was issued?"""
    lines = ledger.schedule("QWO", funds=["core-community"]).to_pandas()
    places = lines[~lines.is_sum]
    for place in places.itertuples():
        print(f"{place.name}: fair share £{place.fair_pence / MILLION_POUNDS:,.1f} million")
    return places


def what_is_not_allocated(ledger):
    """How much of the year's money does West Yorkshire hold, and how much of it could still be handed on?"""
    held = ledger.position("standing", organisation="QWO", year="2025/26").to_pandas()
    for row in held.itertuples():
        print(f"{row.standing}: £{row.amount_pence / MILLION_POUNDS:,.1f} million")
    return held


def behind_a_figure(ledger):
    """Which entries are behind West Yorkshire's community money, by whom, and from which file and cell?"""
    legs = ledger.trail("QWO", fund="core-community")
    for leg in legs.to_pandas().itertuples():
        print(f"entry {leg.entry}, {leg.effective_date}, {leg.kind}: {leg.source or 'no file'} {leg.note or ''}")
    return legs


def how_tied(ledger):
    """How much is ring-fenced, and how much is both local and free?"""
    measures = ledger.measures(scopes=["all"]).to_pandas().set_index("measure")
    for name in ("ring_fenced_share", "ring_fenced_share_with_soft"):
        print(f"{measures.title[name]}: {measures.value[name]:.1%}")
    return measures


def how_scattered(ledger):
    """In how many pieces does the money come to an ICB?"""
    pots = ledger.pots(seen_by="icb").to_pandas()
    print(f"median pots at an ICB: {pots.pots.median():.0f}")
    print(f"as scattered as so many equal ones: {pots.effective_number.median():.2f}")
    return pots


def if_strings_were_lifted(ledger):
    """What would change if the strings of small pots were lifted?"""
    answer = ledger.scenario("lift-small-pots")
    print(answer.facts["sentence"])
    return answer


def kept_without_agreement(ledger):
    """What do ICBs keep without an agreement with their partners?"""
    held = ledger.position("organisation_name", "standing", "tier").to_pandas()
    kept = held[(held.tier == "icb") & (held.standing == "retained without agreement")]
    kept = kept.sort_values("amount_pence", ascending=False)
    for row in kept.head(5).itertuples():
        print(f"{row.organisation_name}: £{row.amount_pence / MILLION_POUNDS:,.1f} million")
    return kept


def a_network_this_year(ledger):
    """What will a primary care network receive this year, by element?"""
    elements = ledger.network("U41591").to_pandas()
    print(elements.to_string(index=False, max_cols=5))
    return elements


def ring_fenced_pots(ledger):
    """What became of every ring-fenced pot, over all ICBs?"""
    pots = ledger.national(pots=True).to_pandas()
    ring_fenced = pots[pots.grade.isin(["hard", "statutory"])]
    by_pot = ring_fenced.groupby("pot_name")[["allocated_pence", "spent_pence", "not_reported_pence"]].sum()
    print((by_pot / MILLION_POUNDS).round(1).to_string())
    return by_pot


def distance_from_target(ledger):
    """How many ICBs are more than 2.5% below their published target?"""
    targets = ledger.targets("core").to_pandas()
    below = targets[targets.closing_distance < FAR_BELOW]
    print(f"{len(below)} of {len(targets)} ICBs end the year more than 2.5% below target")
    return below


QUESTIONS = (
    fair_shares_of_places,
    what_is_not_allocated,
    behind_a_figure,
    how_tied,
    how_scattered,
    if_strings_were_lifted,
    kept_without_agreement,
    a_network_this_year,
    ring_fenced_pots,
    distance_from_target,
)

if __name__ == "__main__":
    with Ledger.open(sys.argv[1] if len(sys.argv) > 1 else "ledger.duckdb") as opened:
        for question in QUESTIONS:
            print(f"\n{question.__doc__}")
            question(opened)
