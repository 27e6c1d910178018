"""The server's pages: plain, without scripts, and to be framed by nobody."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape

from netlab.lab.oauth.scopes import MEANING

STYLE = (
    "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem;"
    "color:#1a1a1a;background:#fff}label{display:block;margin:.8rem 0}"
    "input[type=text],input[type=password]{display:block;width:100%;font:inherit;padding:.4rem;"
    "box-sizing:border-box}button{font:inherit;padding:.5rem 1.2rem;margin:1rem .6rem 0 0}"
    ".wrong{border-left:.3rem solid #b00020;padding-left:.8rem}code{font-size:1.1em}"
)
STYLE_HASH = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

HEADERS: Mapping[str, str] = {
    # Nothing is loaded but our own style; nobody frames the page, to lay their own over its
    # buttons (RFC 6749 §10.13, RFC 9700 §4.16). form-action is left out: browsers would hold
    # it against the redirect to the client that follows a form.
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}

Fields = Mapping[str, str]


def page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>"
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>"
    )


def form(action: str, hidden: Fields, inside: str) -> str:
    kept = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in hidden.items()
    )
    return f'<form method="post" action="{escape(action)}">{kept}{inside}</form>'


def wrong(words: str) -> str:
    return f'<p class="wrong" role="alert">{escape(words)}</p>' if words else ""


def login(hidden: Fields, who_asks: str, hint: str, issuer: str, complaint: str = "") -> str:
    inside = (
        f'<label>Name<input type="text" name="username" value="{escape(hint)}" '
        f'autocomplete="username" autocapitalize="none" required{"" if hint else " autofocus"}>'
        '</label><label>Password<input type="password" name="password" '
        f'autocomplete="current-password" required{" autofocus" if hint else ""}></label>'
        '<button type="submit">Log in</button>'
    )
    why = f"<p>{escape(who_asks)} asks for access. Log in at <b>{escape(issuer)}</b> first.</p>"
    return page("Log in", wrong(complaint) + why + form("/login", hidden, inside))


def consent(hidden: Fields, client: str, user: str, scope: Iterable[str], onward: str) -> str:
    """A box for each scope, so that less can be granted than was asked for."""
    boxes = "".join(
        f'<label><input type="checkbox" name="scope" value="{escape(name)}" checked> '
        f"{escape(MEANING[name])} (<code>{escape(name)}</code>)</label>"
        for name in scope
    )
    inside = (
        f"<fieldset><legend>It may</legend>{boxes}</fieldset>"
        '<button type="submit" name="decision" value="approve">Approve</button>'
        '<button type="submit" name="decision" value="deny">Deny</button>'
    )
    who = (
        f"<p>You are <b>{escape(user)}</b>. <b>{escape(client)}</b> asks for access to what is "
        f"yours. {onward}</p>"
    )
    return page("May it?", who + form("/consent", hidden, inside))


def returns_to(where: str) -> str:
    return f"The answer goes to <code>{escape(where)}</code>."


def device_shows(user_code: str) -> str:
    """Someone else's device may show another code: compare (RFC 8628 §5.4)."""
    return f"The device in front of you shows <code>{escape(user_code)}</code>; if not, deny."


def device(hidden: Fields, user_code: str, complaint: str = "") -> str:
    inside = (
        '<label>Code<input type="text" name="user_code" autocomplete="off" '
        f'autocapitalize="characters" value="{escape(user_code)}" required autofocus></label>'
        '<button type="submit">Go on</button>'
    )
    words = "<p>Type the code that your device shows.</p>"
    return page("Connect a device", wrong(complaint) + words + form("/device", hidden, inside))


def notice(title: str, words: str) -> str:
    return page(title, f"<p>{escape(words)}</p>")
