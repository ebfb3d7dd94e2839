"""The command line: the front door for analysts. It knows what there is, and loads what is asked for."""

import os

import typer

from screens.cli.lazy import Late, group_of

# As people read the list. A test keeps each sentence the one that the command says of itself.
COMMANDS = {
    "demo": Late("screens.cli.start:demo", "Build a ledger from the published 2025/26 figures and print the picture."),
    "new": Late(
        "screens.cli.start:new",
        "Begin a ledger of your own: organisations and lines from the shipped tables, no money, nothing illustrative.",
    ),
    "app": Late("screens.cli.start:open_app", "Open the web app: on this machine, or for a department that signs in."),
    "position": Late(
        "screens.cli.reports:show_position",
        "What is held where. The whole sums to zero: the source of the money stands in it below zero.",
    ),
    "flows": Late(
        "screens.cli.reports:show_flows", "What moved, read down the tiers; money that went back is taken off."
    ),
    "measures": Late(
        "screens.cli.reports:show_measures",
        "How much is ring-fenced, devolved, kept back and in pieces. Funding as a whole and earmarked funding apart.",
    ),
    "trail": Late(
        "screens.cli.reports:show_trail",
        "What makes up a balance: each entry, who, why, and the file, sheet and cell it came from.",
    ),
    "verify": Late(
        "screens.cli.backup:verify",
        "Ask every invariant of the whole ledger; exit with 1 if one does not hold, saying where.",
    ),
    "head": Late(
        "screens.cli.proofs:head",
        "What the books are now: entries, head of the chain and Merkle root; with --sign, signed and dated for others.",
    ),
    "prove": Late(
        "screens.cli.proofs:prove",
        "Prove to somebody without the ledger that an entry is in the books, and what it says to the penny.",
    ),
    "consistent": Late(
        "screens.cli.proofs:consistent",
        "Prove that an older head is a beginning of these books: nothing under it was changed, moved or cut off.",
    ),
    "allocate": Late(
        "screens.cli.entries:allocate",
        "Split money by weighted population, exactly, and post it if asked. Without a ledger, give an amount.",
    ),
    "record": Late(
        "screens.cli.record:app", "Record any decision: one by options, or many by a register (devolution record FILE)."
    ),
    "reverse": Late(
        "screens.cli.entries:reverse",
        "Undo an entry by posting its mirror, on its own date unless another is given. Nothing is deleted.",
    ),
    "import": Late("screens.cli.imports:app", "Bring files into the books."),
    "template": Late(
        "screens.cli.exports:template",
        "A budget workbook to fill in, with lists and checks, that 'devolution import budgets' reads as it is.",
    ),
    "export": Late("screens.cli.exports:group", "Workbooks and files that say where their figures come from."),
    "scenario": Late(
        "screens.cli.scenarios:group", "What if: run, compare and check scenarios. The books stay as they are."
    ),
    "bids": Late(
        "screens.cli.bids:bids",
        "Simulate a bidding pot, beside the same money by formula: costs, winners, fairness, time, break-even.",
    ),
    "proposal": Late("screens.cli.proposals:app", "Proposals: entries that await a decision, their money reserved."),
    "month": Late("screens.cli.year_end:app", "Months: which are closed, and closing the next one."),
    "limit": Late("screens.cli.limits:app", "Limits: the most that the source may give on a fund in a year."),
    "carry-forward": Late(
        "screens.cli.year_end:carry_forward",
        "Carry what a rule names into the next year, and tell what stays behind. Money that recurs never goes.",
    ),
    "national": Late(
        "screens.cli.national:show_national",
        "All ICBs ranked by a measure, or those of a region, or one with its peers; and who is beyond your limits.",
    ),
    "trend": Late(
        "screens.cli.national:show_trend",
        "How tied, late, lasting and devolved the money was, month by month or year by year.",
    ),
    "schedule": Late(
        "screens.cli.shares:show_schedule",
        "For every place and line: historic budget, fair share, distance from target, issued budget and the bridge.",
    ),
    "pace": Late(
        "screens.cli.shares:show_pace",
        "Targets, distance from target and pace of change, balanced to the unit within a floor and a cap.",
    ),
    "need": Late(
        "screens.cli.shares:show_need",
        "Need indices of every place, network or practice, each with the base that it is relative to.",
    ),
    "targets": Late(
        "screens.cli.shares:show_targets",
        "Target, distance from target and pace of change of all ICBs at once, as published for 2025/26.",
    ),
    "network": Late(
        "screens.cli.network:network",
        "What the network contract pays a PCN: each element on its own count of people. Needs no ledger.",
    ),
    "roles": Late(
        "screens.cli.roles:roles",
        "Who may do what where, since when, and who gave them the right and why.",
    ),
    "appoint": Late(
        "screens.cli.roles:appoint",
        "Give a person a right. The first one is an administrator's over the whole; from then on rights count.",
    ),
    "dismiss": Late(
        "screens.cli.roles:dismiss",
        "Take a person's rights away from a day on: all of them, or those of one role or organisation.",
    ),
    "may": Late(
        "screens.cli.roles:may",
        "What one person may do.",
    ),
    "stats": Late(
        "screens.cli.backup:show_stats",
        "How large the ledger is, and how fast its main questions are answered on this machine.",
    ),
    "copy": Late(
        "screens.cli.backup:copy",
        "Copy a ledger between a file and a server, either way: the same entries, the same head, verified.",
    ),
    "backup": Late(
        "screens.cli.backup:backup",
        "Copy the ledger, as it stands at one moment, into a new file, and verify the copy. It may be in use.",
    ),
    "restore": Late(
        "screens.cli.backup:restore",
        "Bring a backup back to a place without a ledger; every entry is verified before it counts.",
    ),
    "migrate": Late(
        "screens.cli.backup:migrate",
        "Bring the tables of a ledger made by an earlier version up to this one. Take a backup first.",
    ),
}

app = typer.Typer(
    name="devolution",
    cls=group_of(COMMANDS),
    help="See, plan and free NHS money: a ledger from the national body down to the neighbourhood.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _front_door() -> None:
    # Typer makes a group of what has a callback, however few commands it was told of here.
    pass


def main() -> None:
    """Run the command line. A fault of the program's own is said in a sentence, with a way to see more."""
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
