# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Counting the distinct values of ranges that only move forward: a counter for each value, a step in, a step out."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t
from libcpp.algorithm cimport partial_sort, sort
from libcpp.vector cimport vector

cdef struct Entry:
    int64_t code
    int64_t count


cdef inline bint _before(const Entry& a, const Entry& b) noexcept nogil:
    """More often, or as often and with a smaller code."""
    return a.count > b.count or (a.count == b.count and a.code < b.code)


cdef class Window:
    """The values of a moving range with their counts.

    Parameters
    ----------
    codes:
        The values as dense codes ``0 .. distinct - 1``.
    weights:
        How often each element counts; once if ``None``.
    """

    cdef const int64_t[::1] codes
    cdef const int64_t[::1] weights
    cdef bint weighted
    cdef vector[int64_t] counts         # by code
    cdef vector[int64_t] places         # by code: where it stands in ``present``, or -1
    cdef vector[int64_t] present        # the codes whose count is not zero
    cdef Py_ssize_t low, high

    def __cinit__(self, const int64_t[::1] codes, Py_ssize_t distinct, weights=None):
        self.codes = codes
        self.weighted = weights is not None
        if self.weighted:
            self.weights = weights
        self.counts.resize(distinct, 0)
        self.places.resize(distinct, -1)
        self.low = 0
        self.high = 0

    cdef inline void _step(self, Py_ssize_t i, int64_t sign) noexcept nogil:
        cdef int64_t code = self.codes[i]
        cdef int64_t last
        self.counts[code] += sign * (self.weights[i] if self.weighted else 1)
        if self.counts[code] == 0:
            last = self.present.back()
            self.present[self.places[code]] = last
            self.places[last] = self.places[code]
            self.places[code] = -1
            self.present.pop_back()
        elif self.places[code] < 0:
            self.places[code] = <int64_t> self.present.size()
            self.present.push_back(code)

    cdef inline void _move(self, Py_ssize_t low, Py_ssize_t high) noexcept nogil:
        if high <= low:
            return
        if low >= self.high:                # nothing in common: empty it, without touching what lies between
            while self.low < self.high:
                self._step(self.low, -1)
                self.low += 1
            self.low = low
            self.high = low
        while self.high < high:
            self._step(self.high, 1)
            self.high += 1
        while self.low < low:
            self._step(self.low, -1)
            self.low += 1

    def distinct(self, const int64_t[::1] lo, const int64_t[::1] hi, int64_t[::1] out):
        """How many distinct values each range ``[lo[i], hi[i])`` holds; 0 for an empty one."""
        cdef Py_ssize_t i
        with nogil:
            for i in range(lo.shape[0]):
                self._move(lo[i], hi[i])
                out[i] = <int64_t> self.present.size() if hi[i] > lo[i] else 0

    def entries(self, const int64_t[::1] lo, const int64_t[::1] hi, int64_t[::1] sizes):
        """The (code, count) pairs of each range, by code, flat, as bytes; ``sizes`` receives how many each has."""
        cdef vector[int64_t] found
        cdef vector[int64_t] codes
        cdef Py_ssize_t i, j
        with nogil:
            for i in range(lo.shape[0]):
                if hi[i] <= lo[i]:
                    sizes[i] = 0
                    continue
                self._move(lo[i], hi[i])
                codes = self.present
                sort(codes.begin(), codes.end())
                sizes[i] = <int64_t> codes.size()
                for j in range(<Py_ssize_t> codes.size()):
                    found.push_back(codes[j])
                    found.push_back(self.counts[codes[j]])
        if found.empty():
            return b""
        return PyBytes_FromStringAndSize(<char*> found.data(), found.size() * 8)

    def top(
        self, const int64_t[::1] lo, const int64_t[::1] hi, Py_ssize_t k, int64_t[::1] sizes, extra=None,
        Py_ssize_t led=0,
    ):
        """As ``entries``, but only the ``k`` of greatest count, these first; of equal counts those of smaller code.

        In the first ``led`` ranges, ``extra[code]`` is added to each count.
        """
        cdef const int64_t[::1] more
        cdef vector[Entry] found
        cdef vector[Entry] ranked
        cdef Entry entry
        cdef Py_ssize_t i, j, size
        if led:
            more = extra
        with nogil:
            for i in range(lo.shape[0]):
                sizes[i] = 0
                if hi[i] <= lo[i]:
                    continue
                self._move(lo[i], hi[i])
                ranked.clear()
                for j in range(<Py_ssize_t> self.present.size()):
                    entry.code = self.present[j]
                    entry.count = self.counts[entry.code] + (more[entry.code] if i < led else 0)
                    ranked.push_back(entry)
                size = min(k, <Py_ssize_t> ranked.size())
                partial_sort(ranked.begin(), ranked.begin() + size, ranked.end(), &_before)
                sizes[i] = size
                for j in range(size):
                    found.push_back(ranked[j])
        if found.empty():
            return b""
        return PyBytes_FromStringAndSize(<char*> found.data(), found.size() * sizeof(Entry))
