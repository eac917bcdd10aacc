# cython: language_level=3, cdivision=True
"""What an operation remembers, and how: start from one value, add a value, merge two memories, take a value back.

A state is a C struct of eight-byte fields, so that an array of states is a block of words that can be stored as it is.
A state always remembers at least one value; "nothing seen" is the absence of the state.
"""

from libc.math cimport INFINITY, NAN, fabs, isfinite, isnan, ldexp, signbit, sqrt
from libc.stdint cimport int64_t

cdef enum:
    COUNT = 1
    SUM_LONG = 2
    SUM_DOUBLE = 3
    AVERAGE = 4
    VARIANCE = 5
    SKEW = 6
    KURTOSIS = 7
    MIN_LONG = 8
    MAX_LONG = 9
    MIN_DOUBLE = 10
    MAX_DOUBLE = 11

ctypedef struct Count:
    int64_t n

ctypedef struct SumLong:
    int64_t total                   # wraps at 64 bits

ctypedef struct SumDouble:
    double high                     # the sum as an unevaluated pair high + low ...
    double low
    int64_t big                     # ... plus big * 2**1000, so that it cannot overflow on the way
    int64_t nans                    # non-finite values are counted, so that they can leave a window again
    int64_t positives
    int64_t negatives

ctypedef struct Average:
    SumDouble sum
    int64_t n

ctypedef struct Variance:
    int64_t n
    double mean
    double m2                       # sum of squared deviations from the mean

ctypedef struct Moments:
    double n
    double m1                       # mean, then sums of deviations to the power of 2, 3 and 4
    double m2
    double m3
    double m4

ctypedef struct Skew:
    Moments moments

ctypedef struct Kurtosis:
    Moments moments

ctypedef struct MinLong:
    int64_t value

ctypedef struct MaxLong:
    int64_t value

ctypedef struct MinDouble:
    double value

ctypedef struct MaxDouble:
    double value

ctypedef fused State:
    Count
    SumLong
    SumDouble
    Average
    Variance
    Skew
    Kurtosis
    MinLong
    MaxLong
    MinDouble
    MaxDouble


# ---- sums in pairs of doubles (Knuth's two-sum; the low part is renormalised after every step)

cdef inline void _settle(SumDouble* s) noexcept nogil:
    cdef double units
    if fabs(s.high) >= ldexp(1.0, 1001):
        units = s.high * ldexp(1.0, -1000)
        s.big += <int64_t> units
        s.high -= <double> (<int64_t> units) * ldexp(1.0, 1000)

cdef inline void _add_pair(SumDouble* s, double high, double low) noexcept nogil:
    cdef double total = s.high + high
    cdef double part = total - s.high
    cdef double rest = (s.high - (total - part)) + (high - part)
    rest += s.low + low
    s.high = total + rest
    s.low = rest - (s.high - total)
    if fabs(s.high) >= 2e301:
        _settle(s)

cdef inline void _add_rare(SumDouble* s, double x, int64_t sign) noexcept nogil:
    cdef double units
    if isnan(x):
        s.nans += sign
    elif x == INFINITY:
        s.positives += sign
    elif x == -INFINITY:
        s.negatives += sign
    else:
        units = <double> (<int64_t> (x * ldexp(1.0, -1000)))
        s.big += sign * <int64_t> units
        _add_pair(s, sign * (x - units * ldexp(1.0, 1000)), 0.0)

cdef inline void _add(SumDouble* s, double x, int64_t sign) noexcept nogil:
    if fabs(x) < 1e300:
        _add_pair(s, sign * x, 0.0)
    else:
        _add_rare(s, x, sign)

cdef inline void _merge_sums(SumDouble* a, const SumDouble* b) noexcept nogil:
    _add_pair(a, b.high, b.low)
    a.big += b.big
    a.nans += b.nans
    a.positives += b.positives
    a.negatives += b.negatives

cdef inline double _total(const SumDouble* s) noexcept nogil:
    cdef bint up = s.positives > 0 or s.negatives < 0           # a count below zero is an infinity taken back
    cdef bint down = s.negatives > 0 or s.positives < 0
    if s.nans != 0 or (up and down):
        return NAN
    if up:
        return INFINITY
    if down:
        return -INFINITY
    if s.big == 0:
        return s.high
    return (s.high * ldexp(1.0, -30) + <double> s.big * ldexp(1.0, 970)) * ldexp(1.0, 30)


# ---- central moments (Welford's update, Chan's and Pebay's merges)

cdef inline void _update_variance(Variance* s, double x) noexcept nogil:
    cdef double mean = s.mean, m2 = s.m2
    cdef double distance = x - mean
    s.n += 1
    s.mean += distance / s.n
    s.m2 += distance * (x - s.mean)
    if not isfinite(s.m2):
        s.mean = mean + (x / s.n - mean / s.n)
        s.m2 = _too_much(m2, x - x)

cdef inline double _too_much(double one, double other) noexcept nogil:
    """What is beyond the largest double, unless one of its parts was undefined."""
    return NAN if isnan(one) or isnan(other) else INFINITY

cdef inline double _weighted_mean(double mean_a, double n_a, double mean_b, double n_b) noexcept nogil:
    cdef double larger = mean_a, smaller = mean_b, weight = n_a, other = n_b, share, mean
    if n_b > n_a:
        larger = mean_b
        smaller = mean_a
        weight = n_b
        other = n_a
    share = other / (weight + other)
    if share < 0.1:
        mean = larger + (smaller - larger) * share
    else:
        mean = (weight * larger + other * smaller) / (weight + other)
    return mean if isfinite(mean) else larger * (1 - share) + smaller * share

cdef inline void _merge_variances(Variance* a, const Variance* b) noexcept nogil:
    cdef double n_a = a.n, n_b = b.n
    cdef double distance = b.mean - a.mean
    cdef double m2 = a.m2 + b.m2 + distance * (distance / (n_a + n_b)) * n_a * n_b
    a.m2 = m2 if isfinite(m2) else _too_much(a.m2, b.m2)
    a.mean = _weighted_mean(a.mean, n_a, b.mean, n_b)
    a.n += b.n

cdef inline void _update_moments(Moments* s, double x) noexcept nogil:
    cdef double before = s.n
    cdef double n = before + 1
    cdef double d = x - s.m1
    cdef double e = d / n
    cdef double e2 = e * e
    cdef double t = d * e * before
    s.m4 = s.m4 + t * e2 * (n * n - 3 * n + 3) + 6 * e2 * s.m2 - 4 * e * s.m3
    s.m3 = s.m3 + t * e * (n - 2) - 3 * e * s.m2
    s.m2 = s.m2 + t
    s.m1 = s.m1 + e
    s.n = n

cdef inline void _merge_moments(Moments* a, const Moments* b) noexcept nogil:
    cdef double p = a.n, q = b.n
    cdef double n = p + q
    cdef double d = b.m1 - a.m1
    cdef double d2 = d * d
    cdef double m2 = a.m2 + b.m2 + d2 * p * q / n
    cdef double m3 = a.m3 + b.m3 + d2 * d * p * q * (p - q) / (n * n) + 3 * d * (p * b.m2 - q * a.m2) / n
    cdef double m4 = (
        a.m4 + b.m4 + d2 * d2 * p * q * (p * p - p * q + q * q) / (n * n * n)
        + 6 * d2 * (p * p * b.m2 + q * q * a.m2) / (n * n) + 4 * d * (p * b.m3 - q * a.m3) / n
    )
    a.m1 = (p * a.m1 + q * b.m1) / n
    a.m2 = m2
    a.m3 = m3
    a.m4 = m4
    a.n = n


# ---- extremes: NaN poisons, and -0.0 is below 0.0

cdef inline double _lower(double a, double b) noexcept nogil:
    if isnan(a) or isnan(b):
        return NAN
    if a < b or (a == b and signbit(a)):
        return a
    return b

cdef inline double _higher(double a, double b) noexcept nogil:
    if isnan(a) or isnan(b):
        return NAN
    if a > b or (a == b and not signbit(a)):
        return a
    return b


# ---- the four verbs, one branch for each operation; the branch is taken when the code is compiled

cdef inline void start(State* s, const void* values, Py_ssize_t i) noexcept nogil:
    """The state that remembers exactly value ``i``."""
    if State is Count:
        s.n = 1
    elif State is SumLong:
        s.total = (<const int64_t*> values)[i]
    elif State is SumDouble:
        s[0] = SumDouble(0.0, 0.0, 0, 0, 0, 0)
        _add(s, (<const double*> values)[i], 1)
    elif State is Average:
        s[0] = Average(SumDouble(0.0, 0.0, 0, 0, 0, 0), 1)
        _add(&s.sum, (<const double*> values)[i], 1)
    elif State is Variance:
        s[0] = Variance(0, 0.0, 0.0)
        _update_variance(s, (<const double*> values)[i])
    elif State is Skew or State is Kurtosis:
        s.moments = Moments(0.0, 0.0, 0.0, 0.0, 0.0)
        _update_moments(&s.moments, (<const double*> values)[i])
    elif State is MinLong or State is MaxLong:
        s.value = (<const int64_t*> values)[i]
    else:
        s.value = (<const double*> values)[i]

cdef inline void update(State* s, const void* values, Py_ssize_t i) noexcept nogil:
    """Remember value ``i`` too."""
    cdef int64_t whole
    if State is Count:
        s.n += 1
    elif State is SumLong:
        s.total += (<const int64_t*> values)[i]
    elif State is SumDouble:
        _add(s, (<const double*> values)[i], 1)
    elif State is Average:
        _add(&s.sum, (<const double*> values)[i], 1)
        s.n += 1
    elif State is Variance:
        _update_variance(s, (<const double*> values)[i])
    elif State is Skew or State is Kurtosis:
        _update_moments(&s.moments, (<const double*> values)[i])
    elif State is MinLong:
        whole = (<const int64_t*> values)[i]
        if whole < s.value:
            s.value = whole
    elif State is MaxLong:
        whole = (<const int64_t*> values)[i]
        if whole > s.value:
            s.value = whole
    elif State is MinDouble:
        s.value = _lower(s.value, (<const double*> values)[i])
    else:
        s.value = _higher(s.value, (<const double*> values)[i])

cdef inline void merge(State* a, const State* b) noexcept nogil:
    """Let ``a`` remember what ``b`` does as well; ``b`` is not touched."""
    if State is Count:
        a.n += b.n
    elif State is SumLong:
        a.total += b.total
    elif State is SumDouble:
        _merge_sums(a, b)
    elif State is Average:
        _merge_sums(&a.sum, &b.sum)
        a.n += b.n
    elif State is Variance:
        _merge_variances(a, b)
    elif State is Skew or State is Kurtosis:
        _merge_moments(&a.moments, &b.moments)
    elif State is MinLong:
        if b.value < a.value:
            a.value = b.value
    elif State is MaxLong:
        if b.value > a.value:
            a.value = b.value
    elif State is MinDouble:
        a.value = _lower(a.value, b.value)
    else:
        a.value = _higher(a.value, b.value)

cdef inline bint reversible(State* s) noexcept nogil:
    """Whether ``remove`` has an effect."""
    return State is Count or State is SumLong or State is SumDouble or State is Average

cdef inline void clear(State* s) noexcept nogil:
    """Zero occurrences, for operations that are reversible: what a removal without a prior value starts from."""
    if State is Count:
        s.n = 0
    elif State is SumLong:
        s.total = 0
    elif State is SumDouble:
        s[0] = SumDouble(0.0, 0.0, 0, 0, 0, 0)
    elif State is Average:
        s[0] = Average(SumDouble(0.0, 0.0, 0, 0, 0, 0), 0)

cdef inline void remove(State* s, const void* values, Py_ssize_t i) noexcept nogil:
    """Forget one occurrence of value ``i``. Operations without an inverse ignore it, as the original does."""
    if State is Count:
        s.n -= 1
    elif State is SumLong:
        s.total -= (<const int64_t*> values)[i]
    elif State is SumDouble:
        _add(s, (<const double*> values)[i], -1)
    elif State is Average:
        _add(&s.sum, (<const double*> values)[i], -1)
        s.n -= 1

cdef inline int64_t whole_result(const State* s) noexcept nogil:
    """The final value of an operation whose result is an integer."""
    if State is Count:
        return s.n
    elif State is SumLong:
        return s.total
    elif State is MinLong or State is MaxLong:
        return s.value
    else:
        return 0

cdef inline double real_result(const State* s) noexcept nogil:
    """The final value of an operation whose result is a double; NaN where it is undefined."""
    cdef double scale
    if State is SumDouble:
        return _total(s)
    elif State is Average:
        return _total(&s.sum) / s.n
    elif State is Variance:
        return s.m2 / s.n
    elif State is Skew:
        scale = s.moments.m2 * sqrt(s.moments.m2)
        if s.moments.n < 3 or scale == 0 or not isfinite(scale):
            return NAN
        return sqrt(s.moments.n) * s.moments.m3 / scale
    elif State is Kurtosis:
        scale = s.moments.m2 * s.moments.m2
        if s.moments.n < 4 or scale == 0 or not isfinite(scale):
            return NAN
        return s.moments.n * s.moments.m4 / scale - 3
    elif State is MinDouble or State is MaxDouble:
        return s.value
    else:
        return 0.0
