"""Flights that did not arrive: what is on the schedule and not among the arrivals."""

from chronon import StagingQuery

v1 = StagingQuery(
    """
    WITH missed AS (
        SELECT s.flight_id, s.carrier, s.flight, s.tailnum, s.origin, s.dest,
               IF(d.flight_id IS NULL, 'cancelled', 'diverted') AS kind,
               s.ts + 60000 * (s.scheduled_minutes + greatest(coalesce(d.dep_delay, 0), 0)) AS ts
        FROM flights.schedule AS s
        LEFT JOIN flights.departures AS d ON d.flight_id = s.flight_id
        LEFT JOIN flights.arrivals AS a ON a.flight_id = s.flight_id
        WHERE a.flight_id IS NULL
    )
    SELECT *, CAST(to_date(timestamp_millis(ts)) AS STRING) AS ds
    FROM missed
    WHERE CAST(to_date(timestamp_millis(ts)) AS STRING) BETWEEN '{{ start_date }}' AND '{{ end_date }}'
    """,
    start_partition="2013-01-01",
    dependencies=["flights.schedule", "flights.departures", "flights.arrivals"],
    description=(
        "Cancelled and diverted flights. The files do not say when that was known, so it counts from the time at which "
        "the flight should have arrived, later by the delay of its departure. A day is final two days later: a flight "
        "that is still on its way looks like one that never arrives"
    ),
)
