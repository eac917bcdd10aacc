# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The answer for one key, straight from the bytes of its batch record and its stream rows.

Handles the parts whose state has a fixed size and whose input is a plain number; the others are left to the caller.
The layouts read here are written in ``record.py``, which describes them.
"""

cimport cython
from libc.math cimport isfinite
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy

from chronon.aggregate.kernel.raw cimport bit, floor, word
from chronon.aggregate.kernel.states cimport (
    AVERAGE, COUNT, KURTOSIS, MAX_LONG, MIN_DOUBLE, MIN_LONG, SKEW, SUM_DOUBLE, SUM_LONG, VARIANCE,
    Average, Count, Kurtosis, MaxDouble, MaxLong, MinDouble, MinLong, Skew, State, SumDouble, SumLong, Variance,
    clear, merge, real_result, remove, reversible, start, update, whole_result,
)

from chronon.base.errors import DataError

cdef enum:
    HEADER = 32                                 # bytes
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
    Py_ssize_t queries
    int64_t* at             # when is asked, ms, ascending ...
    int64_t* end            # ... and how many of the rows count by then
    Py_ssize_t rows
    const char** row
    int64_t* words          # for each row the words of its inputs ...
    char* seen              # ... and which of them are not null
    Py_ssize_t tiles
    const char** tile
    const char** states     # for each tile the states of its bases


cdef Py_ssize_t _count(const char* bits, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i, total = 0
    for i in range(n):
        total += bit(bits, i)
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


@cython.final
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
        return self._answers(batch, rows, batch_end, since, (at,), (len(rows),), tiles, raw)[0]

    def course(self, bytes batch, rows, int64_t batch_end, int64_t since, ats, ends):
        """The same at each of some ascending instants, of the first ``ends[i]`` rows at ``ats[i]``, in one pass.

        A row among the first ``ends[i]`` must not be later than ``ats[i]``.
        """
        return self._answers(batch, rows, batch_end, since, ats, ends, (), False)

    cdef list _answers(
        self, bytes batch, rows, int64_t batch_end, int64_t since, ats, ends, tiles, bint raw,
    ):
        cdef Py_ssize_t count = len(rows), tile_count = len(tiles), queries = len(ats), i, r
        cdef Stream stream
        cdef const char* collapsed = NULL
        cdef const char* state = NULL
        cdef list results = [[None] * self.part_count for _ in range(queries)]
        stream.since = since
        stream.queries = queries
        stream.at = <int64_t*> calloc(max(1, queries), 8)
        stream.end = <int64_t*> calloc(max(1, queries), 8)
        stream.rows = count
        stream.row = <const char**> calloc(max(1, count), sizeof(char*))
        stream.words = <int64_t*> calloc(max(1, count * self.input_count), 8)
        stream.seen = <char*> calloc(max(1, count * self.input_count), 1)
        stream.tiles = tile_count
        stream.tile = <const char**> calloc(max(1, tile_count), sizeof(char*))
        stream.states = <const char**> calloc(max(1, tile_count * self.base_count), sizeof(char*))
        try:
            for i in range(queries):
                stream.at[i] = ats[i]
                stream.end[i] = ends[i]
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
                    self._answer(
                        i, state if collapsed != NULL and bit(collapsed, i) else NULL, batch is not None, &stream,
                        batch_end, raw, results,
                    )
                if collapsed != NULL and bit(collapsed, i):
                    state += 8 * self.parts[i].width
        finally:
            free(stream.at)
            free(stream.end)
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
            if self.bases[i] and bit(bits, i):
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
            seen[i] = bit(bits, i)
            if seen[i] and self.inputs[i]:
                if end - number < 8:
                    raise cut_off()
                words[i] = word(number, 0)
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
            if bit(collapsed, i):
                at += 8 * self.parts[i].width
        for i in range(HOP_SIZES):
            hops = &self.hops[i]
            if end - at < 8:
                raise cut_off()
            hops.count = word(at, 0)
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

    cdef int _answer(
        self, Py_ssize_t number, const char* collapsed, bint has_batch, Stream* stream, int64_t batch_end, bint raw,
        list results,
    ) except -1:
        cdef Part* part = &self.parts[number]
        if part.kind == COUNT:
            self._fold[Count](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        elif part.kind == SUM_LONG:
            self._fold[SumLong](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        elif part.kind == SUM_DOUBLE:
            self._fold[SumDouble](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        elif part.kind == AVERAGE:
            self._fold[Average](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        elif part.kind == VARIANCE:
            self._fold[Variance](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        elif part.kind == SKEW:
            self._fold[Skew](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        elif part.kind == KURTOSIS:
            self._fold[Kurtosis](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        elif part.kind == MIN_LONG:
            self._fold[MinLong](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        elif part.kind == MAX_LONG:
            self._fold[MaxLong](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        elif part.kind == MIN_DOUBLE:
            self._fold[MinDouble](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        else:
            self._fold[MaxDouble](NULL, number, collapsed, has_batch, stream, batch_end, raw, results)
        return 0

    cdef inline int _fold(
        self, State* kind, Py_ssize_t number, const char* collapsed, bint has_batch, Stream* stream, int64_t batch_end,
        bint raw, list results,
    ) except -1:
        """One part at all instants; while its window begins at the same one, only the rows that are new are added."""
        cdef Part* part = &self.parts[number]
        cdef State total
        cdef bint found = False, windowed = part.hop_size >= 0
        cdef int64_t at, first, before = 0
        cdef Py_ssize_t q, done = 0
        for q in range(stream.queries):
            at = stream.at[q]
            first = floor(at - part.window, part.hop) if windowed else 0
            if q == 0 or stream.tiles or first != before:
                found = self._earlier(&total, part, collapsed, has_batch, stream, batch_end, first, at)
                done = 0
                before = first
            found = self._rows(&total, found, part, stream, done, stream.end[q], first, at)
            done = stream.end[q]
            if found:
                (<list> results[q])[number] = self._value(&total, raw)
        return 0

    cdef inline bint _earlier(
        self, State* out, Part* part, const char* collapsed, bint has_batch, Stream* stream, int64_t batch_end,
        int64_t first, int64_t at,
    ) noexcept:
        """What is remembered of the time before the rows, oldest first: hops, the collapsed state, tiles."""
        cdef State total                        # not through the pointer, which is slower
        cdef bint found = False, windowed = part.hop_size >= 0
        cdef int64_t last = floor(batch_end - part.window, part.hop) + part.stale_after
        cdef int64_t when
        cdef const char* state
        cdef Hops* hops
        cdef Column* column
        cdef Py_ssize_t i
        if has_batch and windowed:
            hops = &self.hops[part.hop_size]
            column = &hops.column[part.column]
            state = column.states
            for i in range(hops.count):
                if not bit(column.seen, i):
                    continue
                when = word(hops.starts, i)
                if first <= when < last:
                    _remember(&total, state, found)
                    found = True
                state += sizeof(State)
        if collapsed != NULL:
            _remember(&total, collapsed, found)
            found = True
        for i in range(stream.tiles):
            state = stream.states[i * self.base_count + part.base]
            when = word(stream.tile[i], 2)
            if state == NULL or not stream.since <= when < at or (windowed and when < first):
                continue
            _remember(&total, state, found)
            found = True
        if found:
            out[0] = total
        return found

    cdef inline bint _rows(
        self, State* total, bint found, Part* part, Stream* stream, Py_ssize_t low, Py_ssize_t high, int64_t first,
        int64_t at,
    ) noexcept:
        """Remember some of the rows too, as far as they are in the window."""
        cdef bint windowed = part.hop_size >= 0
        cdef int64_t when
        cdef Number number
        cdef Py_ssize_t i
        for i in range(low, high):
            if not stream.seen[i * self.input_count + part.input]:
                continue
            when = word(stream.row[i], 2)
            if not stream.since <= when < at or (windowed and when < first):
                continue
            number.whole = stream.words[i * self.input_count + part.input]
            if part.widen:
                number.real = <double> number.whole
            if stream.row[i][2]:                                       # a reversal
                if reversible(total):
                    if not found:
                        clear(total)
                        found = True
                    remove(total, &number, 0)
            elif found:
                update(total, &number, 0)
            else:
                start(total, &number, 0)
                found = True
        return found

    cdef inline object _value(self, State* total, bint raw):
        cdef double real
        if raw:
            return (<const char*> total)[:sizeof(State)]
        if State is Count or State is SumLong or State is MinLong or State is MaxLong:
            return whole_result(total)
        real = real_result(total)
        return real if isfinite(real) else None


def hop_starts(bytes batch, Py_ssize_t part_count, widths, hop_columns):
    """The starts of the hops of each size, in ms: three lists."""
    cdef const char* bits = (<const char*> batch) + HEADER
    cdef const char* at = bits + 8 * ((part_count + 63) // 64)
    cdef Py_ssize_t i, j, count
    for i in range(part_count):
        if bit(bits, i):
            at += 8 * <Py_ssize_t> widths[i]
    starts = []
    for columns in hop_columns:
        count = word(at, 0)
        starts.append([word(at, 1 + j) for j in range(count)])
        at += 8 * (1 + count)
        for width in columns:
            j = _count(at, count)
            at += 8 * ((count + 63) // 64)
            if width:
                at += 8 * <Py_ssize_t> width * j
    return starts
