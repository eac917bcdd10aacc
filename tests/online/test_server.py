"""The server on a real port: paths, bodies, codes; one bad request among good ones; workers; a port that is taken."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import date, datetime

import httpx
import pytest
import uvicorn

from chronon.base.errors import StorageError
from chronon.base.types import BINARY, DATE, DOUBLE, LONG, STRING, TIMESTAMP, MapType, StructType
from chronon.online.features_route import LARGEST_BODY
from chronon.online.server import app, listen, serve, without_password

from . import world as w
from .world import T0, USER, Q, U, put_all

JOIN, GROUP_BY = "/v1/features/join/shop%2Fcheckout.v1", "/v1/features/groupby/shop%2Fpurchases.v1"
FEATURES = {
    "shop_purchases_v1_amount_sum_1d": 25,
    "shop_purchases_v1_amount_sum_7d": 35,
    "shop_purchases_v1_amount_count": 3,
    "s_shop_ratings_v1_stars_sum_30d": 120,
}


@contextmanager
def running(application):
    """A client of an application that uvicorn serves in a thread, as ``serve`` does in a process."""
    with listen("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        config = uvicorn.Config(
            application, loop="uvloop", http="httptools", ws="none", lifespan="off", log_level="critical"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            with httpx.Client(base_url=address, timeout=10) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def client(fetcher):
    with running(app(fetcher)) as made:
        yield made


def results(response):
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()["results"]


def test_a_join(client):  # E49
    body = [{"user_id": "u1", "seller": 7}, {"user_id": "u3", "seller": 99}]
    first, second = results(client.post(JOIN, json=body))
    assert first == {"status": "Success", "entityKeys": body[0], "features": FEATURES}
    assert second == {"status": "Success", "entityKeys": body[1], "features": {}}


def test_dots_need_no_encoding(client):
    found = results(client.post("/v1/features/join/shop.checkout.v1", json=[{"user_id": "u1", "seller": 7}]))
    assert found[0]["features"] == FEATURES


def test_a_group_by(client):  # E50; the original leaves out null keys
    body = [{"user_id": "u1"}, {"user_id": "u3"}, {"user_id": None}]
    known, unknown, null = results(client.post(GROUP_BY, json=body))
    assert known["features"] == {"amount_sum_1d": 25, "amount_sum_7d": 35, "amount_count": 3}
    assert unknown == {"status": "Success", "entityKeys": {"user_id": "u3"}}
    assert null == {"status": "Success", "entityKeys": {"user_id": None}}


def test_null_features_are_present(client, clock):
    clock.at = w.ms("Jan 12 00:00")
    (found,) = results(client.post(GROUP_BY, json=[{"user_id": "u2"}]))
    assert found["features"] == {"amount_sum_1d": None, "amount_sum_7d": 7, "amount_count": 1}


def test_one_bad_request_fails_alone(client):
    body = [{"user_id": "u1"}, {}, {"user_id": ["u1"]}, {"user_id": "u2"}]
    good, missing, wrong, other = results(client.post(GROUP_BY, json=body))
    assert (good["status"], other["status"]) == ("Success", "Success")
    assert missing["status"] == wrong["status"] == "Failure"
    assert "Missing keys user_id" in missing["error"]
    assert wrong["entityKeys"] == {"user_id": ["u1"]}


@pytest.mark.parametrize("kind", ["join", "groupby"])
def test_an_unknown_name_fails_each_request(client, kind):
    found = results(client.post(f"/v1/features/{kind}/shop%2Fnope.v1", json=[{"user_id": "u1"}, {}]))
    assert [each["status"] for each in found] == ["Failure", "Failure"]
    assert "Couldn't fetch" in found[0]["error"]


def test_an_empty_array_has_no_results(client):
    assert results(client.post(JOIN, json=[])) == []


@pytest.mark.parametrize("body", [b'[{"user_id""u1"}]', b'{"user_id":"u1"}', b"", b"[1]", b"[null]", b"\xff", b"[[]]"])
def test_other_bodies_are_bad_requests(client, body):  # E51
    response = client.post(GROUP_BY, content=body)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/json"
    assert len(response.json()["errors"]) == 1


@pytest.mark.parametrize(
    "method, path, code",
    [
        ("GET", JOIN, 405),
        ("PUT", GROUP_BY, 405),
        ("POST", "/v1/features/join/shop/checkout.v1", 404),
        ("POST", "/v1/features/join/", 404),
        ("POST", "/v1/features/models/x", 404),
        ("GET", "/v1/features/", 404),
        ("GET", "/nope", 404),
    ],
)
def test_other_paths_and_methods(client, method, path, code):  # E51
    assert client.request(method, path, content=b"[]").status_code == code


def test_a_body_in_pieces_is_put_together_and_one_too_large_refused(client):
    pieces = iter([b'[{"user_id"', b':"u1"}]'])
    assert results(client.post(GROUP_BY, content=pieces))[0]["status"] == "Success"
    large = b"[" + b" " * LARGEST_BODY + b"]"
    assert client.post(GROUP_BY, content=large).status_code == 400


def test_many_entities_at_once(client):
    body = [{"user_id": f"u{i}"} for i in range(1_000)]
    found = results(client.post(GROUP_BY, json=body))
    assert [each["entityKeys"] for each in found] == body
    assert [each["status"] for each in found] == ["Success"] * 1_000


def test_values_that_json_does_not_know(shop, client):
    kinds = {
        "nan": DOUBLE,
        "inf": DOUBLE,
        "bytes": BINARY,
        "day": DATE,
        "at": TIMESTAMP,
        "map": MapType(LONG, STRING),
        "struct": StructType({"a": LONG, "b": STRING}),
        "large": LONG,
    }
    at = datetime(2024, 1, 10, 6, 15)  # noqa: DTZ001 - timestamps are naive and UTC
    values = [float("nan"), float("inf"), b"\0\xff", date(2024, 1, 10), at, [(7, "x")], {"a": 1, "b": "é"}, 2**63 - 1]
    shop.upload_values(U, USER, kinds, {("u1",): values})
    (found,) = results(client.post("/v1/features/groupby/shop.users.v1", json=[{"user_id": "u1"}]))
    assert found["features"] == {
        "nan": None,
        "inf": None,
        "bytes": "AP8=",
        "day": "2024-01-10",
        "at": "2024-01-10T06:15:00",
        "map": {"7": "x"},
        "struct": [1, "é"],
        "large": 2**63 - 1,
    }


def test_keys_may_be_large_and_fractional_numbers(client):
    body = [{"vendor": 10**30}, {"vendor": 7.0}, {"vendor": 7.5}]
    found = results(client.post("/v1/features/groupby/shop.ratings.v1", json=body))
    assert [each["status"] for each in found] == ["Failure", "Success", "Failure"]


# ---- instants


def test_requests_may_name_their_instant_where_that_is_allowed(fetcher, client):
    assert "does not let requests name their instant" in client.post(f"{GROUP_BY}?at={Q}", json=[]).json()["errors"][0]
    with running(app(fetcher, allow_at=True)) as allowed:
        (found,) = results(allowed.post(f"{GROUP_BY}?at={T0}", json=[{"user_id": "u1"}]))
        assert found["features"]["amount_count"] == 2
        (early,) = results(allowed.post(f"{GROUP_BY}?at={T0 - 1}", json=[{"user_id": "u1"}]))
        assert f"Request time of {T0 - 1} is less than batch time {T0}" in early["error"]
        assert allowed.post(f"{GROUP_BY}?at=now", json=[]).status_code == 400


# ---- the other pages


def test_what_the_server_says_of_itself(client):
    assert client.get("/ping").json() == "Pong!"
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/config").json() == {"allowAt": False, "authentication": False}
    assert "text/html" in client.get("/docs").headers["content-type"]


def test_joins_and_their_schemas(client):
    assert client.get("/v1/joins").json() == {"joins": ["shop/checkout.v1"]}
    found = client.get("/v1/joins/shop%2Fcheckout.v1/schema").json()
    assert found["keys"] == {"user_id": "string", "seller": "long"}
    assert found["features"] == dict.fromkeys(FEATURES, "long")
    assert found["parts"][1] == {
        "prefix": "s_shop_ratings_v1",
        "groupBy": "shop.ratings.v1",
        "batchEnd": T0,
        "batchEndDate": "2024-01-10",
    }
    found = client.get("/v1/groupbys/shop.users.v1/schema").json()
    assert found["features"] == {"country": "string", "age": "long"}
    assert client.get("/v1/joins/shop.nope.v1/schema").status_code == 404


def test_metrics_are_prometheus_text(client):
    results(client.post(JOIN, json=[{"user_id": "u1", "seller": 7}] * 3))
    text = client.get("/metrics").text
    assert 'chronon_requests_total{kind="join",name="shop/checkout.v1"} 3\n' in text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .+|\w+(\{(\w+="[^"]*",?)*\})? [0-9.]+', line)


def test_the_openapi_document_names_every_path(client):
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.")
    for path, methods in document["paths"].items():
        for method in methods:
            found = client.request(method.upper(), path.replace("{name}", "shop.checkout.v1"), content=b"[]")
            assert found.status_code == (404 if "groupbys" in path else 200), path


def test_a_token_is_asked_for(fetcher):
    with running(app(fetcher, token="secret")) as client:  # noqa: S106 - of this test
        assert client.get("/ping").status_code == client.get("/health").status_code == 200
        for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}):
            assert client.post(JOIN, json=[], headers=header).status_code == 401
            assert client.get("/v1/joins", headers=header).status_code == 401
        assert client.post(JOIN, json=[], headers={"Authorization": "Bearer secret"}).status_code == 200


def test_a_store_that_fails_is_seen_in_health(shop, fetcher):
    with running(app(fetcher)) as client:
        shop.store.close()
        assert client.get("/health").status_code == 503


# ---- processes


@contextmanager
def process(store, *options):
    """``serve`` in a process of its own."""
    script = "import sys; from chronon.online.server import serve; serve(sys.argv[1], port=0, workers=int(sys.argv[2]))"
    command = [sys.executable, "-c", script, f"lmdb://{store.path}", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        try:
            line = child.stderr.readline()
            yield child, re.search(r"http://[0-9.:]+", line)[0]
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(10)
            child.stderr.close()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_in_its_own_processes_sees_uploads_as_they_come(world, workers):
    with process(world.store, workers) as (child, address):
        with httpx.Client(base_url=address, timeout=30) as client:
            (before,) = results(client.post(JOIN, json=[{"user_id": "u1", "seller": 7}]))
            assert before["status"] == "Failure"
            put_all(world)
            (after,) = results(client.post(JOIN, json=[{"user_id": "u1", "seller": 7}]))
            assert after["features"]["s_shop_ratings_v1_stars_sum_30d"] == 120
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) in (0, -signal.SIGTERM)  # uvicorn finishes its work, then ends by the signal it got


def test_a_port_that_is_taken_is_a_clear_error(world):
    with listen("127.0.0.1", 0) as listening, pytest.raises(StorageError, match="cannot listen on"):
        serve(f"lmdb://{world.store.path}", port=listening.getsockname()[1])


def test_a_password_is_not_shown():
    assert without_password("redis://me:p@ss@host/0") == "redis://...@host/0"
    assert without_password("lmdb:///var/a@b") == "lmdb:///var/a@b"


def test_a_serving_process_has_no_engine_in_it(shop):
    script = """
import json, sys
from chronon.online import Fetcher, Request
from chronon.online.server import app
from chronon.store import open_store
fetcher = Fetcher(open_store(sys.argv[1]))
app(fetcher)
answer = fetcher.fetch_join("shop.derived.v1", [Request({"user_id": "u1", "seller": 7}, at=int(sys.argv[2]))])[0]
print(json.dumps([answer.values, sorted({name.partition(".")[0] for name in sys.modules})]))
"""
    shop.put_join(
        w.join("shop.derived.v1", derivations=w.derivations("*", ("half", "shop_purchases_v1_amount_count / 2")))
    )
    command = [sys.executable, "-c", script, f"lmdb://{shop.store.path}", str(Q)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    values, modules = json.loads(said)
    assert values == FEATURES | {"half": 1.5}
    assert {"duckdb", "pyarrow", "pandas"}.isdisjoint(modules)
