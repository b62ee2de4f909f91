#!/usr/bin/python3
"""Answers every request with the name of this node: web.py NAME."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Name(BaseHTTPRequestHandler):
    """One answer for all."""

    def do_GET(self):
        body = sys.argv[1].encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing."""


ThreadingHTTPServer(("", 80), Name).serve_forever()
