"""A split model in service on loopback: its answers are the whole model's, and no request goes without one."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from examples.split_serving import client as client_program
from examples.split_serving import demo
from examples.split_serving.agreed import TOKEN as VARIABLE
from examples.split_serving.breaker import Breaker
from examples.split_serving.client import SplitClient, made_up
from examples.split_serving.exchange import Exchange, Timeouts
from examples.split_serving.link import Link, Shape
from examples.split_serving.parts import PartsError, load_whole, read_parts
from tests.examples.serving import TOKEN, served, write_split

for package in ("onnxruntime", "starlette", "uvicorn"):
    pytest.importorskip(package)

ROOT = Path(__file__).parents[2]
PATIENT = Timeouts(30, 30, 30)
BRIEF = Timeouts(0.3, 0.3, 0.3)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    return read_parts(write_split(tmp_path_factory.mktemp("split") / "parts"))


@pytest.fixture(scope="module")
def server(parts):
    with served(parts, slots=32) as server:
        yield server


@contextmanager
def joined(parts, url, timeouts=PATIENT, token=TOKEN, breaker=None, model=None, **given):
    """A client of the server there."""
    exchange = Exchange(url, token, parts.id, timeouts=timeouts, **given)
    model = model or parts.folder.parent / "whole.onnx"
    with SplitClient(parts, model, exchange, breaker=breaker, threads=1) as client:
        yield client


def over(link):
    return f"http://{link.host}:{link.port}"


def quick():
    """A breaker that soon looks again."""
    return Breaker(failures=2, rest=0.02, longest=0.1)


def whole(parts, feeds):
    return load_whole(parts, parts.folder.parent / "whole.onnx", threads=1)(feeds)


def same(got, want):
    return got.keys() == want.keys() and all(np.array_equal(got[name], want[name]) for name in want)


def until_split(client, feeds, seconds=20):
    """Ask until an answer comes over the link; all answers."""
    answers, end = [], time.monotonic() + seconds
    while not answers or (answers[-1].where != "split" and time.monotonic() < end):
        answers.append(client.infer(feeds))
        time.sleep(0.005)
    return answers


def test_the_answers_are_the_whole_models_bit_for_bit(parts, server):
    requests = [made_up(parts, seed) for seed in range(5)]
    with joined(parts, server.url) as client:
        answers = list(client.answers(requests))
    assert [a.where for a in answers] == ["split"] * 5
    assert all(same(a.outputs, whole(parts, feeds)) for a, feeds in zip(answers, requests, strict=True))
    assert all(a.seconds >= a.device + a.server > 0 for a in answers)


@pytest.mark.parametrize("encoding", ["fp16", "int8", "uint8", "uint8+zlib"])
def test_a_coded_boundary_is_near(tmp_path, encoding):
    parts = read_parts(write_split(tmp_path / "parts", encoding))
    feeds = made_up(parts)
    with served(parts) as server, joined(parts, server.url) as client:
        answer = client.infer(feeds)
    assert answer.where == "split"
    want = whole(parts, feeds)
    assert np.array_equal(answer.outputs["features"], want["features"])  # the device's own, not what was sent
    assert np.abs(answer.outputs["y"] - want["y"]).max() < 0.1


def test_values_that_cannot_be_coded_are_answered_by_the_device(tmp_path):
    parts = read_parts(write_split(tmp_path / "parts", "uint8"))
    feeds = made_up(parts) | {"x": np.full((1, 3, 16, 16), np.inf, np.float32)}
    with served(parts) as server, joined(parts, server.url) as client:
        answer = client.infer(feeds)
        assert answer.where == "device"
        assert "uint8 has no code" in answer.why
        assert client.infer(made_up(parts)).where == "split"  # the link is not to blame


def test_loss_delays_answers_and_changes_none(parts, server, monkeypatch):
    monkeypatch.setattr("examples.split_serving.link._LEAST_TIMEOUT", 0.01)
    monkeypatch.setattr("examples.split_serving.link._FIRST_TIMEOUT", 0.01)
    requests = [made_up(parts, seed) for seed in range(30)]
    with (
        Link(server.address, Shape(up=50e6, down=50e6, rtt=0.002, loss=0.2)) as link,
        joined(parts, over(link)) as client,
    ):
        answers = list(client.answers(requests))
        assert link.stalls > 0
    assert [a.where for a in answers] == ["split"] * 30
    assert all(same(a.outputs, whole(parts, feeds)) for a, feeds in zip(answers, requests, strict=True))


def test_a_link_that_breaks_connections_loses_no_request(parts, server):
    requests = [made_up(parts, seed) for seed in range(30)]
    with (
        Link(server.address, Shape(resets=0.3), seed=1) as link,
        joined(parts, over(link), repeats=1, breaker=quick()) as client,
    ):
        answers = list(client.answers(requests))
    assert all(same(a.outputs, whole(parts, feeds)) for a, feeds in zip(answers, requests, strict=True))
    assert any(a.tries > 1 or a.where == "device" for a in answers)


def test_a_link_that_dies_in_the_middle_loses_no_request_and_is_taken_up_again(parts, server):
    requests = [made_up(parts, seed) for seed in range(50)]
    answers = []
    with Link(server.address) as link, joined(parts, over(link), BRIEF, breaker=quick()) as client:
        until_split(client, requests[0])
        for i, feeds in enumerate(requests):
            if i == 15:
                link.cut()
            if i == 35:
                link.restore()
            answers.append(client.infer(feeds))
        assert until_split(client, requests[0])[-1].where == "split"
        assert client.breaker.opened >= 1
    assert all(same(a.outputs, whole(parts, feeds)) for a, feeds in zip(answers, requests, strict=True))
    assert {a.where for a in answers[15:35]} == {"device"}
    rested = [a for a in answers[15:35] if a.why == "the link rests"]
    assert len(rested) >= 15  # a dead link costs a timeout only now and then


def test_a_slow_link_falls_back_at_the_deadline(parts, server):
    with (
        Link(server.address, Shape(up=2e3)) as link,
        joined(parts, over(link), BRIEF, breaker=Breaker(rest=60)) as client,
    ):
        answers = [client.infer(made_up(parts, seed)) for seed in range(5)]
    assert [a.where for a in answers] == ["device"] * 5
    assert [a.why == "the link rests" for a in answers] == [False, False, True, True, True]


def test_a_refused_token_and_other_halves_are_not_tried_again_and_again(parts, server, tmp_path):
    other = read_parts(write_split(tmp_path / "other", seed=1))
    for held, token in ((parts, TOKEN + "x"), (other, TOKEN)):
        with joined(held, server.url, token=token, breaker=Breaker(rest=60)) as client:
            answers = [client.infer(made_up(held)) for _ in range(3)]
        assert [a.where for a in answers] == ["device"] * 3
        assert "refuses (40" in answers[0].why
        assert [a.why for a in answers[1:]] == ["the link rests"] * 2
        assert same(answers[0].outputs, whole(held, made_up(held)))


def test_many_clients_at_once(parts, server):
    def run(seed):
        feeds = made_up(parts, seed)
        with joined(parts, server.url) as client:
            return [same(client.infer(feeds).outputs, whole(parts, feeds)) for _ in range(5)], client.tally

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(run, range(6)))
    assert all(all(equal) for equal, _ in found)
    assert sum(len(tally.seconds["split"]) for _, tally in found) == 30


def test_the_client_checks_its_files(parts, tmp_path):
    exchange = Exchange("http://127.0.0.1:1", TOKEN, parts.id)
    with pytest.raises(PartsError, match="is not the file of the manifest"):
        SplitClient(parts, parts.folder / "m.cloud.onnx", exchange)
    with pytest.raises(PartsError, match="cannot read"):
        SplitClient(parts, tmp_path / "missing.onnx", exchange)
    copy = shutil.copytree(parts.folder, tmp_path / "parts")
    (copy / "m.device.onnx").write_bytes(b"other")
    with pytest.raises(PartsError, match="is not the file of the manifest"):
        SplitClient(read_parts(copy), parts.folder.parent / "whole.onnx", exchange)
    exchange.close()
    with pytest.raises(PartsError, match="no such file"):
        read_parts(tmp_path)


@contextmanager
def process(parts, *options):
    """The server's program in a process of its own: the process, and its address."""
    command = [sys.executable, "-m", "examples.split_serving.server", parts.folder, "--port", "0", *options]
    environment = {**os.environ, VARIABLE: TOKEN}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as running:
        try:
            yield running, re.search(r"https?://\S+", running.stdout.readline())[0]
        finally:
            running.kill()


def test_a_server_that_is_killed_and_one_that_is_told_to_end(parts):
    feeds = made_up(parts)
    with process(parts) as (running, url), joined(parts, url, BRIEF, breaker=quick()) as client:
        assert until_split(client, feeds)[-1].where == "split"
        running.kill()
        running.wait()
        after = [client.infer(feeds) for _ in range(5)]
    assert [a.where for a in after] == ["device"] * 5
    assert all(same(a.outputs, whole(parts, feeds)) for a in after)
    with process(parts) as (running, url), joined(parts, url) as client:
        assert client.infer(feeds).where == "split"
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=30) == -signal.SIGTERM


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
def test_tls(parts, tmp_path):
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-keyout", key, "-out", cert, "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True,
        capture_output=True,
    )
    with process(parts, "--tls-cert", cert, "--tls-key", key) as (_, url):
        assert url.startswith("https://")
        with joined(parts, url, ca=cert) as client:
            assert client.infer(made_up(parts)).where == "split"
        with joined(parts, url) as client:
            assert "not trusted" in client.infer(made_up(parts)).why


def test_the_clients_program(parts, server, tmp_path, capsys, monkeypatch):
    given = [str(parts.folder), "--fallback", str(parts.folder.parent / "whole.onnx"), "--url"]
    monkeypatch.setenv(VARIABLE, TOKEN)
    np.savez(tmp_path / "in.npz", **made_up(parts))
    options = ["--input", str(tmp_path / "in.npz"), "--requests", "3", "--total", "30", "--read", "30"]
    assert client_program.main([*given, server.url, *options]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert re.match(r"   1 split +[\d.]+ ms   device [\d.]+, server [\d.]+, link [\d.]+", printed[0])
    assert printed[3].startswith("split        3   p50 ")
    assert client_program.main([*given, "http://127.0.0.1:1", "--requests", "3"]) == 0
    assert "the link broke" in capsys.readouterr().out
    for wrong, why in ((["http://example.org"], "use https"), ([server.url, "--input", __file__], "error: ")):
        assert client_program.main([*given, *wrong]) == 2
        assert why in capsys.readouterr().err


def test_the_servers_program_starts_only_where_it_is_safe(parts, tmp_path, capsys, monkeypatch):
    from examples.split_serving import server as server_program

    folder = str(parts.folder)
    monkeypatch.setenv(VARIABLE, "short")
    assert server_program.main([folder]) == 2
    assert "16 or more" in capsys.readouterr().err
    monkeypatch.setenv(VARIABLE, TOKEN)
    for wrong, why in (
        ([folder, "--host", "0.0.0.0"], "give --tls-cert"),
        ([folder, "--tls-cert", "c.pem"], "go together"),
        ([folder, "--tls-cert", "missing.pem", "--tls-key", "missing.pem"], "No such file"),
        ([str(tmp_path)], "no such file"),
    ):
        assert server_program.main(wrong) == 2
        assert why in capsys.readouterr().err


def test_answers_leave_at_once():
    from examples.split_serving.server import listen

    with listen("127.0.0.1", 0) as listener, socket.create_connection(listener.getsockname()):
        accepted = listener.accept()[0]
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        accepted.close()


def test_splits_as_edgeplan_writes_them(parts, tmp_path):
    pytest.importorskip("onnx_ir")
    from edgeplan.surgery.splitting.splitting import split_at

    source = parts.folder.parent / "whole.onnx"
    for name, ops in (("cloud", ()), ("split", ("c",))):
        split_at(source, ops, tmp_path / name, verify=False)
        written = read_parts(tmp_path / name)
        feeds = made_up(written)
        with served(written) as server, joined(written, server.url, model=source) as client:
            answer = client.infer(feeds)
        assert answer.where == "split"
        want = whole(parts, feeds)
        assert all(np.array_equal(a, want[name]) for name, a in answer.outputs.items())
    split_at(source, None, tmp_path / "device", verify=False)
    with pytest.raises(PartsError, match="nothing is left to serve"):
        read_parts(tmp_path / "device")


def test_the_demo(parts, capsys):
    given = [str(parts.folder), str(parts.folder.parent / "whole.onnx"), "--requests", "3"]
    assert demo.main([*given, "--network", "up=200,down=200,rtt=1", "--network", "up=100,rtt=2"]) == 0
    head, columns, *rows = capsys.readouterr().out.splitlines()
    assert head == "whole.onnx: 1088 bytes up, 39 bytes down; milliseconds"
    assert columns.split()[:2] == ["network", "planned"]
    for row in rows:
        assert row.endswith("3/3  no bit")
        planned, seen = map(float, row.split()[1:3])
        assert planned <= seen + 0.05  # as printed
    assert demo.main([*given, "--network", "nowhere"]) == 2
    assert "error: " in capsys.readouterr().err
