# Quantiles of ranges that only move forward. Part of quantiles.pyx.

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
