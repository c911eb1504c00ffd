import contextlib
import math
import random
import socket
import threading
import time
from types import SimpleNamespace

import pytest

from examples.split_serving.link import Link, Shape, main


@pytest.fixture
def echo():
    """A server that sends back what it gets, and hangs up when told `bye`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection):
        with connection, contextlib.suppress(ConnectionError):
            while data := connection.recv(1 << 16):
                if data == b"bye":
                    return
                connection.sendall(data)

    def accept():
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def through(link, data, timeout=30.0):
    """What comes back of some bytes sent over the link."""
    with socket.create_connection((link.host, link.port), timeout=timeout) as connection:
        sender = threading.Thread(target=lambda: (connection.sendall(data), connection.shutdown(socket.SHUT_WR)))
        sender.start()
        got = b""
        while piece := connection.recv(1 << 16):
            got += piece
        sender.join()
        return got


NOISE = random.Random(0).randbytes(200_000)


def test_bytes_arrive_whole_and_in_order(echo):
    with Link(echo) as link:
        assert through(link, NOISE) == NOISE
        assert link.carried == (len(NOISE), len(NOISE))


def test_loss_stalls_and_loses_nothing(echo, monkeypatch):
    monkeypatch.setattr("examples.split_serving.link._LEAST_TIMEOUT", 0.01)
    monkeypatch.setattr("examples.split_serving.link._FIRST_TIMEOUT", 0.01)
    with Link(echo, Shape(loss=0.2)) as link:
        assert through(link, NOISE) == NOISE
        assert link.stalls > 0


def test_a_transfer_takes_at_least_what_bandwidth_and_delay_make_of_it(echo):
    start = time.monotonic()
    with Link(echo, Shape(up=8e6, down=16e6, rtt=0.02)) as link:
        through(link, NOISE[:100_000])
    assert time.monotonic() - start >= 0.1 + 2 * 0.02  # more is the machine's


def test_connections_share_the_bandwidth(echo):
    start = time.monotonic()
    with Link(echo, Shape(up=8e6)) as link:
        threads = [threading.Thread(target=through, args=(link, NOISE[:50_000])) for _ in range(3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert time.monotonic() - start >= 0.15


def test_a_cut_link_is_silent_and_goes_on_when_restored(echo):
    with Link(echo) as link, socket.create_connection((link.host, link.port), timeout=30) as connection:
        connection.sendall(b"one")
        assert connection.recv(9) == b"one"
        link.cut()
        connection.sendall(b"two")
        connection.settimeout(0.05)
        with pytest.raises(TimeoutError):
            connection.recv(9)
        with pytest.raises(TimeoutError):
            through(link, b"three", timeout=0.05)
        link.restore()
        connection.settimeout(30)
        assert connection.recv(9) == b"two"


def test_a_reset_reaches_both_ends(echo):
    with Link(echo) as link, socket.create_connection((link.host, link.port), timeout=30) as connection:
        connection.sendall(b"one")
        connection.recv(9)
        link.reset()
        with pytest.raises(ConnectionResetError):
            connection.recv(9)
        assert through(link, b"new") == b"new"


def test_bursts_can_break_the_connection(echo):
    with (
        Link(echo, Shape(resets=1.0)) as link,
        socket.create_connection((link.host, link.port), timeout=30) as connection,
    ):
        connection.sendall(b"x")
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_the_server_may_hang_up_or_not_be_there(echo):
    with Link(echo) as link:
        assert through(link, b"bye") == b""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()
    with Link(nobody) as link, pytest.raises(ConnectionResetError):
        socket.create_connection((link.host, link.port), timeout=30).recv(1)


def test_the_quality_can_change(echo):
    with Link(echo, Shape(up=1e3)) as link:
        link.change(Shape())
        assert through(link, NOISE) == NOISE


def test_a_shape_is_checked():
    for wrong in ({"up": 0}, {"down": -1.0}, {"rtt": -1.0}, {"rtt": math.inf}, {"loss": 1.0}, {"resets": 1.1}):
        with pytest.raises(ValueError, match=r"cut it|between 0 and 1"):
            Shape(**wrong)


def test_a_network_has_a_shape():
    rate = SimpleNamespace(likely=5e6)
    network = SimpleNamespace(id="lte", up=rate, down=rate, rtt=SimpleNamespace(likely=0.05), loss=None)
    assert Shape.of(network) == Shape(5e6, 5e6, 0.05, 0.0)
    network.rtt = None
    with pytest.raises(ValueError, match="lte,rtt="):
        Shape.of(network)


def test_the_program_takes_commands(echo, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", ["cut\n", "restore\n", "reset\n", "up=1,rtt=5\n", "nowhere\n"])
    assert main([f"{echo[0]}:{echo[1]}", "--network", "up=100,rtt=1"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("http://127.0.0.1:")
    assert said.err.startswith("error: ")
    assert main(["127.0.0.1:1", "--network", "nowhere"]) == 2
    assert main(["nowhere", "--network", "up=100,rtt=1"]) == 2
