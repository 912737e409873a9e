"""Trusted proxies: whose X-Forwarded headers are believed."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from fastapi import Request

from devtelemetry_cli.errors import ConfigurationError


@dataclass(frozen=True)
class TrustedProxies:
    """The networks of the proxies in front of this server."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "TrustedProxies":
        """From addresses and networks separated by commas. Raises ConfigurationError."""
        try:
            return cls(tuple(ip_network(one.strip()) for one in text.split(",") if one.strip()))
        except ValueError as error:
            raise ConfigurationError(
                f"--trusted-proxies: {error}.", "Give addresses or networks, such as 10.0.0.7,10.1.0.0/16."
            ) from None

    def client(self, request: Request) -> str:
        """The address of the client: the last of X-Forwarded-For behind a trusted proxy, else the peer."""
        peer = request.client.host if request.client else ""
        forwarded = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return forwarded if forwarded and self._trusts(peer) else peer

    def is_tls(self, request: Request) -> bool:
        """Whether the client uses TLS, to this server or to a trusted proxy."""
        peer = request.client.host if request.client else ""
        forwarded = request.headers.get("x-forwarded-proto", "").strip().lower()
        return request.url.scheme == "https" or (forwarded == "https" and self._trusts(peer))

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in network for network in self.networks)
