"""Who asks: client authentication at the endpoints that only clients use (RFC 6749 §2.3)."""

import binascii
from base64 import b64decode
from urllib.parse import unquote_plus

from netlab.lab.oauth.clients import Clients, is_secret
from netlab.lab.oauth.parameters import Parameters
from netlab.lab.oauth.records import Client
from netlab.lab.oauth.refusal import Refused

RULE = "RFC 6749 §2.3.1"


def client(authorization: str, given: Parameters, clients: Clients) -> Client:
    """The client that a request comes from, proven where it has a secret. Raises Refused.

    Which of its two ways a confidential client takes is left to it, client_secret_basic or
    client_secret_post; never both at once.
    """
    if authorization:
        if given.get("client_secret"):
            what = "two ways of authentication at once"
            raise Refused("invalid_request", what, "RFC 6749 §2.3")
        id, secret = basic(authorization)
        if given.get("client_id") not in ("", id):
            raise Refused("invalid_request", "client_id names another client", RULE)
    else:
        id, secret = given.get("client_id"), given.get("client_secret")
    if not id:
        raise invalid("no client authentication", "RFC 6749 §3.2.1")
    return proven(clients.get(id), secret)


def proven(known: Client | None, secret: str) -> Client:
    """Unknown, wrong and missing are told alike: nobody learns which clients there are."""
    if known is None or (known.public and secret) or (not known.public and not secret):
        raise invalid("client authentication failed", "RFC 6749 §5.2")
    if not known.public and not is_secret(known, secret):
        raise invalid("client authentication failed", RULE)
    return known


def confidential(found: Client) -> Client:
    """Where anyone could claim to be a public client, only one with a secret will do."""
    if found.public:
        raise invalid("a public client cannot authenticate", "RFC 7662 §2.1")
    return found


def basic(authorization: str) -> tuple[str, str]:
    """Id and secret, each form-encoded before they are joined (RFC 6749 §2.3.1, RFC 7617 §2)."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise invalid("only the Basic scheme is known here", RULE)
    try:
        id, colon, secret = b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise invalid("the credentials cannot be read", "RFC 7617 §2") from None
    if not colon:
        raise invalid("the credentials cannot be read", "RFC 7617 §2")
    return unquote_plus(id), unquote_plus(secret)


def invalid(what: str, rule: str) -> Refused:
    """401, as its challenge tells which scheme would do (RFC 6749 §5.2, RFC 9110 §15.5.2)."""
    return Refused("invalid_client", what, rule, 401)
