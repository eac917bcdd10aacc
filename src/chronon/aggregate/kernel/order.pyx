# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Rows by dense key: a counting sort, which costs a pass where a comparing sort costs a logarithm of them."""

from libc.stdint cimport int32_t, int64_t
from libcpp.algorithm cimport inplace_merge, sort
from libcpp.utility cimport pair
from libcpp.vector cimport vector

import numpy as np


cdef enum:
    MOST_RUNS = 64                  # that are merged; rows in more count as unsorted


cdef bint _inserted(int64_t* times, int32_t* places, Py_ssize_t rows) noexcept nogil:
    """Sort rows of which few are out of order, each not far: threads hand over sorted files a little out of turn.

    Gives up, and says so, where that would take much longer than a look at each.
    """
    cdef Py_ssize_t i, j, moves = 4 * rows
    cdef int64_t time
    cdef int32_t place
    for i in range(1, rows):
        if times[i] >= times[i - 1]:
            continue
        time = times[i]
        place = places[i]
        j = i
        while j > 0 and times[j - 1] > time and moves > 0:
            times[j] = times[j - 1]
            places[j] = places[j - 1]
            j -= 1
            moves -= 1
        times[j] = time
        places[j] = place
        if moves == 0:
            return False
    return True


cdef void _merged(vector[pair[int64_t, int32_t]]& rows, vector[size_t]& bounds) noexcept nogil:
    """Merge sorted neighbours until all is one; ``bounds`` has where each begins, and the end."""
    cdef vector[size_t] fewer
    cdef size_t i
    while bounds.size() > 2:
        fewer.clear()
        for i in range(0, bounds.size() - 1, 2):
            fewer.push_back(bounds[i])
            if i + 2 < bounds.size():
                inplace_merge(rows.begin() + bounds[i], rows.begin() + bounds[i + 1], rows.begin() + bounds[i + 2])
        fewer.push_back(rows.size())
        bounds.swap(fewer)


cdef void _by_time(
    int64_t* times, int32_t* places, Py_ssize_t rows, vector[pair[int64_t, int32_t]]& room
) noexcept nogil:
    cdef Py_ssize_t i
    cdef vector[size_t] bounds
    if _inserted(times, places, rows):
        return
    room.resize(rows)
    for i in range(rows):
        room[i] = pair[int64_t, int32_t](times[i], places[i])
        if i == 0 or times[i] < times[i - 1]:
            bounds.push_back(i)
    bounds.push_back(rows)
    if bounds.size() > MOST_RUNS:
        sort(room.begin(), room.end())
    else:
        _merged(room, bounds)
    for i in range(rows):
        times[i] = room[i].first
        places[i] = room[i].second


def by_key(const int64_t[::1] keys, const int64_t[::1] times, int64_t count):
    """Rows in the order of key and time, those where both are equal as they came.

    Parameters
    ----------
    keys, times:
        Of each row; keys are from 0 to ``count - 1``.

    Returns
    -------
    In the new order the place that each row had, its key and its time; and how many rows have the key and the time of
    the row before.
    """
    cdef Py_ssize_t i, at, begin = 0, end, rows = keys.shape[0]
    cdef int64_t key, tied = 0
    cdef vector[int64_t] ends                   # by key: where its next row goes, in the end where its rows end
    cdef vector[pair[int64_t, int32_t]] room
    new_places, new_keys, new_times = np.empty(rows, np.int32), np.empty(rows, np.int64), np.empty(rows, np.int64)
    cdef int32_t[::1] places = new_places
    cdef int64_t[::1] sorted_keys = new_keys
    cdef int64_t[::1] sorted_times = new_times
    if rows == 0:
        return new_places, new_keys, new_times, 0
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
            _by_time(&sorted_times[begin], &places[begin], end - begin, room)
            for i in range(begin, end):
                sorted_keys[i] = key
                tied += i > begin and sorted_times[i] == sorted_times[i - 1]
            begin = end
    return new_places, new_keys, new_times, tied
