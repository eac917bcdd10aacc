# Scalar expressions, and rows made of lists and maps.

table db.t  id int, items list<int>, tags map<string,int>, s struct<f:int,g:string>, d string, ts long
  [1, [3, null], {"k": 1}, {"f": 1, "g": "x"}, "2024-01-31", 1704448800500]
  [2, [], {}, {"f": null, "g": "y"}, "bad", null]
  [3, null, null, null, null, -1]

SELECT id, explode(items) AS item FROM db.t ORDER BY id, item
-->  id int, item int
  [1, null]
  [1, 3]

SELECT id, item FROM db.t LATERAL VIEW explode(items) v AS item ORDER BY id, item
-->  id int, item int
  [1, null]
  [1, 3]

SELECT id, v.item FROM db.t LATERAL VIEW OUTER explode(items) v AS item ORDER BY id, item
-->  id int, item int
  [1, null]
  [1, 3]
  [2, null]
  [3, null]

SELECT id, pos, item * 2 AS twice FROM db.t LATERAL VIEW posexplode(items) v AS pos, item ORDER BY pos
-->  id int, pos int, twice int
  [1, 0, 6]
  [1, 1, null]

SELECT id, explode(tags) AS (k, v) FROM db.t
-->  id int, k string, v int
  [1, "k", 1]

SELECT id, explode_outer(items) AS item FROM db.t WHERE id > 1 ORDER BY id
-->  id int, item int
  [2, null]
  [3, null]

SELECT id, sum(item) AS total FROM db.t LATERAL VIEW explode(items) v AS item GROUP BY id
-->  id int, total long
  [1, 3]

SELECT inline(array(named_struct('p', 1, 'q', 'x'), named_struct('p', 2, 'q', 'y')))
-->  p int, q string
  [1, "x"]
  [2, "y"]

SELECT t.s.f + 1 AS f, s.g AS g, tags['k'] AS k, items[0] AS i, size(items) AS n FROM db.t AS t ORDER BY id
-->  f int, g string, k int, i int, n int
  [2, "x", 1, 3, 2]
  [null, "y", null, null, 0]
  [null, null, null, null, -1]

# division, whole numbers, casts of what is no number
SELECT 7 / 2 AS a, 7 DIV 2 AS b, 7 / 0 AS c, -7 % 3 AS d, CAST('x' AS INT) AS e, CAST(2.9D AS INT) AS f, CAST('1.9' AS BIGINT) AS g
-->  a double, b long, c double, d int, e int, f int, g long
  [3.5, 3, null, -1, null, 2, 1]

SELECT id, CAST(d AS DATE) AS day, date_add(d, 1) AS next, datediff('2024-02-01', d) AS n, year(d) AS y FROM db.t ORDER BY id
-->  id int, day date, next date, n int, y int
  [1, "2024-01-31", "2024-02-01", 1, 2024]
  [2, null, null, null, null]
  [3, null, null, null, null]

SELECT from_unixtime(ts DIV 1000, 'yyyy-MM-dd') AS ds, CAST(ts / 1000 AS TIMESTAMP) AS moment, floor(ts / 1000) AS s FROM db.t WHERE ts IS NOT NULL ORDER BY id
-->  ds string, moment timestamp, s long
  ["2024-01-05", "2024-01-05 10:00:00.500000", 1704448800]
  ["1970-01-01", "1969-12-31 23:59:59.999000", -1]

SELECT date_format(d, 'yyyyMM') AS m, date_trunc('MONTH', d) AS t, unix_timestamp(d, 'yyyy-MM-dd') AS u FROM db.t WHERE id = 1
-->  m string, t timestamp, u long
  ["202401", "2024-01-01 00:00:00", 1706659200]

SELECT CASE WHEN size(items) > 0 THEN 'some' ELSE 'none' END AS c, coalesce(d, '-') AS d, id IN (1, 3) AS i FROM db.t ORDER BY id
-->  c string, d string, i boolean
  ["some", "2024-01-31", true]
  ["none", "bad", false]
  ["none", "-", true]

SELECT id FROM db.t ORDER BY d DESC NULLS FIRST, id
-->  id int
  [3]
  [2]
  [1]

SELECT json_tuple('{}', 'a')
-->  error makes several rows of one

SELECT rand() AS r FROM db.t
-->  error another value each time
