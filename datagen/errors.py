"""What can go wrong while data is made.

DatagenError
    RequestError            the request asks for what cannot be made
        UnknownDataSetError
    TargetNotEmptyError     the target holds objects, and neither overwrite nor resume was asked for
    TargetMismatchError     the target holds data that another request made
    DestinationError        the destination cannot be read or written
        BucketMissingError
        ForbiddenError
        OutOfSpaceError
    WorkerLostError         a process that made data was killed
"""


class DatagenError(Exception):
    """Base of every mistake a user can put right; the text names value, limit and remedy."""


class RequestError(DatagenError):
    """The request is impossible: a size, share or option outside its limits."""


class UnknownDataSetError(RequestError):
    """No data set has the name that was asked for."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no data set is called {name!r}: choose one of {', '.join(known)}")


class TargetNotEmptyError(DatagenError):
    """Objects are in the way at the target."""


class TargetMismatchError(DatagenError):
    """What is at the target was made by a request with other settings, so it cannot be continued."""


class DestinationError(DatagenError):
    """The destination failed a read or a write."""


class BucketMissingError(DestinationError):
    """The bucket named in the target does not exist at the endpoint."""


class ForbiddenError(DestinationError):
    """The credentials or file permissions do not allow the access that is needed."""


class OutOfSpaceError(DestinationError):
    """The file system of the target is full."""


class WorkerLostError(DatagenError):
    """A process that made data ended before its work was done."""
