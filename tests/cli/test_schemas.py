"""``chronon schemas`` from a terminal: written, moved, missing, checked."""

import json

from chronon.testing.literals import write_table

from .conftest import Commands

GROUP_BY = """\
from chronon import *
orders = EventSource(table="db.orders", query=Query(select("user", "price"), time_column="ts"))
v1 = GroupBy(orders, ["user"], [Aggregation("price", Operation.SUM, "7d")], online=True)
"""


def test_schemas(tmp_path):
    commands = Commands(tmp_path)
    commands.write("teams.json", '{"default": {"namespace": "db"}, "shop": {}}')
    commands.write("group_bys/shop/orders.py", GROUP_BY)
    assert "not there  db.orders" in commands.run("schemas")

    write_table(tmp_path / ".chronon/warehouse", "db.orders", [{"user": 1, "price": 2.5, "ts": 1_704_448_800_000}])
    commands.run("schemas", "--check", code=1)
    assert "new  db.orders: 4 columns" in commands.run("schemas")
    locked = json.loads((tmp_path / "schemas.lock").read_text())["tables"]["db.orders"]
    assert locked == {"user": "long", "price": "double", "ts": "long", "ds": "string"}
    commands.run("schemas", "--check")

    commands.write("group_bys/shop/orders.py", GROUP_BY.replace('"price"', '"prize"'))
    assert "did you mean 'price'?" in str(commands.refused("compile"))

    write_table(tmp_path / ".chronon/warehouse", "db.orders", [{"user": "a", "price": 2.5, "ts": 1_704_535_200_000}])
    (tmp_path / ".chronon/warehouse/db/orders/ds=2024-01-05").rename(tmp_path / "gone")
    assert "moved  db.orders: user is a string, was a long" in commands.run("schemas")
