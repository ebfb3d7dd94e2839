"""The words of the field, each in a sentence or two: one list for the app and for the guide."""

# In the order in which somebody new to them needs them.
TERMS = {
    "Organisation": "Anyone who holds money: department, NHS England, ICB, place, PCN, practice. Its tier says at "
    "which level it decides",
    "ICB": "Integrated care board: the NHS body that plans care for an area of one to three million people",
    "Place": "A part of an ICB's area, mostly a council's, in which partners decide together",
    "PCN": "Primary care network: a few practices that work together for a neighbourhood",
    "Practice": "A GP surgery, or several under one contract",
    "Fund": "A line of money with one purpose. A fund inside another is an inner purpose",
    "Terms": "How free a fund is from a day on: grade, route, whether it recurs, notice, deadline, returns",
    "Ring-fence": "A rule that money may only be spent on one purpose",
    "Pot": "A fund with terms of its own. A fund without them is a budget heading inside the nearest fund around it",
    "Penny packet": "A pot below an amount that the page names: so small that it is hardly worth the work it brings",
    "Grade": "How tied a line is. *None* and *monitored* are free, but the second is watched. *Soft*: a purpose is "
    "expected. *Hard*: only for the purpose. *Statutory*: by directions or an Act",
    "Reading": "One named way to judge how tied each line is. A range over readings shows how much hangs on it",
    "Standing": "*available*, *retained* (kept back), *spent*. Kept money is shown with or without its partners' "
    "agreement on the day",
    "Devolved": "Decided below the ICB: at a place, a PCN or a practice",
    "Local and free": "Devolved, and not tied to a purpose",
    "Allocation": "Money that NHS England gives an ICB for a year. The baseline is that of the year before, from which "
    "growth is counted",
    "Convergence": "What is added or taken each year to bring an ICB nearer to its target",
    "Illustrative": "An example made by this project, to show how something works. No NHS body has adopted it",
    "Recurrent": "Paid again each year. Non-recurrent money comes once",
    "Return": "A report that the payer asks for about one pot",
    "Distance from target": "How far an ICB's money is above or below its fair share by the national formula",
    "Entry": "One decision, with who, why, when it counts and when it was recorded. Its legs are transfers between "
    "accounts",
    "Position": "What stands where: one row for each organisation, fund and standing. The whole sums to zero, because "
    "the source of the money stands in it below zero",
    "Flow": "Money between organisations, read down the tiers; what went back is taken off",
}
