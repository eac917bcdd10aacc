# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows by dense key: a counting sort, which costs a pass where a comparing sort costs a logarithm of them."""

from libc.stdint cimport int32_t, int64_t
from libcpp.algorithm cimport sort
from libcpp.utility cimport pair
from libcpp.vector cimport vector


cdef void _by_time(int64_t* times, int32_t* places, Py_ssize_t rows, vector[pair[int64_t, int32_t]]& room) noexcept nogil:
    cdef Py_ssize_t i
    room.resize(rows)
    for i in range(rows):
        room[i] = pair[int64_t, int32_t](times[i], places[i])
    sort(room.begin(), room.end())
    for i in range(rows):
        times[i] = room[i].first
        places[i] = room[i].second


def by_key(
    const int64_t[::1] keys, const int64_t[::1] times, int64_t count, int32_t[::1] places, int64_t[::1] sorted_keys,
    int64_t[::1] sorted_times,
):
    """Put rows in the order of key and time, those where both are equal as they came.

    Parameters
    ----------
    keys, times:
        Of each row; keys are from 0 to ``count - 1``.
    places:
        Receives, in the new order, the place that each row had.
    sorted_keys, sorted_times:
        Receive its key and its time.

    Returns
    -------
    How many rows have the key and the time of the row before.
    """
    cdef Py_ssize_t i, at, begin = 0, end, rows = keys.shape[0]
    cdef int64_t key, tied = 0
    cdef bint ascending
    cdef vector[int64_t] ends                   # by key: where its next row goes, in the end where its rows end
    cdef vector[pair[int64_t, int32_t]] room
    if rows == 0:
        return 0
    with nogil:
        ends.assign(count + 1, 0)
        for i in range(rows):
            ends[keys[i] + 1] += 1
        for i in range(count):
            ends[i + 1] += ends[i]
        for i in range(rows):
            at = ends[keys[i]]
            ends[keys[i]] = at + 1
            places[at] = <int32_t> i
            sorted_times[at] = times[i]
        for key in range(count):
            end = ends[key]
            ascending = True
            for i in range(begin, end):
                sorted_keys[i] = key
                if i > begin and sorted_times[i] < sorted_times[i - 1]:
                    ascending = False
            if not ascending:
                _by_time(&sorted_times[begin], &places[begin], end - begin, room)
            for i in range(begin + 1, end):
                tied += sorted_times[i] == sorted_times[i - 1]
            begin = end
    return tied
