"""How much a batch does at a time."""

from __future__ import annotations

from typing import Final

AT_ONCE: Final = 32
"""Items in work at a time: with S3's 20 to 40 ms to a first byte, about a thousand objects a second."""

MAX_ANSWER_BYTES: Final = 240_000
"""Of an answer in JSON; Step Functions takes 262,144 bytes as the output of a state, the rest is for what it adds."""
