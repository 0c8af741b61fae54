"""What may be asked for, and what comes back."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from datagen.dataset import SCALES, DataSet, Parameter, Scale, Size, Spec, Value
from datagen.errors import RequestError
from datagen.location import Location
from datagen.registry import dataset
from datagen.streams import MAX_SEED

KEYS_LISTED = 1_000
MAX_WORKERS = 256


@dataclass(frozen=True, kw_only=True)
class GenerateRequest:
    """One data set to make at one place. `count` overrides `scale`; `workers` 0 means one a core."""

    dataset: str
    to: str
    scale: Scale = "demo"
    count: int | None = None
    seed: int = 1
    workers: int = 0
    resume: bool = False
    overwrite: bool = False
    parameters: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run is; `bytes_total` is an estimate."""

    objects: int
    objects_total: int
    rows: int
    bytes: int
    bytes_total: int


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What is at the target now, and what this run took to make its share of it.

    `keys` lists at most the first 1,000 keys; all are in the truth table `objects`.
    """

    dataset: str
    to: str
    truth: str
    objects: int
    rows: int
    bytes: int
    seconds: float
    written_bytes: int
    keys: tuple[str, ...]

    @property
    def megabytes_per_second(self) -> float:
        """Bytes that this run wrote, in units of a million a second."""
        return self.written_bytes / 1e6 / self.seconds if self.seconds else 0.0


ProgressListener = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A request that was found possible."""

    dataset_name: str
    spec: Spec
    to: Location
    truth: Location
    workers: int

    @property
    def dataset(self) -> DataSet:
        """The data set, looked up by name so that a job can be sent to another process."""
        return dataset(self.dataset_name)

    @property
    def shards(self) -> int:
        """How many shards the records fall into."""
        return -(-self.spec.count // self.dataset.shard(self.spec))

    def records(self, shard: int) -> tuple[int, int]:
        """The records [first, last) of a shard."""
        length = self.dataset.shard(self.spec)
        return shard * length, min((shard + 1) * length, self.spec.count)

    def size(self) -> Size:
        """How much will be at the target when all is made."""
        return self.dataset.size(self.spec)


def job_for(request: GenerateRequest) -> Job:
    """Check a request and fill in what it left open; RequestError names what is impossible."""
    made = dataset(request.dataset)
    if request.resume and request.overwrite:
        raise RequestError("resume keeps what is there and overwrite replaces it: ask for one of them")
    if request.scale not in SCALES:
        raise RequestError(f"no scale is called {request.scale!r}: choose one of {', '.join(SCALES)}")
    count = made.counts[request.scale] if request.count is None else request.count
    if not 1 <= count <= made.maximum:
        raise RequestError(f"{made.name} can have 1 to {made.maximum:,} {made.record}, not {count:,}")
    if not 0 <= request.seed <= MAX_SEED:
        raise RequestError(f"a seed is a whole number from 0 to {MAX_SEED}, not {request.seed}")
    if not 0 <= request.workers <= MAX_WORKERS:
        raise RequestError(f"workers may be 0 (one a core) to {MAX_WORKERS}, not {request.workers}")
    to = Location.parse(request.to)
    return Job(
        dataset_name=made.name,
        spec=Spec(seed=request.seed, count=count, parameters=_checked(made, request.parameters)),
        to=to,
        truth=to.truth(),
        workers=request.workers or os.cpu_count() or 1,
    )


def _checked(made: DataSet, given: Mapping[str, Value]) -> dict[str, Value]:
    known = {parameter.name: parameter for parameter in made.parameters}
    for name in given:
        if name not in known:
            offer = f"it has {', '.join(known)}" if known else "it has none"
            raise RequestError(f"{made.name} has no parameter {name!r}: {offer}")
    return {name: _value(made.name, parameter, given.get(name, parameter.default)) for name, parameter in known.items()}


def _value(name: str, parameter: Parameter, value: Value) -> Value:
    kind = type(parameter.default)
    try:
        converted = kind(value)
    except ValueError as error:
        raise RequestError(f"{parameter.name} of {name} must be of type {kind.__name__}, not {value!r}") from error
    if isinstance(converted, str):
        if parameter.choices and converted not in parameter.choices:
            raise RequestError(
                f"{parameter.name} of {name} must be one of {', '.join(parameter.choices)}, not {converted!r}"
            )
    elif not parameter.minimum <= float(value) <= parameter.maximum or converted != float(value):
        raise RequestError(
            f"{parameter.name} of {name} must be {_number(parameter.minimum)} to {_number(parameter.maximum)}"
            f"{' and whole' if kind is int else ''}, not {value}"
        )
    return converted


def _number(value: float) -> str:
    return f"{int(value) if value == int(value) else value:,}"
