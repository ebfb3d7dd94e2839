"""The entries that put a split into the books: the money, and the places that the books do not have yet."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures import tables
from allocations.figures.structure import PLACE_SCHEME
from allocations.places.division import UNASSIGNED
from allocations.shares.need import share_note
from allocations.shares.sharing import Mixture
from allocations.shares.split import Allocation, Part, own_code, title
from ledger.entries.draft import Draft, Leg, Place, legs, records
from ledger.errors import refuse
from ledger.inputs import Action
from ledger.models import Organisation, Relationship
from ledger.money import plain_decimal
from ledger.reports import register
from ledger.rules import periods
from ledger.store.base import Reader
from ledger.words import DERIVED, ILLUSTRATIVE, OWN
from ledger.years import working_day


def drafts(
    reader: Reader, allocation: Allocation, *, standing: str, actor: str, day: date | None, key: str | None
) -> list[Draft]:
    """The entries that put an allocation into the books: new places, if they are the user's own, and the split.

    Args:
        standing: which of the ICB's money: ``available`` or ``retained``.
        day: when it counts; today where that lies in the year, its first day otherwise.
        key: the idempotency key; one made of the request itself otherwise, so that asking twice posts once.

    Raises:
        Refused: somebody has no receiver yet, or the books do not know the receivers.
    """
    unassigned = [part for part in allocation.parts if part.code == UNASSIGNED]
    if unassigned and allocation.division is not None:
        refuse(
            str(allocation.places_file),
            f"{unassigned[0].practices} practices are in no place.",
            "Their share would reach nobody.",
            "Place every practice, then post.",
        )
    day = day or working_day(allocation.year)
    asked = (allocation.icb, allocation.fund, allocation.year, allocation.level, allocation.by, allocation.amount_pence)
    request = "/".join(str(part) for part in asked)
    mixture = allocation.mixture
    files = [allocation.digest or "default places", allocation.populations.sha256, *_mixture_key(allocation)]
    key = key or f"allocate/{request}/{standing}/{day}/{'/'.join(file for file in files if file)}"
    found = []
    if allocation.division is not None:
        place_key = f"places/{allocation.icb}/{allocation.digest}"
        if place_key not in register.keyed(reader, place_key):
            found.append(_new_places(reader, allocation, place_key, actor))
    elif allocation.level == "place":
        found.extend(_default_places(reader, allocation, actor))
    source = Place(allocation.icb, allocation.fund, allocation.year, standing)
    whole = sum(part.people_billionths for part in allocation.parts)
    movements = [
        Leg(
            source,
            Place(part.code, allocation.fund, allocation.year),
            part.amount_pence,
            note=share_note(part.people_billionths, whole, allocation.by) if mixture is None else _note(part, mixture),
        )
        for part in allocation.parts
        if part.amount_pence and part.code != UNASSIGNED  # the share of practices in no network stays with the ICB
    ]
    found.append(
        Draft(
            key=key,
            kind="devolve",
            effective_date=day,
            actor=actor,
            reason=title(allocation),
            source=_source(allocation),
            standing=DERIVED,
            source_hash=allocation.digest or allocation.populations.sha256,
            transfers=legs(movements),
        )
    )
    return found


def _mixture_key(allocation: Allocation) -> list[str]:
    """What tells one mixture from another: its floor, its files by their content, and who took the average."""
    mixture = allocation.mixture
    if mixture is None:
        return []
    averaged = [f"average of {','.join(term.averaged)}" for term in mixture.terms if term.averaged]
    return [f"floor {mixture.floor_pence}", *(term.sha256 for term in mixture.terms if term.sha256), *averaged]


def _note(part: Part, mixture: Mixture) -> str:
    """The arithmetic behind a part of a mixture, for whoever follows the money back."""
    floor = ", which is the least amount" if part.at_floor else ""
    return f"{plain_decimal(part.share * 100, 6)}% by {mixture.note}{floor}"


def _source(allocation: Allocation) -> str:
    """The files that a split rests on: the user's places and numbers, and the people where they are not shipped."""
    files = "" if allocation.mixture is None else "; ".join(allocation.mixture.files)
    return "; ".join(name for name in (_places_and_people(allocation), files) if name)


def _places_and_people(allocation: Allocation) -> str:
    people = allocation.populations
    if people.sha256 is None:
        return allocation.places_file or people.source
    if allocation.places_file is None:
        return people.source
    return f"{allocation.places_file}; {people.source} (SHA-256 {people.sha256[:16]})"


def _default_places(reader: Reader, allocation: Allocation, actor: str) -> list[Draft]:
    """The default places of the ICB that the books do not have yet, with those of their practices that they have."""
    icb, first_day = allocation.icb, periods.open_from(reader, allocation.year.first_day)
    known = register.organisations(reader)
    missing = {part.code for part in allocation.parts if part.code != UNASSIGNED} - set(known)
    if not missing or icb not in known:
        return []
    shipped_places = [*tables.table("places_2025_26").to_pylist(), *tables.table("places_2026_29").to_pylist()]
    names = {row["place"]: row for row in shipped_places}
    life = {"valid_from": first_day, "valid_to": known[icb]["valid_to"]}
    own = allocation.populations.table.filter(
        pc.is_in(allocation.populations.table["place"], pa.array(sorted(missing), pa.string()))
    )
    members = zip(own["place"].to_pylist(), own["practice"].to_pylist(), strict=True)
    pairs = [(icb, place, "icb") for place in sorted(missing)] + [
        (place, practice, PLACE_SCHEME) for place, practice in members if practice in known
    ]
    organisations = [
        {
            "code": place, "name": names[place]["name"], "tier": "place", "ons_code": names[place]["authority"],
            "valid_from": first_day,
        }
        for place in sorted(missing)
    ]  # fmt: skip
    relations = [
        {"id": f"{parent}>{child}/{scheme}/{first_day}", "parent": parent, "child": child, "scheme": scheme, **life}
        for parent, child, scheme in pairs
    ]
    return [
        Draft(
            key=f"places/{icb}/default/{first_day}",
            kind="structure",
            effective_date=first_day,
            actor=actor,
            reason=f"The default places of {icb}, upper-tier local authorities, which are an assumption",
            source="allocations/figures/reference/places_2025_26.csv (illustrative)",
            standing=ILLUSTRATIVE,
            records={
                Organisation: records(Organisation, organisations),
                Relationship: records(Relationship, relations),
            },
        )
    ]


def _new_places(reader: Reader, allocation: Allocation, key: str, actor: str) -> Draft:
    """The user's own places as organisations of the ICB, with their practices, in a scheme of their own."""
    assert allocation.division is not None
    icb, first_day = allocation.icb, periods.open_from(reader, allocation.year.first_day)
    known = register.organisations(reader)
    if icb not in known:
        remedy = f"Build it with {Action.DEMO.done()}."
        refuse("the ledger", f"it does not know {icb}.", "Money cannot be posted there.", remedy)
    life = {"valid_from": first_day, "valid_to": known[icb]["valid_to"]}
    scheme = f"place: {allocation.places_file} {str(allocation.digest)[:12]}"
    fresh = [part for part in allocation.parts if known.get(part.code, {}).get("tier") != "place"]
    organisations = [{"code": part.code, "name": part.name, "tier": "place", "valid_from": first_day} for part in fresh]
    relations = [
        {
            "id": f"{icb}>{part.code}/icb/{first_day}",
            "parent": icb,
            "child": part.code,
            "scheme": "icb",
            **life,
        }
        for part in fresh
    ] + [
        {
            "id": f"{own_code(icb, place)}>{practice}/{scheme}",
            "parent": own_code(icb, place),
            "child": practice,
            "scheme": scheme,
            **life,
        }
        for practice, place in allocation.division.place_of.items()
    ]
    return Draft(
        key=key,
        kind="structure",
        effective_date=first_day,
        actor=actor,
        reason=f"Places of {icb} as the user divides it",
        source=allocation.places_file,
        source_hash=allocation.digest,
        standing=OWN,
        records={
            Organisation: records(Organisation, organisations),
            Relationship: records(Relationship, relations),
        },
    )
