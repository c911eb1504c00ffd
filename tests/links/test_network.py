"""Networks: those that are shipped, what users write for one, what they are refused for, and what radios draw."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.links.encoding import EncodingFile, EncodingRow, read_encodings
from edgeplan.links.lint import encoding_complaints, file_complaints, network_complaints
from edgeplan.links.network import NetworkError, Rate, all_networks, find_network
from edgeplan.links.network_file import NetworkFile, NetworkRow, RadioRow, shipped_files
from edgeplan.report.network_page import networks_page

IDS = {
    "3g-2017", "lte-2017", "wifi-2017", "lte-cat1",
    "3g", "lte", "5g", "wifi", "satellite", "satellite-geo", "vehicle-cellular",
}  # fmt: skip


def test_the_data_have_no_complaints():
    assert list(network_complaints()) == []


def test_every_network_that_is_promised_is_there():
    assert {n.id for n in all_networks()} == IDS


def test_the_uplinks_of_the_literature():
    # DADS, Table I: CAT1 0.13, 3G 1.1, 4G 5.85, WiFi 18.88 Mbps; no round trip is published with them
    told = {"lte-cat1": 0.13, "3g-2017": 1.1, "lte-2017": 5.85, "wifi-2017": 18.88}
    for name, mbps in told.items():
        network = find_network(name)
        assert network.up == Rate(*[pytest.approx(mbps * 1e6)] * 3)
        assert network.rtt is None
        assert "no round trip is known" in network.basis
        assert "as fast as the uplink" in network.basis


@pytest.mark.parametrize("network", all_networks(), ids=lambda n: n.id)
def test_each_network_says_where_it_is_from(network):
    assert network.evidence
    assert all(e.url.startswith("https://") and e.words for e in network.evidence)
    assert network.kind in ("measured", "stated")
    assert bool(network.radio) != bool(network.no_radio)
    for rate in (network.up, network.down, network.rtt):
        assert rate is None or 0 < rate.low <= rate.likely <= rate.high


@pytest.mark.parametrize(
    ("said", "id_"),
    [
        ("4G", "lte"),
        ("Wi-Fi", "wifi"),
        ("Starlink", "satellite"),
        ("LTE 2017", "lte-2017"),
        ("car", "vehicle-cellular"),
    ],
)
def test_other_names(said, id_):
    assert find_network(said).id == id_


def test_words_tell_a_link_in_bits_and_seconds():
    network = find_network("up=5.85, down=20, rtt=50, loss=0.01")
    assert network.up == Rate(5.85e6, 5.85e6, 5.85e6)
    assert network.down.likely == 20e6
    assert network.rtt == Rate(0.05, 0.05, 0.05)
    assert (network.loss, network.kind, network.radio, network.evidence) == (0.01, "given", None, ())


def test_a_downlink_that_is_not_told_is_said_to_be_taken():
    network = find_network("up=2:5:9,rtt=50")
    assert network.down == network.up == Rate(2e6, 5e6, 9e6)
    assert "no downlink is known" in network.basis


def test_words_behind_an_id_replace_its_figures():
    network = find_network("lte-2017,rtt=50")
    old = find_network("lte-2017")
    assert network.rtt == Rate(0.05, 0.05, 0.05)
    assert (network.up, network.radio, network.evidence) == (old.up, old.radio, old.evidence)
    assert network.basis.startswith("rtt given; ")
    assert "no round trip" not in network.basis
    assert find_network("wifi,radio=wifi-2012").radio is not None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("lte-2016", "did you mean lte-2017"),
        ("abacus", "there are 3g, "),
        ("", "no network ''"),
        ("up=", "tells nothing"),
        ("down=5", "how fast is the uplink"),
        ("up=5,up=6", "up is told twice"),
        ("up=5,speed=6", "'speed=6' tells nothing"),
        ("lte,", "'' tells nothing"),
        ("up=-1", "up is a number"),
        ("up=nan", "up is a number"),
        ("up=inf", "up is a number"),
        ("up=0", "up_mbps is 1e-06 to 1e+06, not 0"),
        ("up=1e9", "not 1e+09"),
        ("up=1e999", "not inf"),
        ("up=5,rtt=1e6", "rtt_ms is 0 to 100000"),
        ("up=5,loss=1", "loss is 0 to 0.9"),
        ("up=9:5:2", "up_mbps goes up: low, likely, high"),
        ("up=1:2", "three as 2:5:9"),
        ("up=5,loss=0:0:0.1", "loss"),
        ("up=5,radio=abacus", "no radio 'abacus'; there are 3g-2012"),
        ("up=5" + "0" * 500, "at most 200 characters"),
        ("up=5\x1b[31m", "can be shown"),
        ("missing.toml", "'missing.toml': there is no such file"),
    ],
)
def test_what_cannot_be_meant_is_one_line(said, words):
    with pytest.raises(NetworkError) as caught:
        find_network(said)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_network_or_one_line(said):
    with suppress(NetworkError):
        assert find_network(said).title
    with pytest.raises(NetworkError) as caught:
        find_network(f"{said}=")
    assert str(caught.value).isprintable()


OWN = """
[network.plant]
title     = "LTE of the plant"
up_mbps   = [2, 6, 9]
down_mbps = 20
rtt_ms    = [35, 48, 90]
loss      = 0.01
radio     = "lte-2021"
"""


def own(folder: Path, text: str | bytes) -> str:
    path = folder / "mine.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_a_file_of_ones_own(tmp_path):
    network = find_network(own(tmp_path, OWN))
    assert (network.id, network.title, network.kind, network.year) == ("plant", "LTE of the plant", "given", 0)
    assert (network.up.low, network.down.low, network.rtt, network.loss) == (2e6, 20e6, Rate(0.035, 0.048, 0.09), 0.01)
    assert network.radio == find_network("lte").radio
    assert network.evidence == ()


def test_a_file_may_hold_its_own_radio_and_sources(tmp_path):
    radio = OWN.replace("lte-2021", "mine") + (
        "[radio.mine]\nup_mw_per_mbps=100\ndown_mw_per_mbps=50\nbase_mw=1000\ntail_s=2\ntail_mw=500\n"
        'spread=[0.9,1.1]\nwhy="Metered."\nsource={meter="1.1 W"}\n[source.meter]\nkind="device-measured"\n'
    )
    network = find_network(own(tmp_path, radio))
    assert network.radio is not None
    assert (network.radio.tail_joules, network.radio.evidence[0].words) == (1.0, "1.1 W")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "one [network.NAME], not 0"),
        (OWN + OWN.replace("plant", "other"), "not 2"),
        (OWN.replace("rtt_ms", "latency"), "latency"),
        (OWN.replace("0.01", '"a lot"'), "loss"),
        (OWN.replace("= 20", "= nan"), "down_mbps is"),
        (OWN.replace("= 20", "= -inf"), "down_mbps is"),
        (OWN.replace("= 20", "= -20"), "down_mbps is"),
        (OWN.replace("= 20", "= 1" + "0" * 400), "down_mbps"),
        (OWN.replace("= 20", "= 1" + "0" * 5000), ""),
        (OWN.replace("= 20", "= true"), "down_mbps"),
        (OWN.replace("[2, 6, 9]", "[2, 6]"), "up_mbps"),
        (OWN.replace("lte-2021", "abacus"), "no radio 'abacus'"),
        (OWN.replace("of the", "\\u001b[31m"), "cannot be shown"),
        (OWN.replace("of the", "\\u202e"), "cannot be shown"),
        (OWN.replace("of the", "x" * 201), "title is too long"),
        (OWN.replace(".plant", '."a\\nb"'), "cannot be shown"),
        (OWN + '"\\u001b[31m" = 1\n', "unknown field"),
        (OWN + 'note = "\\u0007"\n', "cannot be shown"),
        (b"\xff\xfe", "no UTF-8"),
        ("a = " + "[" * 20_000, "nested too deep"),
        ("#" * 70_000, "65536 bytes"),
        ("title = ", "nvalid"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path, text, words):
    with pytest.raises(NetworkError) as caught:
        find_network(own(tmp_path, text))
    said = str(caught.value)
    assert words in said
    assert said.isprintable()
    assert len(said) < 300 + len(str(tmp_path))


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(NetworkError, match="no such file"):
        find_network(str(tmp_path / "pipe.toml"))


def test_the_radios_of_2012_are_those_of_the_paper():
    # Huang et al., MobiSys 2012, Table 4: alpha_u, alpha_d in mW/Mbps, beta in mW
    table = {
        "3g-2017": (868.98, 122.12, 817.88),
        "lte-2017": (438.39, 51.97, 1288.04),
        "wifi-2017": (283.17, 137.01, 132.86),
    }
    for name, (up, down, base) in table.items():
        radio = find_network(name).radio
        assert radio is not None
        assert [
            1e3 * w for w in (radio.up_watts_per_mbps, radio.down_watts_per_mbps, radio.base_watts)
        ] == pytest.approx([up, down, base])
    lte = find_network("lte-2017").radio
    assert lte is not None
    assert lte.tail_joules == pytest.approx(11.576 * 1.06)


def test_sending_takes_power_times_time():
    radio = find_network("lte-2017").radio
    assert radio is not None
    # 1 MB at 5.85 Mbit/s: 1.3675 s at 438.39 mW/Mbps * 5.85 Mbps + 1288.04 mW = 3.8526 W
    assert radio.up_joules(1_000_000, 5.85e6) == pytest.approx(5.2685, rel=1e-4)
    assert radio.down_joules(1_000_000, 5.85e6) == pytest.approx(2.1771, rel=1e-4)
    assert radio.up_joules(0, 5.85e6) == 0
    assert radio.wait_joules(2) == pytest.approx(2.12)


@given(st.integers(0, 10**9), st.floats(1e3, 1e9))
def test_a_faster_link_never_takes_more(size, rate):
    for name in ("3g-2017", "lte", "5g"):
        radio = find_network(name).radio
        assert radio is not None
        assert radio.up_joules(size, 2 * rate) <= radio.up_joules(size, rate)


def test_the_lint_finds_what_is_wrong():
    row = NetworkRow("x", (3.0, 2.0, 1.0), year=1, source={"a": ""})
    radio = RadioRow(-1.0, 1.0, 1.0, 1.0, 1.0, (2.0, 1.0), "no sentence")
    said = list(file_complaints(NetworkFile({}, {"r": radio}, {"Bad Id": row}), {"r"}))
    for words in (
        "Bad Id: its id", "only users", "1 is no year", "note does not", "it has a radio, or", "up_mbps goes up",
        "cites 'a'", "does not say what 'a'", "r: why is no", "r: up_mw_per_mbps is", "r: spread", "r: no source",
    ):  # fmt: skip
        assert any(words in line for line in said), words


def test_the_lint_finds_sources_that_nothing_cites():
    file = shipped_files()["wifi"]
    assert any("cited by nothing" in line for line in file_complaints(NetworkFile(source=file.source), set()))


def test_the_lint_of_encodings():
    bad = EncodingFile(encoding={"raw": EncodingRow("t", "no sentence", bits=8, takes=("float31",), encode=(2, 1, 3))})
    said = list(encoding_complaints(bad))
    for words in ("holds raw, not", "float31", "is no sentence", "there and back", "speeds go up", "no source"):
        assert any(words in line for line in said), words
    assert list(encoding_complaints(read_encodings())) == []


def test_the_page_names_every_network_and_source():
    page = networks_page()
    for network in all_networks():
        assert f"| `{network.id}` | {network.title} |" in page
        assert all(e.url in page for e in network.evidence)
