# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""States of fixed size for one key, as bytes: the same four verbs as in ``states.pxd``, called from Python."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy

from chronon.aggregate.kernel.states cimport (
    AVERAGE, COUNT, KURTOSIS, MAX_LONG, MIN_DOUBLE, MIN_LONG, SKEW, SUM_DOUBLE, SUM_LONG, VARIANCE,
    Average, Count, Kurtosis, MaxDouble, MaxLong, MinDouble, MinLong, Skew, State, SumDouble, SumLong, Variance,
    clear, merge as merge_states, real_result, remove as remove_value, start, whole_result,
)

cdef union Any:
    Count count
    SumLong sum_long
    SumDouble sum_double
    Average average
    Variance variance
    Skew skew
    Kurtosis kurtosis
    MinLong min_long
    MaxLong max_long
    MinDouble min_double
    MaxDouble max_double

cdef union Word:
    int64_t whole
    double real

cdef enum Verb:
    LIFT
    MERGE
    REMOVE
    CLEAR


cdef bint _whole_input(int kind) noexcept:
    return kind == SUM_LONG or kind == MIN_LONG or kind == MAX_LONG


cdef void _fill(int kind, object value, Word* word) except *:
    if kind == COUNT:
        word.whole = 0
    elif _whole_input(kind):
        word.whole = value
    else:
        word.real = value


cdef void _verb(State* a, Verb verb, const void* other) noexcept nogil:
    if verb == LIFT:
        start(a, other, 0)
    elif verb == MERGE:
        merge_states(a, <const State*> other)
    elif verb == REMOVE:
        remove_value(a, other, 0)
    else:
        clear(a)


cdef void _apply(int kind, Any* a, Verb verb, const void* other) noexcept nogil:
    if kind == COUNT:
        _verb(&a.count, verb, other)
    elif kind == SUM_LONG:
        _verb(&a.sum_long, verb, other)
    elif kind == SUM_DOUBLE:
        _verb(&a.sum_double, verb, other)
    elif kind == AVERAGE:
        _verb(&a.average, verb, other)
    elif kind == VARIANCE:
        _verb(&a.variance, verb, other)
    elif kind == SKEW:
        _verb(&a.skew, verb, other)
    elif kind == KURTOSIS:
        _verb(&a.kurtosis, verb, other)
    elif kind == MIN_LONG:
        _verb(&a.min_long, verb, other)
    elif kind == MAX_LONG:
        _verb(&a.max_long, verb, other)
    elif kind == MIN_DOUBLE:
        _verb(&a.min_double, verb, other)
    else:
        _verb(&a.max_double, verb, other)


cdef Py_ssize_t _size(int kind) noexcept:
    if kind == SUM_DOUBLE:
        return sizeof(SumDouble)
    if kind == AVERAGE:
        return sizeof(Average)
    if kind == VARIANCE:
        return sizeof(Variance)
    if kind == SKEW or kind == KURTOSIS:
        return sizeof(Skew)
    return 8


cdef void _load(int kind, bytes state, Any* a) except *:
    if len(state) != _size(kind):
        raise ValueError(f"a state of kind {kind} has {_size(kind)} bytes, not {len(state)}")
    memcpy(a, <const char*> state, len(state))


def lift(int kind, value):
    """The state that remembers exactly ``value`` (an int or float; not looked at by a count)."""
    cdef Any a
    cdef Word word
    _fill(kind, value, &word)
    _apply(kind, &a, LIFT, &word)
    return (<const char*> &a)[:_size(kind)]


def merge(int kind, states):
    """One state for all of ``states`` (bytes, at least one)."""
    cdef Any a, b
    cdef bint first = True
    for state in states:
        if first:
            _load(kind, state, &a)
            first = False
        else:
            _load(kind, state, &b)
            _apply(kind, &a, MERGE, &b)
    if first:
        raise ValueError("nothing to merge")
    return (<const char*> &a)[:_size(kind)]


def remove(int kind, state, value):
    """The state with one occurrence of ``value`` less; from nothing, a state with minus one occurrence."""
    cdef Any a
    cdef Word word
    _fill(kind, value, &word)
    if state is None:
        _apply(kind, &a, CLEAR, NULL)
    else:
        _load(kind, state, &a)
    _apply(kind, &a, REMOVE, &word)
    return (<const char*> &a)[:_size(kind)]


def result(int kind, bytes state):
    """The final value of a state; NaN where it is undefined."""
    cdef Any a
    _load(kind, state, &a)
    if kind == COUNT:
        return whole_result(&a.count)
    if kind == SUM_LONG:
        return whole_result(&a.sum_long)
    if kind == MIN_LONG:
        return whole_result(&a.min_long)
    if kind == MAX_LONG:
        return whole_result(&a.max_long)
    if kind == SUM_DOUBLE:
        return real_result(&a.sum_double)
    if kind == AVERAGE:
        return real_result(&a.average)
    if kind == VARIANCE:
        return real_result(&a.variance)
    if kind == SKEW:
        return real_result(&a.skew)
    if kind == KURTOSIS:
        return real_result(&a.kurtosis)
    if kind == MIN_DOUBLE:
        return real_result(&a.min_double)
    return real_result(&a.max_double)


def narrowed(double number):
    """The nearest float of 32 bits, widened again."""
    return <double> (<float> number)
