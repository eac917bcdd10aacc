# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Which rows a query sees: one merge pass over rows and queries that are both sorted by (key, time)."""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.stdint cimport int64_t
from libcpp.algorithm cimport sort
from libcpp.vector cimport vector

from chronon.aggregate.kernel.raw cimport floor


def row_ends(
    const int64_t[::1] keys, const int64_t[::1] times, const int64_t[::1] query_keys, const int64_t[::1] query_times,
    int64_t[::1] out,
):
    """For each query the position after its last row: the first row at or after (key, query time)."""
    cdef Py_ssize_t i, at = 0, rows = keys.shape[0]
    with nogil:
        for i in range(query_keys.shape[0]):
            while at < rows and (
                keys[at] < query_keys[i] or (keys[at] == query_keys[i] and times[at] < query_times[i])
            ):
                at += 1
            out[i] = at


def row_starts(
    const int64_t[::1] keys, const int64_t[::1] times, const int64_t[::1] query_keys, const int64_t[::1] query_times,
    int64_t window, int64_t hop, int64_t[::1] out,
):
    """For each query the first row of its window ``[floor(query - window, hop), query)``; times in ms."""
    cdef Py_ssize_t i, at = 0, rows = keys.shape[0]
    cdef int64_t first
    with nogil:
        for i in range(query_keys.shape[0]):
            first = floor(query_times[i] - window, hop)
            while at < rows and (keys[at] < query_keys[i] or (keys[at] == query_keys[i] and times[at] < first)):
                at += 1
            out[i] = at


def key_bounds(const int64_t[::1] keys, const int64_t[::1] query_keys, int64_t[::1] first, int64_t[::1] last):
    """For each query the range of all rows of its key, whatever their time."""
    cdef Py_ssize_t i, low = 0, high = 0, rows = keys.shape[0]
    with nogil:
        for i in range(query_keys.shape[0]):
            while low < rows and keys[low] < query_keys[i]:
                low += 1
            if high < low:
                high = low
            while high < rows and keys[high] <= query_keys[i]:
                high += 1
            first[i] = low
            last[i] = high


def ends_of_ranges(
    const int64_t[::1] order, const int64_t[::1] lo, const int64_t[::1] hi, const int64_t[::1] counts, bint newest,
    int64_t[::1] out,
):
    """The first, or with ``newest`` the last, ``counts[i]`` entries of ``order`` in each range ``[lo[i], hi[i])``.

    They are written to ``out`` one range after the other, from the front of a range on, or from its back.
    """
    cdef Py_ssize_t i, at = 0
    cdef int64_t j
    with nogil:
        for i in range(lo.shape[0]):
            if newest:
                for j in range(counts[i]):
                    out[at] = order[hi[i] - 1 - j]
                    at += 1
            else:
                for j in range(counts[i]):
                    out[at] = order[lo[i] + j]
                    at += 1


def group_order(const int64_t[::1] keys, const int64_t[::1] labels, Py_ssize_t label_count, int64_t[::1] order):
    """Put elements that are sorted by key in the order of (key, label), those of one group in the order they had.

    Parameters
    ----------
    keys, labels:
        Of each element; labels are ``0 .. label_count - 1``.
    order:
        Receives the positions of the elements in the new order.

    Returns
    -------
    Where each group begins in the new order, as bytes of int64.
    """
    cdef vector[int64_t] places             # by label: how many, then where the next one goes
    cdef vector[int64_t] present, starts
    cdef Py_ssize_t n = keys.shape[0], low = 0, high, i, at = 0
    cdef int64_t label, count
    places.resize(label_count, 0)
    with nogil:
        while low < n:
            high = low
            present.clear()
            while high < n and keys[high] == keys[low]:
                label = labels[high]
                if places[label] == 0:
                    present.push_back(label)
                places[label] += 1
                high += 1
            sort(present.begin(), present.end())
            for i in range(<Py_ssize_t> present.size()):
                count = places[present[i]]
                places[present[i]] = at
                starts.push_back(at)
                at += count
            for i in range(low, high):
                label = labels[i]
                order[places[label]] = i
                places[label] += 1
            for i in range(<Py_ssize_t> present.size()):
                places[present[i]] = 0
            low = high
    if starts.empty():
        return b""
    return PyBytes_FromStringAndSize(<char*> starts.data(), starts.size() * 8)


def group_ranges(
    const int64_t[::1] element_rows, const int64_t[::1] bounds, const int64_t[::1] query_first,
    const int64_t[::1] query_last, const int64_t[::1] row_lo, const int64_t[::1] row_hi,
):
    """The element ranges that each query sees in each group of its key, where there is anything to see.

    Parameters
    ----------
    element_rows:
        The row of each element; elements are sorted by (key, group, row).
    bounds:
        Where each group begins in ``element_rows``, and one past the last.
    query_first, query_last:
        For each group the range of queries that have its key.
    row_lo, row_hi:
        For each query its range of rows.

    Returns
    -------
    list of (group, query, lo, hi), flat, in the order of groups and, within a group, of queries.
    """
    cdef vector[int64_t] found
    cdef Py_ssize_t g, q, low, high, end
    with nogil:
        for g in range(bounds.shape[0] - 1):
            low = bounds[g]
            high = bounds[g]
            end = bounds[g + 1]
            for q in range(query_first[g], query_last[g]):
                while high < end and element_rows[high] < row_hi[q]:
                    high += 1
                while low < end and element_rows[low] < row_lo[q]:
                    low += 1
                if high > low:
                    found.push_back(g)
                    found.push_back(q)
                    found.push_back(low)
                    found.push_back(high)
    cdef Py_ssize_t size = found.size()
    if size == 0:
        return b""
    return PyBytes_FromStringAndSize(<char*> found.data(), size * 8)
