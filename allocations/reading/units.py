"""What a text or a number format says of the unit and the currency of the amounts beside it: one grammar for all.

Headings, captions, names of sheets and files, and formats of cells go through the same patterns. An amount in a
sentence (``bids over £500k``) is no unit, and money for each head is none either.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

PENCE, POUNDS, THOUSANDS, MILLIONS, BILLIONS = "pence", "pounds", "thousands", "millions", "billions"
HUNDREDS, TENS_OF_THOUSANDS = "hundreds", "ten thousands and more"
UNREAD = (BILLIONS, HUNDREDS, TENS_OF_THOUSANDS)

_QUOTES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u00b4`\u2032\u201b\uff07", "'"))
_PER_HEAD = re.compile(r"£?\s*(/|per)\s*(head|capita|patient|person|weighted)", re.IGNORECASE)
_LARGE = r"(?:k|m|mn|bn|thousands?|millions?|billions?)"
# £500k, 1.2 million, £39,000 and 9,400: what stands there is an amount, not what amounts are in. A zero opens none.
_AMOUNT = re.compile(
    rf"(?:£|€|\$)\s?(?!1,?000'?s\b)[1-9][\d,.]*\s?{_LARGE}?\b|(?<![\d,.'])[1-9]\d*(?:[,.]\d+)*\s?{_LARGE}\b",
    re.IGNORECASE,
)
# A factor by which amounts are to be multiplied, before what looks like an amount is taken out.
_FACTOR = re.compile(
    r"(?:\b(?:scale|factor|multipl(?:y|ied|ier)|times)\b(?: by)?\s*[:=]?|(?<![a-z])x|\u00d7|\bunits?\s*(?:of|[:=]))"
    r"\s*£?\s*"
    r"(?P<number>1(?:[, ]?000){1,3}|1?00|10\s?[\^*]{1,2}\s?[369])(?![\d,.])'?s?",
    re.IGNORECASE,
)
_FACTORS = {"1000": " £000 ", "10^3": " £000 ", "10**3": " £000 ", "1000000": " £m ", "10^6": " £m ", "10**6": " £m "}
_DENIED = re.compile(r"\bnot (?:in )?£?(?:thousands?|millions?|000s?|k|m)\b", re.IGNORECASE)
# Rounded so, and not in it.
_NEAREST = re.compile(
    r"\b(?:rounded )?to (?:the )?nearest (?:£?\s?1?,?000|thousand|million|hundred|pound)s?\b", re.IGNORECASE
)
_OPEN = r"[('\[,.]{0,2}\s?"
_UNITS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        BILLIONS,
        (
            rf"£\s?{_OPEN}(?:bns?|billions?|tn|trillions?)\b",
            r"\bin (?:£\s?)?(?:b|tr)illions?\b",
            r"\(\s*bn\s*\)",
            r"\b(?:b|tr)illions of (?:pounds|£)",
        ),
    ),
    (HUNDREDS, (r"(?<![\d,.'])£?\s?'?00'?s\b", r"\bin (?:£\s?)?hundreds\b(?! of thousands)")),
    (TENS_OF_THOUSANDS, (r"\blakhs?\b|\bcrores?\b|\b(?:tens|hundreds) of thousands\b|(?<![\d,.])£?0,?000'?s?\b",)),
    (
        MILLIONS,
        (
            rf"£?\s?{_OPEN}\b000\s?[,'. ]\s?000(?:'?s)?(?!\d)",
            rf"£\s?{_OPEN}(?:mm|mn|mill?|millions?|m)s?\b",
            r"\bgbp\s?\(?(?:mn|millions?|m)\b|\bmgbp\b",
            r"\bmillions? (?:of )?(?:pounds|£|gbp)",
            r"\bin (?:£\s?)?millions?\b",
            r"\(\s*(?:mn|millions?|m)\s*\)",
            r"\bm\s?£",
        ),
    ),
    (
        THOUSANDS,
        (
            rf"£\s?{_OPEN}(?:in )?000\)?(?:'?s)?(?!\d)",
            r"(?<!\d)[,']000(?:'?s)?(?!\d)",
            r"(?<![\d,.])000'?s\b",
            r"\(\s*000\s*\)",
            r"\b000\s?£",
            rf"£\s?{_OPEN}(?:thousands?|thous?|th|k)s?\b",
            r"\b(?:gbp|pounds)\s?\(?(?:k|000'?s?|thousands?)\b",
            r"\bk\s?(?:£|gbp)|\btgbp\b|\bin k'?s?\b",
            r"(?<![\d,.])1,?000'?s\b",
            r"\b(?:in|to) (?:the nearest )?thousands?\b(?: of pounds| £)?",
            r"\(\s*k\s*\)",
            r"\bthousands?\b(?! of (?!pounds|£))",
            r"\bx\s?1,?000\b",
            r"£\s?1,?000'?s\b",
        ),
    ),
    (PENCE, (r"\bin pence\b", r"\(\s*pence\s*\)")),
    (POUNDS, (r"£(?!\s?(?:per\b|/))", r"\bin pounds\b", r"\bgbp\b", r"\(\s*pounds\s*\)", r"\bpounds sterling\b")),
)
_IN_POUNDS = re.compile(r"\bpounds\b(?<!of pounds)|[(\[]\s?£\s?[)\]]", re.IGNORECASE)
_UNIT_PATTERNS = tuple((unit, re.compile("|".join(patterns), re.IGNORECASE)) for unit, patterns in _UNITS)
_OTHERS = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("euros", r"€|\beuros?\b|\beur\b"),
        ("dollars", r"\$|\busd\b|\bdollars?\b"),
        ("yen or yuan", r"¥|\bjpy\b|\byen\b|\brmb\b|\bcny\b"),
        ("rupees", r"₹|\brupees?\b"),
        ("francs", r"\bchf\b|\bfrancs\b"),
        ("kroner", r"\bsek\b|\bdkk\b|\bkron(?:or|er)\b"),
        (
            "another currency",
            r"₽|₩|₺|₪|zł|\bpln\b|(?:^|\(\s?|\bin |\bcurrency:? ?)(?:aud|cad|nzd|sgd|hkd|aed|zar|nok)\b",
        ),
    )
)


def unified(text: str) -> str:
    """Text with compatibility letters, quotation marks and spaces in one form."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_QUOTES)
    return " ".join(plain.replace("`", "'").split())


@lru_cache(maxsize=2048)
def units_in(text: str) -> tuple[str, ...]:
    """The units that a text states, each once; a text may state none, or contradict itself."""
    rest = _NEAREST.sub(" ", _DENIED.sub(" ", _PER_HEAD.sub(" ", unified(text))))
    rest = _AMOUNT.sub(" ", _FACTOR.sub(_factor, rest))
    found = []
    for unit, pattern in _UNIT_PATTERNS:
        without = pattern.sub(" ", rest)
        if without != rest:
            found.append(unit)
            rest = without
    if found[1:] == [POUNDS] and unified(text).count("£") <= 1 and not _IN_POUNDS.search(unified(text)):
        del found[1:]  # '£ in thousands', 'GBP 000s': the sign names the currency, and the word the unit
    return tuple(found)


def _factor(match: re.Match[str]) -> str:
    number = re.sub(r"[, ]", "", match["number"])
    return _FACTORS.get(number, " £bn " if len(number) > len("1000000") or number.endswith("9") else " £00s ")


def unit_in(text: str) -> str | None:
    """The unit that a heading, a caption or a sheet's name states; none if it states none, or more than one."""
    found = units_in(text)
    return found[0] if len(found) == 1 else None


def per_head_in(text: str) -> bool:
    """Whether a heading says that its column is an amount per head, which is no budget."""
    return _PER_HEAD.search(unified(text)) is not None


@lru_cache(maxsize=2048)
def currency_in(text: str) -> str | None:
    """The currency other than the pound that a text names; none where it names none."""
    plain = unified(text)
    return next((name for name, pattern in _OTHERS if pattern.search(plain)), None)


class FormatSays(NamedTuple):
    """What a number format says of the number in a cell.

    Attributes:
        unit: what the number itself is in, where the format tells: ``0.0"k"`` shows thousands as they stand, and
            ``0.0,"k"`` shows pounds as thousands.
        currency: another currency than the pound.
        hides: whether it shows nothing at all.
    """

    unit: str | None = None
    currency: str | None = None
    hides: bool = False


_SYMBOL = re.compile(r"\[\$([^\]-]*)(?:-[^\]]*)?\]")
_BRACKETS = re.compile(r"\[[^\]]*\]")
_QUOTED = re.compile(r'"([^"]*)"|\\(.)')
_SCALING = re.compile(r"[0#?](,+)(?![0#?,])")
_LITERALS = (
    (THOUSANDS, 1, ("k", "thousand", "thousands", "'000", "000s", ",000", "000", "ths")),
    (MILLIONS, 2, ("m", "mn", "million", "millions", ",000,000")),
    (BILLIONS, 3, ("bn", "billion", "billions")),
)


@lru_cache(maxsize=512)
def format_says(number_format: str) -> FormatSays:
    """What a number format says, by the section that shows amounts above zero."""
    if number_format in ("General", "0", "@", "#,##0", "0.00", "#,##0.00"):
        return FormatSays()
    sections = _sections(number_format)
    section = sections[0]
    if len(sections) > 1 and not any(section.strip() for section in sections[:2]):
        return FormatSays(hides=True)
    symbols = "".join(_SYMBOL.findall(section))
    bare = _BRACKETS.sub("", section)
    literals = [quoted or escaped for quoted, escaped in _QUOTED.findall(bare)]
    digits = _QUOTED.sub("", bare)
    currency = currency_in(symbols) or currency_in("".join(literals)) or currency_in(digits)
    scaled = _SCALING.search(digits)
    commas = len(scaled[1]) if scaled else 0
    word = "".join(literals).strip().casefold().removeprefix("£").strip()
    for unit, steps, words in _LITERALS:
        if word in words or (not literals and digits.rstrip().casefold().endswith(words[0]) and words[0] != "m"):
            return FormatSays(unit if commas == 0 else POUNDS if commas == steps else None, currency)
    return FormatSays(POUNDS if commas else None, currency)


def _sections(number_format: str) -> list[str]:
    """A format's sections, divided by semicolons outside quotation marks."""
    found, quoted = [""], False
    for letter in number_format:
        quoted ^= letter == '"'
        if letter == ";" and not quoted:
            found.append("")
        else:
            found[-1] += letter
    return found
