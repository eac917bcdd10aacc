# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Folding ranges of values into states, for the operations whose state has a fixed size.

The ranges of successive queries only move forward, so a fold over all of them is linear in the number of values: two
stacks. The back one is a single running state. The front one is an array of suffixes, but only one for each block of
elements, and one for each element of the block that the ranges begin in: a wide window then takes a hundredth of the
memory. Counts and whole sums need neither, as their values can be taken out again.
"""

from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from chronon.aggregate.kernel.states cimport (
    AVERAGE, COUNT, KURTOSIS, MAX_DOUBLE, MAX_LONG, MIN_DOUBLE, MIN_LONG, SKEW, SUM_DOUBLE, SUM_LONG, VARIANCE,
    Average, Count, Kurtosis, MaxDouble, MaxLong, MinDouble, MinLong, Skew, State, SumDouble, SumLong, Variance,
    merge, real_result, start, update, whole_result,
)

cdef enum:
    BLOCK = 128                     # elements for which the front keeps one state

KINDS = {
    "count": COUNT, "sum_long": SUM_LONG, "sum_double": SUM_DOUBLE, "average": AVERAGE, "variance": VARIANCE,
    "skew": SKEW, "kurtosis": KURTOSIS, "min_long": MIN_LONG, "max_long": MAX_LONG, "min_double": MIN_DOUBLE,
    "max_double": MAX_DOUBLE,
}
"""The fixed-size operations by name; the numbers are part of the stored format."""

WORDS = {
    COUNT: sizeof(Count) // 8, SUM_LONG: sizeof(SumLong) // 8, SUM_DOUBLE: sizeof(SumDouble) // 8,
    AVERAGE: sizeof(Average) // 8, VARIANCE: sizeof(Variance) // 8, SKEW: sizeof(Skew) // 8,
    KURTOSIS: sizeof(Kurtosis) // 8, MIN_LONG: sizeof(MinLong) // 8, MAX_LONG: sizeof(MaxLong) // 8,
    MIN_DOUBLE: sizeof(MinDouble) // 8, MAX_DOUBLE: sizeof(MaxDouble) // 8,
}
"""How many eight-byte words a state of each kind takes."""

WHOLE = frozenset((COUNT, SUM_LONG, MIN_LONG, MAX_LONG))
"""The kinds whose result is an integer; the others give doubles."""


cdef inline void _lift(State* s, const void* values, Py_ssize_t i, bint of_states) noexcept nogil:
    if of_states:
        memcpy(s, (<const State*> values) + i, sizeof(State))
    else:
        start(s, values, i)


cdef inline void _push(State* s, const void* values, Py_ssize_t i, bint of_states) noexcept nogil:
    cdef State one
    if of_states:
        _lift(&one, values, i, True)
        merge(s, &one)
    else:
        update(s, values, i)


cdef inline void _result(const State* s, void* results, Py_ssize_t i) noexcept nogil:
    if State is Count or State is SumLong or State is MinLong or State is MaxLong:
        (<int64_t*> results)[i] = whole_result(s)
    else:
        (<double*> results)[i] = real_result(s)


cdef int _slide(
    State* kind, const void* values, bint of_states, const int64_t* lo, const int64_t* hi, Py_ssize_t n, State* out,
    bint results,
) noexcept nogil:
    cdef Py_ssize_t i, j, b, low, high, end, count, middle = 0, top = 0, room = 0, block = -1
    cdef State* suffixes = NULL     # [b]: all of the front from b blocks before its end
    cdef State front[BLOCK]         # of the block that the ranges begin in: all of the front from each element on
    cdef State back, one
    cdef bint has_back = False
    for i in range(n):
        low = lo[i]
        high = hi[i]
        if high <= low:
            continue
        if low >= middle:
            count = (high - low - 1) // BLOCK + 1
            if count > room:
                free(suffixes)
                room = 2 * count
                suffixes = <State*> malloc(room * sizeof(State))
                if suffixes == NULL:
                    return -1
            for b in range(1, count):
                j = high - b * BLOCK
                _lift(&suffixes[b], values, j, of_states)
                for j in range(high - b * BLOCK + 1, high - (b - 1) * BLOCK):
                    _push(&suffixes[b], values, j, of_states)
                if b > 1:
                    merge(&suffixes[b], &suffixes[b - 1])
            middle = high
            top = high
            block = -1
            has_back = False
        else:
            for j in range(top, high):
                if has_back:
                    _push(&back, values, j, of_states)
                else:
                    _lift(&back, values, j, of_states)
                    has_back = True
            top = high
        b = (middle - 1 - low) // BLOCK
        if b != block:
            block = b
            end = middle - b * BLOCK
            j = end - 1
            while j >= low:
                _lift(&front[end - 1 - j], values, j, of_states)
                if j < end - 1:
                    merge(&front[end - 1 - j], &front[end - 2 - j])
                elif b:
                    merge(&front[0], &suffixes[b])
                j -= 1
        one = front[middle - b * BLOCK - 1 - low]
        if has_back:
            merge(&one, &back)
        if results:
            _result(&one, <void*> out, i)
        else:
            out[i] = one
    free(suffixes)
    return 0


cdef void _counts(const int64_t* lo, const int64_t* hi, Py_ssize_t n, Count* out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        if hi[i] > lo[i]:
            out[i].n = hi[i] - lo[i]


cdef void _whole_sums(
    const int64_t* values, const int64_t* lo, const int64_t* hi, Py_ssize_t n, SumLong* out
) noexcept nogil:
    """What comes is added and what goes is subtracted: nothing is lost, as the sums wrap."""
    cdef int64_t total = 0, low = 0, high = 0
    cdef Py_ssize_t i
    for i in range(n):
        if hi[i] <= lo[i]:
            continue
        if lo[i] >= high:
            low = high = lo[i]
            total = 0
        while high < hi[i]:
            total += values[high]
            high += 1
        while low < lo[i]:
            total -= values[low]
            low += 1
        out[i].total = total


cdef int _slide_kind(
    int kind, const void* values, bint of_states, const int64_t* lo, const int64_t* hi, Py_ssize_t n, void* out,
    bint results,
) noexcept nogil:
    if kind == COUNT:
        if not of_states:
            _counts(lo, hi, n, <Count*> out)
            return 0
        return _slide[Count](NULL, values, of_states, lo, hi, n, <Count*> out, results)
    if kind == SUM_LONG:
        # a state of one word is that word
        _whole_sums(<const int64_t*> values, lo, hi, n, <SumLong*> out)
        return 0
    if kind == SUM_DOUBLE:
        return _slide[SumDouble](NULL, values, of_states, lo, hi, n, <SumDouble*> out, results)
    if kind == AVERAGE:
        return _slide[Average](NULL, values, of_states, lo, hi, n, <Average*> out, results)
    if kind == VARIANCE:
        return _slide[Variance](NULL, values, of_states, lo, hi, n, <Variance*> out, results)
    if kind == SKEW:
        return _slide[Skew](NULL, values, of_states, lo, hi, n, <Skew*> out, results)
    if kind == KURTOSIS:
        return _slide[Kurtosis](NULL, values, of_states, lo, hi, n, <Kurtosis*> out, results)
    if kind == MIN_LONG:
        return _slide[MinLong](NULL, values, of_states, lo, hi, n, <MinLong*> out, results)
    if kind == MAX_LONG:
        return _slide[MaxLong](NULL, values, of_states, lo, hi, n, <MaxLong*> out, results)
    if kind == MIN_DOUBLE:
        return _slide[MinDouble](NULL, values, of_states, lo, hi, n, <MinDouble*> out, results)
    return _slide[MaxDouble](NULL, values, of_states, lo, hi, n, <MaxDouble*> out, results)


def fold(
    int kind, const int64_t[::1] values, const int64_t[::1] lo, const int64_t[::1] hi, int64_t[::1] out,
    bint of_states=False, bint results=False,
):
    """Fold the ranges ``[lo[i], hi[i])`` of ``values`` into states, or into what these amount to.

    Parameters
    ----------
    kind:
        One of ``KINDS``.
    values:
        The non-null values as eight-byte words (the bits of a double where the kind takes doubles), or states if
        ``of_states``.
    lo, hi:
        Ranges in positions of ``values`` (of states if ``of_states``), both ascending. An empty range leaves its state
        as it is.
    out:
        Room for ``len(lo)`` states; with ``results`` for as many words.
    results:
        Whether to give results instead of states: whole numbers, or the bits of doubles, NaN where undefined.
    """
    cdef Py_ssize_t n = lo.shape[0]
    cdef int failed = 0
    cdef const void* source = NULL
    if n == 0 or values.shape[0] == 0:
        return
    source = <const void*> &values[0]
    with nogil:
        failed = _slide_kind(kind, source, of_states, &lo[0], &hi[0], n, <void*> &out[0], results)
    if failed:
        raise MemoryError("no memory for the widest window of one key")


cdef void _lead(State* seed, State* states, unsigned char* present, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    cdef State one
    for i in range(n):
        one = seed[0]
        if present[i]:
            merge(&one, &states[i])
        states[i] = one
        present[i] = 1


def lead(int kind, const unsigned char[::1] seed, int64_t[::1] states, unsigned char[::1] present, Py_ssize_t n):
    """Merge ``seed``, an earlier state of the same key, in front of each of the first ``n`` states."""
    cdef void* first
    cdef void* s = <void*> &seed[0]
    if n == 0:
        return
    first = <void*> &states[0]
    if kind == COUNT:
        _lead(<Count*> s, <Count*> first, &present[0], n)
    elif kind == SUM_LONG:
        _lead(<SumLong*> s, <SumLong*> first, &present[0], n)
    elif kind == SUM_DOUBLE:
        _lead(<SumDouble*> s, <SumDouble*> first, &present[0], n)
    elif kind == AVERAGE:
        _lead(<Average*> s, <Average*> first, &present[0], n)
    elif kind == VARIANCE:
        _lead(<Variance*> s, <Variance*> first, &present[0], n)
    elif kind == SKEW:
        _lead(<Skew*> s, <Skew*> first, &present[0], n)
    elif kind == KURTOSIS:
        _lead(<Kurtosis*> s, <Kurtosis*> first, &present[0], n)
    elif kind == MIN_LONG:
        _lead(<MinLong*> s, <MinLong*> first, &present[0], n)
    elif kind == MAX_LONG:
        _lead(<MaxLong*> s, <MaxLong*> first, &present[0], n)
    elif kind == MIN_DOUBLE:
        _lead(<MinDouble*> s, <MinDouble*> first, &present[0], n)
    else:
        _lead(<MaxDouble*> s, <MaxDouble*> first, &present[0], n)


cdef void _finish_whole(State* states, Py_ssize_t n, int64_t* out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = whole_result(&states[i])


cdef void _finish_real(State* states, Py_ssize_t n, double* out) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        out[i] = real_result(&states[i])


def finish_whole(int kind, int64_t[::1] states, int64_t[::1] out):
    """Final values of states whose results are integers."""
    cdef Py_ssize_t n = out.shape[0]
    if n == 0:
        return
    if kind == COUNT:
        _finish_whole(<Count*> &states[0], n, &out[0])
    elif kind == SUM_LONG:
        _finish_whole(<SumLong*> &states[0], n, &out[0])
    elif kind == MIN_LONG:
        _finish_whole(<MinLong*> &states[0], n, &out[0])
    else:
        _finish_whole(<MaxLong*> &states[0], n, &out[0])


def finish_real(int kind, int64_t[::1] states, double[::1] out):
    """Final values of states whose results are doubles; NaN where a result is undefined."""
    cdef Py_ssize_t n = out.shape[0]
    if n == 0:
        return
    if kind == SUM_DOUBLE:
        _finish_real(<SumDouble*> &states[0], n, &out[0])
    elif kind == AVERAGE:
        _finish_real(<Average*> &states[0], n, &out[0])
    elif kind == VARIANCE:
        _finish_real(<Variance*> &states[0], n, &out[0])
    elif kind == SKEW:
        _finish_real(<Skew*> &states[0], n, &out[0])
    elif kind == KURTOSIS:
        _finish_real(<Kurtosis*> &states[0], n, &out[0])
    elif kind == MIN_DOUBLE:
        _finish_real(<MinDouble*> &states[0], n, &out[0])
    else:
        _finish_real(<MaxDouble*> &states[0], n, &out[0])
