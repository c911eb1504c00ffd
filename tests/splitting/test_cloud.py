from __future__ import annotations

from pathlib import Path

import pytest

from edgeplan.links.network import Rate
from edgeplan.splitting.cloud import CloudError, find_cloud


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "ours.toml"
        path.write_text(text, "utf-8")
        return str(path)

    return write


def test_a_server_is_a_cloud_with_its_price() -> None:
    cloud = find_cloud("server-t4")
    assert (cloud.id, cloud.target.backend.name, [u.name for u in cloud.target.units]) == (
        "server-t4",
        "onnxruntime",
        ["cuda", "cpu"],
    )
    assert cloud.price_per_hour == 0.526
    assert "g4dn.xlarge" in cloud.price_note
    assert cloud.evidence[0].url.startswith("https://")
    assert (cloud.queue, cloud.slower, cloud.measured) == (Rate(0, 0, 0), Rate(1, 1, 1), None)
    assert "no request waits" in cloud.basis


def test_an_edge_box_is_a_cloud_too() -> None:
    cloud = find_cloud("jetson-agx-orin-64gb", release="10.3")
    assert (cloud.target.backend.name, cloud.target.release) == ("tensorrt", "10.3")
    assert (cloud.price_per_hour, cloud.price_note, cloud.evidence) == (None, "", ())


def test_a_part_of_an_instance_says_of_what_it_is_a_part() -> None:
    assert "eighth" in find_cloud("server-a100-40gb").price_note


def test_a_file_tells_of_a_cloud_of_ones_own(written) -> None:
    cloud = find_cloud(
        written(
            'title = "Our rack"\ndevice = "server-l4"\nbackend = "onnxruntime"\nrelease = "1.30"\n'
            'slower = [1.2, 1.5, 3]\nqueue_ms = 4\nprice_per_hour = 0.4\nprice_note = "power and rent"\n'
        )
    )
    assert (cloud.id, cloud.title, cloud.target.release) == ("ours", "Our rack", "1.30")
    assert cloud.slower == Rate(1.2, 1.5, 3.0)
    assert cloud.queue == Rate(0.004, 0.004, 0.004)
    assert (cloud.price_per_hour, cloud.price_note, cloud.evidence) == (0.4, "power and rent", ())
    assert cloud.basis == "the planned time times a factor, as given; the time in a queue as given"


def test_a_file_may_give_the_measured_time_of_the_whole_model(written) -> None:
    cloud = find_cloud(written('device = "server-t4"\nmilliseconds = [9, 10, 12]\n'))
    assert cloud.measured == Rate(0.009, 0.01, 0.012)
    assert cloud.price_per_hour == 0.526
    assert "measured" in cloud.basis


def test_what_is_asked_for_goes_before_the_file(written) -> None:
    cloud = find_cloud(written('device = "server-t4"\nrelease = "1.30"\n'), backend="tensorrt", release="10.3")
    assert (cloud.target.backend.name, cloud.target.release) == ("tensorrt", "10.3")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("server-t5", "did you mean server-t4"),
        ("zx spectrum", "`edgeplan devices` lists them"),
        ("nowhere.toml", "there is no such file"),
    ],
)
def test_an_unknown_cloud_is_answered_in_a_line(name: str, told: str) -> None:
    with pytest.raises(CloudError) as e:
        find_cloud(name)
    assert told in str(e.value)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("backend", ["coreml", "tflite"])
def test_a_runtime_the_server_lacks_is_refused(backend: str) -> None:
    with pytest.raises(CloudError, match="has no backend"):
        find_cloud("server-t4", backend=backend)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('device = "server-t5"', "did you mean server-t4"),
        ('title = "no device"', "missing required field `device`"),
        ('device = "server-t4"\nspeed = 2', "unknown field `speed`"),
        ('device = "server-t4"\nslower = 0', "slower is 0.001 to 1000, not 0"),
        ('device = "server-t4"\nslower = nan', "slower is 0.001 to 1000, not nan"),
        ('device = "server-t4"\nqueue_ms = [3, 2, 1]', "queue_ms goes up: low, likely, high"),
        ('device = "server-t4"\nqueue_ms = -1', "queue_ms is 0 to 100000, not -1"),
        ('device = "server-t4"\nqueue_ms = [1, 2]', "length 3"),
        ('device = "server-t4"\nmilliseconds = 0', "milliseconds is"),
        ('device = "server-t4"\nmilliseconds = inf', "not inf"),
        ('device = "server-t4"\nmilliseconds = 5\nslower = 2', "slower says nothing beside milliseconds"),
        ('device = "server-t4"\nprice_per_hour = -2', "price_per_hour is 0 to 100000, not -2"),
        ('device = "server-t4"\nprice_per_hour = "1"', "price_per_hour"),
        ('device = "server-t4"\ntitle = "a\\u001b[31mb"', "title is too long, or holds characters"),
        ('device = "server-t4"\nprice_note = "' + "x" * 300 + '"', "price_note is too long"),
        ('device = "server-t4"\nbackend = "qnn"', "has no backend 'qnn'"),
        ('device = "server-t4"\nrelease = "0.1"', "has no release '0.1'"),
        ("device = ", "Invalid value"),
        ("a = " + "[" * 5000 + "]" * 5000, "nested too deep"),
        ("#" * 70000, "no more than 65536 bytes"),
    ],
)
def test_a_broken_file_is_refused_in_a_line(written, text: str, told: str) -> None:
    with pytest.raises(CloudError) as e:
        find_cloud(written(text))
    assert told in str(e.value)
    assert "ours.toml" in str(e.value)
    assert "\n" not in str(e.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CloudError, match="no UTF-8 text"):
        find_cloud(str(path))
    with pytest.raises(CloudError, match="no such file"):
        find_cloud(str(tmp_path / "folder.toml"))
