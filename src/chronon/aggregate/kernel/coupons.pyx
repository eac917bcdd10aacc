# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Coupons of values: what a CPC sketch remembers of a value (Lang 2017), by MurmurHash3 (Appleby, public domain)."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

cdef uint64_t SEED = 9001                       # the default seed of the DataSketches libraries
cdef uint64_t C1 = 0x87C37B91114253D5ULL
cdef uint64_t C2 = 0x4CF5AD432745937FULL


cdef inline uint64_t _rotated(uint64_t x, int by) noexcept nogil:
    return (x << by) | (x >> (64 - by))


cdef inline uint64_t _mixed(uint64_t x) noexcept nogil:
    x ^= x >> 33
    x *= 0xFF51AFD7ED558CCDULL
    x ^= x >> 33
    x *= 0xC4CEB9FE1A85EC53ULL
    x ^= x >> 33
    return x


cdef int64_t _coupon(const uint8_t* data, Py_ssize_t size, int lg_k) noexcept nogil:
    """The row and column of a value: ``row << 6 | column``."""
    cdef uint64_t h1 = SEED, h2 = SEED, k1, k2
    cdef Py_ssize_t block, blocks = size // 16, rest = size - 16 * blocks
    cdef int column = 0
    cdef uint32_t coupon
    for block in range(blocks):
        memcpy(&k1, data + 16 * block, 8)
        memcpy(&k2, data + 16 * block + 8, 8)
        h1 ^= _rotated(k1 * C1, 31) * C2
        h1 = (_rotated(h1, 27) + h2) * 5 + 0x52DCE729
        h2 ^= _rotated(k2 * C2, 33) * C1
        h2 = (_rotated(h2, 31) + h1) * 5 + 0x38495AB5
    k1 = 0
    k2 = 0
    if rest > 8:
        memcpy(&k2, data + 16 * blocks + 8, rest - 8)
        h2 ^= _rotated(k2 * C2, 33) * C1
    if rest > 0:
        memcpy(&k1, data + 16 * blocks, rest if rest < 8 else 8)
        h1 ^= _rotated(k1 * C1, 31) * C2
    h1 ^= <uint64_t> size
    h2 ^= <uint64_t> size
    h1 += h2
    h2 += h1
    h1 = _mixed(h1)
    h2 = _mixed(h2)
    h1 += h2
    h2 += h1
    while column < 63 and not (h2 >> (63 - column)) & 1:
        column += 1
    coupon = <uint32_t> (((h1 & ((<uint64_t> 1 << lg_k) - 1)) << 6) | column)
    if coupon == <uint32_t> 0xFFFFFFFF:
        coupon ^= 1 << 6
    return coupon


def of_words(const int64_t[::1] words, int lg_k, int64_t[::1] out):
    """Coupons of eight-byte words."""
    cdef Py_ssize_t i
    with nogil:
        for i in range(words.shape[0]):
            out[i] = _coupon(<const uint8_t*> &words[i], 8, lg_k)


def of_texts(const int32_t[::1] offsets, const uint8_t[::1] data, int lg_k, int64_t[::1] out):
    """Coupons of byte strings that lie one after the other; -1 for an empty one, which a sketch ignores."""
    cdef Py_ssize_t i
    cdef const uint8_t* base = &data[0] if data.shape[0] else NULL
    with nogil:
        for i in range(offsets.shape[0] - 1):
            if offsets[i + 1] > offsets[i]:
                out[i] = _coupon(base + offsets[i], offsets[i + 1] - offsets[i], lg_k)
            else:
                out[i] = -1


def of_text(const uint8_t[::1] data, int lg_k):
    """The coupon of one byte string that is not empty."""
    return _coupon(&data[0], data.shape[0], lg_k)


def of_word(int64_t word, int lg_k):
    """The coupon of one eight-byte word."""
    return _coupon(<const uint8_t*> &word, 8, lg_k)
