import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select

from moviefinder.config import Settings
from moviefinder.errors import (
    NotFound,
    NotYet,
    SourceNonsense,
    SourceOff,
    SourceRefused,
    SourceUnavailable,
)
from moviefinder.sources import OutsideHost, connections
from moviefinder.sources.addresses import look_up
from moviefinder.sources.connections import Connections
from moviefinder.sources.http import Limits, NotThere, PoliteClient, anew, within
from moviefinder.store import make_engine, reading
from moviefinder.store.hosts import HostLedger
from moviefinder.store.kept import KeptAnswers
from moviefinder.store.models import Base, Host, KeptAnswer

LIMITS = Limits(connect_s=1, read_s=2, whole_s=4, turn_s=2, pause_s=0.02)
HOUR = timedelta(hours=1)


class Outside:
    """A client, what it asks, and what it asked."""

    def __init__(self, folder, stand_in, **settings):
        self.stand_in, self.is_on, self.ahead = stand_in, True, timedelta()
        self.engine = make_engine(f"sqlite:///{folder / 'way.db'}")
        Base.metadata.create_all(self.engine)
        self.settings = Settings(**stand_in.settings("tmdb", **{"data": folder, **settings}))
        self.base = self.settings.source("tmdb").address
        self.images = self.settings.source("tmdb").images
        self.numbers = [("127.0.0.1", 9)]
        self.clients = []
        self.outlet = self.make_outlet()

    def look_up(self, host, port):
        """Our numbers for the names that we made up."""
        return self.numbers if host.endswith(".example") else look_up(host, port)

    def now(self):
        """The time, as much ahead as we are."""
        return datetime.now(UTC) + self.ahead

    def make_outlet(self, *, every_s=0, limits=LIMITS, any_number=True, trust="tls"):
        """Another outlet on the same database, that trusts the stand-in to be one.example and two.example."""
        trusted = self.stand_in.certificates.get(trust)
        opened = Connections(
            connect_s=limits.connect_s,
            read_s=limits.read_s,
            trust=(lambda: ssl.create_default_context(cafile=trusted)) if trusted else None,
            look_up=self.look_up,
            **({"is_fine": lambda _: True} if any_number else {}),
        )
        client = PoliteClient(
            self.settings,
            HostLedger(self.engine, clock=self.now),
            KeptAnswers(self.engine, clock=self.now),
            is_on=lambda _name: self.is_on,
            limits=limits,
            connections=opened,
        )
        self.clients.append(client)
        hosts = [OutsideHost(host=f"{name}.example", purpose="", sends="") for name in ("one", "two")]
        return client.outlet("tmdb", hosts, every_s=every_s)

    def film(self, number=603, **more):
        """Ask for a film."""
        return self.outlet.get_json(f"{self.base}/movie/{number}?api_key=stand-in", **more)

    def asked(self):
        """What came there."""
        return self.stand_in.journal()

    def unblock(self):
        """As `sources test` does."""
        HostLedger(self.engine, clock=self.now).unblock(self.base.removeprefix("http://"))

    def hosts(self):
        """What stands in the ledger."""
        with reading(self.engine) as session:
            return {host.host: host for host in session.scalars(select(Host))}

    def kept(self):
        """How many answers are kept."""
        with reading(self.engine) as session:
            return len(session.scalars(select(KeptAnswer.key)).all())


@pytest.fixture
def way(stand_in, tmp_path):
    """A client of the stand-in."""
    made = Outside(tmp_path, stand_in)
    yield made
    for client in made.clients:
        client.close()
    made.engine.dispose()


@pytest.fixture
def over_tls(way):
    """The same, where one.example and two.example are the stand-in behind TLS."""
    if "tls" not in way.stand_in.addresses:
        pytest.skip("there is no openssl here")
    way.numbers = [("127.0.0.1", port(way.stand_in.addresses["tls"]))]
    return way


def port(address):
    """Where an address leads."""
    return int(address.rsplit(":", 1)[1])


def wait_for(condition):
    """Wait until it holds, ten seconds at most."""
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


ONE = "https://one.example/tmdb/3/movie/603?api_key=stand-in"


# What is sent


def test_a_question_says_who_asks_and_nothing_else(way, monkeypatch):
    """Project and version, what is understood, the headers of the source; no proxy of the environment is asked."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, way.stand_in.addresses["refused"])
    assert way.film(headers={"Authorization": "Bearer secret"})["title"] == "The Matrix"
    (asked,) = way.asked()
    assert asked["headers"] == {
        "host": f"127.0.0.1:{port(way.stand_in.address)}",
        "user-agent": "MovieFinder/0.1.0 (a self-hosted film recommender; urllib3)",
        "accept": "application/json",
        "accept-encoding": "gzip",
        "authorization": "Bearer secret",
    }


def test_a_question_says_how_to_reach_who_runs_this(stand_in, tmp_path):
    """Where the operator has said so."""
    way = Outside(tmp_path, stand_in, contact="films@example.org")
    way.film()
    assert way.asked()[0]["headers"]["user-agent"] == "MovieFinder/0.1.0 (films@example.org)"
    way.clients[0].close()
    way.engine.dispose()


def test_a_cookie_is_not_given_back(way):
    """Nobody recognises us by one."""
    way.stand_in.fault("/", "cookies")
    way.film()
    way.film()
    assert all("cookie" not in asked["headers"] for asked in way.asked())


@pytest.mark.parametrize("value", ["a\r\nX-More: b", "ä", "\0", "\x7f"])
def test_a_header_that_is_none_is_refused_before_anything_is_sent(way, value):
    """And its message does not hold it: it may be a key."""
    with pytest.raises(SourceNonsense) as refusal:
        way.film(headers={"Authorization": f"secret {value}"})
    assert "secret" not in refusal.value.message
    assert not way.asked()


def test_a_question_in_json_is_sent_as_such(way):
    """Its members in one order, so that the same question is the same."""
    url = way.base.replace("/tmdb/3", "/imdb-graphql/")
    way.settings = way.settings.model_copy(
        update={"sources": {"imdb-graphql": way.settings.source("tmdb").model_copy(update={"address": url})}}
    )
    way.outlet = way.make_outlet()
    question = {"variables": {"id": "tt0133093"}, "operationName": "Film"}
    told = way.outlet.post_json(url, question, headers={"x-imdb-client-name": "stand-in"})
    assert told["data"]["title"]["id"] == "tt0133093"
    (asked,) = way.asked()
    assert (asked["method"], asked["headers"]["content-type"]) == ("POST", "application/json")
    assert asked["body"] == '{"operationName":"Film","variables":{"id":"tt0133093"}}'


def test_connections_are_used_again(way):
    """Also after an hour's silence on the other side closed them."""
    way.film()
    way.film()
    way.stand_in.fault("/", "503", times=1)
    way.film()
    way.film()
    first, second, failed, third, fourth = (asked["connection"] for asked in way.asked())
    assert first == second == failed != third == fourth


@pytest.mark.parametrize("kind", ["closed-after", "closing", "one-more-answer"])
def test_a_connection_that_was_left_in_disorder_is_not_used_again(way, kind):
    """Closed by the other side, with or without a word, or with bytes on it that nobody asked for."""
    way.film()
    way.stand_in.fault("/", kind, times=1)
    way.film()
    assert way.film(900001)["id"] == 900001
    first, second, third = (asked["connection"] for asked in way.asked())
    assert first == second != third
    assert way.hosts()[way.base.removeprefix("http://")].failures == 0


def test_a_connection_that_was_open_for_long_is_not_used_again(way, monkeypatch):
    """The other side may have forgotten it."""
    monkeypatch.setattr(connections, "IDLE_S", 0)
    way.film()
    way.film()
    assert len({asked["connection"] for asked in way.asked()}) == 2


def test_connections_to_numbers_that_a_host_has_no_more_are_closed(over_tls, monkeypatch):
    """Hosts behind many machines have others each minute; a process may run for months."""
    over_tls.outlet.get_json(ONE)
    monkeypatch.setattr(connections, "IDLE_S", 0)
    opened = over_tls.clients[0].connections
    ((_, before),) = next(iter(opened._idle.values()))
    over_tls.outlet.get_json(ONE.replace("one", "two"))
    assert before.is_closed
    assert not opened._idle


def test_a_client_that_was_closed_leaves_nothing_open(way):
    """A call that was under way then closes its connection itself."""
    way.stand_in.fault("/", "delay", seconds=0.4)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(way.film)
        wait_for(way.asked)
        way.clients[0].close()
        assert call.result()["id"] == 603
    way.stand_in.fault("/", "delay", seconds=0)
    way.film()
    first, second = (asked["connection"] for asked in way.asked())
    assert first != second


# Where it goes


def test_a_host_on_the_list_is_asked_by_its_checked_number(over_tls):
    """TLS with its name, the name in the request, the number that the look-up gave."""
    assert over_tls.outlet.get_json(ONE)["id"] == 603
    (asked,) = over_tls.asked()
    assert (asked["headers"]["host"], asked["path"]) == ("one.example", "/tmdb/3/movie/603")
    assert list(over_tls.hosts()) == ["one.example"]


def test_a_number_that_is_not_public_is_not_asked(over_tls):
    """Here the check is the real one, and the stand-in is at home."""
    with pytest.raises(SourceNonsense, match="not on the public internet"):
        over_tls.make_outlet(any_number=False).get_json(ONE)
    assert not over_tls.asked()
    assert over_tls.hosts()["one.example"].failures == 1


def test_the_next_number_is_asked_where_the_first_does_not_connect(over_tls):
    """A machine without IPv6 finds such numbers all the same."""
    refused = port(over_tls.stand_in.addresses["refused"])
    over_tls.numbers = [("::1", refused), ("127.0.0.1", refused), *over_tls.numbers]
    assert over_tls.outlet.get_json(ONE)["id"] == 603
    assert over_tls.hosts()["one.example"].failures == 0


def test_another_hosts_certificate_is_not_taken(over_tls):
    """A trusted one, of another name."""
    over_tls.numbers = [("127.0.0.1", port(over_tls.stand_in.addresses["tls_elsewhere"]))]
    with pytest.raises(SourceUnavailable, match="no certificate that proves its name") as failure:
        over_tls.make_outlet(trust="tls_elsewhere").get_json(ONE)
    assert failure.value.retry_after_s == 300
    assert not over_tls.asked()


def test_elsewhere_is_not_asked(way):
    """Nothing is counted where nothing was tried."""
    for url in ("https://elsewhere.example/", "http://one.example/", way.stand_in.address + "/imdb"):
        with pytest.raises(SourceNonsense, match="address"):
            way.outlet.get_json(url)
    assert not way.asked()
    assert not way.hosts()


# Redirects


def test_a_redirect_to_what_the_operator_wrote_is_not_followed(over_tls):
    """Also while the number of that machine, which nobody checked, is still known."""
    tmdb = over_tls.settings.source("tmdb").model_copy(update={"address": "https://one.example"})
    over_tls.settings = over_tls.settings.model_copy(update={"sources": {"tmdb": tmdb}})
    outlet = over_tls.make_outlet(any_number=False)
    over_tls.stand_in.fault("/tmdb/3/movie/900001", "redirect", to=ONE)
    assert outlet.get_json(ONE)["id"] == 603
    with pytest.raises(SourceNonsense, match="not on the public internet"):
        outlet.get_json(ONE.replace("603", "900001"))
    assert [asked["path"] for asked in over_tls.asked()] == ["/tmdb/3/movie/603", "/tmdb/3/movie/900001"]


def test_a_redirect_to_another_host_on_the_list_is_followed(over_tls):
    """Checked like the first; what was told to one host is not told to another."""
    to = "https://two.example/tmdb/3/movie/900001?api_key=other"
    over_tls.stand_in.fault("/tmdb/3/movie/603", "redirect", to=to, status=307)
    assert over_tls.outlet.get_json(ONE, headers={"X-Key": "secret"})["id"] == 900001
    first, second = over_tls.asked()
    assert (first["headers"]["x-key"], first["headers"]["host"]) == ("secret", "one.example")
    assert ("x-key" in second["headers"], second["headers"]["host"]) == (False, "two.example")
    assert {host.host: host.calls for host in over_tls.hosts().values()} == {
        "one.example": 1,
        "two.example": 1,
    }


def test_a_redirect_on_the_same_host_may_be_short(over_tls):
    """A path alone; the source's headers go along."""
    over_tls.stand_in.fault("/tmdb/3/movie/603", "redirect", to="/tmdb/3/movie/900001?api_key=1", status=301)
    assert over_tls.outlet.get_json(ONE, headers={"X-Key": "k"})["id"] == 900001
    assert [asked["headers"]["x-key"] for asked in over_tls.asked()] == ["k", "k"]


def test_a_redirect_in_circles_ends(over_tls):
    """After three, and it is not tried again."""
    over_tls.stand_in.fault("/tmdb", "redirect", to=ONE)
    with pytest.raises(SourceNonsense, match="on and on"):
        over_tls.outlet.get_json(ONE)
    assert len(over_tls.asked()) == 4


def test_a_question_in_json_is_not_sent_on(over_tls):
    """What is posted goes where it was meant to go, or nowhere."""
    over_tls.stand_in.fault("/tmdb", "redirect", to=ONE, status=307)
    with pytest.raises(SourceNonsense, match="sends a question on"):
        over_tls.outlet.post_json(ONE, {})
    assert len(over_tls.asked()) == 1


# When it is asked again


def test_a_fault_that_passes_is_not_noticed(way):
    """Two failures, then the answer, with pauses between that grow."""
    way.stand_in.fault("/", "503", times=2)
    assert way.film()["id"] == 603
    assert len(way.asked()) == 3
    assert way.hosts()[way.base.removeprefix("http://")].failures == 0


def test_a_host_that_says_when_to_come_back_is_asked_then(way):
    """Within the time that a call has."""
    way.stand_in.fault("/", "429", times=1, retry_after=1)
    assert way.film()["id"] == 603
    first, second = (asked["at"] for asked in way.asked())
    assert 1 <= second - first < 2


def test_a_host_that_wants_more_time_gets_it(way):
    """The caller learns when to come back; until then nobody asks."""
    way.stand_in.fault("/", "429", retry_after=120)
    with pytest.raises(SourceUnavailable, match="status 429") as failure:
        way.film()
    assert (type(failure.value), failure.value.retry_after_s) == (SourceUnavailable, 120)
    with pytest.raises(NotYet) as not_yet:
        way.film(604)
    assert 115 < not_yet.value.retry_after_s <= 120
    assert len(way.asked()) == 1


def test_a_host_that_is_down_is_left_alone(way):
    """Two calls are five tries, which open the break; after it one try tells that it is well."""
    way.stand_in.fault("/", "500", times=5)
    for _ in range(2):
        with pytest.raises(SourceUnavailable, match="status 500"):
            way.film()
    for _ in range(3):
        with pytest.raises(NotYet, match="left alone"):
            way.film()
    assert len(way.asked()) == 5
    way.ahead = timedelta(seconds=31)
    assert way.film()["id"] == 603
    assert way.film()["id"] == 603


def test_a_refusal_is_not_tried_again_until_somebody_looks(way):
    """`sources test` unblocks, and so does the next start, with another key."""
    way.stand_in.fault("/", "401")
    with pytest.raises(SourceRefused, match="status 401"):
        way.film()
    with pytest.raises(NotYet, match="refused"):
        way.film()
    assert len(way.asked()) == 1
    way.stand_in.clear()
    way.unblock()
    assert way.film()["id"] == 603


def test_the_pace_of_a_host_is_kept(way):
    """Tries and other callers included."""
    way.settings = way.settings.model_copy(
        update={"sources": {"tmdb": way.settings.source("tmdb").model_copy(update={"every_s": None})}}
    )
    way.outlet = way.make_outlet(every_s=0.2)
    way.stand_in.fault("/", "503", times=1)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(way.film, [603] * 4))
    times = [asked["at"] for asked in way.asked()]
    assert len(times) == 5
    assert all(later - earlier > 0.15 for earlier, later in pairwise(times))


def test_a_host_is_asked_by_four_at_a_time(way):
    """Of each process."""
    way.stand_in.fault("/", "delay", seconds=0.4)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(way.film, [603] * 8))
    times = sorted(asked["at"] for asked in way.asked())
    assert times[4] - times[0] >= 0.35


def test_who_cannot_be_one_of_the_four_in_time_is_told(way):
    """Nothing was sent, so it is no failure."""
    way.stand_in.fault("/", "delay", seconds=1)

    def hurried(number):
        with within(0.3 if number > 3 else 5):
            return way.film()

    with ThreadPoolExecutor(5) as pool:
        calls = [pool.submit(hurried, number) for number in range(4)]
        wait_for(lambda: len(way.asked()) == 4)
        with pytest.raises(NotYet, match="did not come in time"):
            hurried(4)
        assert all(call.result()["id"] == 603 for call in calls)


@pytest.mark.alone
def test_a_caller_in_a_hurry_is_not_kept_longer(way):
    """All calls inside the block share its time; a turn that is too far away is told at once."""
    way.stand_in.fault("/tmdb/3/movie/603", "silence")
    began = time.monotonic()
    with within(5), within(0.5):
        with pytest.raises(SourceUnavailable, match="in time"):
            way.film()
        with pytest.raises(SourceUnavailable):
            way.film(900001)
    assert time.monotonic() - began < 1.2
    way.stand_in.clear()
    assert way.film()["id"] == 603


def test_a_host_that_had_no_time_has_not_failed(way):
    """Nor is it asked by a caller whose time is over."""
    way.stand_in.fault("/", "delay", seconds=1)
    for _ in range(2):
        with within(0.3), pytest.raises(SourceUnavailable, match="in time"):
            way.film()
    (host,) = way.hosts().values()
    assert (host.failures, host.calls) == (0, 2)
    with within(0), pytest.raises(NotYet, match="did not come in time"):
        way.film()
    assert len(way.asked()) == 2


# On and off


def test_a_source_that_is_off_is_not_asked(way):
    """Nor is what it answered before given."""
    way.film(fresh=HOUR)
    way.is_on = False
    url = f"{way.base}/movie/603?api_key=stand-in"
    for ask in (
        lambda: way.film(fresh=HOUR),
        lambda: way.outlet.post_json(url, {}),
        lambda: way.outlet.get_bytes(f"{way.images}/a.jpg", types={"image/jpeg"}),
    ):
        with pytest.raises(SourceOff, match="nobody has switched it on"):
            ask()
    assert len(way.asked()) == 1


def test_who_waits_for_a_turn_does_not_ask_once_the_source_is_off(way):
    """Nor does who would try again."""
    tmdb = way.settings.source("tmdb").model_copy(update={"every_s": 0.5})
    way.settings = way.settings.model_copy(update={"sources": {"tmdb": tmdb}})
    way.outlet = way.make_outlet()
    way.film()
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(way.film)
        wait_for(lambda: way.hosts()[way.base.removeprefix("http://")].calls == 2)
        way.is_on = False
        with pytest.raises(SourceOff):
            call.result()
    assert len(way.asked()) == 1


def test_an_install_that_is_offline_asks_nobody(stand_in, tmp_path):
    """Whatever is switched on."""
    way = Outside(tmp_path, stand_in, offline=True)
    with pytest.raises(SourceOff, match="offline"):
        way.film()
    assert not way.asked()
    way.engine.dispose()


# What is kept


def test_a_fresh_answer_is_given_again_without_a_call(way):
    """Whoever asks with whatever key; another question is another answer."""
    first = way.film(fresh=HOUR)
    again = way.outlet.get_json(f"{way.base}/movie/603?api_key=another", fresh=HOUR)
    assert again == first
    assert way.outlet.get_json(f"{way.base}/movie/900001?api_key=another", fresh=HOUR) != first
    assert len(way.asked()) == way.kept() == 2


def test_a_stale_answer_is_asked_for_again_by_its_validator(way):
    """It is fresh once more when the host says that it is the same, and replaced when it is not."""
    first = way.film(fresh=HOUR)
    way.ahead = 2 * HOUR
    assert way.film(fresh=HOUR) == first
    assert way.film(fresh=HOUR) == first
    assert [asked["headers"].get("if-none-match") for asked in way.asked()][1:] != [None]
    assert len(way.asked()) == 2
    way.ahead = 4 * HOUR
    way.stand_in.fault("/", "rich")
    changed = way.film(fresh=HOUR)
    assert changed != first
    way.stand_in.clear()
    assert way.film(fresh=HOUR) == changed
    assert not way.asked()


def test_no_time_at_all_keeps_an_answer_for_its_validator(way):
    """Without one it is not kept, and without being asked to nothing is."""
    way.film()
    assert way.kept() == 0
    way.film(fresh=timedelta())
    way.film(fresh=timedelta())
    assert way.kept() == 1
    assert "if-none-match" in way.asked()[-1]["headers"]
    way.stand_in.fault("/", "rich")
    way.film(900001, fresh=timedelta())
    assert way.kept() == 1


def test_a_fault_overwrites_nothing(way):
    """What is good stays, and is there when the host is well."""
    first = way.film(fresh=HOUR)
    way.ahead = 2 * HOUR
    for kind in ("garbage", "html", "empty", "truncated-gzip"):
        way.stand_in.clear()
        way.stand_in.fault("/", kind)
        with pytest.raises(SourceNonsense):
            way.film(fresh=HOUR)
    way.stand_in.clear()
    assert way.film(fresh=HOUR) == first
    assert "if-none-match" in way.asked()[-1]["headers"]


def test_an_answer_that_the_source_cannot_use_is_not_kept(way):
    """A parser may refuse it or break over it; that counts against the host. What is no fault of the answer passes."""

    def refusing(error):
        def shape(answer):
            raise error

        return shape

    name = way.base.removeprefix("http://")
    for error in (
        SourceNonsense("no title"),
        KeyError("title"),
        TypeError(),
        ValueError(),
        AttributeError(),
        IndexError(),
    ):
        with pytest.raises(SourceNonsense):
            way.film(fresh=HOUR, shape=refusing(error))
        way.unblock()
    with pytest.raises(SourceUnavailable) as failure:
        way.film(fresh=HOUR, shape=refusing(SourceUnavailable("busy", retry_after_s=70)))
    assert (way.hosts()[name].failures, failure.value.retry_after_s) == (1, 70)
    way.unblock()
    with pytest.raises(NotFound):
        way.film(fresh=HOUR, shape=refusing(NotThere("none")))
    assert (way.hosts()[name].failures, way.kept()) == (0, 0)
    assert way.film(fresh=HOUR, shape=lambda answer: answer["title"]) == "The Matrix"


def test_a_kept_answer_that_a_newer_version_cannot_read_is_asked_for_anew(way):
    """And not by its validator, which would give the same."""
    way.film(fresh=HOUR)
    way.ahead = 2 * HOUR
    tries = []

    def shape(answer):
        tries.append(answer)
        if len(tries) == 1:
            raise SourceNonsense("of another version")
        return answer["id"]

    assert way.film(fresh=HOUR, shape=shape) == 603
    assert "if-none-match" not in way.asked()[-1]["headers"]


def test_who_ask_the_same_at_once_ask_once(way):
    """The others find it kept."""
    way.stand_in.fault("/", "delay", seconds=0.3)
    with ThreadPoolExecutor(6) as pool:
        films = list(pool.map(lambda _: way.film(fresh=HOUR), range(6)))
    assert all(film == films[0] for film in films)
    assert len(way.asked()) == 1


def test_who_cannot_wait_for_another_that_asks_the_same_is_told(way):
    """It has asked nobody in vain."""
    way.stand_in.fault("/", "delay", seconds=1)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(way.film, fresh=HOUR)
        wait_for(way.asked)
        with within(0.3), pytest.raises(NotYet):
            way.film(fresh=HOUR)
        assert call.result()["id"] == 603
    assert len(way.asked()) == 1


def test_who_waited_for_another_in_vain_does_not_begin_anew(way):
    """It has had its time; whoever asks next gets another."""
    limits = Limits(connect_s=1, read_s=1.5, whole_s=1.5, turn_s=0.5)
    way.outlet = way.make_outlet(limits=limits)
    way.stand_in.fault("/", "silence")
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(way.film, fresh=HOUR)
        wait_for(way.asked)
        began = time.monotonic()
        with pytest.raises(NotYet):
            way.film(fresh=HOUR)
        assert time.monotonic() - began < limits.turn_s + limits.whole_s
        with pytest.raises(SourceUnavailable):
            call.result()
    assert len(way.asked()) == 1


def test_what_is_wanted_anew_is_asked_for(way):
    """And kept in place of what was there."""
    way.film(fresh=HOUR)
    way.stand_in.fault("/", "rich")
    with anew():
        changed = way.film(fresh=HOUR)
    way.stand_in.clear()
    assert way.film(fresh=HOUR) == changed
    assert not way.asked()


# Files


def test_an_image_comes_as_it_is(way):
    """One of the types that were asked for; it is not kept."""
    image = way.outlet.get_bytes(f"{way.images}/w500/a.jpg", types={"image/png", "image/jpeg"})
    assert image.startswith(b"\xff\xd8")
    assert way.kept() == 0
    (asked,) = way.asked()
    assert asked["headers"]["accept"] == "image/jpeg, image/png"
    assert asked["headers"]["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("html", SourceNonsense),
        ("image", SourceNonsense),
        ("empty", SourceNonsense),
        ("403", SourceNonsense),
        ("404", NotThere),
        ("huge", SourceNonsense),
        ("401", SourceRefused),
        ("challenge", SourceRefused),
    ],
)
def test_what_is_no_image_is_not_taken(way, kind, error):
    """Another type, nothing, too much; a store says 403 of a file that it does not have."""
    way.stand_in.fault("/", kind)
    with pytest.raises(error):
        way.outlet.get_bytes(f"{way.images}/w500/a.jpg", types={"image/jpeg"})
    (host,) = way.hosts().values()
    assert bool(host.blocked_until) is (error is SourceRefused)


def test_an_image_may_be_as_long_as_is_said(way):
    """Ten megabytes unless told."""
    with pytest.raises(SourceNonsense, match="longer than 100 bytes"):
        way.outlet.get_bytes(f"{way.images}/a.jpg", types={"image/jpeg"}, most=100)


def test_a_client_is_made_without_a_network_library():
    """It costs a start nothing: urllib3 is read at the first call."""
    program = "import sys, moviefinder.sources.http as h; assert 'urllib3' not in sys.modules; print('ok')"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert told.stdout == "ok\n", told.stderr
