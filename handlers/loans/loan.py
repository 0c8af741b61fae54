"""From the bytes of an object to its loans: CSV in UTF-8 with a header, columns in any order.

Needed are AccountID, Rate (percent a year, to the hundredth), Payment (a month, to the cent), LoanAmount (to the cent),
LoanTerm (months), OriginationDate (month/day/year) and GrossIncome (a year, to the cent).
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from handlers.common.failures import EmptyObject, NotCsv
from handlers.loans.failures import InvalidLoan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MONTHS_A_YEAR: Final = 12
HUNDREDTHS: Final = 100
MAX_ACCOUNT: Final = 2**63 - 1
MAX_RATE: Final = 100 * HUNDREDTHS
MAX_TERM: Final = 600
MAX_CENTS: Final = 10**12
"""Ten billion dollars: nine million balances of it still add up in 64 bits."""
COLUMNS: Final = ("AccountID", "Rate", "Payment", "LoanAmount", "LoanTerm", "OriginationDate", "GrossIncome")
SHOWN_CHARACTERS: Final = 40
_NUMBER: Final = re.compile(r"(\d{1,19})(?:\.(\d{1,2}))?", re.ASCII)
_DATE: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


class Loan(NamedTuple):
    """One loan; ``month`` of origination is counted from the year 0."""

    account: int
    rate: int  # hundredths of a percent a year
    payment: int  # cents a month
    amount: int  # cents
    term: int  # months
    month: int
    income: int  # cents a year


def loans_of(data: bytes) -> list[Loan]:
    """The loans of an object. Raises EmptyObject, NotCsv or InvalidLoan, naming the line."""
    if not data:
        raise EmptyObject("the object has no bytes: one of loans has at least a header")
    try:
        return list(_rows(data.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise NotCsv(f"byte {error.start}: 0x{data[error.start]:02x} is not UTF-8") from error


def month_number(year: int, month: int) -> int:
    """Months since January of the year 0."""
    return year * MONTHS_A_YEAR + month - 1


def _rows(text: str) -> Iterator[Loan]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        places = _places(header)
        for row in reader:
            if not row:
                continue  # an empty line
            if len(row) != len(header):
                raise NotCsv(f"line {reader.line_num} has {len(row)} fields, the header {len(header)}")
            yield _loan([row[place] for place in places], f"line {reader.line_num}")
    except csv.Error as error:
        raise NotCsv(f"line {reader.line_num}: {error}") from error


def _places(header: Sequence[str]) -> list[int]:
    for name in COLUMNS:
        if (found := header.count(name)) != 1:
            told = "names no column" if found == 0 else f"names {found} columns"
            raise NotCsv(f"line 1: the header {told} {name}; needed are {', '.join(COLUMNS)}, once each")
    return [header.index(name) for name in COLUMNS]


def _loan(fields: Sequence[str], where: str) -> Loan:
    account, rate, payment, amount, term, origination, income = fields
    return Loan(
        account=_whole(account, "AccountID", where, MAX_ACCOUNT),
        rate=_hundredths(rate, "Rate", where, 0, MAX_RATE),
        payment=_hundredths(payment, "Payment", where, 0, MAX_CENTS),
        amount=_hundredths(amount, "LoanAmount", where, 1, MAX_CENTS),
        term=_whole(term, "LoanTerm", where, MAX_TERM),
        month=_month(origination, where),
        income=_hundredths(income, "GrossIncome", where, 1, MAX_CENTS),
    )


def _whole(text: str, name: str, where: str, maximum: int) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= maximum):
        raise InvalidLoan(f"{where}: {name} {_shown(text)} is not a whole number from 1 to {maximum}")
    return int(text)


def _hundredths(text: str, name: str, where: str, minimum: int, maximum: int) -> int:
    found = _NUMBER.fullmatch(text)
    number = int(found[1]) * HUNDREDTHS + int((found[2] or "").ljust(2, "0")) if found else -1
    if not minimum <= number <= maximum:
        limits = f"{minimum / HUNDREDTHS:g} to {maximum // HUNDREDTHS} with two decimals at most"
        raise InvalidLoan(f"{where}: {name} {_shown(text)} is not a number from {limits}")
    return number


def _month(text: str, where: str) -> int:
    if found := _DATE.fullmatch(text):
        try:
            day = date(int(found[3]), int(found[1]), int(found[2]))
        except ValueError:
            day = None
        if day is not None:
            return month_number(day.year, day.month)
    raise InvalidLoan(f"{where}: OriginationDate {_shown(text)} is not a day as month/day/year")


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}...")
