# Short commands for those who work on the ledger. CONTRIBUTING.md says what each is for.

run := "uv run --group develop --extra server"

# What is quick to know: style, types, layers, and the tests that need nothing else.
quick:
    {{run}} ruff check .
    {{run}} ruff format --check .
    {{run}} mypy
    {{run}} lint-imports
    {{run}} pytest -m unit

# One file of tests, or whatever pytest is to be told.
test *what:
    {{run}} pytest -n0 --durations=5 {{what}}

# The list of what is refused, docs/errors.md, made anew by all tests, or by those that are named and what is kept.
errors *what:
    {{run}} python -m tests.errors_catalogue {{what}}

# The files and lines of every room, counted anew in docs/architecture.md.
rooms:
    {{run}} python -m tests.rooms

# The documentation as a site that opens from a disk.
site folder="build/documentation":
    {{run}} python -m tests.documentation {{folder}}

# Everything, as before a change lands.
ci:
    .ci/run
