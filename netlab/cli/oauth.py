"""`netlab oauth`: OAuth 2.0."""

from enum import StrEnum
from typing import Annotated

import typer

from netlab.cli import options
from netlab.cli.completing import attacks
from netlab.cli.grammar import examples, group
from netlab.cli.guard import guarded
from netlab.errors import Exit, NetlabError

app = group("netlab oauth walkthrough", "netlab oauth attack --list")


class Grants(StrEnum):
    """How an application may come by a token."""

    code = "code"
    implicit = "implicit"
    password = "password"
    client_credentials = "client-credentials"
    device = "device"
    refresh = "refresh"


@app.callback()
def oauth() -> None:
    """OAuth: how an application comes to act for a person without the person's password."""


@app.command(epilog=examples("netlab oauth walkthrough", "netlab oauth walkthrough --oidc --deep"))
@guarded
def walkthrough(
    look: options.Look,
    network: options.NetworkOption = options.Networks.auto,
    grant: Annotated[
        Grants,
        typer.Option(
            "--grant",
            metavar="GRANT",
            help="code, implicit, password, client-credentials, device or refresh "
            "(in the lab, a token's whole life).",
        ),
    ] = Grants.code,
    no_pkce: Annotated[bool, typer.Option("--no-pkce", help="See it without PKCE.")] = False,
    oidc: Annotated[
        bool, typer.Option("--oidc", help="OpenID Connect on top: who it is, too.")
    ] = False,
    scope: Annotated[
        str, typer.Option("--scope", metavar="SCOPES", help="What to ask for, between spaces.")
    ] = "",
    user: Annotated[
        str, typer.Option("--user", metavar="NAME", help="alice or bob, the lab's people.")
    ] = "alice",
    deny: Annotated[bool, typer.Option("--deny", help="The owner says no.")] = False,
    allow: Annotated[
        str, typer.Option("--allow", metavar="SCOPES", help="The owner agrees to these alone.")
    ] = "",
    browser: Annotated[
        bool | None,
        typer.Option(
            "--browser/--no-browser",
            help="You are the owner: in your browser, or by an address to open yourself.",
        ),
    ] = None,
    issuer: Annotated[
        str | None,
        typer.Option(
            "--issuer",
            metavar="URL",
            help="A provider; or google, github, kakao, naver.",
        ),
    ] = None,
    client_id: Annotated[
        str, typer.Option("--client-id", metavar="ID", help="As the provider knows you.")
    ] = "",
    client_secret: Annotated[
        bool,
        typer.Option(
            "--client-secret", help="There is one: from NETLAB_CLIENT_SECRET, or asked for."
        ),
    ] = False,
    auth_method: Annotated[
        str, typer.Option("--auth-method", metavar="NAME", help="client_secret_basic or _post.")
    ] = "",
    api: Annotated[
        str, typer.Option("--api", metavar="URL", help="What to ask with the token.")
    ] = "",
    port: Annotated[
        int,
        typer.Option("--port", metavar="PORT", min=0, max=65535, help="Of the redirect URI."),
    ] = 0,
    insecure: options.Insecure = False,
    cacert: options.CaCert = None,
) -> Exit:
    """Step through a grant, every role real: by default the authorization code grant."""
    agree(network, issuer)
    from netlab.cli.oauth_fits import check

    check(grant.value, issuer, browser, {
        "--no-pkce": no_pkce, "--oidc": oidc, "--scope": bool(scope), "--user": user != "alice",
        "--deny": deny, "--allow": bool(allow), "--client-id": bool(client_id),
        "--client-secret": client_secret, "--auth-method": bool(auth_method), "--api": bool(api),
        "--port": bool(port), "--insecure": insecure, "--cacert": cacert is not None,
    })  # fmt: skip
    if issuer is not None or browser is not None:
        from netlab.cli.oauth_meeting import Asked, meet

        asked = Asked(
            issuer, browser, client_id, client_secret, auth_method, api, port, insecure, cacert,
            scope, oidc, not no_pkce, look.keep_secrets, grant.value,
        )  # fmt: skip
        return meet(asked, look)
    if grant is not Grants.code:
        from netlab.cli.oauth_runs import other

        return other(grant.value, scope, deny, look)
    from netlab.cli.oauth_runs import chooser, in_the_lab
    from netlab.experiments.oauth import walkthrough as experiment

    wish = experiment.Options(
        not no_pkce, oidc, user, not deny, scope, tuple(allow.split()) or None,
        None if deny or allow or look.json else chooser(),
    )  # fmt: skip
    return in_the_lab("oauth walkthrough", lambda bench: experiment.run(bench, wish), look)


def agree(network: options.Networks, issuer: str | None) -> None:
    """A provider is on the internet; without one the lab's server is used."""
    if network is options.Networks.internet and issuer is None:
        raise NetlabError(
            "--network internet: which provider?",
            advice="--issuer URL, or --issuer google, github, kakao or naver",
        )
    if network is options.Networks.lab and issuer is not None:
        raise NetlabError(
            "--issuer and --network lab exclude each other.",
            advice="leave out --issuer: the lab's own server is used then",
        )


@app.command(epilog=examples("netlab oauth compare"))
@guarded
def compare(look: options.LabLook) -> Exit:
    """Run every grant, and lay them side by side: who sees password and token (in the lab)."""
    from netlab.cli.oauth_runs import in_the_lab
    from netlab.experiments.oauth import beside

    return in_the_lab("oauth compare", beside.run, look)


@app.command(epilog=examples("netlab oauth attack --list", "netlab oauth attack mix-up"))
@guarded
def attack(
    look: options.LabLook,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="See --list.", autocompletion=attacks)
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Name them, a sentence each.")] = False,
    undefended: Annotated[
        bool, typer.Option("--undefended", help="Only with the protections off: it works.")
    ] = False,
    defended: Annotated[
        bool, typer.Option("--defended", help="Only with its one protection on: it fails.")
    ] = False,
) -> Exit:
    """Really attack OAuth: it works undefended, and fails defended (in the lab)."""
    from netlab.cli.oauth_attack import attacked, listed

    return listed(look.plain) if list_ else attacked(name, undefended, defended, look)


@app.command(epilog=examples("netlab oauth serve --listen 127.0.0.1:9000"))
@guarded
def serve(
    listen: options.Listen = "127.0.0.1:0",
    tls: Annotated[
        bool, typer.Option("--tls", help="Serve https, with a certificate made for the run.")
    ] = False,
    legacy: Annotated[
        bool,
        typer.Option("--legacy", help="Offer the implicit and the password grant as well."),
    ] = False,
    device_interval: Annotated[
        str,
        typer.Option(
            "--device-interval", metavar="TIME", help="How far apart a device's polls must be."
        ),
    ] = "5s",
) -> Exit:
    """Run the lab's authorization server alone, for any client; Ctrl-C ends it."""
    from netlab.cli.oauth_serving import serve as run

    return run(listen, tls, legacy, device_interval)
