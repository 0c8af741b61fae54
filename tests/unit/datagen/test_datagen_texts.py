"""Texts hold few numbers, none of which can be a person's, and variants that mislead a careless scanner."""

import re
from collections import Counter

import pytest

from datagen import texts
from datagen.dataset import Spec
from datagen.ssn import BLOCK, numbers, written
from datagen.text_variants import VARIANTS

PARAMETERS = {"words": 2_000, "dirty": 0.02, "adversarial": 0.0}


def spec(**parameters):
    return Spec(seed=1, count=1_000, parameters={**PARAMETERS, **parameters})


def scanned(data):
    """What a scanner by the book finds: `ssn=`, and right behind it a number; last four digits."""
    return [found[-4:].decode() for found in re.findall(rb"ssn=(\d{3}-\d{2}-\d{4})", data)]


def test_the_block_begins_and_ends_where_nothing_is_ever_assigned():
    assert written(0) == "900-01-0001"
    assert written(BLOCK - 1) == "999-49-9999"
    assert BLOCK == 48_995_100


def test_no_number_in_any_text_can_be_a_persons():
    part = texts.make(spec(dirty=0.5, adversarial=0.3), 0, 400)
    found = [each for body in part.bodies for each in re.findall(rb"(\d+)-(\d+)-(\d+)", body.data)]
    assert len(found) > 700
    for area, group, serial in found:
        assert (len(area), len(group), len(serial)) == (3, 2, 4)
        assert 900 <= int(area) <= 999
        assert 1 <= int(group) <= 49, "50 and above are taxpayer numbers of real people"
        assert 1 <= int(serial) <= 9_999
    digits = [each for body in part.bodies for each in re.findall(rb"\d+", body.data)]
    assert len(digits) == 3 * len(found), "there are no other digits"


def test_numbers_never_come_twice():
    many = numbers(1, 4, 3, 0, 200_000)
    assert len(set(many)) == len(many)
    assert numbers(1, 4, 3, 1_000, 5) == many[1_000:1_005], "each is a function of its index"


def test_two_in_a_hundred_objects_are_dirty_with_one_to_eight_numbers():
    part = texts.make(spec(), 0, 1_000)
    counts = part.truth["texts"]["count"].to_list()
    assert sum(count > 0 for count in counts) == 20
    assert set(counts) <= set(range(9))
    many = texts.make(spec(dirty=1.0, words=20), 0, 1_000).truth["texts"]["count"]
    assert sorted(many.unique()) == list(range(1, 9))
    # Uniform on 1 to 8: the standard error of the mean of 1,000 is 0.072.
    assert many.mean() == pytest.approx(4.5, abs=5 * 0.0725)


def test_truth_is_what_a_scanner_finds():
    part = texts.make(spec(dirty=0.2, adversarial=0.4), 0, 300)
    for body, known in zip(part.bodies, part.truth["texts"].to_dicts(), strict=True):
        assert known["key"] == body.key
        assert known["last_four"] == scanned(body.data), known["variant"]
        assert known["count"] == len(known["last_four"])


def test_a_text_has_the_words_asked_for_separated_by_one_space():
    part = texts.make(spec(words=50_000, dirty=1.0), 0, 3)
    for body in part.bodies:
        words = body.data.split(b" ")
        assert len(words) == 50_000
        assert all(words), "no two spaces in a row, none at the ends"
        assert b"\n" not in body.data
        assert 300_000 < len(body.data) < 345_000, "the original's objects have 327 KB"


def test_words_are_spread_evenly():
    counts = Counter(texts.make(spec(words=100_000, dirty=0.0), 0, 1).bodies[0].data.split())
    expected = 100_000 / len(counts)
    # Five standard deviations of a count, for the largest of 775.
    assert max(counts.values()) < expected + 5 * expected**0.5
    assert min(counts.values()) > expected - 5 * expected**0.5


def test_keys_are_random_uuids_of_version_4():
    keys = [body.key for body in texts.make(spec(words=10), 0, 500).bodies]
    assert len(set(keys)) == 500
    form = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.txt")
    assert all(form.fullmatch(key) for key in keys)
    assert keys != sorted(keys)


@pytest.fixture(scope="module")
def variants():
    """One text of each variant by name: content, and the last four digits that must be found."""
    made = [texts.text(spec(adversarial=1.0), number) for number in range(len(VARIANTS))]
    return {each.variant: each for each in made}


def test_every_variant_comes_in_turn(variants):
    assert list(variants) == [name for name, _ in VARIANTS]


@pytest.mark.parametrize(
    ("name", "pattern", "count"),
    [
        ("at_start", rb"\Assn=9\S+ \w", 1),
        ("at_end", rb"\w ssn=9\S+\Z", 1),
        ("tabs", rb"\w\tssn=9\S+\t\w", 2),
        ("windows_lines", rb"\w\r\nssn=9\S+\r\n\w", 2),
        ("punctuation", rb"ssn=9[\d-]+\. .* ssn=9[\d-]+, ", 2),
        ("one_line", rb"\nssn=9\S+ ssn=9\S+\n", 2),
        ("upper_case", rb"SSN=9\S+ .*Ssn=9", 0),
        ("bare", rb" ssn= .* ssn= 9", 0),
        ("wide_neighbours", "naïve ssn=9.* 日本語 ssn=9\\S+ 🙂".encode(), 2),
        ("empty", rb"\A\Z", 0),
        ("equals_sign", rb"ssn=9[\d-]+=x .*ssn=9[\d-]+= ", 2),
    ],
)
def test_a_variant_has_what_misleads(variants, name, pattern, count):
    assert re.search(pattern, variants[name].data, re.DOTALL), variants[name].data[:80]
    assert len(variants[name].last_four) == count


def test_a_token_lies_across_the_64_kb_boundary(variants):
    data = variants["straddling"].data
    (found,) = re.finditer(rb"ssn=\d{3}-\d{2}-\d{4}", data)
    assert found.start() < 65_536 < found.end()
    assert not scanned(data[:65_536])
    assert not scanned(data[65_536:])
