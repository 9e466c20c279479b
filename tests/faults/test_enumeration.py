"""How well the time of an answer tells whether an address has an account here: not at all, as near as can be measured.

The measure is the area under the ROC curve of a classifier that goes by the time alone: the chance that an answer
about a known address took longer than one about an unknown one. 0.5 is a coin.
"""

import http.client
import json
import random
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import numpy as np
import pytest

from moviefinder.app import make_app
from moviefinder.config import Settings
from moviefinder.services.accounts import emails, passwords, sessions, signing_up
from tests import server as servers
from tests.asking_twice import QUESTIONS
from tests.roles import PASSWORD, come

SAMPLES = 1_000
LOW, HIGH = 0.45, 0.55
MANY = "1000000"


def area(known, unknown):
    """The area under the ROC curve: of all pairs, how many have the known one slower; ties count half."""
    ordered = np.sort(unknown)
    quicker = np.searchsorted(ordered, known, "left") + np.searchsorted(ordered, known, "right")
    return float(quicker.mean() / 2 / len(unknown))


def add_accounts(app, secret, count):
    """Accounts by their addresses, added quickly."""
    now = datetime.now(UTC)
    known = [f"known-{number:05}@films.example" for number in range(count)]
    with app.transaction() as session:
        for email in known:
            user = sessions.make_user(session, now=now)
            signing_up.add_identity(session, user.id, emails.read(email), secret, now=now)
    return known


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A server whose limits stand nobody in the way, and the addresses that it knows."""
    data = tmp_path_factory.mktemp("enumeration") / "data"
    limits = ("sign_ins_per_5min", "sign_ins_per_5min_all", "resets_per_day", "resets_per_5min")
    told = dict.fromkeys((*limits, "registrations_per_30min"), MANY)
    with servers.running(data, log_level="error", **told) as server:
        app = make_app(Settings(data=data))
        emails = add_accounts(app, passwords.hash_password(PASSWORD), SAMPLES)
        yield server, app, emails
        app.close()


@pytest.mark.alone
@pytest.mark.parametrize("name", QUESTIONS)
def test_the_time_of_an_answer_tells_nothing(place, name, record_property):
    """A thousand of each, in random order, over one connection."""
    server, app, emails = place
    question, moments = QUESTIONS[name], random.Random(name)
    asker = come(app, "fresh account" if question.signed_in else "nobody")
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
    headers = {"Content-Type": "application/json", "X-Requested-With": "moviefinder", **asker.headers}
    asked = [(email, True) for email in emails]
    asked += [(f"{name.replace(' ', '-')}-{number:05}@films.example", False) for number in range(SAMPLES)]
    moments.shuffle(asked)
    took = {True: [], False: []}
    for email, is_known in asked:
        body = json.dumps(question.body(email))
        begun = time.perf_counter()
        connection.request(question.method, question.path, body, headers)
        answer = connection.getresponse()
        answer.read()
        took[is_known].append(time.perf_counter() - begun)
        assert answer.status == (403 if name == "sign in" else 202)
    connection.close()
    found = area(np.array(took[True]), np.array(took[False]))
    medians = {side: 1000 * float(np.median(times)) for side, times in took.items()}
    record_property(
        "measured",
        {
            "question": name,
            "auc": round(found, 3),
            "samples_a_side": SAMPLES,
            "median_known_ms": round(medians[True], 2),
            "median_unknown_ms": round(medians[False], 2),
        },
    )
    assert LOW <= found <= HIGH
