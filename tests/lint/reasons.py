"""Why a validator differs: rules over its messages, each with what AWS documents or recorded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Reason:
    """``pattern`` is searched in a message of the validator; ``text`` says why ours is of another mind."""

    pattern: str
    text: str


STATELINT: Final = (
    Reason(
        pattern=r'Field "(Assign|Label|InputType|CSVHeaderLocation|CSVHeaders)" not allowed',
        text="does not know the field: variables (`Assign`), distributed maps (`Label`) and readers are younger",
    ),
    Reason(
        pattern=r'Field "ProcessorConfig" not allowed',
        text="knows `ProcessorConfig` in `ItemProcessor` only; AWS took it in the older `Iterator` too",
    ),
    Reason(
        pattern=r'is "\$\w+" but should be',
        text="knows no variables; a path may begin with one",
    ),
    Reason(
        pattern=r'is "\$\$\.[\w.]+" but should be a Reference Path',
        text="takes no context object in `ErrorPath` and `CausePath`; AWS ran it",
    ),
    Reason(
        pattern=r"is not a JSONPath or intrinsic function expression",
        text="its paths lack `&&`, `||` and regular expressions in filters, variables, escapes in texts; AWS has them",
    ),
    Reason(
        pattern=r"ToleratedFailurePercentage is 0\.5 but should be an Integer",
        text="takes whole percentages only; AWS ran 0.5",
    ),
    Reason(pattern=r"Condition is true but should be a String", text="AWS takes `true` for a JSONata condition"),
    Reason(pattern=r"MaxItems is 0 but allowed floor is 0", text="AWS takes 0 for no limit"),
    Reason(
        pattern=r'is "\{%.*%\}" but should be',
        text="knows no JSONata expression in this field; AWS evaluates it",
    ),
)

ASL_VALIDATOR: Final = (
    Reason(
        pattern=r"asl_payload_template",
        text="its paths lack `&&` and `||` in filters; AWS has them",
    ),
    Reason(
        pattern=r"/Assign/\w+/\d+ is invalid\. must match exactly one schema in oneOf",
        text="takes no list of values of several types in `Assign`; AWS ran it",
    ),
    Reason(
        pattern=r"/Output is invalid\. must match exactly one schema in oneOf",
        text="takes an expression or an object for `Output`, no plain text; AWS ran it",
    ),
    Reason(
        pattern=r"ToleratedFailurePercentage is invalid\. must be integer",
        text="takes whole percentages only; AWS ran 0.5",
    ),
    Reason(pattern=r"Condition is invalid\. must be string", text="AWS takes `true` for a JSONata condition"),
    Reason(pattern=r"MaxItems is invalid\. must be >= 1", text="AWS takes 0 for no limit"),
    Reason(
        pattern=r"/Type is invalid\. must be equal to one of the allowed values",
        text="follows from the refused value: the state fits none of its schemas",
    ),
)

OURS: Final = (
    Reason(
        pattern=r"Express state machine does not support",
        text="is told no type of the machine; AWS refused it in an EXPRESS one",
    ),
    Reason(
        pattern=r"Label cannot be empty|label .* exceeds", text="checks no labels; AWS documents 1 to 40 characters"
    ),
    Reason(
        pattern=r"can not be 'JSONPath' if set to 'JSONata'", text="lets a state go back to JSONPath; AWS refused it"
    ),
)

UNEXPLAINED: Final = "**not explained**"


def why(message: str, reasons: tuple[Reason, ...]) -> str:
    """The reason for a message, or that there is none yet."""
    return next((reason.text for reason in reasons if re.search(reason.pattern, message)), UNEXPLAINED)
