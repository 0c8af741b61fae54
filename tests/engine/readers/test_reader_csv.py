"""CSV: what AWS recorded, what it documents, and one meaning whatever the path through the code."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.stepfunctions.errors import ItemReaderFailed
from local.stepfunctions.maprun.readers.csv_items import CsvItems

FIRST_ROW = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}


def items_of(text, *, delimiter=",", headers=None, cuts=()):
    """The items of a text that arrives in blocks cut at the given byte positions."""
    data = text.encode() if isinstance(text, str) else text
    parser = CsvItems(delimiter=delimiter, headers=headers, source="s3://b/k")
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    found = []
    for start, end in itertools.pairwise(edges):
        found += parser.feed(data[start:end])
    return found + parser.finish()


def reference(text, *, delimiter, count):
    """The documented rules, a character at a time."""
    rows, row, field = [], [], []
    quoted = False
    at = 0
    started = False
    while at < len(text):
        char, following = text[at], text[at + 1 : at + 2]
        if char == "\\":
            if following not in ("", "\n", "\r"):
                field.append(following)
                at += 1
            started = True
        elif quoted:
            if char == '"' and following == '"':
                field.append('"')
                at += 1
            elif char == '"':
                quoted = False
            else:
                field.append(char)
        elif char == '"' and not started:
            quoted = started = True
        elif char == delimiter:
            row.append("".join(field))
            field, started = [], False
        elif char == "\n" or (char == "\r" and following == "\n"):
            at += char == "\r"
            rows.append([*row, "".join(field)])
            row, field, started = [], [], False
        else:
            field.append(char)
            started = True
        at += 1
    if row or field or started:
        rows.append([*row, "".join(field)])
    return [(found + [""] * count)[:count] for found in rows]


@pytest.mark.aws("recorded")
def test_the_first_row_names_the_columns_and_values_stay_text(s3, read):
    s3.objects["k"] = b"0,True,{}\nValue4,Value5,Value6\n,,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n"
    assert read(s3, FIRST_ROW, Key="k") == [
        {"0": "Value4", "{}": "Value6", "True": "Value5"},
        {"0": "", "{}": "", "True": ""},
        {"0": "true", "{}": "'HelloWorld'", "True": "1"},
        {"0": "Null", "{}": "", "True": "None"},
        {"0": "   ", "{}": "", "True": ""},
    ], "headers are text, blank-looking rows are items, nothing is trimmed or converted"


@pytest.mark.aws("recorded")
def test_surplus_fields_are_dropped_and_a_header_may_be_empty(s3, read):
    s3.objects["k"] = b"H1,\nValue4,Value5,Value6\n,,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n"
    assert read(s3, FIRST_ROW, Key="k") == [
        {"": "Value5", "H1": "Value4"},
        {"": "", "H1": ""},
        {"": "1", "H1": "true"},
        {"": "None", "H1": "Null"},
        {"": "", "H1": "   "},
    ]


@pytest.mark.aws("recorded")
def test_given_headers_make_the_first_row_an_item(s3, read):
    s3.objects["k"] = b"Value1,Value2,Value3\nNull,None,\n   \n"
    config = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["H1", "H2", "H3"]}
    assert read(s3, config, Key="k") == [
        {"H1": "Value1", "H2": "Value2", "H3": "Value3"},
        {"H1": "Null", "H2": "None", "H3": ""},
        {"H1": "   ", "H2": "", "H3": ""},
    ]


@pytest.mark.aws("recorded")
@pytest.mark.parametrize("location", ["GIVEN", "FIRST_ROW"])
def test_duplicate_headers_fail_the_reader(s3, read, location):
    s3.objects["k"] = b"H1,H1,H3\n1,2,3\n"
    config = {"InputType": "CSV", "CSVHeaderLocation": location}
    if location == "GIVEN":
        config["CSVHeaders"] = ["H1", "H1", "H3"]
    with pytest.raises(ItemReaderFailed) as failure:
        read(s3, config, Key="k")
    assert failure.value.cause == "CSV headers cannot contain duplicates."


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ('"a,b",c', ["a,b", "c"]),
        ('"two\nlines",c', ["two\nlines", "c"]),
        ('"say ""hi""",c', ['say "hi"', "c"]),
        (r"C:\\Program Files\\x,1", [r"C:\Program Files\x", "1"]),
        (r"a\,b,c", ["a,b", "c"]),
        (r"\"a\",b", ['"a"', "b"]),
        (r"a\nb,c", ["anb", "c"]),
        (r'"in \"quotes\"",c', ['in "quotes"', "c"]),
        ("a", ["a", ""]),
        ("a,b,c", ["a", "b"]),
        ("", ["", ""]),
    ],
)
def test_quotes_backslashes_and_row_lengths_follow_the_guide(row, fields):
    expected = [dict(zip(["x", "y"], fields, strict=True))]
    assert items_of(f"x,y\n{row}\n") == expected
    assert items_of(f"x,y\r\n{row}\r\n") == expected, "a carriage return before the newline belongs to it"


@pytest.mark.aws("documented")
@pytest.mark.parametrize(
    ("name", "delimiter"), [("COMMA", ","), ("PIPE", "|"), ("SEMICOLON", ";"), ("SPACE", " "), ("TAB", "\t")]
)
def test_every_delimiter_separates_fields(s3, read, name, delimiter):
    s3.objects["k"] = f"a{delimiter}b\n1{delimiter}2\n".encode()
    assert read(s3, {**FIRST_ROW, "CSVDelimiter": name}, Key="k") == [{"a": "1", "b": "2"}]


def test_the_last_row_needs_no_newline():
    assert items_of("a,b\n1,2\n3,4") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_only_a_header_gives_no_items_and_an_empty_object_fails():
    assert items_of("a,b\n") == []
    with pytest.raises(ItemReaderFailed, match="s3://b/k is empty"):
        items_of("")


def test_an_empty_object_with_given_headers_has_no_items():
    assert items_of("", headers=("a",)) == []


def test_bytes_that_are_not_text_fail_with_the_name_of_the_object():
    with pytest.raises(ItemReaderFailed, match="s3://b/k is not CSV in UTF-8"):
        items_of(b"a,b\n\xff\xfe,2\n")


@pytest.mark.aws("documented")
def test_headers_over_ten_kibibytes_fail():
    assert items_of("h" * 10_240 + "\n1\n") == [{"h" * 10_240: "1"}]
    with pytest.raises(ItemReaderFailed, match="10240 bytes"):
        items_of("h" * 10_241 + "\n1\n")


@pytest.mark.aws("documented")
def test_a_row_over_eight_mebibytes_fails_instead_of_filling_the_memory():
    parser = CsvItems(delimiter=",", headers=("a",), source="s3://b/k")
    for _ in range(7):
        parser.feed(b'"' + b"x" * (1 << 20))
    with pytest.raises(ItemReaderFailed, match="8388608 bytes"):
        parser.feed(b"x" * (1 << 20))


def test_a_field_of_a_mebibyte_in_quotes_is_read():
    assert items_of('a\n"' + "x" * (1 << 20) + '"\n', cuts=(400_000, 800_000)) == [{"a": "x" * (1 << 20)}]


def test_irregular_rows_are_not_taken_for_regular_ones():
    # The separators of the block add up to those of two regular rows.
    assert items_of("a,b,c,d,e\n1\n2,3,4\n") == [
        {"a": "1", "b": "", "c": "", "d": "", "e": ""},
        {"a": "2", "b": "3", "c": "4", "d": "", "e": ""},
    ]


def test_one_long_row_is_not_taken_for_two():
    assert items_of("a,b\n1,2,3,4,5\n") == [{"a": "1", "b": "2"}]


def test_headers_are_data_even_if_they_look_like_code():
    header = "'+str(1)}#\\\\{"
    assert items_of(f"{header},b\n1,2\n") == [{"'+str(1)}#\\{": "1", "b": "2"}]


texts = st.text(alphabet=st.sampled_from(["a", "b", "é", " ", ",", "|", '"', "\\", "\n", "\r", "\n", ","]), max_size=60)


@settings(max_examples=600, deadline=None)
@given(text=texts, cuts=st.lists(st.integers(0, 200), max_size=6), delimiter=st.sampled_from([",", "|"]))
def test_any_text_in_any_blocks_means_what_the_rules_say(text, cuts, delimiter):
    headers = ("x", "y", "z")
    expected = [dict(zip(headers, row, strict=True)) for row in reference(text, delimiter=delimiter, count=3)]
    assert items_of(text, headers=headers, cuts=cuts, delimiter=delimiter) == expected


plain = st.lists(st.lists(st.text(alphabet="ab 1\r", max_size=3), max_size=5), max_size=8)


@settings(max_examples=400, deadline=None)
@given(rows=plain, cuts=st.lists(st.integers(0, 200), max_size=4), ending=st.sampled_from(["\n", "\r\n"]))
def test_the_fast_path_gives_what_the_general_one_gives(rows, cuts, ending):
    text = "".join(",".join(row) + ending for row in rows)
    headers = ("x", "y", "z")
    # A quoted row in front of everything keeps the whole block off the fast path.
    general = items_of('"q"\n' + text, headers=headers)[1:]
    assert items_of(text, headers=headers, cuts=cuts) == general
