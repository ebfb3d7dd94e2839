"""`devolution record`: one decision by options, made from its description; or many by a register."""

import inspect
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from allocations.files.register.reading import read_register, refuse_unless_it_ties
from ledger.entries.decisions import batch
from ledger.entries.decisions.described import Decision
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.fields import Field
from ledger.entries.decisions.known import known
from ledger.errors import refuse
from ledger.reports.position import moment
from ledger.store.base import Store
from ledger.years import parse_year, today, working_day
from screens.cli import options
from screens.cli.guard import guarded
from screens.cli.options import DEFAULT_LEDGER, Actor, Json, Ledger
from screens.report import recording
from screens.report.render import terminal
from screens.report.report import Report, listed

DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what the books would say, and keep nothing.")]
Propose = Annotated[
    bool, typer.Option("--propose", help="Submit it for somebody else's approval; the money is reserved.")
]
_GIVEN = "given_"


class _KindOrFile(TyperGroup):
    """A group whose first word is a kind of decision, or a file of them."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Read a word that is no kind of decision, and looks like a file, as the register to record."""
        if args and args[0] not in self.commands and Path(args[0]).suffix:
            args = [_REGISTER, *args]
        return super().resolve_command(ctx, args)


_REGISTER = "register"
app = typer.Typer(
    cls=_KindOrFile,
    help="Record any decision: one by options, or many by a register (devolution record FILE).",
    no_args_is_help=True,
)


def option(name: str) -> str:
    """The option for a field."""
    return f"--{name.replace('_', '-')}"


def _named(decision: Decision, field: str) -> str:
    return f"record {decision.name}" if field == "kind" else option(field)


def _record(decision: Decision) -> Callable[..., None]:
    """The command that records one kind of decision."""

    def record(
        *, ledger: Any, actor: str, dry_run: bool, propose: bool, **told: str | None
    ) -> Report:  # fmt: skip
        given = {name.removeprefix(_GIVEN): text for name, text in told.items() if text is not None}
        usual = decision.usual_day(given) if decision.usual_day else None
        given.setdefault("date", str(usual or _day(given.get("year"))))
        row = batch.DecisionRow(decision.name, given, lambda field: _named(decision, field))
        with Store.open(ledger) as store:
            done = batch.record(store, [row], actor=actor, dry_run=dry_run, propose=propose)
            with store.read(actor) as reader:
                at = moment(reader)
        return recording.of_one(decision, done, at, dry_run=dry_run, propose=propose)

    shared = {"ledger": (Ledger, DEFAULT_LEDGER), "actor": (Actor, "command line"), "dry_run": (DryRun, False),
              "propose": (Propose, False), "as_json": (Json, False)}  # fmt: skip
    kinds = {f"{_GIVEN}{field.name}": (_option(field), None) for field in decision.fields} | shared
    run = guarded(f"record {decision.name}")(record)
    run.__doc__ = decision.meaning
    run.__annotations__ = {name: hint for name, (hint, _) in kinds.items()}
    run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=usual, annotation=hint)
         for name, (hint, usual) in kinds.items()]
    )  # fmt: skip
    return run


def _option(field: Field) -> Any:
    needed = " Required." if field.required and field.name != "date" else ""
    choice = f" One of {', '.join(field.choices)}." if field.choices else ""
    usual = "; today in the year otherwise" if field.name == "date" else ""
    told = f"{field.meaning}{usual}, as {field.example}.{choice}{needed}"
    return Annotated[str | None, typer.Option(option(field.name), help=told, show_default=False)]


def _day(year: str | None) -> date:
    try:
        return today() if year is None else working_day(parse_year(year))
    except ValueError:
        return today()  # the year is refused when it is read with the other fields


@app.command(_REGISTER)
@guarded(f"record {_REGISTER}")
def record_register(
    file: Annotated[Path, typer.Argument(help="The register: .xlsx or .csv.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    total: Annotated[
        int | None,
        typer.Option(help="The total of the allocation letter, in pounds, if the file does not say it.",
                     parser=options.pence),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="What the columns of a tracker hold, where it is no register.", exists=True, dir_okay=False),
    ] = None,
    save_mapping: Annotated[
        Path | None, typer.Option(help="Write such a mapping to begin with, as guessed, and record nothing.")
    ] = None,
    kind: Annotated[str, typer.Option(help="The kind of decision that every row of it is.")] = "receive",
    actor: Actor = "command line",
    dry_run: DryRun = False,
    propose: Propose = False,
) -> Report:  # fmt: skip
    """Record every row of a register, or none and everything that is wrong. 'record FILE' does the same."""
    if save_mapping is not None:
        return _begin_mapping(file, save_mapping, kind)
    with Store.open(ledger) as store:
        if mapping is None:
            register = read_register(file)
        else:
            from allocations.files.register.tracker import (  # noqa: PLC0415 - which loads YAML
                read_tracker,
                read_tracker_mapping,
            )

            with store.read(actor) as reader:
                register = read_tracker(file, read_tracker_mapping(mapping), known(reader))
        refuse_unless_it_ties(register, total)
        with terminal.progress("Recording") as told:
            done = batch.record(
                store, register.rows, actor=actor, dry_run=dry_run, propose=propose, progress=told
            )  # fmt: skip
        with store.read(actor) as reader:
            at = moment(reader)
    return recording.of_register(register, done, at, dry_run=dry_run, propose=propose)


def _begin_mapping(file: Path, out: Path, kind: str) -> Report:
    if kind not in DECISIONS:
        raise typer.BadParameter(f"'{kind}' is no kind of decision: {', '.join(DECISIONS)}.", param_hint="--kind")
    from allocations.files.register.tracker import asked_of_every_row, guessed  # noqa: PLC0415 - which load YAML
    from allocations.reading.cells import read_workbook  # noqa: PLC0415
    from allocations.reading.saved_mapping import save_mapping as write_mapping  # noqa: PLC0415

    book = read_workbook(file)
    mapping = guessed(book)
    if mapping is None:
        why, fix = "A mapping begins from its headings.", "Name the columns of the tracker in a row above them."
        refuse(book.file, "no row of it looks like the headings of a tracker.", why, fix)
    missing = asked_of_every_row(kind, mapping)
    begun = mapping.model_copy(update={"always": {"kind": kind, **dict.fromkeys(missing, "")}})
    write_mapping(out, begun, book)
    rows = [{"column": letter, "heading": column.heading, "field": column.field}
            for part in begun.sheets for letter, column in part.columns.items()]  # fmt: skip
    said = f"Give under 'always' what every row is: {', '.join(missing)}." if missing else "Every row says all of it."
    return Report([listed(rows)], None, f"Written to {out}: check it, and give it with --mapping.", [said],
                  {"file": str(out), "needed": missing})  # fmt: skip


for _decision in DECISIONS.values():
    app.command(_decision.name)(_record(_decision))
