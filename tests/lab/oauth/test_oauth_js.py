"""Certified clients of other people's get through the lone server: openid-client, oauth4webapi."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from netlab.lab.oauth.clients import SECRETS
from tests.lab.oauth.alone import serving
from tests.witness import give_up, need

pytestmark = [pytest.mark.witness, pytest.mark.timeout(60)]

FOLDER = Path(__file__).parents[2] / "node"


def run(library: str, program: str) -> Any:
    """What the program says that it saw, with the library from where the witnesses are kept."""
    need("node")
    modules = os.environ.get("NETLAB_NODE_MODULES") or str(FOLDER / "node_modules")
    if not (Path(modules) / library).is_dir():
        give_up(f"{library} is not installed; NETLAB_NODE_MODULES names its folder")
    with serving("--device-interval", "1") as served:
        done = subprocess.run(
            ["node", str(FOLDER / program), served.issuer, SECRETS["web-app"],
             SECRETS["files-server"]],
            env={**os.environ, "NODE_PATH": modules}, capture_output=True, text=True, timeout=50,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_openid_client() -> None:
    assert run("openid-client", "openid_client.cjs") == {
        "code": {"name": "Alice Liddell", "scope": "openid profile photos.read", "iss": True},
        "api": 200,
        "rotated": True,
        "reused": "invalid_grant",
        "family": "invalid_grant",
        "pushed": "bearer",
        "replayed": "invalid_grant",
        "introspected": [True, "web-app", False],
        "own": ["bearer", "photos.read", True],
        "public": "bearer",
        "denied": "access_denied",
        "registered": "bearer",
        "page": True,
        "device": True,
    }


def test_oauth4webapi() -> None:
    assert run("oauth4webapi", "oauth4webapi_client.cjs") == {
        "discovered": [True, True],
        "sub": True,
        "verified": "web-app",
        "audience": True,
        "resource": True,
        "reused": "invalid_grant",
        "family": ["invalid_grant", False],
        "introspected": [True, True],
        "revoked": False,
        "own": "photos.read",
        "registered": "bearer",
        "polls": ["authorization_pending", "slow_down"],
        "device": "bearer",
    }
