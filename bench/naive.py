"""The rival: a wrapper as one writes it first. Runs make, then posts what it took, while the developer waits.

`naive.py [--make MAKE] TARGET` posts to NAIVE_URL; `naive.py --serve` is the endpoint, which answers at once.
"""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Endpoint(BaseHTTPRequestHandler):
    """Says 200 to every report."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Stay quiet."""


def serve() -> None:
    """Print the address, then answer until killed."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        print(f"http://127.0.0.1:{server.server_port}/", flush=True)
        server.serve_forever()


def wrap(make: str, target: str) -> int:
    """Run the target, post its end, and return make's exit code."""
    began = time.monotonic()
    done = subprocess.run([make, "--no-print-directory", f"impl-{target}"], check=False, close_fds=False)
    report = {"target": target, "duration": time.monotonic() - began, "exit": done.returncode}
    body = json.dumps(report).encode()
    request = urllib.request.Request(os.environ["NAIVE_URL"], body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=5):  # noqa: S310  our own loopback endpoint
        return done.returncode


def main() -> None:
    """Read the words and run."""
    words = argparse.ArgumentParser()
    words.add_argument("--make", default="make")
    words.add_argument("--serve", action="store_true")
    words.add_argument("target", nargs="?", default="")
    asked = words.parse_args()
    if asked.serve:
        serve()
    sys.exit(wrap(asked.make, asked.target))


if __name__ == "__main__":
    main()
