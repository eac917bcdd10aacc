# Joins, sub-queries, WITH and unions.

table db.t  a int, b string
  [1, "x"]
  [2, "y"]
  [null, "z"]

table db.u  a long, c double
  [1, 0.5]
  [1, 1.5]
  [3, 3.5]

SELECT t.a, b, c FROM db.t AS t JOIN db.u AS u ON t.a = u.a ORDER BY c
-->  a int, b string, c double
  [1, "x", 0.5]
  [1, "x", 1.5]

SELECT b, c FROM db.t LEFT JOIN db.u ON t.a = u.a AND c > 1 ORDER BY b
-->  b string, c double
  ["x", 1.5]
  ["y", null]
  ["z", null]

# USING makes one column of two
SELECT * FROM db.t LEFT JOIN db.u USING (a) WHERE b <> 'x' ORDER BY b
-->  a int, b string, c double
  [2, "y", null]
  [null, "z", null]

SELECT a, b, c FROM db.t FULL JOIN db.u USING (a) ORDER BY a, c, b
-->  a long, b string, c double
  [null, "z", null]
  [1, "x", 0.5]
  [1, "x", 1.5]
  [2, "y", null]
  [3, null, 3.5]

SELECT b FROM db.t RIGHT JOIN db.u ON t.a <=> u.a ORDER BY b
-->  b string
  [null]
  ["x"]
  ["x"]

SELECT b FROM db.t SEMI JOIN db.u ON t.a = u.a
-->  b string
  ["x"]

SELECT b FROM db.t LEFT ANTI JOIN db.u ON t.a = u.a ORDER BY b
-->  b string
  ["y"]
  ["z"]

SELECT count(*) AS n FROM db.t, db.u
-->  n long
  [9]

SELECT count(*) AS n FROM db.t CROSS JOIN db.u
-->  n long
  [9]

SELECT b FROM db.t WHERE a IN (SELECT a FROM db.u)
-->  b string
  ["x"]

# one null among the values: nothing is surely not in it
SELECT b FROM db.t WHERE a NOT IN (SELECT a FROM db.t)
-->  b string

SELECT b FROM db.t WHERE NOT EXISTS (SELECT 1 FROM db.u WHERE u.a = t.a) ORDER BY b
-->  b string
  ["y"]
  ["z"]

SELECT b, (SELECT max(c) FROM db.u WHERE u.a = t.a) AS m FROM db.t ORDER BY b
-->  b string, m double
  ["x", 1.5]
  ["y", null]
  ["z", null]

WITH sums AS (SELECT a, sum(c) AS s FROM db.u GROUP BY a), big AS (SELECT a FROM sums WHERE s > 2)
SELECT sums.a, s, big.a IS NOT NULL AS big FROM sums LEFT JOIN big ON sums.a = big.a ORDER BY s
-->  a long, s double, big boolean
  [1, 2.0, false]
  [3, 3.5, true]

WITH t (k, v) AS (SELECT * FROM db.t) SELECT k + 1 AS k FROM t WHERE v = 'x'
-->  k int
  [2]

SELECT a FROM db.t UNION ALL SELECT a FROM db.u ORDER BY a
-->  a long
  [null]
  [1]
  [1]
  [1]
  [2]
  [3]

SELECT a FROM db.t UNION SELECT c FROM db.u WHERE c > 1 ORDER BY 1 DESC LIMIT 3
-->  a double
  [3.5]
  [2.0]
  [1.5]

SELECT a FROM db.t INTERSECT SELECT a FROM db.u
-->  a long
  [1]

SELECT a FROM db.t EXCEPT SELECT a FROM db.u ORDER BY a
-->  a long
  [null]
  [2]

SELECT b AS k, count(*) AS n FROM (SELECT b FROM db.t UNION ALL SELECT CAST(c AS STRING) FROM db.u) AS both GROUP BY b HAVING b > 'w' ORDER BY k
-->  k string, n long
  ["x", 1]
  ["y", 1]
  ["z", 1]

SELECT x, y FROM VALUES (1, 'a'), (NULL, 'b') AS v(x, y) ORDER BY x
-->  x int, y string
  [null, "b"]
  [1, "a"]

# an output may be used by those after it
SELECT a + 1 AS k, k * 2 AS k2 FROM db.t ORDER BY k2 DESC
-->  k int, k2 int
  [3, 6]
  [2, 4]
  [null, null]

SELECT * EXCEPT (b) FROM db.t ORDER BY a LIMIT 1 OFFSET 1
-->  a int
  [1]

SELECT a FROM db.t JOIN db.u ON t.a = u.a
-->  error write t.a or u.a

SELECT * FROM db.t JOIN db.u ON t.a = u.a
-->  error two columns are named a

SELECT nothing FROM db.t
-->  error one of the columns a, b

SELECT a FROM t
-->  error namespace.table

SELECT a FROM db.t UNION ALL SELECT a, c FROM db.u
-->  error 1 and 2 columns

SELECT a FROM db.t TABLESAMPLE (10 PERCENT)
-->  error TABLESAMPLE

SELECT current_date() AS d FROM db.t
-->  error clock

SELECT a, b FROM db.t ORDER BY ALL
-->  a int, b string
  [null, "z"]
  [1, "x"]
  [2, "y"]
