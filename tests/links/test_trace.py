"""Traces of a link: what a CSV file tells, what it is refused for, and links that are drawn."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeplan.links import trace_file
from edgeplan.links.carrying import Carrying
from edgeplan.links.network import Network, find_network
from edgeplan.links.trace import Sample, Trace, TraceError, gilbert_elliott
from edgeplan.links.trace_file import parse_trace, read_trace

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "traces" / "patchy-link.csv"

LINK = "up=8,down=40,rtt=50"


def drawn(**told: float) -> Trace:
    return gilbert_elliott(find_network(LINK), **({"good": 20, "bad": 4, "seconds": 600, "seed": 1} | told))


def test_the_columns_come_in_any_order():
    trace = parse_trace("rtt_ms,up_mbps,time_s,down_mbps\n50,8,0,40\n60,0,1.5,0\n55,4,3,20\n")
    assert trace.samples == (
        Sample(0, 8e6, 40e6, 0.05),
        Sample(1.5, 0, 0, 0.06),
        Sample(3, 4e6, 20e6, 0.055),
    )
    assert trace.end == 4.5
    assert trace.gaps == ()
    assert trace.outage == pytest.approx(1 / 3)


def test_what_a_spreadsheet_adds_is_read_over(tmp_path: Path):
    file = tmp_path / "drive.csv"
    text = '# a drive\r\n"Time_s" , "Up_Mbps"\r\n\r\n0,8 # at home\r\n"1","4"\r\n'
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert [s.up for s in read_trace(file, rtt=0.05).samples] == [8e6, 4e6]


def test_a_downlink_and_a_round_trip_that_are_missing():
    trace = parse_trace("time_s,up_mbps\n0,8\n1,4\n", rtt=0.03)
    assert trace.samples == (Sample(0, 8e6, 8e6, 0.03), Sample(1, 4e6, 4e6, 0.03))
    with pytest.raises(TraceError, match="line 1: no column rtt_ms, and no network that tells the round trip"):
        parse_trace("time_s,up_mbps\n0,8\n1,4\n")


def test_times_count_from_the_first_row():
    trace = parse_trace("time_s,up_mbps,rtt_ms\n1700000000,1,9\n1700000002,2,9\n")
    assert [s.start for s in trace.samples] == [0, 2]
    assert trace.seconds == trace.end == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("# nothing\n\n", "empty"),
        ("time_s,up_mbps,rtt_ms\n", "has 0 rows"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n", "has 1 row;"),
        ("0,1,1\n1,1,1\n", r"line 1: no column is called '0'; the first line names time_s, up_mbps"),
        ("\n#x\ntime_s,up_mpbs,rtt_ms\n0,1,1\n", r"line 3: no column is called 'up_mpbs'; did you mean up_mbps\?"),
        ("time_s,down_mbps,rtt_ms\n0,1,1\n", "line 1: there is no column up_mbps"),
        ("up_mbps,rtt_ms\n0,1\n", "line 1: there is no column time_s"),
        ("time_s,up_mbps,rtt_ms,up_mbps\n0,1,1,1\n", "line 1: a column is there twice"),
        ("time_s;up_mbps;rtt_ms\n0;1;1\n", "line 1: no column is called"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,1\n", "line 3: 2 cells under 3 columns"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n\n1,nan,1\n", "line 4: up_mbps is 'nan', which is no number"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,inf,1\n", "line 3: up_mbps is 'inf', which is no number"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,1_0,1\n", "line 3: up_mbps is '1_0', which is no number"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,\u0661,1\n", r"line 3: up_mbps is '\\u0661', which is no number"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,1,\n", "line 3: rtt_ms is empty"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,-1,1\n", "line 3: up_mbps is '-1', below 0"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,1,-5\n", "line 3: rtt_ms is '-5', below 0"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,5850000,1\n", r"line 3: up_mbps is '5850000': is that in mbps\?"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,1e999,1\n", "line 3: up_mbps is '1e999'"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n2,1,1\n1,1,1\n", "line 4: time_s 1 does not come after 2"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n0,1,1\n", "line 3: time_s 0 does not come after 0"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1,\x1b[31m,1\n", r"line 3: up_mbps is '\\x1b\[31m', which is no number"),
        ("time_s,up_mbps,rtt_ms\n0,1,1\n1," + "9" * 99 + "x,1\n", r"line 3: up_mbps is '9{40}\.\.\.', which is"),
    ],
)
def test_a_refusal_is_one_line_that_tells_the_place(text: str, said: str):
    with pytest.raises(TraceError, match=said) as told:
        parse_trace(text, name="t.csv")
    assert "\n" not in str(told.value)
    assert str(told.value).startswith("'t.csv'")


def test_files_that_are_no_traces(tmp_path: Path):
    with pytest.raises(TraceError, match="is no file"):
        read_trace(tmp_path / "missing.csv")
    with pytest.raises(TraceError, match="is no file"):
        read_trace(tmp_path)
    file = tmp_path / "t.csv"
    for data in (b"\x00\x01\x02", b"\xff\xfe" + "time_s,up_mbps".encode("utf-16-le"), b"time_s,up_mbps\n\xb5"):
        file.write_bytes(data)
        with pytest.raises(TraceError, match="is no CSV file in UTF-8"):
            read_trace(file)
    with file.open("wb") as sparse:
        sparse.truncate(64 * 2**20 + 1)
    with pytest.raises(TraceError, match=r"64\.0 MiB; a trace has at most 64\.0 MiB"):
        read_trace(file)


def test_so_many_rows_and_no_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trace_file, "_MOST_ROWS", 3)
    text = "time_s,up_mbps,rtt_ms\n0,1,1\n1,1,1\n2,1,1\n"
    assert len(parse_trace(text).samples) == 3
    with pytest.raises(TraceError, match="line 5: over 3 rows"):
        parse_trace(text + "3,1,1\n")


def test_a_log_at_even_times_that_misses_rows_has_a_gap():
    times = [*range(10), *range(15, 30)]
    trace = parse_trace("time_s,up_mbps,rtt_ms\n" + "".join(f"{t},{int(t != 9)},1\n" for t in times))
    assert trace.gaps == ((10, 15),)
    assert trace.seconds == 30
    assert trace.outage == pytest.approx(1 / 25)  # the one known second, not what it would be held for
    link = Carrying(trace)
    assert link.known_until(3) == 10
    assert link.known_until(12) <= 12
    assert link.known_until(15) == 30


def test_rows_at_changes_only_hold_as_long_as_they_hold():
    assert parse_trace("time_s,up_mbps,rtt_ms\n0,1,1\n1,0,1\n9,1,1\n30,0,1\n32,1,1\n").gaps == ()


def told_in_a_line(text: str) -> bool:
    """Whether a text is refused in a line, or is a trace."""
    try:
        return parse_trace(text, rtt=0.1).seconds > 0
    except TraceError as e:
        return re.fullmatch(r"[^\n\r]+", str(e)) is not None


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80), st.booleans())
def test_no_text_is_anything_but_a_trace_or_a_refusal(text: str, headed: bool):
    assert told_in_a_line("time_s,up_mbps\n" * headed + text)


@given(st.lists(st.sampled_from(["0", "1", "2.5", "-1", "nan", "1e9", ",", "\n"]), max_size=30))
def test_nor_are_cells(parts: list[str]):
    assert told_in_a_line("time_s,up_mbps\n" + "".join(parts))


def test_a_drawn_link_is_the_same_from_the_same_seed():
    assert drawn() == drawn()
    assert drawn(seed=2).samples != drawn().samples
    assert (
        drawn().basis
        == "drawn: two states (Gilbert-Elliott) of up=8,down=40,rtt=50, 20 s good, 4 s bad (an outage), seed 1"
    )


def test_a_drawn_link_has_two_states_of_the_lengths_asked_for():
    trace = drawn(seconds=100_000, seed=3)
    assert {(s.up, s.down, s.rtt) for s in trace.samples} == {(8e6, 40e6, 0.05), (0, 0, 0.05)}
    assert trace.seconds == 100_000
    assert all(one.up != other.up for one, other in zip(trace.samples, trace.samples[1:], strict=False))
    assert trace.outage == pytest.approx(4 / 24, rel=0.05)
    assert len(trace.samples) == pytest.approx(2 * 100_000 / 24, rel=0.05)


def test_a_bad_state_need_not_be_an_outage():
    trace = drawn(worse=0.25)
    assert {s.up for s in trace.samples} == {8e6, 2e6}
    assert trace.outage == 0


def test_a_link_starts_in_its_long_run_mix():
    bad = sum(drawn(seconds=1, good=3, bad=1, seed=s).samples[0].up == 0 for s in range(1000))
    assert bad == pytest.approx(250, abs=50)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"good": 0}, "more than 0 seconds"),
        ({"bad": float("nan")}, "more than 0 seconds"),
        ({"seconds": float("inf")}, "not for ever"),
        ({"worse": 1}, "0 to below 1, not 1"),
        ({"seconds": 1e9}, "over 1,000,000 samples"),
    ],
)
def test_links_that_cannot_be_drawn(told: dict[str, float], said: str):
    with pytest.raises(TraceError, match=said):
        drawn(**told)


def test_a_round_trip_nobody_told():
    plain = find_network(LINK)
    silent = Network(plain.id, plain.title, plain.up, plain.down, None, None, None, "stated", 2017, "")
    with pytest.raises(TraceError, match="nobody told the round trip of 'up=8,down=40,rtt=50'"):
        gilbert_elliott(silent, good=1, bad=1, seconds=9, seed=0)
    assert gilbert_elliott(silent, good=1, bad=1, seconds=9, seed=0, rtt=0.08).samples[0].rtt == 0.08


def test_the_example_is_what_its_first_lines_say():
    link = Carrying(drawn(seconds=300, seed=7))
    rows = [link.at(t) for t in range(300)]
    trace = read_trace(EXAMPLE)
    assert [(s.up, s.down, s.rtt) for s in trace.samples] == [(s.up, s.down, s.rtt) for s in rows]
    assert (trace.seconds, trace.gaps) == (300, ())
