# cython: language_level=3, cdivision=True
"""Reading stored bytes, and instants in steps: what several loops need."""

from libc.stdint cimport int64_t
from libc.string cimport memcpy


cdef inline int64_t word(const char* at, Py_ssize_t i) noexcept nogil:
    """The ``i``-th word of eight bytes."""
    cdef int64_t found
    memcpy(&found, at + 8 * i, 8)
    return found


cdef inline bint bit(const char* bits, Py_ssize_t i) noexcept nogil:
    """The ``i``-th bit of some words."""
    return (word(bits, i >> 6) >> (i & 63)) & 1


cdef inline int64_t floor(int64_t instant, int64_t step) noexcept nogil:
    """The last multiple of ``step`` that is not after ``instant``."""
    cdef int64_t rest = instant % step
    return instant - rest if rest >= 0 else instant - rest - step
