"""Commands run inside the test's own process, which is quicker than a process for each."""

from typer.testing import CliRunner

from devolution import app


def run(*arguments: object, status: int = 0) -> str:
    """What a command prints on standard output; where it fails without ``--json``, what it prints on both."""
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == status, done.output
    return done.stdout if status == 0 or "--json" in arguments else done.output
