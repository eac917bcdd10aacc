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

ctypedef fused Number:
    float
    uint64_t

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


cdef inline void _merge(
    const Number* a, size_t n, const Number* b, size_t m, vector[Number]& out
) noexcept nogil:
    """Two sorted runs as one; of equal numbers those of ``a`` come first."""
    cdef size_t i = 0, j = 0
    cdef bint second
    out.resize(n + m)
    while i < n and j < m:
        second = b[j] < a[i]
        out[i + j] = b[j] if second else a[i]           # without a branch, which would be mispredicted half the time
        j += second
        i += not second
    if i < n:
        memcpy(&out[i + j], a + i, (n - i) * sizeof(Number))
    if j < m:
        memcpy(&out[i + j], b + j, (m - j) * sizeof(Number))


cdef cppclass Sketch:
    int k
    uint64_t n
    float low
    float high
    uint64_t held                               # how many items there are in all levels
    uint64_t space                              # how many there may be
    vector[vector[float]] levels                # all but the lowest are sorted
    vector[float] spare                         # memory to merge into

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
        cdef size_t level = 0, i, kept, before
        while this.levels[level].size() < this.capacity(level):
            level += 1
        if level + 1 == this.levels.size():
            this.levels.resize(level + 2)
        if level == 0:
            sort(this.levels[0].begin(), this.levels[0].end())
        i = this.levels[level].size() & 1               # of an odd number the first stays
        if this.heads(level):
            i += 1
        kept = this.levels[level].size() & 1
        before = kept
        while i < this.levels[level].size():            # those that move up, packed behind the one that stays
            this.levels[level][before] = this.levels[level][i]
            before += 1
            i += 2
        this.absorb(level + 1, this.levels[level].data() + kept, before - kept)
        this.levels[level].resize(kept)
        this.measure()

    void absorb(size_t level, const float* more, size_t count) noexcept nogil:
        """Add sorted items to a level that is sorted."""
        _merge[float](this.levels[level].data(), this.levels[level].size(), more, count, this.spare)
        this.levels[level].swap(this.spare)

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
        cdef size_t level, i
        if other.n == 0:
            return
        if this.n == 0 or other.low < this.low:
            this.low = other.low
        if this.n == 0 or other.high > this.high:
            this.high = other.high
        if other.levels.size() > this.levels.size():
            this.levels.resize(other.levels.size())
        for i in range(other.levels[0].size()):
            this.levels[0].push_back(other.levels[0][i])
        for level in range(1, other.levels.size()):
            if other.levels[level].size():
                this.absorb(level, other.levels[level].data(), other.levels[level].size())
        this.n += other.n
        this.measure()
        while this.held > this.space:
            this.compact()

    void sorted_items(vector[uint64_t]& out, vector[uint64_t]& some, vector[uint64_t]& other) noexcept nogil:
        """All items in order; ``some`` and ``other`` are memory to work in."""
        cdef size_t level, i
        out.clear()
        for level in range(this.levels.size()):
            some.clear()
            for i in range(this.levels[level].size()):
                some.push_back(_item(this.levels[level][i], level))
            if level == 0:
                sort(some.begin(), some.end())
            _merge[uint64_t](out.data(), out.size(), some.data(), some.size(), other)
            out.swap(other)

    void quantiles(const double* fractions, const size_t* order, size_t count, float* out) noexcept nogil:
        cdef vector[uint64_t] items, some, other
        this.sorted_items(items, some, other)
        _read(items, this.n, this.low, this.high, fractions, order, count, out)


cdef void _read(
    const vector[uint64_t]& items, uint64_t n, float low, float high, const double* fractions, const size_t* order,
    size_t count, float* out,
) noexcept nogil:
    """For each fraction p the first value whose rank exceeds p * n; the extremes for 0 and 1.

    ``items`` are sorted; ``order`` gives the fractions by size.
    """
    cdef size_t i = 0, j, place
    cdef uint64_t passed = 0, rank
    for j in range(count):
        place = order[j]
        if fractions[place] <= 0:
            out[place] = low
        elif fractions[place] >= 1:
            out[place] = high
        else:
            rank = <uint64_t> (fractions[place] * <double> n)
            while i < items.size() and passed + (<uint64_t> 1 << (items[i] & 63)) <= rank:
                passed += <uint64_t> 1 << (items[i] & 63)
                i += 1
            out[place] = _value(items[i]) if i < items.size() else high


cdef vector[size_t] _by_size(const double[::1] fractions):
    cdef vector[size_t] order
    cdef Py_ssize_t i
    for i in sorted(range(fractions.shape[0]), key=lambda at: fractions[at]):
        order.push_back(i)
    return order


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
    cdef vector[size_t] order = _by_size(fractions)
    _unpack(state, &s)
    if s.n == 0:
        return None
    out.resize(fractions.shape[0])
    if order.size():
        s.quantiles(&fractions[0], order.data(), order.size(), out.data())
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
    GROUP = 16                                  # blocks for which the front keeps one sketch


cdef cppclass Sliding:
    """Sketches of ranges that only move forward: two stacks over blocks of elements, and the loose ends one by one.

    The front keeps one sketch for each group of blocks, and one for each block of the group that the ranges begin in.
    """
    const float* values
    int k
    vector[Sketch] suffixes                     # for each group from ``first`` on: of its blocks up to ``middle``
    int64_t first
    vector[Sketch] front                        # for each block of ``group``: of the blocks from it up to ``middle``
    int64_t group
    Sketch back                                 # of the blocks from ``middle`` to ``top``
    int64_t middle
    int64_t top
    Sketch one                                  # of one block
    int64_t read_front                          # the block from which, ...
    int64_t read_back                           # ... and the one before which ``items`` were taken
    vector[uint64_t] items
    vector[uint64_t] front_items
    vector[uint64_t] back_items
    vector[uint64_t] loose
    vector[uint64_t] some
    vector[uint64_t] other

    void start(const float* values, int k) noexcept nogil:
        this.values = values
        this.k = k
        this.group = -1
        this.middle = 0
        this.top = 0
        this.read_front = -1
        this.read_back = -1
        this.back.clear(k)

    void add_block(int64_t number, Sketch& into) noexcept nogil:
        cdef int64_t i
        this.one.clear(this.k)
        for i in range(number * BLOCK, (number + 1) * BLOCK):
            this.one.update(this.values[i])
        into.merge(this.one)

    void reach(int64_t begin, int64_t end) noexcept nogil:
        """Let the front begin at one block and the back end before another."""
        cdef int64_t b, g, last
        if begin >= this.middle:
            this.first = begin // GROUP + 1
            last = (end - 1) // GROUP
            this.suffixes.resize(last - this.first + 1 if last >= this.first else 0)
            g = last
            while g >= this.first:
                this.suffixes[g - this.first].clear(this.k)
                for b in range(g * GROUP, min((g + 1) * GROUP, end)):
                    this.add_block(b, this.suffixes[g - this.first])
                if g < last:
                    this.suffixes[g - this.first].merge(this.suffixes[g + 1 - this.first])
                g -= 1
            this.middle = end
            this.top = end
            this.group = -1
            this.back.clear(this.k)
            this.read_back = -1
        if begin // GROUP != this.group:
            this.group = begin // GROUP
            last = min((this.group + 1) * GROUP, this.middle) - 1
            this.front.resize(GROUP)
            b = last
            while b >= begin:
                this.front[b % GROUP].clear(this.k)
                this.add_block(b, this.front[b % GROUP])
                if b < last:
                    this.front[b % GROUP].merge(this.front[b % GROUP + 1])
                elif <size_t> (this.group + 1 - this.first) < this.suffixes.size():
                    this.front[b % GROUP].merge(this.suffixes[this.group + 1 - this.first])
                b -= 1
            this.read_front = -1
        for b in range(this.top, end):
            this.add_block(b, this.back)
        if end > this.top:
            this.top = end

    void fold(int64_t low, int64_t high, Sketch& out) noexcept nogil:
        """The sketch of one range."""
        cdef int64_t i
        cdef int64_t begin = (low + BLOCK - 1) // BLOCK, end = high // BLOCK
        if end <= begin:
            out.clear(this.k)
            for i in range(low, high):
                out.update(this.values[i])
            return
        this.reach(begin, end)
        out.assign(this.front[begin % GROUP])
        out.merge(this.back)
        for i in range(low, begin * BLOCK):
            out.update(this.values[i])
        for i in range(this.top * BLOCK, high):
            out.update(this.values[i])

    bint read(
        int64_t low, int64_t high, const Sketch* older, const vector[uint64_t]& older_items, const double* fractions,
        const size_t* order, size_t count, float* out,
    ) noexcept nogil:
        """The quantiles of one range and, if there is one, an older sketch; whether there is any number.

        The sketches are read side by side, without being merged: their items are all weighed at once.
        """
        cdef int64_t begin = (low + BLOCK - 1) // BLOCK, end = high // BLOCK
        cdef uint64_t n = 0
        cdef float least = INFINITY, greatest = -INFINITY
        this.loose.clear()
        if end > begin:
            this.reach(begin, end)
            this.take_items(begin)
            this.add_loose(low, begin * BLOCK, &least, &greatest)
            this.add_loose(this.top * BLOCK, high, &least, &greatest)
            n = this.front[begin % GROUP].n + this.back.n
            this.widen(this.front[begin % GROUP], &least, &greatest)
            this.widen(this.back, &least, &greatest)
        else:
            this.items.clear()
            this.read_front = -1
            this.add_loose(low, high, &least, &greatest)
        n += this.loose.size()
        sort(this.loose.begin(), this.loose.end())
        _merge[uint64_t](this.items.data(), this.items.size(), this.loose.data(), this.loose.size(), this.some)
        if older != NULL:
            n += older.n
            this.widen(older[0], &least, &greatest)
            _merge[uint64_t](this.some.data(), this.some.size(), older_items.data(), older_items.size(), this.other)
            this.some.swap(this.other)
        if n:
            _read(this.some, n, least, greatest, fractions, order, count, out)
        return n > 0

    void take_items(int64_t begin) noexcept nogil:
        """The items of front and back together; kept while neither changes."""
        if this.read_front == begin and this.read_back == this.top:
            return
        if this.read_front != begin:
            this.front[begin % GROUP].sorted_items(this.front_items, this.some, this.other)
        if this.read_back != this.top:
            this.back.sorted_items(this.back_items, this.some, this.other)
        this.read_front = begin
        this.read_back = this.top
        _merge[uint64_t](
            this.front_items.data(), this.front_items.size(), this.back_items.data(), this.back_items.size(), this.items
        )

    void add_loose(int64_t low, int64_t high, float* least, float* greatest) noexcept nogil:
        cdef int64_t i
        for i in range(low, high):
            if not isnan(this.values[i]):
                this.loose.push_back(_item(this.values[i], 0))
                least[0] = min(least[0], this.values[i])
                greatest[0] = max(greatest[0], this.values[i])

    void widen(const Sketch& sketch, float* least, float* greatest) noexcept nogil:
        if sketch.n:
            least[0] = min(least[0], sketch.low)
            greatest[0] = max(greatest[0], sketch.high)


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
