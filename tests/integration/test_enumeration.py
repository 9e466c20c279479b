"""Nobody learns who has an account here: what is asked of an address that is known, and of one that is not, is one."""

import re

import argon2
import pytest
from sqlalchemy import event

from moviefinder.services.accounts import passwords
from moviefinder.web import create_app
from tests.asking_twice import QUESTIONS
from tests.conftest import WRITE
from tests.roles import PASSWORD, come


@pytest.fixture(scope="module")
def secret():
    """The hash of everybody's password."""
    return passwords.hash_password(PASSWORD)


@pytest.fixture
def hashed(monkeypatch):
    """Every computation of Argon2, by name."""
    calls = []
    for name in ("hash", "verify"):
        real = getattr(argon2.PasswordHasher, name)

        def counted(self, *args, real=real, name=name):
            calls.append(name)
            return real(self, *args)

        monkeypatch.setattr(argon2.PasswordHasher, name, counted)
    return calls


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_address_is_answered_alike_whether_it_is_known_or_not(app, secret, hashed, name):
    """Status, body, headers, cookies, statements of the database in their order, and what is hashed."""
    question, told = QUESTIONS[name], {}
    client = create_app(app).test_client(use_cookies=False)
    known = come(app, "account", secret=secret).email
    statements = []
    event.listen(app.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    client.get("/api/v1/session")  # what is done once a process is done
    client.open(
        question.path, method=question.method, json=question.body("warm@films.example"), headers=WRITE
    )
    for email in (known, "nobody@films.example"):
        person = come(app, "fresh account" if question.signed_in else "nobody", secret=secret)
        statements.clear()
        hashed.clear()
        response = client.open(
            question.path, method=question.method, json=question.body(email), headers=WRITE | person.headers
        )
        text = response.text.replace(response.headers["X-Request-ID"], "")
        headers = [
            (key, re.sub(r"=[\w-]{40,}|Expires=[^;]+", "=...", value))  # tokens, and the second of the answer
            for key, value in response.headers.items()
            if key != "X-Request-ID"
        ]
        told[email] = (response.status_code, text, headers, tuple(statements), tuple(hashed))
        assert response.status_code == (403 if name == "sign in" else 202), response.text
    first, second = told.values()
    for part, of_known, of_unknown in zip(("status", "body", "headers"), first, second, strict=False):
        assert of_known == of_unknown, part
    assert kinds(first[3]) == kinds(second[3])
    assert first[4] == second[4]
    if name in ("sign in", "sign up"):
        assert first[4] != ()


def kinds(statements):
    """Each statement by its kind and tables."""
    return [
        " ".join(re.findall(r"^\w+|(?:FROM|INTO|UPDATE|JOIN) \w+", statement)) for statement in statements
    ]
