"""How a page is printed: on A4, without what only a screen needs, and with no chart or row cut in two."""

STYLE = (
    "@page {size: A4; margin: 15mm} "
    "@media print {"
    # What is clicked has no use on paper; the header keeps whose money, which year, as at when, and which reading.
    "[data-testid=stHeader], [data-testid=stSidebar], [data-testid=stToolbar], [data-testid=stDownloadButton], "
    "[data-testid=stFileUploader], [data-testid=stElementToolbar] {display: none !important} "
    "[data-testid=stMainBlockContainer] {padding: 0 !important; max-width: none !important} "
    # A page is made for a screen and printed narrower: charts are drawn smaller, and columns stay side by side.
    "[data-testid=stVegaLiteChart], [data-testid=stVegaLiteChart] div {height: auto !important} "
    "[data-testid=stVegaLiteChart] :is(svg, canvas) {max-width: 100% !important; height: auto !important; "
    "max-height: 240mm !important} "
    "[data-testid=stEChartsChart] div {width: 100% !important; height: auto !important} "
    "[data-testid=stEChartsChart] canvas {position: static !important; width: 100% !important; height: auto !important"
    "} "
    "[data-testid=stColumn] {min-width: 0 !important} "
    ":is([data-testid=stVegaLiteChart], [data-testid=stEChartsChart], [data-testid=stMetric], .house tr) "
    "{break-inside: avoid} "
    ":is(h1, h2, h3, .house caption) {break-after: avoid} "
    "h1 {font-size: 20pt !important} h2 {font-size: 14pt !important} h3 {font-size: 12pt !important} "
    "p, li {font-size: 10pt; orphans: 3; widows: 3} "
    ".house thead {display: table-header-group} "
    ".house table {font-size: 7.5pt} .house :is(th, td) {padding: .12rem .2rem !important; min-width: 0 !important} "
    ".house :is(th, td):not(.number), .house thead th {overflow-wrap: anywhere} "
    # A table of many columns, such as a year month by month, is small rather than cut.
    ".house table:has(thead th:nth-child(8)) {font-size: 6pt} "
    ".house table:has(thead th:nth-child(8)) :is(th, td) {padding: .1rem !important; "
    "overflow-wrap: anywhere !important} "
    "[data-testid=stCode] pre {white-space: pre-wrap !important; overflow-wrap: anywhere}"
    "} "
)
