"""What is known of a practice's people beside their number: ages and sexes, estimates of ill health, deprivation."""

from dataclasses import dataclass

# Where each group of ages begins in the shipped table; the last has no end. Single years where a programme or a
# register of illness begins or ends.
AGES = (0, 1, 2, 5, 6, 10, 15, 16, 17, 18, *range(20, 100, 5))
AGES_TABLE, INDICATORS_TABLE = "practice_ages", "practice_indicators"
SEXES = {"F": "women and girls", "M": "men and boys"}


def age_column(start: int) -> str:
    """The column of the group of ages that begins there."""
    return f"from_{start}"


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator of need that is shipped for every practice that has one, as a number that can be added up.

    Attributes:
        name: by which it is asked for.
        published: its heading in the published file.
        counts: what it counts, in words.
        from_age: the youngest whom the register of the illness counts.
    """

    name: str
    published: str
    counts: str
    from_age: int = 0


def _ill(name: str, published: str, words: str, from_age: int = 0) -> Indicator:
    whom = f"people of {from_age} and over" if from_age else "people"
    counts = f"people {words}, estimated: prevalence 2024/25 x {whom}, 1 April 2026"
    return Indicator(name, f"{published}: QOF prevalence", counts, from_age)


# From which age a register counts is a rule of the quality and outcomes framework; the file itself does not say it.
INDICATORS = {
    one.name: one
    for one in (
        _ill("asthma", "Asthma", "with asthma", 6),
        _ill("chd", "CHD", "with coronary heart disease"),
        _ill("ckd", "CKD", "with chronic kidney disease", 18),
        _ill("copd", "COPD", "with chronic obstructive pulmonary disease"),
        _ill("cancer", "Cancer", "with cancer"),
        _ill("dementia", "Dementia", "with dementia"),
        _ill("diabetes", "Diabetes", "with diabetes", 17),
        _ill("hypertension", "Hypertension", "with high blood pressure"),
        _ill("learning_disability", "Learning disability", "with a learning disability"),
        _ill("serious_mental_illness", "Mental Health", "with a serious mental illness"),
        Indicator(
            "obesity",
            "Obesity: QOF prevalence (new definition)",
            "people living with obesity, estimated: prevalence 2024/25 x people of 18 and over, 1 April 2026",
            18,
        ),
        _ill("osteoporosis", "Osteoporosis", "with osteoporosis", 50),
        _ill("smoking", "Smoking", "who smoke", 15),
        _ill("stroke", "Stroke", "who had a stroke"),
        Indicator(
            "deprivation",
            "Deprivation score (IMD 2025)",
            "people of 1 April 2026 x the deprivation score of their practice (IMD 2025)",
        ),
    )
}
