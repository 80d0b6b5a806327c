import pytest
from hypothesis import given
from hypothesis import strategies as st

from health_service.tracing import trace_fields

TRACE = "105445aa7843bc8bf206b12000100000"
OTHER = "0af7651916cd43dd8448eb211c80319c"
SPAN = "00f067aa0ba902b7"


def fields(trace=TRACE, span=None, sampled=None):
    found = {"logging.googleapis.com/trace": trace}
    if span is not None:
        found["logging.googleapis.com/spanId"] = span
    if sampled is not None:
        found["logging.googleapis.com/trace_sampled"] = sampled
    return found


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f"00-{TRACE}-{SPAN}-01", fields(span=SPAN, sampled=True)),
        (f"00-{TRACE}-{SPAN}-00", fields(span=SPAN, sampled=False)),
        (f"00-{TRACE}-{SPAN}-03", fields(span=SPAN, sampled=True)),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", fields(span=SPAN, sampled=True)),
        (f"00-{TRACE}-{SPAN}-01-more", {}),
        (f"cc-{TRACE}-{SPAN}-01more", {}),
        (f"ff-{TRACE}-{SPAN}-01", {}),
        (f"00-{'0' * 32}-{SPAN}-01", {}),
        (f"00-{TRACE}-{'0' * 16}-01", {}),
        (f"00-{TRACE.upper()}-{SPAN}-01", {}),
        (f"00-{TRACE}-{SPAN}", {}),
        ("", {}),
    ],
)
def test_a_traceparent_is_read_as_its_standard_says(header, expected):
    assert trace_fields(header, "", "") == expected


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (TRACE, fields()),
        (f"{TRACE}/10;o=1", fields(span="000000000000000a", sampled=True)),
        (f"{TRACE}/1;o=0", fields(span="0000000000000001", sampled=False)),
        (f"{TRACE}/;o=1", fields(sampled=True)),
        (f"{TRACE}/1;o=", fields(span="0000000000000001")),
        (f"{TRACE}/0", fields()),
        (f"{TRACE}/{2**64 - 1}", fields(span="f" * 16)),
        (f"{TRACE}/{2**64}", fields()),
        (f"{TRACE.upper()}/1", fields(span="0000000000000001")),
        (f"{'0' * 32}/1;o=1", {}),
        (f"{TRACE}/1;o=1 and more", {}),
        ("not a trace", {}),
    ],
)
def test_the_older_header_is_read_where_there_is_no_traceparent(header, expected):
    assert trace_fields("", header, "") == expected


def test_the_standard_header_wins_and_a_malformed_one_does_not():
    assert trace_fields(f"00-{TRACE}-{SPAN}-01", OTHER, "") == fields(span=SPAN, sampled=True)
    assert trace_fields("00-nonsense", OTHER, "") == fields(OTHER)


def test_a_trace_is_named_in_full_where_the_project_is_known():
    assert trace_fields("", TRACE, "barq-staging") == fields(
        f"projects/barq-staging/traces/{TRACE}"
    )


@given(st.text(), st.text())
def test_whatever_a_caller_sends_nothing_escapes(traceparent, cloud_trace):
    trace_fields(traceparent, cloud_trace, "p")


HEX = "0123456789abcdef"


@given(
    st.text(HEX, min_size=32, max_size=32),
    st.text(HEX, min_size=16, max_size=16),
    st.integers(0, 255),
)
def test_every_well_formed_traceparent_is_told_or_has_no_id(trace, span, flags):
    told = trace_fields(f"00-{trace}-{span}-{flags:02x}", "", "")

    if trace == "0" * 32 or span == "0" * 16:
        assert told == {}
    else:
        assert told == fields(trace, span, bool(flags & 1))
