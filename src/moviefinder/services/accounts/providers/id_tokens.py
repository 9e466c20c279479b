"""ID tokens, believed only when everything about them fits (OpenID Connect Core 1.0, 3.1.3.7).

Signatures are joserfc's, the rules of the claims Authlib's; which algorithms and keys may count is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from moviefinder import strict_json
from moviefinder.errors import Malformed, MovieFinderError

if TYPE_CHECKING:
    from joserfc.jwk import Key

ALGORITHMS: Final[Mapping[str, str]] = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
"""Signatures that count, with the kind of key of each. None that a secret makes: who checks one could make one."""

LEEWAY_S: Final = 60
"""Clocks differ."""
LONGEST: Final = 20_000
_RSA_BITS: Final = 2048
_KEYS_TRIED: Final = 20
_SUBJECT_LENGTH: Final = 255


class Unbelievable(MovieFinderError):
    """Something about a token does not fit; the message says what, for the log."""


class UnknownKey(Unbelievable):
    """None of the keys made its signature: there may be newer ones."""


def believed(
    token: object,
    *,
    keys: object,
    issuer: str,
    client_id: str,
    nonce: str,
    access_token: str,
    now: datetime,
    signed_in_since: datetime | None = None,
) -> dict[str, Any]:
    """The claims of a token.

    Args:
        token: as the provider's token endpoint gave it.
        keys: the provider's key set.
        issuer: who must have issued it, exactly.
        client_id: whom it must be for.
        nonce: what must be in it.
        access_token: what came with it.
        now: the time.
        signed_in_since: where the provider tells when the person proved who they are, that must be later.

    Raises:
        UnknownKey: no key fits.
        Unbelievable: anything else is not as it must be.
    """
    from authlib.oidc.core.claims import CodeIDToken
    from joserfc.errors import JoseError

    if not isinstance(token, str) or not token.isascii() or len(token) > LONGEST:
        raise Unbelievable("There is no ID token, or one that is none.")
    header, payload = _signed(token, keys)
    try:
        claims = strict_json.parse(payload, name="token", values=2_000)
    except Malformed as error:
        raise Unbelievable(error.message) from error
    if not isinstance(claims, dict) or not isinstance(claims.get("sub"), str):
        raise Unbelievable("The ID token names nobody.")
    checked = CodeIDToken(
        claims,
        header,
        options={
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": client_id},
        },
        params={"client_id": client_id, "nonce": nonce, "access_token": access_token},
    )
    try:
        checked.validate(now=int(now.timestamp()), leeway=LEEWAY_S)
    except (JoseError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Unbelievable(f"The ID token does not fit: {error}") from error
    subject = claims["sub"]
    if not (0 < len(subject) <= _SUBJECT_LENGTH and subject.isascii() and subject.isprintable()):
        raise Unbelievable("The ID token names somebody in a way that is not allowed.")
    if signed_in_since is not None and "auth_time" in claims:
        since = (signed_in_since - timedelta(seconds=LEEWAY_S)).timestamp()
        if not isinstance(claims["auth_time"], int | float) or claims["auth_time"] < since:
            raise Unbelievable("The person did not prove anew who they are.")
    return claims


def _signed(token: str, keys: object) -> tuple[dict[str, Any], bytes]:
    """Header and payload of a token whose signature is one of the keys'."""
    from joserfc.errors import JoseError
    from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

    class Registry(JWSRegistry):
        """Allows what stands above, and warns of nothing: EdDSA has a newer name, which no provider uses yet."""

        def get_alg(self, name: str) -> Any:
            return self.algorithms[name]

    registry = Registry(algorithms=list(ALGORITHMS), strict_check_header=False)
    try:
        found: CompactSignature = extract_compact(token.encode())
        header = dict(found.headers())
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise Unbelievable("The ID token cannot be taken apart.") from error
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise Unbelievable("The ID token is signed in a way that does not count.")
    for key in _fitting(keys, algorithm, header.get("kid")):
        try:
            if validate_compact(found, key, registry=registry):
                return header, found.payload or b""
        except (
            JoseError,
            ValueError,
            TypeError,
        ) as error:  # a header that must be understood and is not, a bad key
            raise Unbelievable(f"The signature cannot be checked: {error}") from error
    raise UnknownKey("The ID token is signed with none of the provider's keys.")


def _fitting(keys: object, algorithm: str, number: object) -> Sequence[Key]:
    """The keys that may have signed: of the kind, for signatures, and by number where the token names one."""
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, RSAKey

    told = keys.get("keys") if isinstance(keys, dict) else None
    fitting: list[Key] = []
    for each in told if isinstance(told, list) else []:
        if (
            not isinstance(each, dict)
            or each.get("kty") != ALGORITHMS[algorithm]
            or each.get("use", "sig") != "sig"
            or each.get("alg", algorithm) != algorithm
            or (number is not None and each.get("kid") != number)
        ):
            continue
        try:
            key = JWKRegistry.import_key(each)
            if isinstance(key, RSAKey) and key.raw_value.key_size < _RSA_BITS:
                continue
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):  # one bad key spoils no other
            continue
        fitting.append(key)
    return fitting[:_KEYS_TRIED]
