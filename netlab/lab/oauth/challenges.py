"""How a protected resource refuses: the WWW-Authenticate field of RFC 6750 §3."""

from starlette.responses import JSONResponse, Response

from netlab.lab.oauth.refusal import Refused


def challenge(refusal: Refused | None, scope: str = "", metadata: str = "") -> Response:
    """401 or 403; to a request without any token no error is named (§3.1).

    metadata: where the resource server says which authorization server it trusts (RFC 9728 §5.1).
    """
    parts = ['realm="netlab lab"']
    if refusal is not None:
        parts += [f'error="{refusal.error}"', f'error_description="{refusal.description}"']
    if scope:
        parts.append(f'scope="{scope}"')
    if metadata:
        parts.append(f'resource_metadata="{metadata}"')
    headers = {"cache-control": "no-store"}
    if refusal is None or refusal.status < 500:  # else no other token would help
        headers["www-authenticate"] = f"Bearer {', '.join(parts)}"
    told = {"error": refusal.error, "error_description": refusal.description} if refusal else {}
    return JSONResponse(told, refusal.status if refusal else 401, headers)
