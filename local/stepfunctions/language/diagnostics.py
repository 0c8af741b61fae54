"""What is said of a definition that does not compile."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from local.stepfunctions.scope import Json

SCHEMA_VALIDATION_FAILED: Final = "SCHEMA_VALIDATION_FAILED"
INVALID_JSONATA_EXPRESSION: Final = "INVALID_JSONATA_EXPRESSION"
UNSUPPORTED_JSONATA_EXPRESSION: Final = "UNSUPPORTED_JSONATA_EXPRESSION"


class LanguageError(ValueError):
    """An expression, template or rule that cannot be compiled.

    ``message`` is AWS's diagnostic where it is known, ``detail`` says in our words what is wrong ("" where
    the message says it); ``pointer`` leads from the compiled value to the fault ("" for the value itself,
    "/name" for a key of it, "[0]" for an element); ``code`` is the diagnostic's code.
    """

    def __init__(
        self, message: str, pointer: str = "", code: str = SCHEMA_VALIDATION_FAILED, *, detail: str = ""
    ) -> None:
        super().__init__(f"{message} ({detail})" if detail else message)
        self.message = message
        self.pointer = pointer
        self.code = code
        self.detail = detail

    def under(self, parent: str) -> LanguageError:
        """The same fault seen from a value that holds the faulty one at ``parent`` ("/key")."""
        return LanguageError(self.message, parent + self.pointer, self.code, detail=self.detail)


def compact(value: Json) -> str:
    """``value`` as the JSON text that causes of failures quote."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
