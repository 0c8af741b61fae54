import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datagen.permutation import Permutation
from datagen.streams import MAX_SEED, SLOTS, below, halves, quarters, slots, spread, words


def test_words_are_those_of_philox4x64_ten_rounds():
    # GIVEN the algorithm as published (Salmon et al., 2011), written out with Python integers
    def philox(counter, key):
        mask = 2**64 - 1
        for _ in range(10):
            low, high = counter[0] * 0xD2E7470EE14C6C93, counter[2] * 0xCA5A826395121157
            counter = [
                (high >> 64) ^ counter[1] ^ key[0],
                high & mask,
                (low >> 64) ^ counter[3] ^ key[1],
                low & mask,
            ]
            key = [(key[0] + 0x9E3779B97F4A7C15) & mask, (key[1] + 0xBB67AE8584CAA73B) & mask]
        return counter

    # THEN the first four words are the block whose counter is one
    assert words(7, 3, 5, 11, 4).tolist() == philox([1, 0, 11, 0], [7, 3 << 32 | 5])


@pytest.mark.parametrize("other", [(2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1), (1, 1, 1, 2)])
def test_each_part_of_the_key_changes_every_word(other):
    seed, dataset, stream, block = other
    assert not np.any(words(1, 1, 1, 1, 64) == words(seed, dataset, stream, block, 64))


def test_the_greatest_seed_is_told_from_the_one_before():
    assert words(MAX_SEED, 1, 0, 0, 1) != words(MAX_SEED - 1, 1, 0, 0, 1)


def test_words_are_cut_from_the_low_end():
    raw = np.array([0x4444_3333_2222_1111], dtype=np.uint64)
    assert quarters(raw).tolist() == [[0x1111, 0x2222, 0x3333, 0x4444]]
    assert halves(raw).tolist() == [[0x2222_1111, 0x4444_3333]]


def test_below_reaches_both_ends_and_not_beyond():
    assert below(10, np.array([0, 2**32 - 1], dtype=np.uint32)).tolist() == [0, 9]


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=30), st.integers(100, 10_000))
def test_spread_hands_out_every_slot_in_proportion(weights, count):
    counts = spread(tuple(weights), count)
    assert counts.sum() == count
    assert np.all(np.abs(counts - np.array(weights) * count / sum(weights)) <= 1 + 1e-6)


def test_slots_give_each_index_its_share_of_all_16_bit_values():
    assert np.bincount(slots((3, 1))).tolist() == [SLOTS * 3 // 4, SLOTS // 4]


@given(st.integers(1, 5_000), st.integers(0, MAX_SEED))
def test_a_permutation_reaches_every_number_once(size, seed):
    images = Permutation(size, seed=seed, dataset=1, stream=1).all()
    assert sorted(images.tolist()) == list(range(size))


def test_a_permutation_leaves_few_numbers_near_their_place():
    images = Permutation(100_000, seed=1, dataset=1, stream=1).all().astype(np.int64)
    assert np.count_nonzero(images == np.arange(100_000)) < 10, "one fixed point is expected"
    assert abs(np.corrcoef(images, np.arange(100_000))[0, 1]) < 0.02
    assert abs(np.corrcoef(images[1:], images[:-1])[0, 1]) < 0.02


def test_permutations_of_other_streams_differ():
    first, second = (Permutation(1_000, seed=1, dataset=1, stream=stream).all() for stream in (1, 2))
    assert np.count_nonzero(first == second) < 20


@pytest.mark.parametrize("size", [0, 2**31])
def test_a_permutation_of_an_impossible_size_is_refused(size):
    with pytest.raises(ValueError, match=str(size)):
        Permutation(size, seed=1, dataset=1, stream=1)
