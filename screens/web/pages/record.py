"""Record: any decision, one by its boxes, or many by a register."""

from ledger.reports import journal
from screens.web.record import one, register
from screens.web.shell import address, frame, header, open_ledger

VIEWS = {"one": "One decision", "register": "A register of decisions"}
_TOLD = (
    "Everything here is done by the functions that the command line uses: 'devolution record' makes the same entries, "
    "with the same sentences and the same hashes."
)


def page() -> None:
    """Render the view that the address names."""
    frame.title("Record")
    view = address.choose("view", "What to record", list(VIEWS), shown=lambda view: VIEWS[view], horizontal=True,
                          usual=told if (told := address.asked_for("view")) in VIEWS else "one",
                          is_told=True)  # fmt: skip
    store = open_ledger.store()
    if store is None:
        frame.foot(None, "Without the books nothing can be recorded.", illustrative="")
        return
    at, has_money = open_ledger.ask(store, lambda reader, at: (at, bool(journal.years(reader))))
    opened = frame.books_of(store) if has_money else None
    if opened is None:
        header.say(at)
    elif opened.icbs:
        frame.icb(opened, with_all=True)
    if view == "one":
        one.show(store, at)
    else:
        register.show(store, at)
    frame.foot(open_ledger.ask(store, lambda _, now: now), _TOLD, illustrative="")
