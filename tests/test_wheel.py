"""What a newcomer gets: the built package, in an environment with nothing else, with all its data and pages."""

import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYTHON = Path("bare") / "bin" / "python"
# What is read at run time and is no Python: without it a page or a command fails where nobody has the repository.
READ = (".yaml", ".csv", ".json", ".txt")


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    bare = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV", "DEVOLUTION_LEDGER")
    }
    return subprocess.run([str(one) for one in command], cwd=cwd, env=bare, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("uv") is None:
        pytest.skip("uv is not on this machine, which builds the package")
    out = tmp_path_factory.mktemp("wheel")
    built = run("uv", "build", "--wheel", "--quiet", "--out-dir", out, ROOT, cwd=ROOT)
    if built.returncode and "hatchling" in built.stderr:
        pytest.skip("what builds the package is not on this machine and cannot be fetched")
    assert built.returncode == 0, built.stderr
    (made,) = out.glob("*.whl")
    return made


def test_the_package_holds_every_file_that_is_read_at_run_time(wheel: Path) -> None:
    packed = set(zipfile.ZipFile(wheel).namelist())
    rooms = ("ledger", "allocations", "scenarios", "screens")
    read = {
        path.relative_to(ROOT).as_posix()
        for room in rooms
        for path in (ROOT / room).rglob("*")
        if path.suffix in (*READ, ".py") and "__pycache__" not in path.parts
    }
    assert read - packed == set()
    assert {"devolution.py", "streamlit_app.py"} <= packed


@pytest.fixture(scope="module")
def newcomer(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment in which nothing but the package is, and the demo that it made."""
    folder = tmp_path_factory.mktemp("newcomer")
    made = run("uv", "venv", "--quiet", "bare", cwd=folder)
    assert made.returncode == 0, made.stderr
    pinned = ROOT / "constraints.txt"
    install = ("uv", "pip", "install", "--quiet", "--python", folder / PYTHON, "-c", pinned, wheel)
    for given in (("--offline",), ()):
        installed = run(*install, *given, cwd=folder)
        if installed.returncode == 0:
            break
    else:
        pytest.skip("the libraries are not on this machine and cannot be fetched")
    demo = run(folder / "bare" / "bin" / "devolution", "demo", "--ledger", "demo.duckdb", cwd=folder)
    assert demo.returncode == 0, demo.stderr
    return folder


def test_a_newcomer_answers_ten_questions_with_the_package_alone(newcomer: Path) -> None:
    script = newcomer / "ten_questions.py"
    shutil.copy(ROOT / "docs" / "examples" / "ten_questions.py", script)
    asked = run(newcomer / PYTHON, script, "demo.duckdb", cwd=newcomer)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.count("?\n") >= 10


@pytest.mark.nightly
def test_a_newcomer_publishes_with_the_package_alone(newcomer: Path) -> None:
    command = newcomer / "bare" / "bin" / "devolution"
    published = run(command, "publish", "out", "--ledger", "demo.duckdb", cwd=newcomer)
    assert published.returncode == 0, published.stderr
    assert run(newcomer / PYTHON, "out/check.py", "out", cwd=newcomer).returncode == 0


# The lowest versions that the bounds allow, on the lowest Python, and the pinned ones on the others. It takes minutes
# and what is not on the machine is fetched: by night alone.
@pytest.mark.nightly
@pytest.mark.parametrize(
    ("version", "given"),
    [
        ("3.11", ("--resolution", "lowest-direct")),
        ("3.12", ("-c", ROOT / "constraints.txt")),
        ("3.13", ("-c", ROOT / "constraints.txt")),
    ],
)
def test_other_pythons_and_the_lowest_versions_answer_too(
    wheel: Path, tmp_path: Path, version: str, given: tuple[object, ...]
) -> None:
    if run("uv", "venv", "--quiet", "--python", version, "bare", cwd=tmp_path).returncode:
        pytest.skip(f"Python {version} is not on this machine and cannot be fetched")
    python = tmp_path / "bare" / "bin" / "python"
    installed = run("uv", "pip", "install", "--quiet", "--python", python, *given, wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    demo = run(python.parent / "devolution", "demo", "--ledger", "demo.duckdb", cwd=tmp_path)
    assert demo.returncode == 0, demo.stderr
    assert run(python.parent / "devolution", "verify", "--ledger", "demo.duckdb", cwd=tmp_path).returncode == 0
    asked = run(python, ROOT / "docs" / "examples" / "ten_questions.py", "demo.duckdb", cwd=tmp_path)
    assert asked.returncode == 0, asked.stderr
    assert asked.stdout.count("?\n") >= 10
