"""The list of values that somebody means harm with, or types by mistake: given to every option of every command.

What was found by fuzzing, and mended, stays in the list.
"""

NUMBERS = (
    "NaN", "nan", "inf", "-inf", "Infinity", "1e400", "-1e400", "1e-400", "1e999999", "1e999999999", "1e-999999999", "1e9999999999999999999", "1/0", "0/0", "0", "-0", "-1", "0x10", "1_000", "0.1",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "92233720368547758.08",
    "18446744073709551616", "9" * 30, "9" * 5000, "1" + "0" * 400 + "bn", "1e20bn", "٣", "½", "²", "1,2,3", "£-5", "(5)", "5%",
)  # fmt: skip
DAYS = (
    "0000-00-00", "0001-01-01", "9999-12-31", "10000-01-01", "2025-02-30", "-2025-01-01", "2025-13-01", "1900-01-01", "20250630",
    "2025-W01-1", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2025-06-30T24:00", "2025-06-30T12:00+99:99",
    "9999-12-31T23:59:59.999999+00:00", "0001-01-01T00:00:00Z", "0001", "9999/00", "2025/27", "99999/00", "0000/01", "1999/00",
)  # fmt: skip
TEXTS = (
    "", " ", "\u00a0", "'", '"', "''; DROP TABLE entry; --", "' OR 1=1 --", "$1", "?", "%s", "{0}", "{}", "%n", "$name", ":name", "\\", "\\N",
    "=cmd|' /C calc'!A0", "=1+1", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "|x", "../../etc/passwd", "../../../tmp/x", "/", "/proc/version", "/dev/null", "/dev/full",
    "..", ".", "~", "C:\\CON", "\\\\server\\share", "file:///etc/passwd", "https://example.invalid/x", "postgresql://", "postgresql://u:secret@",
    "postgresql://u:secret@127.0.0.1:1/x", "postgresql://u:secret@[::1/x", "postgresql://u:secret@h:99999/x", "duckdb:///x", "s3://bucket/x",
    "md:x", ":memory:", "<script>alert(1)</script>", "<b>x", "&amp;", "[red]x[/red]", "[/]", "[", "]", "[link=file:///x]y[/link]", "**x**",
    "\x00", "a\x00b", "\x01", "\x07", "\x1b[31mred", "\x7f", "\x85", "\n", "a\nb", "\r\n", "\u200b", "\u200bX", "\u202e", "abc\u202ecba", "\u2028",
    "\ufeff", "\ufffe", "\uffff", "\ud800", "a\udcffb", "\U0001f600", "e\u0301", "\u212b", "ﬁ", "İ", "ß", "Å" * 300, "x" * 5000, "*", "**", "(", "a" * 40 + "!",
    "None", "null", "true", "NULL", "QWO,QWO", "QWO ", "qwo", "QWO;", "-", "--", "--help", "-x", "@x", "a,b,,c", ",", ",,,", "default", "1",
    "..%2f..%2fetc", "%00", "con.xlsx", "x.xlsx", "x.csv", "x.yaml", "x.json", "x.zip", "x.xlsx/y.xlsx",
)  # fmt: skip
EVERY = (*TEXTS, *NUMBERS, *DAYS)
