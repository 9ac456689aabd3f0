"""The words of the kit in English: sheets, printed forms and messages. The long texts lie in `en/`.

What a column means, its range and its codes come from the data dictionary and are not repeated here.
"""

from __future__ import annotations

from typing import Final

#: A letter for paper and plain words for patients, for each class of medicine in the data dictionary.
MEDICINES: Final[dict[str, tuple[str, str]]] = {
    "paracetamol": ("P", "paracetamol"),
    "aspirin": ("A", "aspirin"),
    "nsaid": ("N", "ibuprofen, naproxen, diclofenac, other anti-inflammatories"),
    "triptan": ("T", "triptan (such as sumatriptan)"),
    "ergot": ("E", "ergotamine"),
    "gepant": ("G", "gepant (such as rimegepant)"),
    "ditan": ("D", "ditan (lasmiditan)"),
    "opioid": ("O", "codeine, tramadol, other opioids"),
    "combination_analgesic": ("C", "combined painkiller (such as with caffeine)"),
    "other": ("X", "other, or not sure"),
}

#: What a code means where the code alone does not say it.
CODE_MEANINGS: Final[dict[tuple[str, str], str]] = {
    ("headache_type", "tension_type"): "tension-type headache",
    ("headache_type", "cervicogenic"): "headache from the neck, diagnosed as such",
    ("headache_type", "sinus"): "headache from a nose or sinus disorder that was shown to be there",
    ("headache_type", "mixed"): "more than one type",
    ("headache_type", "unclassified"): "no diagnosis made",
    ("group", "treated"): "received the treatment",
    ("group", "waiting_list"): "waited, and kept a diary meanwhile",
    ("group", "usual_care"): "went on with the usual care",
    ("group", "sham"): "received a sham treatment in a study",
    ("allocation", "randomised"): "by chance, in a study",
    ("allocation", "queue"): "by the order of booking",
    ("allocation", "self_selected"): "by the patient's or the clinic's own choice",
    ("age_band", "90+"): "90 years and older",
    ("technique", "fast_in_fast_out"): "needle in and out, no time left in place",
    ("technique", "electrical"): "with electrical stimulation",
    ("technique", "mixed"): "more than one technique in this session",
    ("muscles", "other"): "any other muscle",
    ("co_interventions", "none"): "nothing else was given or changed",
    ("co_interventions", "preventive_started"): "a preventive headache medicine was started",
    ("co_interventions", "preventive_stopped"): "a preventive headache medicine was stopped",
    ("co_interventions", "preventive_changed"): "a preventive headache medicine or its dose was changed",
    ("aftercare", "none"): "no aftercare",
    ("adverse_event", "not_asked"): "the patient was not asked; not the same as none",
    ("adverse_event", "none"): "the patient was asked, and nothing happened",
    ("adverse_event", "mild"): "short, reversible, no inconvenience (such as a bruise)",
    ("adverse_event", "significant"): "got in the way of activities, or needed medical attention",
    ("adverse_event", "serious"): "hospital admission, lasting or significant disability, or death",
}

EXPLAINED_TITLE: Final = "What each column means"
EXPLAINED_INTRO: Final = (
    "Made from the data dictionary. Dark headers must be filled in, light ones where you have the answer.",
    "Leave a cell empty when something was not recorded: empty is not zero, and not 'no'.",
    "Do not rename, add or hide columns or sheets, and write no names, notes or comments anywhere.",
)
EXPLAINED_HEADERS: Final = ("sheet", "column", "needed", "meaning", "how to write it", "unit", "range")
CODES_TITLE: Final = "What the codes mean"
CODES_HEADERS: Final = ("sheet", "column", "code", "meaning", "letter on paper")
NEEDED: Final = "yes"
WELCOME: Final = "if known"

DATE_PROMPT: Final = "Such as 2026-03-02. Day, month and year must all be there."
ID_PROMPT: Final = "The patient's code from the paper list, such as P-0001. Never a name."
PRACTITIONER_PROMPT: Final = "A code for who treated, such as T-01. Never a name."
HEADACHE_PROMPT: Final = (
    "yes or no, as ticked on the sheet. If neither box was ticked, leave out the whole row: the day was not "
    "recorded, and is not counted as a day without headache."
)
MULTI_PROMPT: Final = "One or more, with semicolons between: {example}. See the sheet 'explained'."

ERROR_TITLE: Final = "Please look again"
ERRORS: Final[dict[str, str]] = {
    "patient": "This must be a code such as P-0001, without spaces, and each patient has one row only. "
    "Never write a name or a hospital number.",
    "known_patient": "This code is not on the sheet 'patients' yet. Enter the patient there first, or correct "
    "the code. Never write a name.",
    "id": "This must be a code of a few letters and digits, such as P-0001 or T-01, without spaces. "
    "Never write a name.",
    "date": "This must be a date from 2000 up to today, such as 2026-03-02.",
    "yes_no": "Choose yes or no from the list. Leave the cell empty if it was not recorded.",
    "number": "This must be {rule}. Leave the cell empty if it was not recorded.",
    "code": "Choose one entry from the list. Leave the cell empty if it was not recorded.",
    "codes": "Something here is not on the list of codes, or stands twice. The codes are on the sheet 'explained'; "
    "write semicolons between them.",
}

PATIENT_CODE: Final = "Patient code"
FIRST_DAY: Final = "First day of this sheet (day / month / year)"
TODAY: Final = "Date (day / month / year)"

DIARY_TITLE: Final = "Headache diary"
DIARY_STEPS: Final = (
    ("Every evening, tick one box:", "no headache or headache. Please tick it on good days too."),
    (
        "With headache:",
        "circle how strong it was at its worst, 0 (no pain) to 10 (worst imaginable), and write how many hours you "
        "had it that day.",
    ),
    (
        "Medicine for headache?",
        "Tick no or yes, every day. If yes, write how many doses, and the letters below.",
    ),
    (
        "Missed a day?",
        "Fill it in within two days, else leave it blank. Blank means not recorded; it is never taken for a day "
        "without headache.",
    ),
)
DIARY_RULE: Final = (
    "A headache day is a day with headache for half an hour or longer, or with any headache for which you took "
    "medicine. A headache that lasts past midnight counts on both days."
)
DIARY_GROUPS: Final = ("", "Tick one, every day", "Only with headache", "Medicine for headache")
DIARY_COLUMNS: Final = (
    "Day",
    "Date",
    "No headache",
    "Headache",
    "Worst of the day",
    "Hours",
    "No",
    "Yes",
    "Doses",
    "Letters",
)
DIARY_LETTERS: Final = "Letters for medicines:"
DIARY_CARE: Final = (
    "Nobody reads this sheet day by day. Get medical help at once for a sudden headache that is the worst of your "
    "life, or a headache with fever, a stiff neck, weakness, confusion, or trouble speaking or seeing."
)
DIARY_NO_NAME: Final = "Please do not write your name on this sheet."

CARD_TITLE: Final = "Before your session"
CARD_RECALL: Final = "In the last 28 days (4 weeks), on how many days did you have a headache?"
CARD_RECALL_UNIT: Final = "days, 0 to 28"
CARD_RECALL_HELP: Final = "Your best guess from memory is fine. Please do not look it up in your diary."
CARD_NOW: Final = "How strong is your headache right now?"
CARD_SCALE: Final = ("no pain", "worst imaginable")
CARD_SINCE: Final = "Since your last session (leave blank at your first)"
CARD_SORENESS: Final = "How sore was the treated area at its worst?"
CARD_SORENESS_SCALE: Final = ("not sore", "worst imaginable")
CARD_EVENT: Final = "Did anything unwanted happen after the last session?"
CARD_EVENT_ANSWERS: Final = (
    "No, nothing",
    "Yes, but it was slight and soon over",
    "Yes, it got in my way, or I needed medical advice",
    "Yes, I was in hospital, or it has stayed",
)
CARD_CLINIC: Final = (
    "For the clinic, sheet 'sessions'. Today's row: 1 is recalled_headache_days_28, 2 is pain_before. Row of the "
    "last session: 3 is soreness; 4 is adverse_event (none, mild, significant, serious; graded by the therapist). "
    "Not asked: not_asked. Ask for the card before the session, never after it."
)
CARD_AFTER: Final = "Headache after this session, 0 to 10 (pain_after):"

CODES_PAGE_TITLE: Final = "Who is behind which code"
CODES_PAGE_WARNING: Final = (
    "This is the only place where names and codes stand together. Keep it on paper, locked away, apart from the "
    "records, the diaries and the computer folder. Never type it in, photograph or send it. Give each patient the "
    "next free code at booking and use it on every sheet. A code is never used twice."
)
CODES_PAGE_COLUMNS: Final = ("Code", "Name", "Date of birth", "Booked on", "Wants out on")
CODES_PAGE_SUBJECT: Final = "Patient code list"

GUIDE_TITLE: Final = "The first day"
CONSENT_TITLE: Final = "Information and consent"
CONSENT_MARK: Final = (
    "Draft for the clinic's own review. Not legal advice. Do not hand out before it has been reviewed."
)

#: Why a key of the plan is there. Every key that the plan file shows has its sentence.
PLAN_COMMENTS: Final[dict[str, str]] = {
    "baseline_days": "Days of diary before the first session that count as baseline, ending the day before it.\n"
    "14 is allowed and is flagged in the report. Decide once, for all patients, before you look at results.",
    "followup_first_day": "The days after the first session (day 0) that are compared with the baseline:\n"
    "days 56 to 83 are weeks 9 to 12.",
    "followup_last_day": "",
    "min_recorded_days": "Days that must be recorded in each of the two windows. Left out, it is 20 of 28 and the\n"
    "same share of another length (10 of 14).",
    "primary_endpoint": "The one number that is decided on beforehand and comes first in every report.",
    "responder_reductions": "Shares of patients with at least so many percent fewer headache days.",
    "responder_min_baseline": "Patients with fewer headache days than this at baseline have no percentage.",
    "worsening_increases": "Shares of patients with at least so many percent more headache days.",
    "confidence": "How sure the intervals are meant to be.",
    "minimum_cell": "Fewer patients than this are never counted out in what leaves the clinic. 8 or more.",
    "set_aside_limit": "The report stops when more than this share of rows breaks a rule.",
    "duplicate_day": "Rows that contradict each other about one day: set_aside uses none of them; max, sum and last\n"
    "put them together, and every report says so.",
    "seed": "Start of the random numbers of methods that draw; printed with the results.",
    "summary_baseline": "Names of the two time points, only for records that come already summarised.",
    "summary_followup": "",
    "sensitivity_min_recorded": "From here on: for whoever looks further than the report; the defaults will do.\n"
    "Other numbers of recorded days, of 28, in the table of sensitivity.",
    "key_secondaries": "Tested after the primary one, in this order, each only if those before it are clear.",
    "external_means": "Mean headache days per 28 of people like these elsewhere, such as [8.0, 10.0]. Without one\n"
    "nobody can say what entering in a bad month alone would give.",
    "enrolment_rules": "How patients may have come to begin: any month, the worst of 2 or 3, or at_least_8 days.",
    "null_draws": "Draws behind what entering in a bad month alone would give.",
    "flare_correlations": "How far the month of booking may run on into the next one.",
    "repeat_baseline_min_patients": "Patients with a second baseline after booking before it counts. 20 or more.",
    "bootstrap_resamples": "Draws of the methods that resample patients.",
    "imputations": "Draws of the days that nobody recorded.",
    "tipping_odds": "How much likelier a headache may have been on follow-up days that nobody recorded.",
    "quadrature_points": "Fineness of the models for counts.",
    "plan_version": "Which edition of these rules is meant.",
}

#: What the runners say. Plain letters only: a Windows batch file gives most other signs a meaning.
RUNNER: Final = {
    "checking": "Checking the records ...",
    "missing": "The program outcomes was not found on this computer.",
    "missing_help": "Ask whoever looks after your computers to install it, with Python 3.11 or later. "
    "Nothing was changed.",
    "stopped": "No report was made. Put right what is listed above, save, close the workbooks, and start again.",
    "ask": "Something above needs putting right. Rows that were set aside are left out of a report.",
    "answer": "Type yes for a report without them, or press Enter to stop: ",
    "yes": "yes",
    "month": "Report up to which month? Press Enter for {month}, or type another such as 2026-10: ",
    "writing": "Writing the report. This takes a little while ...",
    "done": "The reports are in the folder whose name ends in -reports. Only the one named share may leave "
    "the clinic.",
    "failed": "The report was not made. The reason stands above.",
    "close": "Press Enter to close this window. ",
}
