# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows by dense key: a counting sort, which costs a pass where a comparing sort costs a logarithm of them."""

from libc.stdint cimport int64_t, uint8_t
from libcpp.vector cimport vector


def by_key(const int64_t[::1] keys, const int64_t[::1] times, int64_t count, int64_t[::1] out, uint8_t[::1] untidy):
    """The positions of rows by key, within a key as they came, in ``out``.

    Keys are from 0 to ``count - 1``. ``untidy`` gets a 1 for each key whose times, in that order, do not strictly
    ascend. Returns how many such keys there are.
    """
    cdef Py_ssize_t i, rows = keys.shape[0]
    cdef int64_t key, found = 0
    cdef vector[int64_t] starts
    cdef vector[int64_t] latest
    with nogil:
        starts.assign(count + 1, 0)
        latest.assign(count, -9223372036854775807 - 1)
        for i in range(rows):
            starts[keys[i] + 1] += 1
        for i in range(count):
            starts[i + 1] += starts[i]
        for i in range(rows):
            key = keys[i]
            out[starts[key]] = i
            starts[key] += 1
            if times[i] <= latest[key] and not untidy[key]:
                untidy[key] = 1
                found += 1
            latest[key] = times[i]
    return found
