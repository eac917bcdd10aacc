# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Quantile sketches (Karnin, Lang and Liberty 2016) whose coin is a hash, so that equal inputs give equal sketches.

A sketch keeps at most about 3k floats in levels; an item of level h stands for 2**h values. While no more than k values
have come, all of them are there and every quantile is exact. The bytes are those of Apache DataSketches' float sketch.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.math cimport INFINITY, isnan
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy
from libcpp.algorithm cimport nth_element, sort
from libcpp.vector cimport vector

include "sketch.pxi"
include "serial.pxi"
include "sliding.pxi"


cdef vector[size_t] _by_size(const double[::1] fractions):
    cdef vector[size_t] order
    cdef Py_ssize_t i
    for i in sorted(range(fractions.shape[0]), key=lambda at: fractions[at]):
        order.push_back(i)
    return order


def of_value(int k, float value):
    """The sketch of one value."""
    cdef Sketch s
    s.clear(k)
    s.update(value)
    return _packed(&s)


def merged(states):
    """One sketch for all of ``states`` (bytes, at least one), merged in their order."""
    cdef Sketch total, one
    cdef bint first = True
    for state in states:
        if first:
            _unpack(state, &total)
            first = False
        else:
            _unpack(state, &one)
            total.merge(one)
    return _packed(&total)


def results(const uint8_t[::1] state, const double[::1] fractions):
    """The quantiles of a sketch, as a list of floats; ``None`` if it has seen nothing but NaN."""
    cdef Sketch s
    cdef vector[float] out
    cdef vector[size_t] order = _by_size(fractions)
    _unpack(state, &s)
    if s.n == 0:
        return None
    out.resize(fractions.shape[0])
    if order.size():
        s.quantiles(&fractions[0], order.data(), order.size(), out.data())
    return [out[i] for i in range(fractions.shape[0])]


def sliding(
    const float[::1] values, int k, const double[::1] fractions, const int64_t[::1] lo, const int64_t[::1] hi,
    float[:, ::1] out, uint8_t[::1] seen, seeds=(), const int64_t[::1] seeded=None,
):
    """The quantiles of each range ``[lo[i], hi[i])``, both ascending; ``seen[i]`` says whether it holds a number.

    The sketch ``seeds[seeded[i]]`` of earlier values stands in front of range ``i``, as far as ``seeded`` goes.
    """
    cdef Sliding window
    cdef vector[Sketch] older
    cdef vector[vector[uint64_t]] older_items
    cdef vector[float] few
    cdef vector[size_t] order = _by_size(fractions)
    cdef Py_ssize_t i, led = 0 if seeded is None else seeded.shape[0]
    cdef size_t which
    cdef const double* asked = &fractions[0] if fractions.shape[0] else NULL
    cdef float* to = &out[0, 0] if out.shape[0] and fractions.shape[0] else NULL
    cdef const float* first = &values[0] if values.shape[0] else NULL
    window.start(first, k)
    older.resize(len(seeds))
    older_items.resize(len(seeds) + 1)              # the last one stays empty
    for i in range(len(seeds)):
        _unpack(seeds[i], &older[i])
        older[i].sorted_items(older_items[i], window.some, window.other)
    with nogil:
        for i in range(lo.shape[0]):
            if i >= led and hi[i] - lo[i] <= k:
                seen[i] = hi[i] > lo[i] and _exact(
                    first, lo[i], hi[i], asked, order.size(), few, to + i * <Py_ssize_t> order.size(),
                )
            else:
                which = seeded[i] if i < led else older.size()
                seen[i] = window.read(
                    lo[i], hi[i], &older[which] if i < led else NULL, older_items[which], asked, order.data(),
                    order.size(), to + i * <Py_ssize_t> order.size(),
                )


def sketches(const float[::1] values, int k, const int64_t[::1] lo, const int64_t[::1] hi):
    """The sketch of each range as bytes, ``None`` for an empty one."""
    cdef Sliding window
    cdef Sketch sketch
    cdef Py_ssize_t i
    cdef list packed = []
    if values.shape[0]:
        window.start(&values[0], k)
    for i in range(lo.shape[0]):
        if hi[i] <= lo[i]:
            packed.append(None)
        else:
            window.fold(lo[i], hi[i], sketch)
            packed.append(_packed(&sketch))
    return packed
