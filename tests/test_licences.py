"""What is installed may be used with this house's own licence: nothing under the GPL or the AGPL, nothing unknown."""

import re
from importlib.metadata import Distribution, distributions

# Licences that ask for no more than to be named.
_FREE = re.compile(
    r"\b(MIT|MIT-CMU|BSD|0BSD|Apache|ISC|PSF|PSFL|Python Software Foundation|Zlib|CC0-1\.0|Unlicense|HPND)\b",
    re.IGNORECASE,
)
_STRICT = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)\b|\b(A?GPL)v?\d", re.IGNORECASE)
ALLOWED = {
    "psycopg": "LGPL-3.0: a library that is used as it is, through its interface, and only by the extra 'server'",
    "psycopg-binary": "LGPL-3.0: the same library's own driver",
    "certifi": "MPL-2.0: a list of certificates, used unchanged",
    "pathspec": "MPL-2.0: used unchanged, and only by the tools of the workshop",
    "pytest-rerunfailures": "MPL-2.0: used unchanged, and only by the tests",
    "hypothesis": "MPL-2.0: used unchanged, and only by the tests",
    "axe-playwright-python": "MIT in its repository, which its distribution does not repeat; only used by the tests",
}


def licence_of(distribution: Distribution) -> str:
    """What a distribution says of its licence, whichever way it says it."""
    facts = distribution.metadata
    classifiers = [line for line in facts.get_all("Classifier") or [] if line.startswith("License")]
    stated = (facts.get("License") or "").strip().splitlines()[:1]
    return "; ".join([facts.get("License-Expression") or "", *classifiers, *stated]).strip("; ")


def test_everything_that_is_installed_may_be_used() -> None:
    said = {one.metadata["Name"].lower(): licence_of(one) for one in distributions() if one.metadata["Name"]}
    assert len(said) > 30
    unclear = {
        name: licence
        for name, licence in said.items()
        if name not in {*ALLOWED, "devolution-ledger"} and (_STRICT.search(licence) or not _FREE.search(licence))
    }
    assert unclear == {}


def test_a_strict_licence_would_be_seen() -> None:
    strict = ("GPL-3.0-only", "AGPL-3.0", "GPLv3", "License :: OSI Approved :: GNU General Public License v2 (GPLv2)",
              "GNU Affero General Public License v3")  # fmt: skip
    assert all(_STRICT.search(text) for text in strict)
    assert not _STRICT.search("LGPL-3.0-only")
