"""Which tests one worker runs one after another, and which are begun first.

A file is one piece of work, so that what its tests share (the app's server, a browser, a publication) is made once and
not by every worker. pytest-xdist's own way to say so, the mark ``xdist_group``, has no effect with pytest 9.2: it
writes the group into an attribute of the test that is not read any more (``tests/test_workers.py``).
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

# Files that share something dear, which is made once where one worker runs them all.
TOGETHER = {
    "books with something of every kind": (
        "ledger/test_tampering.py", "ledger/test_narrowed.py", "ledger/test_stored_rows.py", "ledger/test_upgrades.py",
        "ledger/test_views.py",
    ),
    "every page as it is made": (
        "screens/test_amounts_on_pages.py", "screens/test_colours.py", "screens/test_readability.py",
        "screens/test_words_on_pages.py",
    ),
    "the answers of the library": (
        "scenarios/test_library.py", "scenarios/test_references.py", "scenarios/test_references_of_years.py",
    ),
    "the publication of the demo": ("screens/test_publication.py", "browser/test_publication.py"),
    "the template of a budget": ("allocations/excel/test_template.py", "allocations/excel/test_template_import.py"),
}  # fmt: skip
# Files of a few long tests that share nothing dear: each test is a piece of its own.
APART = ("ledger/test_everything.py", "ledger/test_rules.py", "ledger/test_ordinary.py", "ledger/test_server_guide.py")
# Long pieces are begun first, so that none is begun when the others have nothing left to do; those in a browser, which
# wait, in turn with those that keep a processor busy.
LONGEST_FIRST = (
    "ledger/test_tampering.py", "browser/test_paths.py", "screens/test_publication.py", "browser/test_pages.py",
    "ledger/test_everything.py", "browser/test_importing.py", "scenarios/test_library.py", "browser/test_states.py",
    "screens/test_year_of_an_icb.py", "browser/test_scenarios.py", "test_sentences.py",
    "browser/test_every_state.py", "screens/test_import_page.py", "browser/test_recording.py",
    "screens/test_deciding.py", "browser/test_sign_in.py", "screens/test_record_page.py",
    "browser/test_deciding.py", "ledger/test_keeping.py", "faults/test_killed.py", "screens/test_python.py",
    "faults/test_machine.py", "screens/test_case_files.py", "faults/test_at_once.py",
    "screens/test_twenty_questions.py", "screens/test_roles_commands.py", "screens/test_scenarios_page.py",
    "realdata/test_mergers.py", "screens/test_real_pots.py", "screens/test_keeping_commands.py",
    "scenarios/test_paths.py", "screens/test_figures_recomputed.py", "hostile/test_commands.py", "test_wheel.py",
    "screens/test_colours.py", "ledger/test_proposals.py", "ledger/test_invariants.py", "ledger/test_rules.py",
    "ledger/test_server_guide.py", "ledger/test_guessing.py", "ledger/test_ordinary.py", "test_same_answers.py",
    "test_loading.py", "test_golden_answers.py", "test_export_commands.py",
)  # fmt: skip

_GROUPS = {file: group for group, files in TOGETHER.items() for file in files}
_ORDER = {file: nth for nth, file in enumerate(LONGEST_FIRST)}


def file_of(test: str) -> str:
    """The file of a test, as it is named here, by the test's id."""
    return test.partition("::")[0].removeprefix("tests/")


def piece_of(test: str) -> str:
    """The piece of work to which a test belongs, by the test's id."""
    file = file_of(test)
    return test if file in APART else _GROUPS.get(file, file)


def place_of(test: str) -> int:
    """Where a test's piece stands in the order in which pieces are begun."""
    return _ORDER.get(file_of(test), len(_ORDER))


class Pieces(LoadScopeScheduling):
    """Hands the workers one piece of work after another."""

    def _split_scope(self, nodeid: str) -> str:
        return piece_of(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Pieces:
    """Let whole pieces be handed out, in the order in which the tests were collected."""
    return Pieces(config, log)
