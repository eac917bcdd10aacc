# A sketch as bytes: those of Apache DataSketches' float sketch. Part of quantiles.pyx.

cdef enum:
    FAMILY = 15                                 # of the format: KLL
    EMPTY = 1
    SINGLE = 4


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
