# distutils: language = c++
# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Quantile sketches (Karnin, Lang and Liberty 2016) whose coin is a hash, so that equal inputs give equal sketches.

A sketch keeps at most about 3k floats in levels; an item of level h stands for 2**h values. While no more than k values
have come, all of them are there and every quantile is exact. The bytes are those of Apache DataSketches' float sketch.
"""

from cpython.bytes cimport PyBytes_FromStringAndSize
from libc.math cimport isnan
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy
from libcpp.algorithm cimport nth_element, sort
from libcpp.vector cimport vector

cdef extern from "<algorithm>" namespace "std" nogil:
    void inplace_merge[I](I first, I middle, I last)

cdef enum:
    LEAST_CAPACITY = 8                          # of a level
    FAMILY = 15                                 # of the format: KLL
    EMPTY = 1
    LEVEL_ZERO_SORTED = 2
    SINGLE = 4

cdef inline uint64_t _item(float value, size_t level) noexcept nogil:
    """A value with its level as one word; words order as their values do."""
    cdef uint32_t bits
    memcpy(&bits, &value, 4)
    bits = ~bits if bits >> 31 else bits | <uint32_t> 0x80000000
    return <uint64_t> bits << 32 | level


cdef inline float _value(uint64_t item) noexcept nogil:
    cdef uint32_t bits = <uint32_t> (item >> 32)
    cdef float value
    bits = bits & <uint32_t> 0x7FFFFFFF if bits >> 31 else ~bits
    memcpy(&value, &bits, 4)
    return value


cdef cppclass Sketch:
    int k
    uint64_t n
    float low
    float high
    uint64_t held                               # how many items there are in all levels
    uint64_t space                              # how many there may be
    vector[vector[float]] levels

    __init__():
        this.k = 0
        this.n = 0
        this.held = 0
        this.space = 0

    void clear(int k) noexcept nogil:
        this.k = k
        this.n = 0
        this.levels.clear()
        this.levels.resize(1)
        this.measure()

    void assign(const Sketch& other) noexcept nogil:
        """Become a copy of ``other``, in the memory that is here already."""
        this.k = other.k
        this.n = other.n
        this.low = other.low
        this.high = other.high
        this.held = other.held
        this.space = other.space
        this.levels = other.levels

    void measure() noexcept nogil:
        this.held = this.retained()
        this.space = this.room()

    uint64_t capacity(size_t level) noexcept nogil:
        """How many items a level holds before it is compacted: k at the top, two thirds of it for each step down."""
        cdef int depth = <int> (this.levels.size() - level - 1)
        cdef uint64_t three = 1, size
        cdef int _i
        if depth > 30:
            return LEAST_CAPACITY
        for _i in range(depth):
            three *= 3
        size = (((<uint64_t> 2 * this.k << depth) // three) + 1) >> 1
        return size if size > LEAST_CAPACITY else LEAST_CAPACITY

    uint64_t room() noexcept nogil:
        cdef uint64_t total = 0
        cdef size_t level
        for level in range(this.levels.size()):
            total += this.capacity(level)
        return total

    uint64_t retained() noexcept nogil:
        cdef uint64_t total = 0
        cdef size_t level
        for level in range(this.levels.size()):
            total += this.levels[level].size()
        return total

    bint heads(size_t level) noexcept nogil:
        """The coin: a hash of the level and of how many values have come."""
        cdef uint64_t x = this.n * <uint64_t> 0x9E3779B97F4A7C15 + level + 1
        x = (x ^ (x >> 30)) * <uint64_t> 0xBF58476D1CE4E5B9
        x = (x ^ (x >> 27)) * <uint64_t> 0x94D049BB133111EB
        return (x ^ (x >> 31)) & 1

    void compact() noexcept nogil:
        """Halve the lowest level that is full: every other of its items moves up and stands for two."""
        cdef size_t level = 0, i, before
        while this.levels[level].size() < this.capacity(level):
            level += 1
        if level + 1 == this.levels.size():
            this.levels.resize(level + 2)
        if level == 0:
            sort(this.levels[0].begin(), this.levels[0].end())
        i = this.levels[level].size() & 1               # of an odd number the first stays
        if this.heads(level):
            i += 1
        before = this.levels[level + 1].size()
        while i < this.levels[level].size():
            this.levels[level + 1].push_back(this.levels[level][i])
            i += 2
        inplace_merge(
            this.levels[level + 1].begin(), this.levels[level + 1].begin() + before, this.levels[level + 1].end()
        )
        this.levels[level].resize(this.levels[level].size() & 1)
        this.measure()

    void update(float x) noexcept nogil:
        if isnan(x):
            return
        if this.n == 0 or x < this.low:
            this.low = x
        if this.n == 0 or x > this.high:
            this.high = x
        if this.held >= this.space:
            this.compact()
        this.levels[0].push_back(x)
        this.held += 1
        this.n += 1

    void merge(const Sketch& other) noexcept nogil:
        cdef size_t level, i, before
        if other.n == 0:
            return
        if this.n == 0 or other.low < this.low:
            this.low = other.low
        if this.n == 0 or other.high > this.high:
            this.high = other.high
        if other.levels.size() > this.levels.size():
            this.levels.resize(other.levels.size())
        for level in range(other.levels.size()):
            before = this.levels[level].size()
            for i in range(other.levels[level].size()):
                this.levels[level].push_back(other.levels[level][i])
            if level:
                inplace_merge(
                    this.levels[level].begin(), this.levels[level].begin() + before, this.levels[level].end()
                )
        this.n += other.n
        this.measure()
        while this.held > this.space:
            this.compact()

    void quantiles(const double* fractions, size_t count, float* out) noexcept nogil:
        """For each fraction p the first value whose rank exceeds p * n; the extremes for 0 and 1."""
        cdef vector[uint64_t] items
        cdef size_t level, i, j
        cdef uint64_t rank, passed
        items.reserve(this.held)
        for level in range(this.levels.size()):
            for i in range(this.levels[level].size()):
                items.push_back(_item(this.levels[level][i], level))
        sort(items.begin(), items.end())
        for j in range(count):
            if fractions[j] <= 0:
                out[j] = this.low
            elif fractions[j] >= 1:
                out[j] = this.high
            else:
                rank = <uint64_t> (fractions[j] * <double> this.n)
                passed = 0
                out[j] = this.high
                for i in range(items.size()):
                    passed += <uint64_t> 1 << (items[i] & 63)
                    if passed > rank:
                        out[j] = _value(items[i])
                        break


cdef bytes _packed(Sketch* s):
    cdef uint8_t[8] head = [5, 1, FAMILY, 0, 0, 0, LEAST_CAPACITY, 0]
    cdef uint16_t k = s.k
    cdef size_t level
    cdef uint32_t offset
    cdef uint8_t[4] shape
    memcpy(head + 4, &k, 2)
    if s.n == 0:
        head[0] = 2
        head[3] = EMPTY
        return (<char*> head)[:8]
    if s.n == 1:
        head[0] = 2
        head[1] = 2
        head[3] = SINGLE
        return (<char*> head)[:8] + (<char*> &s.low)[:4]
    memcpy(shape, &k, 2)
    shape[2] = <uint8_t> s.levels.size()
    shape[3] = 0
    pieces = [(<char*> head)[:8], (<char*> &s.n)[:8], (<char*> shape)[:4]]
    offset = <uint32_t> (s.room() - s.retained())
    for level in range(s.levels.size()):
        pieces.append((<char*> &offset)[:4])
        offset += <uint32_t> s.levels[level].size()
    pieces.append((<char*> &s.low)[:4])
    pieces.append((<char*> &s.high)[:4])
    for level in range(s.levels.size()):
        if s.levels[level].size():
            pieces.append(PyBytes_FromStringAndSize(<char*> s.levels[level].data(), 4 * s.levels[level].size()))
    return b"".join(pieces)


cdef int _unpack(const uint8_t[::1] data, Sketch* s) except -1:
    cdef uint16_t k
    cdef size_t level, levels
    cdef vector[uint32_t] offsets
    cdef size_t at = 20, items
    if data.shape[0] < 8 or data[2] != FAMILY:
        raise ValueError("not a KLL sketch of floats")
    memcpy(&k, &data[4], 2)
    s.clear(k)
    if data[3] & EMPTY:
        return 0
    if data[3] & SINGLE:
        if data.shape[0] < 12:
            raise ValueError("a KLL sketch ends too early")
        memcpy(&s.low, &data[8], 4)
        s.high = s.low
        s.n = 1
        s.levels[0].push_back(s.low)
        s.measure()
        return 0
    if data.shape[0] < 28:
        raise ValueError("a KLL sketch ends too early")
    memcpy(&s.n, &data[8], 8)
    levels = data[18]
    s.levels.resize(levels)
    offsets.resize(levels + 1)
    if <size_t> data.shape[0] < at + 4 * levels + 8:
        raise ValueError("a KLL sketch ends too early")
    for level in range(levels):
        memcpy(&offsets[level], &data[at], 4)
        at += 4
    offsets[levels] = <uint32_t> s.room()
    memcpy(&s.low, &data[at], 4)
    memcpy(&s.high, &data[at + 4], 4)
    at += 8
    for level in range(levels):
        items = offsets[level + 1] - offsets[level]
        if offsets[level + 1] < offsets[level] or at + 4 * items > <size_t> data.shape[0]:
            raise ValueError("a KLL sketch ends too early")
        s.levels[level].resize(items)
        if items:
            memcpy(s.levels[level].data(), &data[at], 4 * items)
        at += 4 * items
    s.measure()
    return 0


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
    _unpack(state, &s)
    if s.n == 0:
        return None
    out.resize(fractions.shape[0])
    s.quantiles(&fractions[0], fractions.shape[0], out.data())
    return [out[i] for i in range(fractions.shape[0])]


cdef bint _exact(
    const float* values, int64_t low, int64_t high, const double* fractions, size_t count, vector[float]& some,
    float* out,
) noexcept nogil:
    """The quantiles of a few values, as ``Sketch.quantiles`` gives them while all are there; whether there are any."""
    cdef int64_t i
    cdef size_t j, rank
    some.clear()
    for i in range(low, high):
        if not isnan(values[i]):
            some.push_back(values[i])
    if some.empty():
        return False
    for j in range(count):
        rank = some.size() - 1
        if fractions[j] <= 0:
            rank = 0
        elif fractions[j] < 1:
            rank = min(rank, <size_t> (fractions[j] * <double> some.size()))
        nth_element(some.begin(), some.begin() + rank, some.end())
        out[j] = some[rank]
    return True


cdef enum:
    BLOCK = 64                                  # elements that are put into one sketch before anything else


cdef cppclass Sliding:
    """Sketches of ranges that only move forward: two stacks over blocks of elements, and the loose ends one by one."""
    const float* values
    int k
    vector[Sketch] suffixes                     # of blocks [first, middle)
    Sketch back                                 # of blocks [middle, top)
    int64_t first
    int64_t middle
    int64_t top

    void start(const float* values, int k) noexcept nogil:
        this.values = values
        this.k = k
        this.first = 0
        this.middle = 0
        this.top = 0
        this.back.clear(k)

    void block(int64_t number, Sketch& into) noexcept nogil:
        cdef int64_t i
        for i in range(number * BLOCK, (number + 1) * BLOCK):
            into.update(this.values[i])

    void fold(int64_t low, int64_t high, Sketch& out) noexcept nogil:
        cdef int64_t i, b
        cdef int64_t begin = (low + BLOCK - 1) // BLOCK, end = high // BLOCK
        if end - begin < 1:
            out.clear(this.k)
            for i in range(low, high):
                out.update(this.values[i])
            return
        if begin >= this.middle:
            this.suffixes.resize(end - begin)
            b = end - 1
            while b >= begin:
                this.suffixes[b - begin].clear(this.k)
                this.block(b, this.suffixes[b - begin])
                if b + 1 < end:
                    this.suffixes[b - begin].merge(this.suffixes[b + 1 - begin])
                b -= 1
            this.first = begin
            this.middle = end
            this.top = end
            this.back.clear(this.k)
        for b in range(this.top, end):
            this.block(b, this.back)
        if end > this.top:
            this.top = end
        out.assign(this.suffixes[begin - this.first])
        out.merge(this.back)
        for i in range(low, begin * BLOCK):
            out.update(this.values[i])
        for i in range(this.top * BLOCK, high):
            out.update(this.values[i])


def sliding(
    const float[::1] values, int k, const double[::1] fractions, const int64_t[::1] lo, const int64_t[::1] hi,
    float[:, ::1] out, uint8_t[::1] seen, bytes seed=None, Py_ssize_t seeded=0,
):
    """The quantiles of each range ``[lo[i], hi[i])``, both ascending; ``seen[i]`` says whether it holds a number.

    The sketch ``seed`` of earlier values stands in front of the first ``seeded`` ranges.
    """
    cdef Sliding window
    cdef Sketch sketch, older
    cdef vector[float] some
    cdef Py_ssize_t i
    if values.shape[0]:
        window.start(&values[0], k)
    if seed is not None:
        _unpack(seed, &older)
    with nogil:
        for i in range(lo.shape[0]):
            if i >= seeded and hi[i] - lo[i] <= k:
                seen[i] = hi[i] > lo[i] and _exact(
                    &values[0], lo[i], hi[i], &fractions[0], fractions.shape[0], some, &out[i, 0],
                )
                continue
            if hi[i] > lo[i]:
                window.fold(lo[i], hi[i], sketch)
            else:
                sketch.clear(k)
            if i < seeded:
                sketch.merge(older)
            seen[i] = sketch.n > 0
            if sketch.n:
                sketch.quantiles(&fractions[0], fractions.shape[0], &out[i, 0])


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
