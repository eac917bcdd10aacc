# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The k greatest elements of each of a row of ranges that only move forward: two stacks of short sorted lists."""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc


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


def greatest(
    const int64_t[::1] ranks, const int64_t[::1] lo, const int64_t[::1] hi, Py_ssize_t k,
    int64_t[:, ::1] out, int64_t[::1] counts,
):
    """Write the positions of the ``k`` elements of greatest rank in ``[lo[i], hi[i])`` to ``out[i]``, best first.

    ``counts[i]`` says how many there are. Ranges are ascending; of equal ranks the earlier element stands first.
    """
    cdef Py_ssize_t i, j, m, low, high, first = 0, middle = 0, top = 0, room = 0, back_count = 0, length
    cdef int64_t* lists = NULL
    cdef int64_t* lengths = NULL
    cdef int64_t* back = <int64_t*> malloc(k * sizeof(int64_t))
    cdef int failed = back == NULL
    if lo.shape[0] == 0 or failed:
        free(back)
        if failed:
            raise MemoryError
        return
    with nogil:
        for i in range(lo.shape[0]):
            low = lo[i]
            high = hi[i]
            if high <= low:
                counts[i] = 0
                continue
            if low >= middle:
                if high - low > room:
                    free(lists)
                    free(lengths)
                    room = 2 * (high - low)
                    lists = <int64_t*> malloc(room * k * sizeof(int64_t))
                    lengths = <int64_t*> malloc(room * sizeof(int64_t))
                    if lists == NULL or lengths == NULL:
                        failed = 1
                        break
                length = 0
                j = high - 1
                while j >= low:
                    for m in range(length):
                        lists[(j - low) * k + m] = lists[(j + 1 - low) * k + m]
                    length = _insert(&ranks[0], &lists[(j - low) * k], length, k, j)
                    lengths[j - low] = length
                    j -= 1
                first = low
                middle = high
                top = high
                back_count = 0
            else:
                for j in range(top, high):
                    back_count = _insert(&ranks[0], back, back_count, k, j)
                top = high
            length = lengths[low - first]
            for m in range(length):
                out[i, m] = lists[(low - first) * k + m]
            for m in range(back_count):
                length = _insert(&ranks[0], &out[i, 0], length, k, back[m])
            counts[i] = length
    free(lists)
    free(lengths)
    free(back)
    if failed:
        raise MemoryError("no memory for the widest window of one key")
