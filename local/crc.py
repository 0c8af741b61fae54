"""CRC-32C and CRC-64/NVME of large bodies at some hundred megabytes a second.

The body is cut into lanes, all lanes are checked at once, and their checksums are put together: a CRC is
linear, so that the one of a whole follows from those of its halves.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]

LANES = 8192
SMALL_BYTES = 8 * LANES  # below it the lanes are too short to pay
BYTE, EIGHT, PAIR, SIXTEEN = np.uint64(0xFF), np.uint64(8), np.uint64(0xFFFF), np.uint64(16)


class Crc:
    """A reflected CRC of ``bits`` bits with ones for its first value and its final mask."""

    def __init__(self, polynomial: int, bits: int) -> None:
        self.mask = (1 << bits) - 1
        self.table = np.array([_table_entry(byte, polynomial) for byte in range(256)], dtype=np.uint64)
        pairs = np.arange(65536, dtype=np.uint64)  # two bytes at a time take half the steps
        first = self.table[pairs & BYTE] ^ (pairs >> EIGHT)
        self.pair_table = self.table[first & BYTE] ^ (first >> EIGHT)

    def __call__(self, body: bytes) -> int:
        """The checksum of ``body``."""
        length = len(body) // LANES & ~1 if len(body) >= SMALL_BYTES else 0
        state = self.mask
        if length:
            state = self._lanes(np.frombuffer(body, "<u2", LANES * length // 2), length)
        for byte in body[LANES * length :]:
            state = int(self.table[(state ^ byte) & 0xFF]) ^ (state >> 8)
        return state ^ self.mask

    def _lanes(self, pairs: NDArray[np.uint16], length: int) -> int:
        """The unmasked checksum of LANES stretches of ``length`` bytes each, given as pairs of bytes."""
        columns = np.ascontiguousarray(pairs.reshape(LANES, length // 2).T)
        states = np.zeros(LANES, np.uint64)
        states[0] = self.mask
        for column in columns:
            states = self.pair_table[(states ^ column) & PAIR] ^ (states >> SIXTEEN)
        while len(states) > 1:
            states = self._moved(states[::2], length) ^ states[1::2]
            length *= 2
        return int(states[0])

    def _moved(self, states: Words, zeros: int) -> Words:
        """What the states become when ``zeros`` zero bytes follow."""
        return _apply(self._operator(zeros), states)

    def _operator(self, zeros: int) -> Words:
        """The images of the 64 single bits under ``zeros`` zero bytes."""
        bits = np.uint64(1) << np.arange(64, dtype=np.uint64)
        power = self.table[bits & BYTE] ^ (bits >> EIGHT)  # one zero byte
        power[bits > np.uint64(self.mask)] = 0
        result = bits
        while zeros:
            if zeros & 1:
                result = _apply(power, result)
            power = _apply(power, power)
            zeros >>= 1
        return result


def _table_entry(byte: int, polynomial: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ polynomial if byte & 1 else byte >> 1
    return byte


def _apply(operator: Words, states: Words) -> Words:
    moved = np.zeros_like(states)
    for bit in range(64):
        chosen = (states >> np.uint64(bit)) & np.uint64(1)
        moved ^= operator[bit] * chosen
    return moved


@cache
def crc32c() -> Crc:
    return Crc(0x82F63B78, 32)


@cache
def crc64nvme() -> Crc:
    return Crc(0x9A6C9329AC4BC9B5, 64)
