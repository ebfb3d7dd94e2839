"""About this app, its licences, and its accessibility statement."""

from textwrap import dedent

import streamlit as st

_ABOUT = (
    """
    A ledger of NHS money in England, from the national body down to the neighbourhood. It says of every pound where
    it is decided and how free it is. It runs on your machine: no request leaves it, and nothing is measured about you.
    """,
    """
    It is a prototype, not an NHS England product, and no NHS body has adopted it. What ICBs devolve and keep, how free
    each line is, and the default places are illustrations of this project, marked so wherever they feed a figure.
    """,
)
_VINTAGES = (
    """
    **Money.** ICB allocations of 2025/26, NHS England, March 2025; the national limit, financial directions of 31 March
    2025. What else is in the books names its source on each entry.
    """,
    """
    **People and need.** Practice figures of the 2025/26 allocations: November 2023 to October 2024.
    **Organisations.** ICBs of 2025/26, and as they are from 1 April 2026; PCNs of 1 August 2026. Data and licences has
    every table with its vintage and how it was made.
    """,
)
_LICENCES = (
    """
    Program: MIT licence. Figures: contains public sector information licensed under the Open Government Licence v3.0;
    contains OS data, Crown copyright and database right. Each table's publisher, vintage and licence stand under
    Data and licences.
    """,
)
_STATEMENT = (
    """
    This app aims to meet the Web Content Accessibility Guidelines (WCAG) 2.2 at level AA. A body that adopts it remains
    responsible for its own statement under the Public Sector Bodies Accessibility Regulations 2018.
    """,
    """
    **What we do.** Every chart has a name, a sentence and a table with all its figures. Everything can be reached and
    changed by keyboard, with a focus that can be seen. Colour never tells anything alone. Pages fit a screen 320 pixels
    wide without scrolling sideways. Tables are plain HTML with headers; on narrow screens each row becomes a card.
    """,
    """
    **How it was checked.** Each page is opened in Chromium by tests that run axe and find no serious or critical
    violation, walk through it by keyboard, and watch that no request leaves the machine; so is each page without a
    ledger, with an empty one, with one ICB alone, and at addresses that name what does not exist. People who use a
    screen reader have not checked it yet. This statement was prepared in November 2026.
    """,
    """
    **What we know is wrong.** Charts are drawn as pictures: within them there is nothing to step through by keyboard,
    so use the table beneath, in which the same figures lead on. The keys R and C alone, outside a field, are shortcuts
    of the framework: they draw the page anew and lose nothing (success criterion 2.1.4). The field for uploading a file
    repeats a role. Downloads are CSV, which marks no headings.
    """,
    """
    **Tell us.** Whoever runs this app for you can change it: its source is open. Say which page, what you did and what
    you use.
    """,
)


def show() -> None:
    """Render it."""
    for heading, paragraphs in (
        ("About", _ABOUT),
        ("Data vintages", _VINTAGES),
        ("Licences", _LICENCES),
        ("Accessibility statement", _STATEMENT),
    ):
        st.header(heading, anchor=False)
        for paragraph in paragraphs:
            st.write(dedent(paragraph))
