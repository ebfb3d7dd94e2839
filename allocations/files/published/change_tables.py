"""The tables of a change summary: which columns each has, by every name they go by."""

from allocations.files.published.tables import Wanted

CHANGING = (
    Wanted("region", ("NHSE Region Code",), key=True),
    Wanted("code", ("Current ICB Code",), key=True),
    Wanted("name", ("Current ICB Name",), key=True),
)
NEW = (
    Wanted("region", ("NHSE Region Code",), key=True),
    Wanted("code", ("New ICB Code (TBC)", "New ICB Code"), key=True),
    Wanted("name", ("New ICB Name", "New ICB Name (code tbc)"), key=True),
)
SUCCESSIONS = (
    Wanted("code", ("Current ICB Code",), key=True),
    Wanted("name", ("Current ICB Name",), key=True),
    Wanted("new", ("Proposed new ICB / boundary changes", "New ICB / boundary changes", "New ICB"), key=True),
)
SUB_ICBS = (
    Wanted("sub icb", ("Sub ICB Location Code",), key=True),
    Wanted("old name", ("Current Sub ICB Location Name",), key=True),
    Wanted("new name", ("New Sub ICB Location Name",), key=True),
)
SMALL_AREAS = (
    Wanted("area", ("LSOA11CD", "LSOA code"), key=True),
    Wanted("old", ("ICB22CDH",), key=True, edition="older"),
    Wanted("new", ("ICB25CDH",), key=True, edition="newer"),
    Wanted("new name", ("ICB25NM",), key=True, edition="newer"),
)
PRACTICES = (
    Wanted("to", ("Commissioner as at 1 Apr 2026", "Commissioner"), key=True),
    Wanted("practice", ("PCC Code", "Practice Code"), key=True),
    Wanted("setting", ("Non Primary Role Name (Prescribing Setting)", "Prescribing Setting"), needed=False),
)
NETWORKS = (
    Wanted("to", ("Commissioner as at 1 Apr 2026 (TBC)", "Commissioner"), key=True),
    Wanted("pcn", ("PCN Code",), key=True),
)
PRACTICE_TOTALS = (
    Wanted("to", ("Receiving Sub ICB Location Name",), key=True),
    Wanted("to code", ("Receiving SICB Location Code", "Receiving Sub ICB Location Code"), key=True),
    Wanted("total", ("Total PCC moves into ICB", "Total moves"), key=True),
)
# Tables that say once more what is read above: they are known, so that another table ends where they begin.
REPEATED = (
    (
        Wanted("sub icb", ("Sub ICB Location Code", "New Sub ICB Location Code"), key=True),
        Wanted("sub icb name", ("New Sub ICB Location Name", "Sub ICB Location Name"), key=True),
    ),
    (
        Wanted("code", ("Current ICB Code",), key=True),
        Wanted("sub icb", ("Current Sub ICB Location Code",), key=True),
    ),
)
ALL = (CHANGING, NEW, SUCCESSIONS, SUB_ICBS, SMALL_AREAS, PRACTICES, NETWORKS, PRACTICE_TOTALS, *REPEATED)
