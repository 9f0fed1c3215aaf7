"""Tells in a field of its answer how Python's http.server has read a request."""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self.echo
        raise AttributeError(name)

    def body_length(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return len(self.rfile.read(int(self.headers.get("Content-Length", "0"))))
        length = 0
        while True:
            size = int(self.rfile.readline().split(b";")[0], 16)
            length += len(self.rfile.read(size))
            if size == 0:
                break
            self.rfile.readline()
        while self.rfile.readline() not in (b"\r\n", b"\n", b""):
            pass
        return length

    def echo(self):
        told = [self.command, self.path, self.headers.get("Host", ""), self.body_length()]
        self.send_response(200)
        self.send_header("X-Echo", json.dumps(told, separators=(",", ":")))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo)
server.serve_forever()
