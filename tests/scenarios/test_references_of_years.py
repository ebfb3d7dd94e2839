"""Library scenarios of several years beside a second working, from their definition and the shipped tables alone."""

from collections import defaultdict
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from tests.scenarios.test_references import _csv, answer, changes, converged, library


@cache
def rows(ledger: Path) -> list[dict[str, Any]]:
    """What is held in 2025/26, and whether it recurs."""
    found = answer("position", "--ledger", ledger, "--by", "organisation,tier,fund,standing,recurrent")["rows"]
    return [row for row in found if row["standing"] != "source"]


def by(ledger: Path, key: str, *funds: str, **asked: Any) -> dict[str, int]:
    """Pence that stay in the years after, by a column: what is known not to recur is gone."""
    found: dict[str, int] = defaultdict(int)
    for row in rows(ledger):
        wanted = row["fund"] in funds if funds else True
        if wanted and row["recurrent"] is not False and all(row[name] == word for name, word in asked.items()):
            found[row[key]] += row["amount_pence"]
    return found


def year(said: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One year of an answer."""
    (found,) = (each for each in said["years"] if each["year"] == name)
    return dict(found)


def people(file: str, *levels: str, column: str) -> dict[Any, Fraction]:
    """People of a year by ICB, network or both, each practice where it was in 2025/26."""
    where = {row["practice"]: row for row in _csv("practices_2025_26")}
    found: dict[Any, Fraction] = defaultdict(Fraction)
    for row in _csv(file):
        its = tuple(where[row["practice"]][level] for level in levels)
        found[its[0] if len(its) == 1 else its] += Fraction(row[column])
    return found


def test_the_three_year_settlement(demo_ledger: Path) -> None:
    """Growth as published, 42 ICBs put into 36 by registered people, then a pace of change by the people of each year."""
    said = library(demo_ledger)["three-year-settlement"]
    into: dict[str, dict[str, Fraction]] = defaultdict(dict)
    for row in _csv("successions"):
        into[row["predecessor"]][row["successor"]] = Fraction(row["registered"])
    held = by(demo_ledger, "organisation", "core-general-acute", standing="retained without agreement")
    grown = Fraction(1)
    rates = {"2026/27": "0.0272", "2027/28": "0.0292", "2028/29": "0.0292"}
    for number, (name, rate) in enumerate(rates.items(), 1):
        grown *= 1 + Fraction(rate)
        now: dict[str, float] = defaultdict(float)
        for icb, pence in held.items():
            successors = into.get(icb, {icb: Fraction(1)})
            for successor, part in successors.items():
                now[successor] += float(pence * grown * part / sum(successors.values()) / 100)
        assert len(now) == 36
        core: dict[str, float] = defaultdict(float)
        for row in _csv(f"practices_{name.replace('/', '_')}"):
            core[row["icb"]] += float(row["core"])
        share = {icb: each / sum(core.values()) for icb, each in core.items()}
        knots = [(-0.05, 0.005), (0.0, 0.0), (0.05, -0.005)]
        after = converged(dict(now), share, knots, growth=0, floor=-0.01, cap=0.01, years=number)
        changed = changes(year(said, name), "icb")
        assert changed.keys() == now.keys()
        assert all(abs(changed[icb] / 100 - (after[icb] - now[icb])) < 1 for icb in now)
        assert sum(changed.values()) == 0
    # Deficit support of £2.2 billion: 67%, 33% and nothing is left.
    gone = [year(said, name)["steps"][-1]["added_pence"] for name in rates]
    assert gone == [-726_000_000_00, -1_474_000_000_00, -2_200_000_000_00]
    # The published averages, of what recurs of core and of primary medical care, to the penny of each line.
    core_lines = ("core-community", "core-general-acute", "core-maternity",
                  "core-mental-health", "core-prescribing", "core-primary-care", "better-care-fund")  # fmt: skip
    lines = [(Fraction("1.0272"), pence) for pence in by(demo_ledger, "fund", *core_lines).values()]
    lines += [(Fraction("1.0141"), pence) for pence in by(demo_ledger, "fund", "primary-medical-recurrent").values()]
    first = year(said, "2026/27")
    assert first["grew_pence"] == sum((2 * pence * rate + 1) // 2 - pence for rate, pence in lines)
    assert first["published_pence"] == sum((2 * pence * rate + 1) // 2 for rate, pence in lines)
    assert first["known"] == "63.2% published, 36.8% assumed"
    assert year(said, "2028/29")["known"] == "assumed"


def test_the_mergers_that_are_expected(demo_ledger: Path) -> None:
    said = library(demo_ledger)["expected-mergers-2027"]
    own = by(demo_ledger, "organisation", tier="icb")
    merged = (("QHL", "QUA"), ("QGH", "QWU"), ("QOC", "QNC"), ("QJ2", "QT1", "QJM"), ("QK1", "QPM"))
    last = year(said, "2027/28")
    assert [step["moved_pence"] for step in last["steps"]] == [sum(own[icb] for icb in icbs) for icbs in merged]
    (view,) = (view for view in last["gainers"] if view["level"] == "icb")
    ended = {row["organisation"]: row["before_pence"] for row in view["ended"]}
    assert set(ended) == {icb for icbs in merged for icb in icbs}
    for row, icbs in zip(sorted(view["began"], key=lambda row: row["organisation"]), merged, strict=True):
        assert row["after_pence"] == sum(ended[icb] for icb in icbs)
    assert (view["changes"], len(view["began"]), view["same"]) == ([], 5, 25)
    assert not year(said, "2026/27")["steps"]


def test_networks_become_neighbourhood_providers(demo_ledger: Path) -> None:
    said = library(demo_ledger)["pcn-to-snp"]
    own = by(demo_ledger, "organisation", "network-core-payment", tier="pcn")
    staff = by(demo_ledger, "organisation", "primary-medical-arrs-additional", "primary-medical-arrs-gps", tier="icb")
    for name, part in (("2027/28", Fraction(1, 2)), ("2028/29", Fraction(1))):
        file = f"practices_{name.replace('/', '_')}"
        weights = people(file, "icb", "pcn", column="primary_medical")
        whole = people(file, "icb", column="primary_medical")
        wanted: dict[str, Fraction] = defaultdict(Fraction)
        for code, pence in own.items():
            wanted[f"SNP-{code}"] += pence
        for (icb, code), weight in weights.items():
            if code:
                wanted[f"SNP-{code}"] += part * staff[icb] * weight / whole[icb]
        changed = changes(year(said, name), "snp")
        assert changed.keys() == wanted.keys()
        # Two lines of two ICBs at most, each split to the penny, and half of a penny before.
        assert all(abs(changed[code] - pence) < 6 for code, pence in wanted.items())
    assert not year(said, "2026/27")["steps"]


def test_the_end_of_nhs_england(demo_ledger: Path) -> None:
    said = library(demo_ledger)["end-of-nhs-england"]
    lines = by(demo_ledger, "fund", "specialised-high-cost", "pod-nhs-england")
    registered = people("practices_2027_28", "icb", column="registered")
    wanted = {icb: sum(lines.values()) * each / sum(registered.values()) for icb, each in registered.items()}
    last = year(said, "2027/28")
    changed = changes(last, "icb")
    assert changed.keys() == wanted.keys()
    assert all(abs(changed[icb] - pence) < 2 for icb, pence in wanted.items())
    assert sum(changed.values()) == sum(lines.values())
    national = by(demo_ledger, "organisation", tier="national")
    assert last["steps"][0]["moved_pence"] == national["X24"]
    held = {row["organisation"] for row in last["movements"] if row["tier"] == "national" and row["after_pence"]}
    assert held == {"SECRETARY-OF-STATE"}
