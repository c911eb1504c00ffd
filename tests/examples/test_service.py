"""What the server does with requests that are wrong, slow, too many, or not allowed: each has its answer."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from examples.split_serving.agreed import MODEL
from examples.split_serving.frame import extent, pack, unpack
from examples.split_serving.parts import load, read_parts
from tests.examples.serving import TOKEN, allowed, ask, served, write_split

for package in ("onnxruntime", "starlette", "uvicorn"):
    pytest.importorskip(package)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    return read_parts(write_split(tmp_path_factory.mktemp("split") / "parts"))


@pytest.fixture(scope="module")
def server(parts):
    with served(parts, body_seconds=30, slots=32) as server:
        yield server


@pytest.fixture(scope="module")
def tensors():
    lot = np.random.default_rng(1)
    shapes = {"features": (1, 4, 8, 8), "side": (1, 4)}
    return {name: lot.standard_normal(shape, dtype=np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def body(parts, tensors):
    return pack(parts.boundary, tensors)


def test_it_answers(parts, server, tensors, body):
    answer = ask(server.address, body, **allowed(parts))
    assert answer.status == 200
    assert answer.headers[MODEL] == parts.id
    assert answer.headers["Server-Timing"].startswith("infer;dur=")
    assert "Server" not in answer.headers
    want = load(parts, "cloud", threads=1)(tensors)["y"]
    assert np.array_equal(unpack(parts.back, answer.said)["y"], want)


def test_a_body_may_come_in_chunks(parts, server, body):
    pieces = (body[i : i + 100] for i in range(0, len(body), 100))
    assert ask(server.address, pieces, **allowed(parts)).status == 200


def test_health_needs_no_token_and_tells_nothing(server):
    assert ask(server.address, method="GET", path="/healthz").said == {"status": "ok"}


def test_the_manifest_is_for_those_with_a_token(parts, server):
    given = ask(server.address, method="GET", path="/v1/manifest", **allowed(parts))
    assert given.said["format"] == 1
    assert ask(server.address, method="GET", path="/v1/manifest").status == 401


@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", TOKEN, "Bearer ü" + TOKEN],
)
def test_a_wrong_token_is_refused_before_anything_is_read(parts, server, given):
    headers = {MODEL: parts.id, "Content-Length": str(10**12)}
    if given is not None:
        headers["Authorization"] = given.encode("latin-1")
    answer = ask(server.address, **headers)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert MODEL not in answer.headers
    assert parts.id not in str(answer.said)


def test_other_halves_are_refused(parts, server, body, tmp_path):
    other = read_parts(write_split(tmp_path / "other", seed=1))
    for headers in (allowed(other), {"Authorization": f"Bearer {TOKEN}"}):
        answer = ask(server.address, body, **headers)
        assert answer.status == 409
        assert answer.said == {"error": "the server holds the halves of another split"}


def test_a_body_too_large_is_refused_when_announced_and_when_sent(parts, server, body):
    most = extent(parts.boundary)[1]
    assert most == len(body)
    announced = ask(server.address, **allowed(parts), **{"Content-Length": str(most + 1)})
    assert announced.status == 413
    assert announced.said == {"error": f"a body has {most} bytes at the most"}
    assert ask(server.address, iter([body, b"x"]), **allowed(parts)).status == 413


def test_what_is_no_body_of_tensors_is_refused(parts, server, body):
    for wrong, why in (
        (b"", "at the least"),
        (body[:-1], "at the least"),
        (b"x" * len(body), "this is no body of tensors"),
        (body[:6] + b"\x09" + body[7:], "another shape"),
    ):
        answer = ask(server.address, wrong, **allowed(parts))
        assert answer.status == 400
        assert why in answer.said["error"]


def test_heads_that_contradict_themselves_are_refused(parts, server, body):
    both = {"Content-Length": str(len(body)), "Transfer-Encoding": "chunked"}
    assert ask(server.address, b"", **allowed(parts), **both).status == 400
    assert ask(server.address, body, **allowed(parts), **{"Content-Encoding": "gzip"}).status == 415


def test_other_paths_and_methods_are_json_too(parts, server):
    for path in ("/v1/other", "/v1/infer/", "/"):
        assert ask(server.address, path=path, **allowed(parts)).said == {"error": "no such path"}
    wrong = ask(server.address, method="GET", **allowed(parts))
    assert (wrong.status, wrong.said) == (405, {"error": "no such method"})
    assert ask(server.address, method="GET", path="/v1/../../etc/passwd").status == 404


def raw(address, data):
    connection = socket.create_connection(address, timeout=30)
    connection.sendall(data)
    return connection


def head(parts, length):
    lines = ["POST /v1/infer HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in allowed(parts).items())]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


def test_a_body_that_trickles_is_given_up(parts, body):
    with served(parts, body_seconds=0.2) as server, raw(server.address, head(parts, len(body))) as peer:
        peer.sendall(body[:9])
        assert b"".join(iter(lambda: peer.recv(1 << 16), b"")).startswith(b"HTTP/1.1 408 ")  # and hung up
        assert ask(server.address, body, **allowed(parts)).status == 200


def test_a_head_that_trickles_is_given_up(parts, body):
    with served(parts, head_seconds=0.2) as server:
        for start in (b"", b"POST /v1/inf"):
            with raw(server.address, start) as peer:
                assert peer.recv(1) == b""
        with raw(server.address, b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n") as peer:
            assert peer.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
            peer.sendall(b"GET /healthz")  # the second request of the connection
            while data := peer.recv(1 << 16):
                assert b"HTTP/1.1" not in data


def test_a_peer_that_leaves_in_its_body_does_no_harm(parts, server, body):
    for cut in (0, 100):
        raw(server.address, head(parts, len(body)) + body[:cut]).close()
    assert ask(server.address, body, **allowed(parts)).status == 200


class Slow:
    """A model that computes until it is let go; `begun` counts."""

    def __init__(self):
        self.begun, self.go = threading.Semaphore(0), threading.Event()

    def __call__(self, tensors, options):
        self.begun.release()
        self.go.wait(30)
        return {"y": tensors["side"]}


def test_more_requests_than_slots_are_turned_away_and_the_rest_is_answered(parts, body):
    slow = Slow()
    with served(parts, threads=2, slots=2, infer=slow) as server, ThreadPoolExecutor(2) as pool:
        held = [pool.submit(ask, server.address, body, **allowed(parts)) for _ in range(2)]
        for _ in held:
            slow.begun.acquire(timeout=30)
        busy = ask(server.address, body, **allowed(parts))
        assert (busy.status, busy.headers["Retry-After"]) == (503, "1")
        assert ask(server.address, method="GET", path="/healthz").status == 200  # the event loop is free
        slow.go.set()
        assert [h.result().status for h in held] == [200, 200]
        assert ask(server.address, body, **allowed(parts)).status == 200


def test_a_slow_inference_is_given_up_and_keeps_its_slot_until_it_ends(parts, body):
    slow = Slow()
    with served(parts, infer_seconds=0.1, threads=1, slots=1, infer=slow) as server:
        late = ask(server.address, body, **allowed(parts))
        assert (late.status, late.said) == (504, {"error": "no result in time"})
        assert ask(server.address, body, **allowed(parts)).status == 503
        slow.go.set()
        assert any(ask(server.address, body, **allowed(parts)).status == 200 for _ in range(1000))


def test_what_goes_wrong_inside_stays_inside(parts, body, caplog):
    def broken(tensors, options):
        raise RuntimeError(f"secret {tensors['side'][0, 0]}")

    with served(parts, infer=broken) as server:
        refused = ask(server.address, body, **allowed(parts))
    assert (refused.status, refused.said) == (422, {"error": "the model refuses these tensors"})
    with served(parts, infer=lambda tensors, options: {}) as server:
        failed = ask(server.address, body, **allowed(parts))
    assert (failed.status, failed.said) == (500, {"error": "internal error"})
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text


def test_concurrent_clients_get_their_own_answers(parts, server):
    lot = np.random.default_rng(2)
    asked = [
        {"features": lot.standard_normal((1, 4, 8, 8), np.float32), "side": lot.standard_normal((1, 4), np.float32)}
        for _ in range(24)
    ]
    cloud = load(parts, "cloud", threads=1)
    with ThreadPoolExecutor(8) as pool:
        bodies = [pack(parts.boundary, tensors) for tensors in asked]
        answers = list(pool.map(lambda body: ask(server.address, body, **allowed(parts)), bodies))
    for tensors, answer in zip(asked, answers, strict=True):
        assert np.array_equal(unpack(parts.back, answer.said)["y"], cloud(tensors)["y"])
