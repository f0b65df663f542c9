"""What the small services of the tests share: a real server on a local port that answers JSON, or loses its answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server(ThreadingHTTPServer):
    """A server on a free port of this machine that stands for `of`: an account, a profile, a shortcode."""

    def __init__(self, handler: type["Handler"], of: Any) -> None:
        """Listen."""
        super().__init__(("127.0.0.1", 0), handler)
        self.of = of


class Handler(BaseHTTPRequestHandler):
    """Answers for what the server stands for."""

    @property
    def of(self) -> Any:
        """What the server that this request came to stands for."""
        server = self.server
        assert isinstance(server, Server)
        return server.of

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""

    def loses(self) -> bool:
        """Tell whether answers to this request may be lost on the way."""
        return self.command == "POST"

    def answer(self, status: int, said: Any) -> None:
        """Send an answer, unless it is to be lost on the way."""
        if self.of.loses_answers and self.loses():
            self.of.loses_answers -= 1
            self.close_connection = True
            self.connection.close()
            return
        content = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def listening(handler: type[Handler], of: Any) -> Iterator[str]:
    """Run a server for the length of a block; give its host and port."""
    with Server(handler, of) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
