"""This machine and nobody else: for experiments whose servers are processes of their own here."""

import ipaddress

from netlab.network.base import Network, NoRoute, SocketAddress, Transport


class Loopback(Network):
    """Dials loopback addresses as they are, and nothing beyond; asks nobody for names."""

    name = "loopback"
    resolvers = ()
    roots = ()

    def dialled(self, address: str, port: int, transport: Transport) -> SocketAddress:
        if not ipaddress.ip_address(address).is_loopback:
            raise NoRoute(address)
        return address, port
