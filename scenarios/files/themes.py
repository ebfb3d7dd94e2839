"""The scenarios of the library by what they ask, so that people find them by the words that they would type."""

from collections.abc import Iterable, Mapping

THEMES: Mapping[str, tuple[str, ...]] = {
    "Devolve more": (
        "devolve-80-at-once", "devolve-80-in-three-years", "devolve-80-in-five-years", "neighbourhood-contract",
        "integrated-settlement", "presumed-autonomy", "earned-autonomy",
    ),
    "Lift strings": ("lift-small-pots", "lift-development-funding"),
    "Stop bidding": ("competitive-pot", "womens-health-hubs", "match-funding"),
    "Merge pots": ("merge-without-inner-ring-fences", "merge-with-inner-ring-fences"),
    "Move to fair shares": (
        "icb-convergence", "place-convergence", "more-by-health-inequality", "three-year-settlement",
    ),
    "Keep by agreement": ("keep-by-agreement", "keep-without-agreement"),
    "Announce in time": ("winter-fund-in-the-baseline", "winter-fund-sixty-days-later", "winter-fund-withdrawn"),
    "Reorganise": (
        "running-costs-halved", "capacity-funding-to-practices", "april-2026-mergers", "expected-mergers-2027",
        "pcn-to-snp", "end-of-nhs-england",
    ),
}  # fmt: skip
OTHERS = "More"
_THEME_OF = {name: theme for theme, names in THEMES.items() for name in names}


def theme(name: str) -> str:
    """What a scenario of the library asks, in two or three words."""
    return _THEME_OF.get(name, OTHERS)


def in_order(names: Iterable[str]) -> list[str]:
    """Scenarios theme by theme, and within each from the plainest on; those without a theme last, by name."""
    places = {name: place for place, name in enumerate(_THEME_OF)}
    return sorted(names, key=lambda name: (places.get(name, len(places)), name))
