"""What can go wrong in a batch, by what follows from it. Step Functions sees the name of the class.

ItemFailure             this item fails for good and is named in the answer; the others go on
    BrokenGzip          the object begins as gzip, and is not or ends early
    EmptyObject         the object has no bytes
    GzipBomb            the object unpacks to more than it may
    NoSuchKey           the object is not there: deleted after it was listed
    NotCsv              the object is not the CSV that it should be
    ObjectArchived      the object's storage class needs a restore before it can be read
    ObjectTooLarge      the object is larger than the memory that is set aside for reading
    UnreadableKey       the key has a form that the S3 client cannot ask for
    WrongStation        the rows are of another station than the key says
TransientFailure        what failed may pass: the other items are done, then the batch is to be retried
BatchFailure            no item can be done: the batch fails at once
    AccessDenied        the function's role may not do it
    InvalidBatch        the event or the environment lacks something
    NoSuchBucket
    NoSuchQueue
    NoSuchTable
    RequestRefused      S3 refuses the request for another reason
"""

from __future__ import annotations


class ItemFailure(Exception):
    """This item fails for good; a retry would meet the same."""


class BrokenGzip(ItemFailure):
    """The object begins as gzip, and is not or ends early."""


class EmptyObject(ItemFailure):
    """The object has no bytes."""


class GzipBomb(ItemFailure):
    """The object unpacks to more than it may."""


class NoSuchKey(ItemFailure):
    """The object is not there."""


class NotCsv(ItemFailure):
    """The object is not the CSV that it should be."""


class ObjectArchived(ItemFailure):
    """The object must be restored from its storage class first."""


class ObjectTooLarge(ItemFailure):
    """The object is larger than the memory that is set aside for reading."""


class UnreadableKey(ItemFailure):
    """The key has a form that the S3 client cannot ask for."""


class WrongStation(ItemFailure):
    """The rows are of another station than the key says."""


class TransientFailure(Exception):
    """A throttle, a timeout or a failure of the service outlived the retries of the client."""


class BatchFailure(Exception):
    """No item of the batch can be done."""


class AccessDenied(BatchFailure):
    """The function's role may not do it."""


class InvalidBatch(BatchFailure):
    """The event or the environment lacks something."""


class NoSuchBucket(BatchFailure):
    """The bucket does not exist."""


class NoSuchQueue(BatchFailure):
    """The queue does not exist."""


class NoSuchTable(BatchFailure):
    """The table does not exist."""


class RequestRefused(BatchFailure):
    """The service refuses the request for a reason that is the same for every item."""
