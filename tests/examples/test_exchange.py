"""The client's HTTP against a server that does as it is told: each request meets the next step of a test's script."""

import contextlib
import socket
import threading

import pytest

from examples.split_serving.agreed import MODEL
from examples.split_serving.exchange import Exchange, LinkError, RefusedError, Timeouts

PATIENT = Timeouts(30, 30, 30)
BRIEF = Timeouts(30, 30, 0.2)


def answer(status, body=b"", **headers):
    lines = [f"HTTP/1.1 {status} Words", f"Content-Length: {len(body)}", f"{MODEL}: m"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


OK = answer(200, b"tensors", Server_Timing="cache;dur=9, infer;dur=12.5")
HANG_UP, SILENCE = b"", None


class Scripted:
    """Answers each request with the next of some steps, then hangs up; `seen` are the requests."""

    def __init__(self, *steps):
        self.steps, self.seen = list(steps), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.over = threading.Event()
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *raised):
        self.over.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def serve(self):
        with contextlib.suppress(OSError):
            while self.steps:
                connection = self.listener.accept()[0]
                with connection, contextlib.suppress(OSError):
                    while self.steps and self.handle(connection):
                        pass

    def handle(self, connection):
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := connection.recv(1 << 16)):
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next((int(x[15:]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length")), 0)
        while len(body) < length:
            body += connection.recv(1 << 16)
        self.seen.append((head, body))
        step = self.steps.pop(0)
        if step is SILENCE:
            self.over.wait(30)
        elif callable(step):
            step(connection)
        else:
            connection.sendall(step)
        return bool(step) and b"Connection: close" not in (step if isinstance(step, bytes) else b"")


@contextlib.contextmanager
def exchange(script, timeouts=PATIENT, **given):
    made = Exchange(script.url, "secret", "m", timeouts=timeouts, **given)
    try:
        yield made
    finally:
        made.close()


def test_it_sends_and_reads():
    with Scripted(OK, OK) as script, exchange(script) as x:
        reply = x.infer(b"body")
        assert (reply.body, reply.tries, reply.computed) == (b"tensors", 1, 0.0125)
        assert x.infer(b"again").tries == 1  # over the same connection
    head, body = script.seen[0]
    assert head.startswith(b"POST /v1/infer HTTP/1.1")
    assert b"Authorization: Bearer secret" in head
    assert body == b"body"


def test_a_connection_closed_in_the_meantime_is_opened_again_at_once():
    closing = answer(200, b"tensors", Connection="close")
    with Scripted(closing, OK) as script, exchange(script) as x:
        assert x.infer(b"").tries == 1
        assert x.infer(b"").tries == 1


@pytest.mark.parametrize(
    "broken", [b"", b"HTTP/1.1 200 Words\r\nContent-Le", answer(200, b"12345")[:-2], b"noise\r\n\r\n"]
)
def test_an_answer_that_breaks_off_is_asked_for_again(broken):
    def half(connection):
        connection.sendall(broken)
        connection.close()

    with Scripted(half, HANG_UP, OK) as script, exchange(script) as x:
        reply = x.infer(b"same")
        assert (reply.body, reply.tries) == (b"tensors", 3)
    assert {body for _, body in script.seen} == {b"same"}


def test_it_does_not_ask_for_ever():
    with Scripted(*[HANG_UP] * 9) as script, exchange(script, repeats=2) as x, pytest.raises(LinkError, match="broke"):
        x.infer(b"")
    assert len(script.seen) == 3


def test_a_busy_server_is_asked_again_unless_it_wants_more_time_than_there_is():
    with Scripted(answer(503, Retry_After="0"), OK) as script, exchange(script) as x:
        assert x.infer(b"").tries == 2
    for late in ("31", "99999"):
        busy = answer(503, Retry_After=late)
        with Scripted(busy, OK) as script, exchange(script) as x, pytest.raises(LinkError, match="busy"):
            x.infer(b"")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (answer(401), "refuses .401"),
        (answer(409), "refuses .409"),
        (answer(413), "refuses .413"),
        (answer(307, Location="http://127.0.0.1:1/"), "refuses .307"),
        (OK.replace(b": m", b": n"), "another split"),
        (answer(200, b"x" * 101), "more than 100 bytes"),
    ],
)
def test_a_refusal_is_final(said, why):
    with Scripted(said, OK) as script, exchange(script, most=100) as x, pytest.raises(RefusedError, match=why):
        x.infer(b"")
    assert len(script.seen) == 1


@pytest.mark.parametrize("status", [408, 500, 502, 504])
def test_a_server_that_did_not_manage_is_not_asked_again(status):
    with Scripted(answer(status), OK) as script, exchange(script) as x, pytest.raises(LinkError, match="manage") as e:
        x.infer(b"")
    assert not isinstance(e.value, RefusedError)
    assert len(script.seen) == 1


def test_the_deadline_holds_against_silence_and_against_trickles():
    def trickle(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while not script.over.wait(0.01):
            connection.sendall(b"X: y\r\n")

    for step in (SILENCE, trickle):
        with (
            Scripted(step) as script,
            exchange(script, BRIEF) as x,
            pytest.raises(LinkError, match=r"slow|within 0\.2"),
        ):
            x.infer(b"")


def test_nobody_there_is_a_broken_link():
    with Scripted() as script:
        pass
    with exchange(script, repeats=1) as x, pytest.raises(LinkError, match="broke"):
        x.infer(b"")


def test_a_probe_tells_what_it_finds():
    found, told = [], threading.Semaphore(0)

    def tell(alive):
        found.append(alive)
        told.release()

    with Scripted(answer(200), answer(401)) as script, exchange(script) as x:
        for _ in range(2):
            x.probe(tell)
            assert told.acquire(timeout=30)
    assert found == [True, False]
    assert script.seen[0][0].startswith(b"GET /v1/manifest ")


def test_one_thing_at_a_time():
    with Scripted(SILENCE) as script, exchange(script) as x:
        x.probe(lambda alive: None)
        with pytest.raises(LinkError, match="still hangs"):
            x.infer(b"")


def test_a_check_says_what_is_wrong():
    with Scripted(answer(200), answer(409)) as script, exchange(script) as x:
        x.check()
        with pytest.raises(RefusedError, match="409"):
            x.check()


def test_the_token_goes_nowhere_in_the_clear():
    for url in ("http://example.org", "http://10.0.0.1:80/"):
        with pytest.raises(ValueError, match="use https://"):
            Exchange(url, "secret", "m")
        Exchange(url, "secret", "m", insecure=True).close()
    for url in ("http://localhost:1", "http://[::1]:1", "http://127.9.9.9", "https://example.org"):
        Exchange(url, "secret", "m").close()
    for url in ("ftp://localhost", "localhost:80", "http://"):
        with pytest.raises(ValueError, match="no http"):
            Exchange(url, "secret", "m")
