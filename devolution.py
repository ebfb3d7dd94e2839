"""The front door for analysts: the command line, and ``Ledger`` for Python. It loads what is asked for, and no more."""

import gc
import os
from typing import TYPE_CHECKING, Any

import typer

from screens.cli import loading
from screens.cli.lazy import Lazy, group_of

if TYPE_CHECKING:
    # Given on, by the names that analysts import.
    from screens.python import Ledger as Ledger  # noqa: PLC0414 - as said
    from screens.python import LedgerError as LedgerError  # noqa: PLC0414 - as said
    from screens.python import Refused as Refused  # noqa: PLC0414 - as said

# As people read the list; its sentences are those that the commands say of themselves.
COMMANDS = {
    "demo": Lazy("start:demo"),
    "new": Lazy("start:new"),
    "app": Lazy("opening:open_app"),
    "position": Lazy("reports:show_position"),
    "flows": Lazy("reports:show_flows"),
    "pots": Lazy("reports:show_pots"),
    "pools": Lazy("arrangements:show_pools"),
    "contracts": Lazy("arrangements:show_contracts"),
    "instalments": Lazy("arrangements:show_instalments"),
    "breakeven": Lazy("arrangements:show_breakeven"),
    "measures": Lazy("reports:show_measures"),
    "readings": Lazy("reports:show_readings"),
    "trail": Lazy("reports:show_trail"),
    "verify": Lazy("backup:verify"),
    "head": Lazy("proofs:head"),
    "prove": Lazy("proofs:prove"),
    "consistent": Lazy("proofs:consistent"),
    "allocate": Lazy("entries:allocate"),
    "record": Lazy("record:app"),
    "reverse": Lazy("entries:reverse"),
    "import": Lazy("imports:app"),
    "template": Lazy("exports:template"),
    "export": Lazy("exports:group"),
    "publish": Lazy("publish:publish"),
    "scenario": Lazy("scenarios:group"),
    "bids": Lazy("scenarios:bids"),
    "proposal": Lazy("proposals:app"),
    "month": Lazy("year_end:app"),
    "limit": Lazy("year_end:limits_app"),
    "carry-forward": Lazy("year_end:carry_forward"),
    "national": Lazy("national:show_national"),
    "trend": Lazy("national:show_trend"),
    "schedule": Lazy("shares:show_schedule"),
    "pace": Lazy("shares:show_pace"),
    "need": Lazy("shares:show_need"),
    "targets": Lazy("shares:show_targets"),
    "network": Lazy("shares:network"),
    "roles": Lazy("roles:roles"),
    "appoint": Lazy("roles:appoint"),
    "dismiss": Lazy("roles:dismiss"),
    "may": Lazy("roles:may"),
    "stats": Lazy("backup:show_stats"),
    "copy": Lazy("backup:copy"),
    "backup": Lazy("backup:backup"),
    "restore": Lazy("backup:restore"),
    "migrate": Lazy("backup:migrate"),
}

app = typer.Typer(
    name="devolution",
    cls=group_of(COMMANDS),
    help="See, plan and free NHS money: a ledger from the national body down to the neighbourhood.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def _front_door() -> None:
    # Typer makes a group of what has a callback, however few commands it was told of here.
    pass


def __getattr__(name: str) -> Any:
    # A command has no use for the Python interface, so it is loaded for those who import it.
    if name in ("Ledger", "LedgerError", "Refused"):
        from screens import python  # noqa: PLC0415 - as said

        return getattr(python, name)
    raise AttributeError(f"module 'devolution' has no attribute '{name}'")


def main() -> None:
    """Run the command line. A fault of the program's own is said in a sentence, with a way to see more."""
    loading.install()
    # While a command is loaded there is no garbage, and looking for it takes an eighth of a command's time; a command
    # begins to look when it begins to work (screens/cli/guard.py).
    gc.disable()
    try:
        app()
    except Exception as error:
        if os.environ.get("DEVOLUTION_DEBUG"):
            raise
        told = (
            f"Something went wrong inside the program ({type(error).__name__}). "
            "Set DEVOLUTION_DEBUG=1 and run it again to see where, and report it."
        )
        typer.echo(told, err=True)
        raise SystemExit(1) from error


if __name__ == "__main__":
    main()
