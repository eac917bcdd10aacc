# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Coupons of values: what a CPC sketch remembers of a value (Lang 2017), by MurmurHash3 (Appleby, public domain)."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy
from libcpp.algorithm cimport sort, unique
from libcpp.vector cimport vector

cdef extern from *:
    int __builtin_popcountll(unsigned long long x) nogil

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


# A set of coupons as bytes: sorted words of four bytes while they are few, else for each row eight bytes with one bit
# for each column. The length tells the two apart.

def packed(const int64_t[::1] coupons, int lg_k):
    """The bytes of a set of coupons; repeated ones count once."""
    cdef vector[uint32_t] few
    cdef uint64_t* matrix
    cdef Py_ssize_t i
    if coupons.shape[0] < <Py_ssize_t> 2 << lg_k:
        for i in range(coupons.shape[0]):
            few.push_back(<uint32_t> coupons[i])
        return _sorted(few)
    matrix = <uint64_t*> calloc(<size_t> 1 << lg_k, 8)
    if matrix == NULL:
        raise MemoryError
    for i in range(coupons.shape[0]):
        matrix[coupons[i] >> 6] |= <uint64_t> 1 << (coupons[i] & 63)
    try:
        return _packed(matrix, lg_k)
    finally:
        free(matrix)


def merged(states, int lg_k):
    """The bytes of the union of ``states``."""
    cdef vector[uint32_t] few
    cdef uint64_t* matrix
    cdef Py_ssize_t before
    if sum(map(len, states)) < 8 << lg_k:           # then none of them is a matrix
        for state in states:
            before = few.size()
            few.resize(before + len(state) // 4)
            if len(state):
                memcpy(few.data() + before, PyBytes_AS_STRING(state), 4 * (few.size() - before))
        if few.empty() or few[_greatest(few)] >> 6 < <uint64_t> 1 << lg_k:
            return _sorted(few)
        raise ValueError("a set of coupons is of another size")
    matrix = <uint64_t*> calloc(<size_t> 1 << lg_k, 8)
    if matrix == NULL:
        raise MemoryError
    try:
        for state in states:
            _add(matrix, state, lg_k)
        return _packed(matrix, lg_k)
    finally:
        free(matrix)


cdef size_t _greatest(const vector[uint32_t]& coupons) noexcept:
    cdef size_t i, best = 0
    for i in range(coupons.size()):
        if coupons[i] > coupons[best]:
            best = i
    return best


cdef bytes _sorted(vector[uint32_t]& coupons):
    sort(coupons.begin(), coupons.end())
    coupons.erase(unique(coupons.begin(), coupons.end()), coupons.end())
    if coupons.empty():
        return b""
    return PyBytes_FromStringAndSize(<const char*> coupons.data(), 4 * coupons.size())


def size(bytes state, int lg_k):
    """How many coupons a set holds."""
    cdef Py_ssize_t i, total = 0
    cdef uint64_t word
    if len(state) != <Py_ssize_t> 8 << lg_k:
        return len(state) // 4
    for i in range(<Py_ssize_t> 1 << lg_k):
        memcpy(&word, PyBytes_AS_STRING(state) + 8 * i, 8)
        total += __builtin_popcountll(word)
    return total


cdef int _add(uint64_t* matrix, bytes state, int lg_k) except -1:
    cdef const char* data = PyBytes_AS_STRING(state)
    cdef Py_ssize_t i, rows = <Py_ssize_t> 1 << lg_k
    cdef uint64_t word
    cdef uint32_t coupon
    if len(state) == 8 * rows:
        for i in range(rows):
            memcpy(&word, data + 8 * i, 8)
            matrix[i] |= word
        return 0
    for i in range(len(state) // 4):
        memcpy(&coupon, data + 4 * i, 4)
        if coupon >> 6 >= <uint32_t> rows:
            raise ValueError("a set of coupons is of another size")
        matrix[coupon >> 6] |= <uint64_t> 1 << (coupon & 63)
    return 0


cdef bytes _packed(const uint64_t* matrix, int lg_k):
    cdef Py_ssize_t row, rows = <Py_ssize_t> 1 << lg_k, total = 0, at = 0
    cdef int column
    cdef uint32_t coupon
    cdef bytes out
    cdef char* data
    for row in range(rows):
        total += __builtin_popcountll(matrix[row])
    if 4 * total >= 8 * rows:
        return PyBytes_FromStringAndSize(<const char*> matrix, 8 * rows)
    out = PyBytes_FromStringAndSize(NULL, 4 * total)
    data = PyBytes_AS_STRING(out)
    for row in range(rows):
        if matrix[row] == 0:
            continue
        for column in range(64):
            if (matrix[row] >> column) & 1:
                coupon = <uint32_t> (row << 6 | column)
                memcpy(data + at, &coupon, 4)
                at += 4
    return out
