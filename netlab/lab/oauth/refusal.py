"""How a rule says no."""

import re
from typing import Literal

Code = Literal[
    "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
    "unsupported_grant_type", "invalid_scope", "access_denied", "unsupported_response_type",
    "server_error", "temporarily_unavailable", "invalid_target", "invalid_redirect_uri",
    "invalid_client_metadata", "authorization_pending", "slow_down", "expired_token",
    "login_required", "consent_required", "request_not_supported", "invalid_request_uri",
    "invalid_token", "insufficient_scope",
]  # fmt: skip
"""Every error code that the lab's servers use, as the standards spell them."""


LONGEST = 200
UNFIT = re.compile(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]")
"""What a description may not hold (RFC 6749 §5.2): it may repeat what a client has sent."""


class Refused(Exception):
    """A request is refused. rule: the section that says so. description: for developers.

    status: of a direct answer; an error that travels in a redirection has none of its own.
    """

    def __init__(self, error: Code, description: str, rule: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = UNFIT.sub("?", description[:LONGEST])
        self.rule = rule
        self.status = status
