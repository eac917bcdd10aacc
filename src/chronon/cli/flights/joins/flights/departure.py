"""At scheduled departure: will this flight arrive more than 15 minutes late?"""

from group_bys.flights import origins, planes, routes, tails, weather
from group_bys.flights.sources import OWNERS

from chronon import Derivation, EventSource, Join, JoinPart, Query, select

STATIC = ("carrier", "tailnum", "origin", "dest", "distance", "scheduled_minutes", "local_hour", "weekday")

PARTS = [
    JoinPart(group_by=tails.v1),
    JoinPart(group_by=origins.departures_v1),
    JoinPart(group_by=origins.arrivals_v1),
    JoinPart(group_by=routes.v1),
    JoinPart(group_by=weather.v1),
    JoinPart(group_by=planes.v1),
]

DERIVATIONS = [
    Derivation("*", "*"),
    Derivation("minutes_since_arrival", "(ts - flights_tails_v1_arrived_last_1d) / 60000"),
]

v1 = Join(
    left=EventSource(table="flights.schedule", query=Query(selects=select("flight_id", *STATIC), time_column="ts")),
    right_parts=PARTS,
    derivations=DERIVATIONS,
    row_ids=["flight_id"],
    online=True,
    description="Each flight at its scheduled departure, with what had happened by then",
    tags=OWNERS,
)
