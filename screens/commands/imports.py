"""The import commands: what people and publishers have, into the books."""

import typer

from screens.commands.budget_imports import import_budgets

group = typer.Typer(
    name="import", help="Bring published figures and existing budgets into the books.", no_args_is_help=True
)
group.command("budgets")(import_budgets)
