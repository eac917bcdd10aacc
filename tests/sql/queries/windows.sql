# Window functions.

table db.t  k string, i int, x double
  ["a", 1, 1.0]
  ["a", 2, null]
  ["a", 2, 4.0]
  ["b", 5, 2.0]
  ["b", null, 3.0]

SELECT k, i, row_number() OVER (PARTITION BY k ORDER BY i, x) AS r FROM db.t ORDER BY k, r
-->  k string, i int, r int
  ["a", 1, 1]
  ["a", 2, 2]
  ["a", 2, 3]
  ["b", null, 1]
  ["b", 5, 2]

# nulls come last where the order is descending
SELECT k, x, row_number() OVER (PARTITION BY k ORDER BY x DESC) AS r FROM db.t ORDER BY k, r
-->  k string, x double, r int
  ["a", 4.0, 1]
  ["a", 1.0, 2]
  ["a", null, 3]
  ["b", 3.0, 1]
  ["b", 2.0, 2]

SELECT i, rank() OVER w AS r, dense_rank() OVER w AS d, ntile(2) OVER w AS n FROM db.t WHERE k = 'a' WINDOW w AS (ORDER BY i) ORDER BY n, i
-->  i int, r int, d int, n int
  [1, 1, 1, 1]
  [2, 2, 2, 1]
  [2, 2, 2, 2]

SELECT percent_rank() OVER (ORDER BY i) AS p, cume_dist() OVER (ORDER BY i) AS c FROM db.t WHERE k = 'a' ORDER BY p, c
-->  p double, c double
  [0.0, 0.3333333333333333]
  [0.5, 1.0]
  [0.5, 1.0]

SELECT x, lag(x) OVER w AS l, lag(x, 2, 0) OVER w AS l2, lead(i, 1) OVER w AS n FROM db.t WHERE x IS NOT NULL WINDOW w AS (ORDER BY x) ORDER BY x
-->  x double, l double, l2 double, n int
  [1.0, null, 0.0, 5]
  [2.0, 1.0, 0.0, null]
  [3.0, 2.0, 1.0, 2]
  [4.0, 3.0, 2.0, null]

# an order alone sees all rows up to this one and its equals
SELECT i, sum(x) OVER (ORDER BY i) AS s, count(*) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM db.t WHERE k = 'a' ORDER BY i, n
-->  i int, s double, n long
  [1, 1.0, 1]
  [2, 5.0, 2]
  [2, 5.0, 2]

SELECT x, max(x) OVER (ORDER BY x RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS m FROM db.t WHERE x IS NOT NULL ORDER BY x
-->  x double, m double
  [1.0, 2.0]
  [2.0, 3.0]
  [3.0, 4.0]
  [4.0, 4.0]

SELECT x, first_value(x) OVER (ORDER BY x) AS f, first(x, true) OVER (ORDER BY x) AS g, last_value(x) OVER (ORDER BY x ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS l FROM db.t WHERE k = 'a' ORDER BY x
-->  x double, f double, g double, l double
  [null, null, null, 4.0]
  [1.0, null, 1.0, 4.0]
  [4.0, null, 1.0, 4.0]

SELECT k, sum(x) AS s, rank() OVER (ORDER BY sum(x) DESC) AS r, sum(x) / sum(sum(x)) OVER () AS share FROM db.t GROUP BY k ORDER BY r, k
-->  k string, s double, r int, share double
  ["a", 5.0, 1, 0.5]
  ["b", 5.0, 1, 0.5]

# the last of each key
SELECT k, x FROM (SELECT k, x, row_number() OVER (PARTITION BY k ORDER BY i DESC, x DESC) AS r FROM db.t) WHERE r = 1 ORDER BY k
-->  k string, x double
  ["a", 4.0]
  ["b", 2.0]

SELECT row_number() OVER (PARTITION BY k) AS r FROM db.t
-->  error needs an order
