"""From a station's file to its highest precipitation: any layout, every documented fault, the same answer each way."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datagen import GenerateRequest, generate
from handlers.common.failures import EmptyObject, ItemFailure, NotCsv, WrongStation
from handlers.noaa.core import highest_precipitation
from handlers.noaa.exact import read_exactly
from handlers.noaa.plain import read_plain
from tests.unit.handlers.noaa.files import COLUMNS, HEADER, STATION, file, rain, read_with_dicts

TMAX = f"{STATION},20190402,TMAX,161,,,7,0700"
MDPR = f"{STATION},20190402,MDPR,99999,,,7,0700"


def answer(data: bytes) -> tuple[int | None, str | None, int | None, int]:
    found = highest_precipitation(data, STATION)
    return found.highest, found.date, found.flagged, found.observations


# --- what it says ---------------------------------------------------------------------------------------------------


def test_the_highest_value_and_its_day_are_found() -> None:
    assert answer(file(TMAX, rain("20190402", 0, "T"), rain("20190403", 127), rain("20190404", 9))) == (
        127,
        "20190403",
        None,
        3,
    )


def test_of_several_days_with_the_highest_value_the_first_is_told_in_whatever_order_they_come() -> None:
    rows = [rain("20200101", 50), rain("20190101", 50), rain("20190201", 50), rain("19180101", 49)]
    assert answer(file(*rows))[:2] == (50, "20190101")


def test_values_that_failed_a_quality_check_are_not_used_and_the_highest_is_told() -> None:
    rows = [rain("20190101", 20), rain("20190102", 95_000, q="X"), rain("20190103", 800, "T", "I")]
    assert answer(file(*rows)) == (20, "20190101", 95_000, 1)


def test_only_flagged_values_are_no_precipitation() -> None:
    assert answer(file(rain("20190102", 95_000, q="X"))) == (None, None, 95_000, 0)


@pytest.mark.parametrize("data", [file(), HEADER.encode(), file(TMAX), file(TMAX, MDPR)])
def test_a_file_without_precipitation_says_so(data: bytes) -> None:
    assert answer(data) == (None, None, None, 0)


@pytest.mark.parametrize("value", ["0", "7", "10", "007", "99999", "00000"])
def test_values_of_one_to_five_digits_are_read(value: str) -> None:
    assert answer(file(rain("20190102", value)))[0] == int(value)


FORMS = {
    "no last line end": file(TMAX, rain("20190402", 5), rain("20190403", 6, "B", "")).rstrip(b"\n"),
    "CRLF": file(TMAX, rain("20190402", 5), rain("20190403", 6), end="\r\n"),
    "CR": file(TMAX, rain("20190402", 5), rain("20190403", 6), end="\r"),
    "byte order mark": b"\xef\xbb\xbf" + file(TMAX, rain("20190402", 5), rain("20190403", 6)),
    "quoted": file(TMAX, rain("20190402", 5), f'"{STATION}","20190403","PRCP","6","","","7","0700"'),
    "blank lines": file(TMAX, "", rain("20190402", 5), "", rain("20190403", 6), ""),
    "fewer columns": file(
        f"{STATION},20190402,PRCP,5,,",
        f"{STATION},20190403,PRCP,6,,",
        header="ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG",
    ),
    "other order": file(
        f"5,PRCP,20190402,,{STATION}", f"6,PRCP,20190403,,{STATION}", header="DATA_VALUE,ELEMENT,DATE,Q_FLAG,ID"
    ),
    "more columns": file(rain("20190402", 5) + ",x", rain("20190403", 6) + ",,,", TMAX + ",", header=f"{HEADER},NAME"),
    "long row": file(rain("20190402", 5) + ",and,more", rain("20190403", 6)),
    "long M_FLAG": file(rain("20190402", 5, "TT"), rain("20190403", 6)),
    "not ASCII": file(TMAX.replace("0700", "7 Uhr früh"), rain("20190402", 5), rain("20190403", 6)),
    "a line within quotes": file(f'{STATION},20190402,PRCP,5,,,7,"07\n00"', rain("20190403", 6)),
    "other rows ragged": file(
        f"{STATION},20190402,TMAX,1", f"{STATION},20190402,WT,,,,,,,", rain("20190402", 5), rain("20190403", 6)
    ),
    "other rows' dates and values": file(
        f"{STATION},2019,TMAX,x,,,7,", f"{STATION},,WT01,-5,,,7,", rain("20190402", 5), rain("20190403", 6)
    ),
    "other names of elements": file(
        f"{STATION},20190402,PRCPX,9,,,7,", f"{STATION},20190402,PRC,9,,,7,", rain("20190402", 5), rain("20190403", 6)
    ),
}


@pytest.mark.parametrize("data", FORMS.values(), ids=FORMS)
def test_whatever_the_form_the_answer_is_the_same(data: bytes) -> None:
    found = answer(data)
    assert (found[0], found[1], found[3]) == (6, "20190403", 2)


def test_an_id_of_another_length_is_read_too() -> None:
    data = b"ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME\nX1,20190402,PRCP,5,,,7,\n"
    assert highest_precipitation(data, "X1").highest == 5


# --- what is wrong --------------------------------------------------------------------------------------------------

FAULTS = {
    "no bytes": (b"", EmptyObject, "no bytes"),
    "not UTF-8": (file(TMAX) + b"\xff\xfe", NotCsv, "line 3: byte 0xff is not UTF-8"),
    "not UTF-8 where nothing is read": (file(TMAX)[:-2] + b"\xff\n", NotCsv, "line 2: byte 0xff is not UTF-8"),
    "binary": (b"\x89PNG\r\n\x1a\n\x00\x00", NotCsv, "line 1: byte 0x89 is not UTF-8"),
    "an empty line": (b"\n", NotCsv, "line 1: the header names no column ID"),
    "no header": (f"{TMAX}\n".encode(), NotCsv, "line 1: the header names no column ID"),
    "no Q_FLAG": (b"ID,DATE,ELEMENT,DATA_VALUE\n", NotCsv, "no column Q_FLAG; needed are ID, ELEMENT, DATE,"),
    "two of a column": (file(header=f"{HEADER},DATE"), NotCsv, "names 2 columns DATE"),
    "JSON": (b'[{"ID": 1}]', NotCsv, "no column ID"),
    "negative": (file(TMAX, rain("20190402", -5)), NotCsv, "line 3: DATA_VALUE '-5' of PRCP is not 1 to 5 digits"),
    "no value": (file(rain("20190402", "")), NotCsv, "line 2: DATA_VALUE '' of PRCP"),
    "six digits": (file(rain("20190402", "100000")), NotCsv, "line 2: DATA_VALUE '100000'"),
    "a fraction": (file(rain("20190402", "1.5")), NotCsv, "line 2: DATA_VALUE '1.5'"),
    "other digits": (file(rain("20190402", "٣")), NotCsv, "line 2: DATA_VALUE '٣'"),
    "long garbage": (file(rain("20190402", "x" * 999)), NotCsv, f"DATA_VALUE '{'x' * 40}...'"),
    "a flagged negative": (file(rain("20190402", -5, q="X")), NotCsv, "line 2: DATA_VALUE '-5'"),
    "no date": (file(rain("", 5)), NotCsv, "line 2: DATE '' is not 8 digits"),
    "a date in words": (file(rain("2019-4-2", 5)), NotCsv, "line 2: DATE '2019-4-2'"),
    "cut in a row": (file(TMAX, rain("20190402", 5))[:-9], NotCsv, "line 3 ends after 5 fields, before its Q_FLAG"),
    "cut after an element": (file(TMAX, rain("20190402", 5))[:-12], NotCsv, "line 3 ends after 3 fields, before its"),
    "cut in the name of an element": (file(TMAX, rain("20190402", 5))[:-14], NotCsv, "before its DATA_VALUE"),
    "cut in an element": (file(TMAX, TMAX)[:-25], NotCsv, "line 3 ends after 2 fields, before its ELEMENT, DATA_VALUE"),
    "an open quote": (file(TMAX, f'"{STATION},20190402'), NotCsv, "line 3: unexpected end of data"),
    "text after a quote": (file(f'"{STATION}"x,20190402,PRCP,5,,,7,'), NotCsv, "line 2: ',' expected after '\"'"),
    "another station": (
        file(TMAX, rain("20190402", 5).replace(STATION, "USC00991235")),
        WrongStation,
        "line 3 is of station 'USC00991235', the key says 'USC00991234'",
    ),
    "another station's other rows": (file(TMAX.replace(STATION, "ASN00991234")), WrongStation, "line 2 is of station"),
    "no station": (file(TMAX.replace(STATION, "")), WrongStation, "line 2 is of station ''"),
}


@pytest.mark.parametrize(("data", "failure", "told"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_told_by_line(data: bytes, failure: type[ItemFailure], told: str) -> None:
    with pytest.raises(failure) as raised:
        highest_precipitation(data, STATION)
    assert told in str(raised.value)
    assert len(str(raised.value)) < 200, "it goes into an answer beside those of other items"


def test_a_key_that_names_no_station_is_refused() -> None:
    with pytest.raises(WrongStation, match="the key names no station"):
        highest_precipitation(file(TMAX), "")


# --- the same answer each way ---------------------------------------------------------------------------------------

dates = st.dates().map(lambda date: f"{date:%Y%m%d}".zfill(8))
few_dates = st.sampled_from(["20190101", "20190102", "18990101"])
row = st.tuples(
    few_dates | dates,
    st.sampled_from(["PRCP", "PRCP", "PRCP", "TMAX", "TMIN", "MDPR", "WT01"]),
    st.integers(0, 99_999) | st.integers(0, 3),
    st.sampled_from(["", "", "T", "B"]),
    st.sampled_from(["", "", "", "X", "I"]),
    st.sampled_from(["7", "a", ""]),
    st.sampled_from(["", "0700"]),
)
rows = st.lists(row, max_size=25)


def lines(drawn: list[tuple[object, ...]]) -> list[str]:
    return [",".join(map(str, (STATION, *each))) for each in drawn]


@given(drawn=rows, end=st.sampled_from(["\n", "\r\n"]), ended=st.booleans())
def test_the_usual_layout_is_read_in_one_go_as_a_dict_reader_reads_it(
    drawn: list[tuple[object, ...]], end: str, ended: bool
) -> None:
    data = file(*lines(drawn), end=end)
    data = data if ended else data.removesuffix(end.encode())
    if ended or drawn:
        assert read_plain(data, STATION) == read_with_dicts(data), "the quick way must take the usual layout"
    assert read_exactly(data, STATION) == read_with_dicts(data)


@given(
    drawn=rows,
    order=st.permutations(range(8)),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    note=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
)
def test_other_layouts_are_read_as_a_dict_reader_reads_them(
    drawn: list[tuple[object, ...]], order: list[int], quoting: int, end: str, note: str
) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=quoting, lineterminator=end)  # type: ignore[arg-type] # one of csv's own
    table = [(*COLUMNS, "NOTE"), *((STATION, *each, note) for each in drawn)]
    writer.writerows([line[column] for column in (*order, 8)] for line in table)
    data = written.getvalue().encode()
    assert highest_precipitation(data, STATION) == read_with_dicts(data)


edits = st.lists(
    st.tuples(
        st.integers(0, 10_000),
        st.integers(0, 2),
        st.sampled_from([b",", b"\n", b"\r", b'"', b"0", b"-", b" ", b"X", b"PRCP", b"\0", b"\xff", "é".encode(), b""]),
    ),
    max_size=4,
)


@example(drawn=[], changes=[(57, 0, b"\n")])
@given(drawn=rows.filter(bool), changes=edits)
def test_what_the_quick_way_reads_the_exact_way_reads_alike_also_in_damaged_files(
    drawn: list[tuple[object, ...]], changes: list[tuple[int, int, bytes]]
) -> None:
    data = file(*lines(drawn))
    for place, length, text in changes:
        at = place % (len(data) + 1)
        data = data[:at] + text + data[at + length :]
    quick = read_plain(data, STATION)
    if quick is not None:
        assert quick == read_exactly(data, STATION), "the quick way may leave a file alone, but never differ"


TRAPS = {
    "no comma after the date": (file(f"{STATION},20190402XPRCP,9,,,7,"), None),
    "a row that ends with its Q_FLAG": (file(f"{STATION},20190402,PRCP,5,,", f"{STATION},20190402,PRCP,4,T,"), 5),
    "rows within quotes": (file(f'{STATION},20190402,PRCP,5,,,"7,', f'{STATION},20190402,PRCP,9,,,7,"'), 5),
}


@pytest.mark.parametrize(("data", "highest"), TRAPS.values(), ids=TRAPS)
def test_what_only_looks_like_the_usual_layout_is_read_exactly(data: bytes, highest: int | None) -> None:
    assert read_plain(data, STATION) is None
    assert answer(data)[0] == highest


# --- the data set ---------------------------------------------------------------------------------------------------


def test_generated_stations_have_the_precipitation_that_their_truth_says(tmp_path: Path) -> None:
    generate(GenerateRequest(dataset="stations", to=f"file://{tmp_path}/stations", scale="tiny"))
    truth = pl.concat([pl.read_parquet(path) for path in tmp_path.glob("_truth/stations/**/stations*.parquet")])
    assert len(truth) == 10
    assert set(truth["edge"].drop_nulls()) == {"no_precipitation", "empty", "huge_flagged", "multiday"}
    for known in truth.to_dicts():
        data = (tmp_path / "stations" / known["key"]).read_bytes()
        found = highest_precipitation(data, known["station"])
        assert found.highest == known["max_prcp_passed"]
        assert max((v for v in (found.highest, found.flagged) if v is not None), default=None) == known["max_prcp"]
        assert found == read_plain(data, known["station"]) == read_with_dicts(data)
