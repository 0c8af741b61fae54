"""What may be set of a use case by name: numbers within bounds, words out of a list, and yes or no."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

Number: TypeAlias = int | float
Value: TypeAlias = int | float | str | bool


class ParameterError(ValueError):
    """A parameter that does not exist, or a value that it does not take; the message names the remedy."""


class Settable(Protocol):
    """One thing that may be set: how its text is read, and which values it takes."""

    @property
    def name(self) -> str: ...

    @property
    def help(self) -> str: ...

    def parse(self, text: str) -> Value:
        """The value that ``text`` writes, or ParameterError."""
        ...

    def checked(self, value: Value) -> Value:
        """``value`` itself, or ParameterError if it is not one of those that it takes."""
        ...

    def default(self, text: str) -> Value:
        """The value that ``text`` writes as a stack's default, or ParameterError."""
        ...


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A number within bounds (``maximum`` None: no upper bound)."""

    name: str
    type: type[int | float]
    minimum: Number
    maximum: Number | None
    help: str

    def parse(self, text: str) -> Number:
        try:
            value = self.type(text)
        except ValueError as error:
            raise ParameterError(f"{self.name} must be {self._kind}, got {text!r}") from error
        return self.checked(int(value) if isinstance(value, float) and value.is_integer() else value)

    def default(self, text: str) -> Number:
        return self.parse(text)

    def checked(self, value: Value) -> Number:
        if isinstance(value, str | bool):
            raise ParameterError(f"{self.name} must be {self._kind}, got {value!r}")
        if not (self.minimum <= value and (self.maximum is None or value <= self.maximum)):
            upper = "or more" if self.maximum is None else f"to {self.maximum:,}"
            raise ParameterError(f"{self.name} must be {self.minimum:,} {upper}, got {value:,}")
        return value

    @property
    def _kind(self) -> str:
        return "a whole number" if self.type is int else "a number"


@dataclass(frozen=True, kw_only=True)
class WordParameter:
    """One of a few words, written exactly so; ``run_words`` may be asked of a run, and are no default of a stack."""

    name: str
    words: tuple[str, ...]
    help: str
    run_words: tuple[str, ...] = ()

    def parse(self, text: str) -> str:
        return self.checked(text)

    def checked(self, value: Value) -> str:
        words = (*self.words, *self.run_words)
        if not isinstance(value, str) or value not in words:
            raise ParameterError(f"{self.name} must be {' or '.join(words)}, got {value!r}")
        return value

    def default(self, text: str) -> str:
        return replace(self, run_words=()).checked(text)


@dataclass(frozen=True, kw_only=True)
class FlagParameter:
    """Yes or no, written ``true`` or ``false``."""

    name: str
    help: str

    def parse(self, text: str) -> bool:
        if text not in {"true", "false"}:
            raise ParameterError(f"{self.name} must be true or false, got {text!r}")
        return text == "true"

    def default(self, text: str) -> bool:
        return self.parse(text)

    def checked(self, value: Value) -> bool:
        if not isinstance(value, bool):
            raise ParameterError(f"{self.name} must be true or false, got {value!r}")
        return value


@dataclass(frozen=True, kw_only=True)
class TextParameter:
    """Any words, ``maximum`` characters of them at most."""

    name: str
    maximum: int
    help: str

    def parse(self, text: str) -> str:
        return self.checked(text)

    def default(self, text: str) -> str:
        return self.parse(text)

    def checked(self, value: Value) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= self.maximum:
            raise ParameterError(f"{self.name} must be text of 1 to {self.maximum} characters, got {value!r}")
        return value


# "Quotas related to Map Runs": parallel child executions of a Map Run
MAX_CHILD_EXECUTIONS = 10_000
MAX_ITEMS = 100_000_000  # "ItemReader (Map)": MaxItems
MAX_BATCH_BYTES = 262_144  # "ItemBatcher (Map)": MaxInputBytesPerBatch, the quota on payloads
# "Lambda quotas", AWS Lambda Developer Guide
MIN_MEMORY_MB, MAX_MEMORY_MB = 128, 10_240

MAX_CONCURRENCY = Parameter(
    name="max_concurrency",
    type=int,
    minimum=0,
    maximum=MAX_CHILD_EXECUTIONS,
    help="child executions at once; 0 is the service's limit",
)
BATCH_SIZE = Parameter(name="batch_size", type=int, minimum=1, maximum=None, help="items in a batch")
BATCH_BYTES = Parameter(
    name="batch_bytes",
    type=int,
    minimum=1,
    maximum=MAX_BATCH_BYTES,
    help="bytes of items in a batch; whichever of the two limits comes first ends it",
)
TOLERATED_FAILURE_PERCENTAGE = Parameter(
    name="tolerated_failure_percentage",
    type=float,
    minimum=0,
    maximum=100,
    help="percentage of items that may fail before the run fails",
)
MAX_ITEMS_READ = Parameter(
    name="max_items",
    type=int,
    minimum=0,
    maximum=MAX_ITEMS,
    help="items after which reading stops; 0 reads all",
)
EXECUTION_TYPE = WordParameter(
    name="execution_type",
    words=("STANDARD", "EXPRESS"),
    help="how children run: exactly once, or at least once and for five minutes at most",
)
SOURCE = WordParameter(
    name="source",
    words=("listing", "inventory"),
    help="where the items come from: a listing of the prefix, or an S3 Inventory",
)
MODE = WordParameter(
    name="mode",
    words=("objects", "batches"),
    run_words=("arrivals",),
    help="a child execution for each object, or for each batch; or an execution for each object as it arrives",
)
ARRIVALS = MODE.run_words[0]
IDENTIFIERS = WordParameter(
    name="identifiers",
    words=("ssn", "ssn_plain", "ssn,ssn_plain"),
    help="what is looked for: ssn=NNN-NN-NNNN, or NNN-NN-NNNN on its own where it can be a person's, or both",
)
WRITE_RESULTS = FlagParameter(name="write_results", help="whether the outputs of children are kept as result files")
MEMORY_MB = Parameter(
    name="memory_mb",
    type=int,
    minimum=MIN_MEMORY_MB,
    maximum=MAX_MEMORY_MB,
    help="memory of the function; 1,769 MB is one vCPU",
)
RESERVED_CONCURRENCY = Parameter(
    name="reserved_concurrency",
    type=int,
    minimum=0,
    maximum=None,
    help="concurrency kept for the function, and its limit; 0 reserves none",
)

# What the rules of `claims` compare with; the function refuses longer words.
MAX_RULE_CHARACTERS = 200
CLAIM_LIMIT = Parameter(
    name="limit", type=int, minimum=1, maximum=None, help="total below which a claim needs no supporting information"
)
CLAIM_CURRENCY = TextParameter(name="currency", maximum=MAX_RULE_CHARACTERS, help="currency of the limit")
CLAIM_EVIDENCE = Parameter(
    name="evidence", type=int, minimum=1, maximum=None, help="entries of supporting information that approve a claim"
)
CLAIM_EVIDENCE_WORDS = TextParameter(
    name="evidence_words", maximum=MAX_RULE_CHARACTERS, help="what a rejection suggests as supporting information"
)
RULES_VERSION = TextParameter(
    name="rules_version", maximum=MAX_RULE_CHARACTERS, help="what names these rules beside each decision"
)
