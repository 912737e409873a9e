"""For httpx on the loopback: no trusted certificates, which take 40 ms to read for each client."""

import ssl

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
