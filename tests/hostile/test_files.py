"""Files spoilt in every way we know, into every reader: understood, or refused with a place and a remedy."""

import os
import random
from pathlib import Path

import pytest

from ledger.errors import UNAVAILABLE, Refused
from tests.hostile.readers import Case, cases
from tests.hostile.spoiling import spoilt
from tests.profiles import times

TIMES = int(os.environ.get("DEVOLUTION_FAULT_ROUNDS", times(quick=4, ci=4, nightly=12)))
_BILLION = "a: &a [x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
# What was found by trying, and mended, and what is known of elsewhere: a reader, and a file for it.
FOUND: tuple[tuple[str, str], ...] = (
    ("terms.csv", "fund\n\n,a\n,b\n"),
    ("terms.csv", 'fund,reason,source,quality\n"' + "x" * 200_000),
    ("rule.yaml", "title: t\nreason: r\nbase_growth: 1999/00\nfloor: 0\ncap: 1\ncurve: [[0, 0]]\n"),
    ("rule.yaml", "title: t\nreason: r\nbase_growth: 1e999999999\nfloor: 0\ncap: 1\ncurve: [[0, 0]]\n"),
    ("rule.yaml", "title: t\nreason: r\nbase_growth: 1e-999999999\nfloor: 0\ncap: 1\ncurve: [[0, 0]]\n"),
    ("pace.yaml", "title: !!timestamp 9\n"),
    ("bids.yaml", "title: !!int x\n"),
    ("bids.yaml", "title: T\nquestion: Q\nseed: 1\npot: {amount_pounds: '1e-999999999'}\n"),
    ("scenario.yaml", 'title: "\\ud800"\n'),
    ("scenario.yaml", _BILLION),
    ("scenario.yaml", "[" * 5000),
    ("scenario.yaml", "a: " + "{b: " * 500 + "1" + "}" * 500),
    ("scenario.yaml", "!!python/object/apply:os.system [false]\n"),
    ("policy.yaml", "title: " + "9" * 5000 + "\n"),
    ("places.json", "[" * 100_000),
    ("places.json", '{"places": ["\\ud800"], "\\ud800": {"gps": ["A"], "icb": "NHS West Yorkshire ICB"}}'),
    ("places.json", '{"places": [' + "1" * 5000 + "]}"),
    ("result.json", '{"a":' * 50_000),
    ("practices.csv", "Practice_Code,ICB,Patients,Final WP\nA81001,QWO,1e300,1e300\n"),
    ("counts.csv", "pcn,basis,people,effective_from,notified_on,source\nU1,registered,1e400,2025-04-01,2025-04-01,x\n"),
    ("claims.csv", "pcn,month,amount\nU89141,2025-04,1e999999999\n"),
    ("historic.csv", "organisation,fund,amount\nLeeds,core-general-acute,1e999999999\n"),
    ("places.csv", "practice,place\nB85005,\x00\n"),
)  # fmt: skip


@pytest.fixture(scope="module")
def readers(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    return cases(tmp_path_factory.mktemp("readers") / "files", demo_ledger)


def read(case: Case, path: Path, content: bytes) -> bool:
    """Whether a content was understood; where it was not, that was said as it should be."""
    path.write_bytes(content)
    try:
        case.read(path)
    except Refused as refused:
        assert refused.problems
        assert all(one.where and one.found and one.why and one.fix for one in refused.problems), refused
        return False
    except UNAVAILABLE:
        return False
    return True


def test_good_files_are_good(readers: dict[str, Case], tmp_path: Path) -> None:
    assert [name for name, case in readers.items() if not read(case, tmp_path / name, case.content)] == []


def test_spoilt_files_are_understood_or_refused(readers: dict[str, Case], tmp_path: Path) -> None:
    chance = random.Random(20251122 + TIMES)
    for name, case in readers.items():
        for _ in range(TIMES):
            content = spoilt(chance, case.content, case.kind)
            try:
                read(case, tmp_path / name, content)
            except Exception as error:
                kept = tmp_path / f"spoilt-{name}"
                kept.write_bytes(content)
                raise AssertionError(f"{name} was neither understood nor refused; it is kept at {kept}") from error


@pytest.mark.parametrize(("name", "content"), FOUND, ids=[f"{name} {at}" for at, (name, _) in enumerate(FOUND)])
def test_what_was_found_is_refused(readers: dict[str, Case], tmp_path: Path, name: str, content: str) -> None:
    assert not read(readers[name], tmp_path / name, content.encode())


def test_a_device_is_not_read_without_end(readers: dict[str, Case]) -> None:
    for name, case in readers.items():
        with pytest.raises(Refused):
            case.read(Path("/dev/zero"))
        assert name
