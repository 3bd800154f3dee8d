"""A real server on loopback, for downloads."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest


@pytest.fixture
def server():
    """A server whose answer a test sets: status, body, the length it claims, a pause."""
    answer = SimpleNamespace(status=200, body=b"", length=None, requests=0)
    answer.half_sent, answer.go_on = threading.Event(), threading.Event()
    answer.go_on.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            answer.requests += 1
            self.send_response(answer.status)
            self.send_header("Content-Length", str(answer.length or len(answer.body)))
            self.end_headers()
            half = len(answer.body) // 2
            try:
                self.wfile.write(answer.body[:half])
                self.wfile.flush()
                answer.half_sent.set()
                answer.go_on.wait(10)
                self.wfile.write(answer.body[half:])
            except ConnectionError:
                pass  # the client went away, as a cancelled download does

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        answer.url = f"http://127.0.0.1:{running.server_port}"
        yield answer
        answer.go_on.set()
        running.shutdown()
        thread.join()
