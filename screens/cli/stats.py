"""``devolution stats``: how large a ledger is, and how fast it answers here."""

from ledger.reports import position, stats
from ledger.store.base import Store
from screens.cli.guard import guarded
from screens.cli.options import DEFAULT_LEDGER, Json, Ledger
from screens.report.terminal import Answer, show


@guarded("stats")
def show_stats(ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """How large the ledger is, and how fast its main questions are answered on this machine."""
    with Store.open(ledger, read_only=True) as store:
        rows = stats.of(store)
        with store.read() as reader:
            at = position.moment(reader)
    show(Answer("stats", str(ledger), rows, at), as_json=as_json)
