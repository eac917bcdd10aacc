# Aggregates and groups.

table db.t  a int, b string, x double, n long
  [1, "p", 1.5, 10]
  [1, "q", 2.5, null]
  [null, "r", null, 7]
  [2, null, "NaN", 9223372036854775807]
  [2, "p", -1.0, 1]

SELECT a, count(*) AS n, count(b) AS b, sum(x) AS x FROM db.t WHERE x < 10 OR x IS NULL GROUP BY a ORDER BY a
-->  a int, n long, b long, x double
  [null, 1, 1, null]
  [1, 2, 2, 4.0]
  [2, 1, 1, -1.0]

# a sum of whole numbers wraps around, as it does in an expression
SELECT sum(n) AS s, sum(a) AS a, avg(a) AS m FROM db.t
-->  s long, a long, m double
  [-9223372036854775791, 6, 1.5]

# NaN is above every number
SELECT min(x) AS low, max(x) AS high, max(b) AS b, min(b) AS c FROM db.t
-->  low double, high double, b string, c string
  [-1.0, "NaN", "r", "p"]

SELECT count(DISTINCT a) AS a, count(DISTINCT a, b) AS ab, sum(DISTINCT a) AS s FROM db.t
-->  a long, ab long, s long
  [2, 3, 3]

SELECT count(*) FILTER (WHERE a > 1) AS n, count_if(a = 1) AS m, sum(a) FILTER (WHERE b = 'p') AS s FROM db.t
-->  n long, m long, s long
  [2, 2, 3]

# of no rows too it is a number
SELECT count_if(a = 1) AS m, count(a) AS n FROM db.t WHERE a > 100
-->  m long, n long
  [0, 0]

SELECT bool_and(a > 0) AS e, bool_or(a > 1) AS s, every(a > 1) AS f FROM db.t
-->  e boolean, s boolean, f boolean
  [true, true, false]

SELECT max_by(b, a) AS b, min_by(n, b) AS n FROM (SELECT * FROM db.t WHERE a = 1 OR b = 'r')
-->  b string, n long
  ["q", 10]  or  ["p", 10]

SELECT stddev(a) AS s, variance(a) AS v, var_pop(a) AS p, stddev_pop(a) AS q FROM db.t
-->  s double, v double, p double, q double
  [0.5773502691896257, 0.3333333333333333, 0.25, 0.5]

# of one row there is no variance
SELECT variance(a) AS v, stddev(a) AS s, var_pop(a) AS p FROM db.t WHERE b = 'q'
-->  v double, s double, p double
  [null, null, 0.0]

SELECT percentile(a, 0.5) AS m, percentile(n, 0.25) AS q, median(a) AS d FROM db.t WHERE n < 100
-->  m double, q double, d double
  [1.5, 4.0, 1.5]

SELECT sort_array(collect_list(a)) AS l, sort_array(collect_set(a)) AS s FROM db.t
-->  l list<int>, s list<int>
  [[1, 1, 2, 2], [1, 2]]

# nothing collected is an empty list
SELECT collect_list(a) AS l, collect_set(b) AS s, count(*) AS n, sum(a) AS m FROM db.t WHERE false
-->  l list<int>, s list<string>, n long, m long
  [[], [], 0, null]

SELECT first(n, true) AS f, any_value(a) AS v, last(n) IGNORE NULLS AS l FROM db.t WHERE a = 1
-->  f long, v int, l long
  [10, 1, 10]

# groups by an expression, by place, by the name of an output
SELECT a % 2 AS odd, count(*) AS n FROM db.t GROUP BY a % 2 ORDER BY odd
-->  odd int, n long
  [null, 1]
  [0, 2]
  [1, 2]

SELECT upper(b) AS u, count(*) AS n FROM db.t GROUP BY 1 HAVING count(*) > 1
-->  u string, n long
  ["P", 2]

SELECT coalesce(b, '-') AS u, count(*) * 10 + max(a) AS n FROM db.t GROUP BY u ORDER BY count(*) DESC, u
-->  u string, n long
  ["p", 22]
  ["-", 12]
  ["q", 11]
  ["r", null]

SELECT a, b, count(*) AS n FROM db.t WHERE a = 1 GROUP BY ALL ORDER BY b
-->  a int, b string, n long
  [1, "p", 1]
  [1, "q", 1]

SELECT a / 2 AS half, concat(CAST(a AS STRING), '!') AS text FROM db.t GROUP BY a HAVING a IS NOT NULL ORDER BY a DESC
-->  half double, text string
  [1.0, "2!"]
  [0.5, "1!"]

SELECT DISTINCT a FROM db.t ORDER BY a DESC
-->  a int
  [2]
  [1]
  [null]

SELECT sum(n) / count(*) AS m, sum(a) DIV 4 AS d, sum(a) % 4 AS r FROM db.t WHERE n < 100
-->  m double, d long, r long
  [6.0, 0, 3]

SELECT b FROM db.t GROUP BY a
-->  error b is neither grouped nor aggregated

SELECT a FROM db.t WHERE sum(a) > 1
-->  error is an aggregate, which cannot stand here

SELECT max(struct(a, b)) AS m FROM db.t
-->  error max_by

SELECT approx_count_distinct(a) AS n FROM db.t
-->  error COUNT(DISTINCT x)

SELECT a, sum(x) AS s FROM db.t GROUP BY a WITH ROLLUP
-->  error ROLLUP

SELECT sum(CAST(a AS DECIMAL(10, 2))) AS s FROM db.t
-->  error DOUBLE
