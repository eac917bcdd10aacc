# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Whether stored records are what they should be, by their headers; ``record.py`` describes these."""

from libc.stdint cimport int64_t
from libc.string cimport memcmp

from chronon.aggregate.kernel.raw cimport word

cdef enum:
    HEADER = 32                                 # bytes


def rows_sound(rows, bytes head):
    """Whether all rows begin like ``head`` (eight bytes; the third, the reversal, may differ), and none is cut off."""
    for row in rows:
        if not _sound(<bytes> row, head):
            return False
    return True


def tiles_sound(tiles, bytes head, int64_t hop):
    """Whether all tiles begin like ``head``, none is cut off in its header, and their widths divide ``hop`` (ms)."""
    cdef const char* at
    for tile in tiles:
        if not _sound(<bytes> tile, head):
            return False
        at = <const char*> <bytes> tile
        if word(at, 3) <= 0 or hop % word(at, 3):
            return False
    return True


def batch_sound(bytes batch, bytes head, int64_t batch_end, int64_t stale_after):
    """Whether a batch record begins like ``head``, is of that batch, and is not cut off in its header."""
    cdef const char* at = batch
    return _sound(batch, head) and word(at, 2) == batch_end and word(at, 3) == stale_after


cdef bint _sound(bytes record, bytes head) noexcept:
    cdef const char* at = record
    cdef const char* wanted = head
    cdef Py_ssize_t size = len(record)
    return (
        size >= HEADER and at[0] == wanted[0] and at[1] == wanted[1] and memcmp(at + 4, wanted + 4, 4) == 0
        and HEADER <= word(at, 1) <= size
    )
