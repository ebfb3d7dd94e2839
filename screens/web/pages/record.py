"""Record: any decision, one by its boxes, or many by a register."""

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
                          usual=told if (told := address.asked_for("view")) in VIEWS else "one")  # fmt: skip
    address.write("view", view)
    store = open_ledger.store()
    if store is None:
        frame.foot(None, "Without the books nothing can be recorded.", illustrative="")
        return
    at = open_ledger.ask(store, lambda _, at: at)
    header.say(at)
    if view == "one":
        one.show(store, at)
    else:
        register.show(store, at)
    frame.foot(open_ledger.ask(store, lambda _, now: now), _TOLD, illustrative="")
