from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moviefinder.errors import NotFound, SourceError, SourceNonsense
from moviefinder.sources.connections import Reply
from moviefinder.sources.replies import judge, moved_to, retry_after_s, shaped, validator

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def reply(status=200, body=b"{}", **headers):
    """A reply; `retry_after="3"` is a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=body)


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("7", 7),
        ("0", 1),
        ("86400", 3600),
        ("9" * 5000, 3600),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30),
        ("Fri, 20 Nov 2026 12:00:30 -0000", 30),
        ("Fri, 20 Nov 2026 12:00:30 +0000", 30),
        ("Fri, 20 Nov 2020 12:00:00 GMT", 1),
        ("Fri, 20 Nov 2099 12:00:00 GMT", 3600),
        ("", None),
        ("soon", None),
        ("-3", None),
        ("3.5", None),
        ("٣", None),
    ],
)
def test_when_to_come_back_is_told_in_seconds_or_by_a_date(told, seconds):
    """A second at least and an hour at most; what cannot be read is nothing."""
    assert retry_after_s(reply(429, retry_after=told), now=NOW) == seconds


def test_nothing_told_is_nothing():
    """Without the header."""
    assert retry_after_s(reply(503)) is None


@given(st.text(max_size=60))
def test_whatever_a_header_holds_is_no_error_of_ours(text):
    """Dates, places and validators may be anything."""
    told = retry_after_s(reply(retry_after=text))
    assert told is None or 1 <= told <= 3600
    kept = validator(reply(etag=text), "etag")
    assert kept is None or kept.isascii()
    with suppress(SourceNonsense):
        moved_to("one.example", reply(302, location=text), url="https://one.example/")


@given(
    status=st.integers(-1, 999),
    of=st.sampled_from([None, {"image/png"}]),
    same=st.booleans(),
    media=st.text(max_size=20),
)
def test_every_status_means_something(status, of, same, media):
    """An answer, elsewhere, or one of the errors that a source knows."""
    try:
        meant = judge("one.example", reply(status, content_type=media), types=of, may_be_same=same)
    except (SourceError, NotFound) as error:
        meant = "one.example" in error.message
        assert status not in (301, 302, 303, 307, 308)
    assert meant or status in (301, 302, 303, 307, 308)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/sparql-results+json",
        "application/graphql-response+json;charset=utf-8",
    ],
)
def test_json_goes_by_several_names(media_type):
    """In any case, and with what follows a semicolon."""
    assert judge("one.example", reply(content_type=media_type), types=None, may_be_same=False)


@pytest.mark.parametrize(
    "media_type", ["", "text/html", "text/json", "application/json5", "application/jsonp", "image/png"]
)
def test_what_is_not_said_to_be_json_is_not_read_as_such(media_type):
    """A sign-in page of a network is none, whatever it holds."""
    with pytest.raises(SourceNonsense):
        judge("one.example", reply(content_type=media_type), types=None, may_be_same=False)


def test_a_redirect_without_a_place_leads_nowhere():
    """The header is missing."""
    with pytest.raises(SourceNonsense, match="does not say where"):
        moved_to("one.example", reply(302), url="https://one.example/")


def test_an_answer_is_what_its_shape_makes_of_it():
    """Or, without one, what is in it."""
    assert shaped("tmdb", b'{"id": 603}', None) == {"id": 603}
    assert shaped("tmdb", b'{"id": 603}', lambda answer: answer["id"]) == 603
