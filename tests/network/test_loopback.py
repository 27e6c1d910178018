"""The network that is this machine alone."""

import pytest

from netlab.network.base import NoRoute
from netlab.network.loopback import Loopback


def test_loopback_is_dialled_as_it_is() -> None:
    assert Loopback().dialled("127.0.0.1", 80, "tcp") == ("127.0.0.1", 80)
    assert Loopback().dialled("::1", 80, "tcp") == ("::1", 80)


def test_nothing_beyond_is() -> None:
    with pytest.raises(NoRoute):
        Loopback().dialled("192.0.2.1", 80, "tcp")
