"""ID tokens: what the specification wants of each claim, key and header, as a table; and anything at all."""

import base64
import hashlib
import json
import warnings
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey, OctKey, RSAKey
from joserfc.jws import JWSRegistry, serialize_compact

from moviefinder.services.accounts.providers.id_tokens import Unbelievable, UnknownKey, believed

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
T = int(NOW.timestamp())
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
KEYS = {"keys": [KEY.as_dict(private=False)]}
HASH = base64.urlsafe_b64encode(hashlib.sha256(b"at").digest()[:16]).rstrip(b"=").decode()
CLAIMS = {"iss": "https://idp.example", "sub": "s", "aud": "me", "exp": T + 300, "iat": T, "nonce": "n"}


def token_of(claims=CLAIMS, *, key=KEY, alg="RS256", payload=None, **header):
    """A token, signed."""
    registry = JWSRegistry(algorithms=[alg], strict_check_header=False)
    registry.check_header = lambda _: None
    told = json.dumps(claims).encode() if payload is None else payload
    return serialize_compact({"alg": alg, "kid": "one", **header}, told, key, registry=registry)


def read(token, *, keys=KEYS, now=NOW, signed_in_since=None):
    """What is believed of it by who is `me`, sent the nonce `n` and got the access token `at`."""
    return believed(
        token,
        keys=keys,
        issuer="https://idp.example",
        client_id="me",
        nonce="n",
        access_token="at",
        now=now,
        signed_in_since=signed_in_since,
    )


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"aud": ["me"]},
        {"aud": ["me", "other"], "azp": "me"},
        {"azp": "me"},
        {"at_hash": HASH},
        {"exp": T - 50},  # clocks differ
        {"iat": T + 50},
        {"exp": float(T + 300)},
        {"nbf": T},
        {"auth_time": T, "acr": "0", "amr": ["pwd"]},
        {"https://idp.example/claims": {"deep": [1, 2]}},
        {"sub": "x" * 255},
    ],
)
def test_what_the_specification_allows_is_believed(more):
    """And the claims are given as they stand."""
    assert read(token_of(CLAIMS | more))["iss"] == "https://idp.example"


REFUSED = {
    "iss of another": {"iss": "https://idp.example/"},
    "iss missing": {"iss": None},
    "iss no text": {"iss": ["https://idp.example"]},
    "sub missing": {"sub": None},
    "sub empty": {"sub": ""},
    "sub a number": {"sub": 7},
    "sub too long": {"sub": "x" * 256},
    "sub not ASCII": {"sub": "ä"},
    "sub with a line end": {"sub": "a\nb"},
    "aud missing": {"aud": None},
    "aud of another": {"aud": "you"},
    "aud empty": {"aud": []},
    "aud holds numbers": {"aud": ["me", 7]},
    "aud alike": {"aud": "me "},
    "aud of two without azp": {"aud": ["me", "other"]},
    "azp of another": {"azp": "other"},
    "azp of another among two": {"aud": ["me", "other"], "azp": "other"},
    "exp missing": {"exp": None},
    "exp a text": {"exp": str(T + 300)},
    "exp a truth": {"exp": True},
    "exp over": {"exp": T - 61},
    "iat missing": {"iat": None},
    "iat a text": {"iat": "now"},
    "iat in the future": {"iat": T + 61},
    "nbf in the future": {"nbf": T + 61},
    "nonce missing": {"nonce": None},
    "nonce another": {"nonce": "N"},
    "nonce a list": {"nonce": ["n"]},
    "at_hash of another token": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "at_hash a number": {"at_hash": 7},
    "at_hash not ASCII": {"at_hash": "ä"},
    "auth_time a text": {"auth_time": "now"},
    "amr a text": {"amr": "pwd"},
}


@pytest.mark.parametrize("more", REFUSED.values(), ids=REFUSED.keys())
def test_what_the_specification_refuses_is_refused(more):
    """Each claim that is missing, of another kind, or of somebody else."""
    claims = {name: value for name, value in (CLAIMS | more).items() if value is not None}
    with pytest.raises(Unbelievable):
        read(token_of(claims))


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"null", b'"s"', b"{", b'{"sub":"s","sub":"t"}', b"\xff", b"[" * 9000]
)
def test_a_payload_that_is_no_object_is_refused(payload):
    """Doubled names too: who reads the other one reads another person."""
    with pytest.raises(Unbelievable):
        read(token_of(payload=payload))


with warnings.catch_warnings(action="ignore"):  # it is too small, as it says
    SMALL = RSAKey.generate_key(1024, {"kid": "one"})
CURVE = ECKey.generate_key("P-384", {"kid": "one"})
SECRET = OctKey.import_key(b"k" * 32, {"kid": "one"})


@pytest.mark.parametrize(
    "keys",
    [
        None,
        [],
        {},
        {"keys": None},
        {"keys": {}},
        {"keys": [None, 7, "x", []]},
        {"keys": [{"kty": "RSA", "kid": "one"}]},
        {"keys": [{"kty": "RSA", "kid": "one", "n": "!!", "e": "AQAB"}]},
        {"keys": [KEY.as_dict(private=False) | {"kid": "two"}]},
        {"keys": [KEY.as_dict(private=False) | {"use": "enc"}]},
        {"keys": [KEY.as_dict(private=False) | {"alg": "PS256"}]},
        {"keys": [RSAKey.generate_key(2048, {"kid": "one"}).as_dict(private=False)]},
    ],
)
def test_no_key_that_fits_may_mean_that_there_are_newer_ones(keys):
    """Nothing of another kind, number or use is tried, and one that is broken spoils no other."""
    with pytest.raises(UnknownKey):
        read(token_of(), keys=keys)
    if isinstance(keys, dict) and isinstance(keys.get("keys"), list):
        assert read(token_of(), keys={"keys": [*keys["keys"], KEY.as_dict(private=False)]})["sub"] == "s"


@pytest.mark.parametrize(
    ("alg", "key", "keys"),
    [
        ("HS256", SECRET, {"keys": [SECRET.as_dict()]}),
        ("RS512", KEY, KEYS),
        ("ES384", CURVE, {"keys": [CURVE.as_dict(private=False)]}),
        ("RS256", SMALL, {"keys": [SMALL.as_dict(private=False)]}),
    ],
)
@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_no_other_signature_counts(alg, key, keys):
    """Not by a secret, not of a kind that is not on the list, not by a key that is too small."""
    with pytest.raises(Unbelievable):
        read(token_of(alg=alg, key=key), keys=keys)


def test_no_key_in_the_header_is_trusted():
    """A token cannot bring its own."""
    stranger = RSAKey.generate_key(2048, {"kid": "one"})
    with pytest.raises(Unbelievable):
        read(token_of(key=stranger, jwk=stranger.as_dict(private=False), jku="https://evil.example/keys"))


def test_a_sign_in_that_was_to_be_anew_was_anew():
    """Where the provider tells when the person proved it."""
    token = token_of(CLAIMS | {"auth_time": T - 300})
    assert read(token, signed_in_since=NOW - timedelta(seconds=301))
    assert read(token_of(), signed_in_since=NOW)  # it does not tell
    with pytest.raises(Unbelievable):
        read(token, signed_in_since=NOW)
    with pytest.raises(Unbelievable):
        read(token_of(CLAIMS | {"auth_time": True}), signed_in_since=NOW)


@given(
    st.one_of(
        st.none(), st.integers(), st.text(), st.binary(max_size=50).map(base64.b64encode).map(bytes.decode)
    )
)
def test_anything_at_all_is_refused_in_one_way(token):
    """Nothing else is raised."""
    with pytest.raises(Unbelievable):
        read(token)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*CLAIMS, "azp", "at_hash", "nbf", "auth_time", "amr", "acr"]), JSON))
def test_claims_of_any_kind_are_refused_in_one_way(more):
    """Well signed, and holding anything."""
    try:
        claims = read(token_of(CLAIMS | more))
    except Unbelievable:
        return
    assert (claims["iss"], claims["nonce"]) == ("https://idp.example", "n")


@given(st.dictionaries(st.sampled_from(["kid", "typ", "crit", "b64", "zip", "x5c", "cty"]), JSON))
def test_headers_of_any_kind_are_refused_in_one_way(header):
    """The same of the header."""
    first, _, rest = token_of().partition(".")
    told = json.loads(base64.urlsafe_b64decode(first + "==")) | header
    made = base64.urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()
    with pytest.raises(Unbelievable):
        read(f"{made}x.{rest}")
    with pytest.raises(Unbelievable):
        read(f"{made}.{rest[:-8]}AAAAAAAA")


@given(
    st.dictionaries(
        st.sampled_from(["kty", "n", "e", "kid", "use", "alg", "key_ops", "x5c", "d"]), JSON, min_size=1
    )
)
def test_keys_of_any_kind_are_passed_over(said):
    """A provider's key set may hold anything."""
    with warnings.catch_warnings(action="ignore"):
        try:
            read(token_of(), keys={"keys": [KEY.as_dict(private=False) | said]})
        except UnknownKey:
            assert said.keys() & {"kty", "n", "e", "kid", "use", "alg", "key_ops", "x5c", "d"}
