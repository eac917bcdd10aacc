# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The answer for one key, straight from the bytes of its batch record and its stream rows.

Handles the parts whose state has a fixed size and whose input is a plain number; the others are left to the caller.
The layouts read here are written in ``record.py``, which describes them.
"""

from libc.math cimport isfinite
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcmp, memcpy

from chronon.aggregate.kernel.states cimport (
    AVERAGE, COUNT, KURTOSIS, MAX_LONG, MIN_DOUBLE, MIN_LONG, SKEW, SUM_DOUBLE, SUM_LONG, VARIANCE,
    Average, Count, Kurtosis, MaxDouble, MaxLong, MinDouble, MinLong, Skew, State, SumDouble, SumLong, Variance,
    clear, merge, real_result, remove, reversible, start, update, whole_result,
)

from chronon.base.errors import DataError

cdef enum:
    HEADER = 32
    HOP_SIZES = 3

cdef union Number:
    int64_t whole
    double real

cdef struct Part:
    int kind                # of the state; 0 where the caller does it
    int width               # of the state in words
    Py_ssize_t input        # which input of a row
    bint widen              # the input is whole, the state reads doubles
    int hop_size            # which of the three hop sizes; -1 for the whole history
    Py_ssize_t column       # which column of that hop size's table
    int64_t window          # ms
    int64_t hop             # ms
    int64_t stale_after     # ms, rounded up to the hop
    Py_ssize_t base         # which column of a tile

cdef struct Column:
    int width               # of a state in words; 0 where states are in the tail
    const char* seen        # one bit for each hop
    const char* states      # of the hops that have one, in order

cdef struct Hops:
    int64_t count
    const char* starts
    Py_ssize_t columns
    Column* column

cdef struct Stream:
    int64_t since           # ms; what is outside [since, at) is passed over
    int64_t at
    Py_ssize_t rows
    const char** row
    int64_t* words          # for each row the words of its inputs ...
    char* seen              # ... and which of them are not null
    Py_ssize_t tiles
    const char** tile
    const char** states     # for each tile the states of its bases


cdef inline int64_t _word(const char* at, Py_ssize_t i) noexcept nogil:
    cdef int64_t word
    memcpy(&word, at + 8 * i, 8)
    return word


cdef inline bint _bit(const char* bits, Py_ssize_t i) noexcept nogil:
    return (_word(bits, i >> 6) >> (i & 63)) & 1


cdef inline int64_t _floor(int64_t instant, int64_t step) noexcept nogil:
    cdef int64_t rest = instant % step
    return instant - rest if rest >= 0 else instant - rest - step


cdef Py_ssize_t _count(const char* bits, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i, total = 0
    for i in range(n):
        total += _bit(bits, i)
    return total


cdef inline void _remember(State* total, const char* stored, bint found) noexcept nogil:
    """Let ``total``, if there is one, remember what a stored state does as well."""
    cdef State one
    memcpy(&one, stored, sizeof(State))
    if found:
        merge(total, &one)
    else:
        total[0] = one


def cut_off():
    """What to raise for bytes that end too early."""
    return DataError("a stored record ends before its contents do", mend="upload again: its bytes are damaged")


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
        if _word(at, 3) <= 0 or hop % _word(at, 3):
            return False
    return True


def batch_sound(bytes batch, bytes head, int64_t batch_end, int64_t stale_after):
    """Whether a batch record begins like ``head``, is of that batch, and is not cut off in its header."""
    cdef const char* at = batch
    return _sound(batch, head) and _word(at, 2) == batch_end and _word(at, 3) == stale_after


cdef bint _sound(bytes record, bytes head) noexcept:
    cdef const char* at = record
    cdef const char* wanted = head
    cdef Py_ssize_t size = len(record)
    return (
        size >= HEADER and at[0] == wanted[0] and at[1] == wanted[1] and memcmp(at + 4, wanted + 4, 4) == 0
        and HEADER <= _word(at, 1) <= size
    )


cdef class Reader:
    """Prepared once for a group-by; answers for one key at a time.

    Parameters
    ----------
    parts:
        For each part ``(kind, width, input, widen, hop size, column, window, hop, stale after, base)`` as in ``Part``.
    hop_columns:
        For each of the three hop sizes the widths of its columns, 0 where a state is in the tail.
    inputs:
        For each input of a row: 0 if its value is in the tail, 1 if it is a whole number, 2 if it is a double.
    bases:
        The widths of a tile's columns, 0 where a state is in the tail.
    """

    cdef Part* parts
    cdef Py_ssize_t part_count
    cdef Hops hops[HOP_SIZES]
    cdef int* inputs
    cdef Py_ssize_t input_count
    cdef int* bases
    cdef Py_ssize_t base_count

    def __cinit__(self, parts, hop_columns, inputs, bases):
        cdef Py_ssize_t i, j
        self.part_count = len(parts)
        self.parts = <Part*> calloc(max(1, self.part_count), sizeof(Part))
        for i, values in enumerate(parts):
            (self.parts[i].kind, self.parts[i].width, self.parts[i].input, self.parts[i].widen, self.parts[i].hop_size,
             self.parts[i].column, self.parts[i].window, self.parts[i].hop, self.parts[i].stale_after,
             self.parts[i].base) = values
        for i in range(HOP_SIZES):
            self.hops[i].columns = len(hop_columns[i])
            self.hops[i].column = <Column*> calloc(max(1, len(hop_columns[i])), sizeof(Column))
            for j, width in enumerate(hop_columns[i]):
                self.hops[i].column[j].width = width
        self.input_count = len(inputs)
        self.inputs = <int*> calloc(max(1, self.input_count), sizeof(int))
        for i, kind in enumerate(inputs):
            self.inputs[i] = kind
        self.base_count = len(bases)
        self.bases = <int*> calloc(max(1, self.base_count), sizeof(int))
        for i, width in enumerate(bases):
            self.bases[i] = width

    def __dealloc__(self):
        cdef Py_ssize_t i
        free(self.parts)
        free(self.inputs)
        free(self.bases)
        for i in range(HOP_SIZES):
            free(self.hops[i].column)

    def answer(
        self, bytes batch, rows, int64_t batch_end, int64_t since, int64_t at, tiles=(), bint raw=False,
    ):
        """The final values of all parts, ``None`` where nothing was seen or the caller is to do it.

        ``rows`` are stream rows, ``tiles`` stand for such; those whose time or start is outside ``[since, at)`` are
        passed over. With ``raw`` the states come back as bytes, not their final values.
        """
        cdef Py_ssize_t count = len(rows), tile_count = len(tiles), i, r
        cdef Stream stream
        cdef const char* collapsed = NULL
        cdef const char* state = NULL
        cdef list results = [None] * self.part_count
        stream.rows = count
        stream.row = <const char**> calloc(max(1, count), sizeof(char*))
        stream.words = <int64_t*> calloc(max(1, count * self.input_count), 8)
        stream.seen = <char*> calloc(max(1, count * self.input_count), 1)
        stream.tiles = tile_count
        stream.tile = <const char**> calloc(max(1, tile_count), sizeof(char*))
        stream.states = <const char**> calloc(max(1, tile_count * self.base_count), sizeof(char*))
        stream.since = since
        stream.at = at
        try:
            for r in range(count):
                stream.row[r] = <const char*> <bytes> rows[r]
                self._read_row(
                    <bytes> rows[r], stream.words + r * self.input_count, stream.seen + r * self.input_count
                )
            for r in range(tile_count):
                stream.tile[r] = <const char*> <bytes> tiles[r]
                self._read_tile(<bytes> tiles[r], stream.states + r * self.base_count)
            if batch is not None:
                collapsed = self._read_batch(batch)
                state = collapsed + 8 * ((self.part_count + 63) // 64)
            for i in range(self.part_count):
                if self.parts[i].kind:
                    results[i] = self._answer(
                        &self.parts[i], state if collapsed != NULL and _bit(collapsed, i) else NULL,
                        batch is not None, &stream, batch_end, raw,
                    )
                if collapsed != NULL and _bit(collapsed, i):
                    state += 8 * self.parts[i].width
        finally:
            free(stream.row)
            free(stream.words)
            free(stream.seen)
            free(stream.tile)
            free(stream.states)
        return results

    cdef int _read_tile(self, bytes tile, const char** states) except -1:
        """Where in a tile the state of each base is; NULL where there is none."""
        cdef const char* bits = (<const char*> tile) + HEADER
        cdef const char* at = bits + 8 * ((self.base_count + 63) // 64)
        cdef const char* end = (<const char*> tile) + len(tile)
        cdef Py_ssize_t i
        if at > end:
            raise cut_off()
        for i in range(self.base_count):
            if self.bases[i] and _bit(bits, i):
                states[i] = at
                at += 8 * self.bases[i]
                if at > end:
                    raise cut_off()
        return 0

    cdef int _read_row(self, bytes row, int64_t* words, char* seen) except -1:
        cdef const char* bits = (<const char*> row) + HEADER
        cdef const char* number = bits + 8 * ((self.input_count + 63) // 64)
        cdef const char* end = (<const char*> row) + len(row)
        cdef Py_ssize_t i
        if number > end:
            raise cut_off()
        for i in range(self.input_count):
            seen[i] = _bit(bits, i)
            if seen[i] and self.inputs[i]:
                if end - number < 8:
                    raise cut_off()
                words[i] = _word(number, 0)
                number += 8
        return 0

    cdef const char* _read_batch(self, bytes batch) except NULL:
        cdef const char* collapsed = (<const char*> batch) + HEADER
        cdef const char* at = collapsed + 8 * ((self.part_count + 63) // 64)
        cdef const char* end = (<const char*> batch) + len(batch)
        cdef Py_ssize_t i, j
        cdef Hops* hops
        if at > end:
            raise cut_off()
        for i in range(self.part_count):
            if _bit(collapsed, i):
                at += 8 * self.parts[i].width
        for i in range(HOP_SIZES):
            hops = &self.hops[i]
            if end - at < 8:
                raise cut_off()
            hops.count = _word(at, 0)
            if not 0 <= hops.count <= (end - at) // 8 - 1:
                raise cut_off()
            hops.starts = at + 8
            at += 8 * (1 + hops.count)
            for j in range(hops.columns):
                hops.column[j].seen = at
                at += 8 * ((hops.count + 63) // 64)
                if at > end:
                    raise cut_off()
                hops.column[j].states = at
                if hops.column[j].width:
                    at += 8 * hops.column[j].width * _count(hops.column[j].seen, hops.count)
        if at > end:
            raise cut_off()
        return collapsed

    cdef object _answer(
        self, Part* part, const char* collapsed, bint has_batch, Stream* stream, int64_t batch_end, bint raw,
    ):
        if part.kind == COUNT:
            return self._fold[Count](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        if part.kind == SUM_LONG:
            return self._fold[SumLong](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        if part.kind == SUM_DOUBLE:
            return self._fold[SumDouble](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        if part.kind == AVERAGE:
            return self._fold[Average](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        if part.kind == VARIANCE:
            return self._fold[Variance](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        if part.kind == SKEW:
            return self._fold[Skew](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        if part.kind == KURTOSIS:
            return self._fold[Kurtosis](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        if part.kind == MIN_LONG:
            return self._fold[MinLong](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        if part.kind == MAX_LONG:
            return self._fold[MaxLong](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        if part.kind == MIN_DOUBLE:
            return self._fold[MinDouble](NULL, part, collapsed, has_batch, stream, batch_end, raw)
        return self._fold[MaxDouble](NULL, part, collapsed, has_batch, stream, batch_end, raw)

    cdef object _fold(
        self, State* kind, Part* part, const char* collapsed, bint has_batch, Stream* stream, int64_t batch_end,
        bint raw,
    ):
        cdef State total
        cdef bint found = False
        cdef int64_t first = _floor(stream.at - part.window, part.hop)
        cdef int64_t last = _floor(batch_end - part.window, part.hop) + part.stale_after
        cdef int64_t when
        cdef Number number
        cdef const char* state
        cdef Hops* hops
        cdef Column* column
        cdef Py_ssize_t i
        cdef double real
        if has_batch and part.hop_size >= 0:                    # oldest first: hops, the collapsed state, tiles, rows
            hops = &self.hops[part.hop_size]
            column = &hops.column[part.column]
            state = column.states
            for i in range(hops.count):
                if not _bit(column.seen, i):
                    continue
                when = _word(hops.starts, i)
                if first <= when < last:
                    _remember(&total, state, found)
                    found = True
                state += sizeof(State)
        if collapsed != NULL:
            _remember(&total, collapsed, found)
            found = True
        for i in range(stream.tiles):
            state = stream.states[i * self.base_count + part.base]
            when = _word(stream.tile[i], 2)
            if state == NULL or not stream.since <= when < stream.at or (part.hop_size >= 0 and when < first):
                continue
            _remember(&total, state, found)
            found = True
        for i in range(stream.rows):
            if not stream.seen[i * self.input_count + part.input]:
                continue
            when = _word(stream.row[i], 2)
            if not stream.since <= when < stream.at or (part.hop_size >= 0 and when < first):
                continue
            number.whole = stream.words[i * self.input_count + part.input]
            if part.widen:
                number.real = <double> number.whole
            if stream.row[i][2]:                                       # a reversal
                if reversible(&total):
                    if not found:
                        clear(&total)
                        found = True
                    remove(&total, &number, 0)
            elif found:
                update(&total, &number, 0)
            else:
                start(&total, &number, 0)
                found = True
        if not found:
            return None
        if raw:
            return (<const char*> &total)[:sizeof(State)]
        if State is Count or State is SumLong or State is MinLong or State is MaxLong:
            return whole_result(&total)
        real = real_result(&total)
        return real if isfinite(real) else None


def hop_starts(bytes batch, Py_ssize_t part_count, widths, hop_columns):
    """The starts of the hops of each size, in ms: three lists."""
    cdef const char* bits = (<const char*> batch) + HEADER
    cdef const char* at = bits + 8 * ((part_count + 63) // 64)
    cdef Py_ssize_t i, j, count
    for i in range(part_count):
        if _bit(bits, i):
            at += 8 * <Py_ssize_t> widths[i]
    starts = []
    for columns in hop_columns:
        count = _word(at, 0)
        starts.append([_word(at, 1 + j) for j in range(count)])
        at += 8 * (1 + count)
        for width in columns:
            j = _count(at, count)
            at += 8 * ((count + 63) // 64)
            if width:
                at += 8 * <Py_ssize_t> width * j
    return starts
