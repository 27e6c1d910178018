"""What is looked for, what each is good for, and how it is had where it is missing."""

from dataclasses import dataclass

from netlab.network.programs import Program


@dataclass(frozen=True, slots=True)
class Ability:
    """key: the field of `Kernel`. shows: what netlab shows by it. how: to get it, if one can."""

    key: str
    name: str
    shows: str
    how: str


KERNEL = (
    Ability(
        "routes", "routes", "interface, gateway and MTU of the way to an address",
        "Linux tells by netlink; a sandbox may forbid that",
    ),
    Ability(
        "tcp_info", "TCP_INFO", "round-trip time and segment size as the kernel keeps them",
        "Linux has it; elsewhere `tshark` shows the same from outside",
    ),
    Ability("path_mtu", "path MTU", "the largest packet of a connection", "Linux tells it"),
    Ability(
        "error_queue", "ICMP errors (IP_RECVERR)", "which hop sent an error: a path, hop by hop",
        "Linux tells it to everyone; elsewhere `traceroute` needs its own rights",
    ),
    Ability("ttl", "TTL of what arrives", "how many hops an answer came", "Linux tells it"),
    Ability(
        "ping", "ping without privileges", "ICMP echo, without root",
        "sudo sysctl net.ipv4.ping_group_range='0 2147483647'",
    ),
    Ability(
        "capture", "capture rights", "packets as they pass, in tshark and tcpdump beside netlab",
        "run tshark as root, or on Debian: sudo dpkg-reconfigure wireshark-common, "
        "then join the group wireshark",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tool:
    """shows: why one would want it. package: Debian's; other systems call it much the same."""

    program: Program
    shows: str
    package: str

    @property
    def name(self) -> str:
        return self.program.name


TOOLS = (
    Tool(Program("dig", ("-v",)), "each DNS question and answer", "bind9-dnsutils"),
    Tool(Program("delv", ("-v",)), "DNSSEC, validated", "bind9-dnsutils"),
    Tool(Program("curl"), "a request, and its times", "curl"),
    Tool(Program("openssl", ("version",)), "TLS handshakes and certificates", "openssl"),
    Tool(Program("tshark"), "packets, captured", "tshark"),
    Tool(Program("tcpdump"), "packets, captured", "tcpdump"),
    Tool(Program("ip", ("-V",)), "routes and addresses", "iproute2"),
    Tool(Program("ss", ("-V",)), "sockets, and what the kernel keeps of them", "iproute2"),
    Tool(Program("traceroute", ("--version",)), "a path, hop by hop", "traceroute"),
    Tool(Program("strace", ("-V",)), "a program's calls to the kernel", "strace"),
    Tool(Program("perf"), "where processor time goes", "linux-perf"),
    Tool(Program("haproxy", ("-v",)), "a balancer to lay beside ours", "haproxy"),
    Tool(Program("nginx", ("-v",)), "a balancer to lay beside ours", "nginx-light"),
    Tool(Program("node"), "the official Socket.IO client", "nodejs"),
)
