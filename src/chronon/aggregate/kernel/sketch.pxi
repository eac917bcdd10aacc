# A sketch of the values that have come, and the quantiles that are read from its items. Part of quantiles.pyx.

ctypedef fused Number:
    float
    uint64_t

cdef enum:
    LEAST_CAPACITY = 8                          # of a level

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
