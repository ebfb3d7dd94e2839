"""`devolution record`: one decision by options, made from its description; or many by a register."""

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from allocations.files.register.reading import read_register, refuse_unless_it_ties
from ledger.entries.decisions import batch, effect
from ledger.entries.decisions.described import Decision, make
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.fields import Field
from ledger.entries.decisions.known import as_it_was, known
from ledger.entries.draft import Draft
from ledger.entries.posting import Posted, post
from ledger.entries.proposals import submit
from ledger.errors import Refused
from ledger.reports.position import moment
from ledger.store.base import Store
from ledger.years import parse_year, today, working_day
from screens.cli import options
from screens.cli.guard import guarded
from screens.cli.options import DEFAULT_LEDGER, Actor, Json, Ledger
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


def _record(decision: Decision) -> Callable[..., None]:
    """The command that records one kind of decision."""

    def record(
        *, ledger: Any, actor: str, dry_run: bool, propose: bool, **told: str | None
    ) -> Report:  # fmt: skip
        given = {name.removeprefix(_GIVEN): text for name, text in told.items() if text is not None}
        usual = decision.usual_day(given) if decision.usual_day else None
        given.setdefault("date", str(usual or _day(given.get("year"))))
        with Store.open(ledger) as store:
            with store.read(actor) as reader:
                before = known(reader)
                made = make(decision, given, before, actor=actor, where=option, then=as_it_was(reader))
                if made.problems:
                    raise Refused(made.problems)
                touched = effect.balances(reader, made.drafts, made.drafts[0].effective_date)
            posted = _posted(store, made.drafts, actor, dry_run=dry_run, propose=propose)
            with store.read(actor) as reader:
                at = moment(reader)
        said = effect.sentences(made.drafts, touched, before)
        if all(one.replayed for one in posted):
            touched, said = [], ["It was recorded before; give it a key of its own to record it once more."]
        rows = [
            {"organisation": one.organisation, "fund": one.fund, "year": one.year, "standing": one.standing,
             "before_pence": one.before_pence, "after_pence": one.after_pence}
            for one in touched
        ]  # fmt: skip
        report = Report([listed(rows)], at, decision.meaning, said, {"proposed": propose, "sentences": said})
        return report.with_entries(posted, dry_run=dry_run)

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


def _posted(
    store: Store, drafts: Sequence[Draft], actor: str, *, dry_run: bool, propose: bool
) -> list[Posted]:  # fmt: skip
    if not propose:
        return post(store, drafts, dry_run=dry_run)
    title = drafts[-1].reason if len(drafts) == 1 else f"{drafts[-1].reason}, and {len(drafts) - 1:,} more"
    return [submit(store, drafts, key=drafts[-1].key, title=title, prepared_by=actor, dry_run=dry_run)]


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
    actor: Actor = "command line",
    dry_run: DryRun = False,
    propose: Propose = False,
) -> Report:  # fmt: skip
    """Record every row of a register, or none and everything that is wrong. 'record FILE' does the same."""
    register = read_register(file)
    refuse_unless_it_ties(register, total)
    with Store.open(ledger) as store:
        with terminal.progress("Recording") as told:
            done = batch.record(store, register.rows, actor=actor, dry_run=dry_run or propose, progress=told)
        posted = list(done.posted)
        if propose and done.drafts:
            posted = _posted(store, done.drafts, actor, dry_run=dry_run, propose=True)
        with store.read(actor) as reader:
            at = moment(reader)
    kinds = Counter(row.name for row in register.rows)
    rows = [{"kind": name, "rows": number} for name, number in sorted(kinds.items())]
    made = f"{len(register.rows):,} rows make {len(done.drafts):,} entries"
    fresh = len([entry for entry in posted if not entry.replayed])
    became = "would be posted" if dry_run else "are posted"
    said = f"{made}, which are left to be approved." if propose else f"{made}: {fresh:,} {became}."
    facts = {
        "file": register.file, "sha256": register.sha256, "dry_run": dry_run, "proposed": propose, "sentence": said,
        "entries": [{"number": one.number, "key": one.key, "replayed": one.replayed} for one in posted],
    }  # fmt: skip
    return Report([listed(rows)], at, "", [said], facts)


for _decision in DECISIONS.values():
    app.command(_decision.name)(_record(_decision))
