# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The k greatest elements of each of a row of ranges that only move forward: two stacks of short sorted lists."""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy


cdef enum:
    BLOCK = 128                     # elements for which the front keeps one list


cdef inline Py_ssize_t _insert_older(
    const int64_t* ranks, int64_t* best, Py_ssize_t count, Py_ssize_t k, int64_t element,
) noexcept nogil:
    """As ``_insert`` for an element that is older than all in the list."""
    cdef Py_ssize_t at = count
    if count == k:
        if ranks[element] < ranks[best[k - 1]]:
            return count
        at = k - 1
    else:
        count += 1
    while at > 0 and ranks[best[at - 1]] <= ranks[element]:
        best[at] = best[at - 1]
        at -= 1
    best[at] = element
    return count


cdef inline Py_ssize_t _insert(
    const int64_t* ranks, int64_t* best, Py_ssize_t count, Py_ssize_t k, int64_t element,
) noexcept nogil:
    """Put ``element`` into the list ``best`` of at most ``k`` elements, greatest rank first; returns the new length."""
    cdef Py_ssize_t at = count
    if count == k:
        if ranks[element] <= ranks[best[k - 1]]:
            return count
        at = k - 1
    else:
        count += 1
    while at > 0 and ranks[best[at - 1]] < ranks[element]:
        best[at] = best[at - 1]
        at -= 1
    best[at] = element
    return count


cdef inline Py_ssize_t _copy(const int64_t* source, Py_ssize_t count, int64_t* target) noexcept nogil:
    memcpy(target, source, count * sizeof(int64_t))
    return count


def greatest(const int64_t[::1] ranks, const int64_t[::1] lo, const int64_t[::1] hi, Py_ssize_t k, int64_t[::1] out):
    """Write the positions of the ``k`` elements of greatest rank in each ``[lo[i], hi[i])`` to ``out``, best first.

    Each range has ``min(k, hi[i] - lo[i])`` of them, one range after the other. Ranges are ascending; of equal ranks
    the earlier element stands first.
    """
    cdef Py_ssize_t i, j, b, m, low, high, end, count, length, middle = 0, top = 0, room = 0, block = -1, at = 0
    cdef Py_ssize_t back_count = 0
    cdef int64_t* lists = NULL      # [b]: of the front from b blocks before its end
    cdef int64_t* lengths = NULL
    cdef int64_t* front = NULL      # of the block that the ranges begin in: of the front from each element on
    cdef int64_t* back = NULL
    cdef int64_t front_lengths[BLOCK]
    cdef bint failed = False
    if lo.shape[0] == 0 or k == 0:
        return
    front = <int64_t*> malloc(BLOCK * k * sizeof(int64_t))
    back = <int64_t*> malloc(k * sizeof(int64_t))
    failed = front == NULL or back == NULL
    with nogil:
        for i in range(0 if failed else lo.shape[0]):
            low = lo[i]
            high = hi[i]
            if high <= low:
                continue
            if low >= middle:
                count = (high - low - 1) // BLOCK + 1
                if count > room:
                    free(lists)
                    free(lengths)
                    room = 2 * count
                    lists = <int64_t*> malloc(room * k * sizeof(int64_t))
                    lengths = <int64_t*> malloc(room * sizeof(int64_t))
                    if lists == NULL or lengths == NULL:
                        failed = True
                        break
                lengths[0] = 0
                for b in range(1, count):
                    length = _copy(&lists[(b - 1) * k], lengths[b - 1], &lists[b * k])
                    j = high - (b - 1) * BLOCK - 1
                    while j >= high - b * BLOCK:
                        length = _insert_older(&ranks[0], &lists[b * k], length, k, j)
                        j -= 1
                    lengths[b] = length
                middle = high
                top = high
                block = -1
                back_count = 0
            else:
                for j in range(top, high):
                    back_count = _insert(&ranks[0], back, back_count, k, j)
                top = high
            b = (middle - 1 - low) // BLOCK
            end = middle - b * BLOCK
            if b != block:
                block = b
                length = _copy(&lists[b * k], lengths[b], front)
                j = end - 1
                while j >= low:
                    m = end - 1 - j
                    if m:
                        length = _copy(&front[(m - 1) * k], length, &front[m * k])
                    length = _insert_older(&ranks[0], &front[m * k], length, k, j)
                    front_lengths[m] = length
                    j -= 1
            m = end - 1 - low
            length = _copy(&front[m * k], front_lengths[m], &out[at])
            for m in range(back_count):
                length = _insert(&ranks[0], &out[at], length, k, back[m])
            at += length
    free(lists)
    free(lengths)
    free(front)
    free(back)
    if failed:
        raise MemoryError("no memory for the widest window of one key")
