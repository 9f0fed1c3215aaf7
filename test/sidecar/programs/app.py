"""A plain Python program that knows nothing of Sluice."""
import json
import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class App(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path.startswith("/call/"):
            # urllib honours http_proxy by itself: that is all it takes to be discovered, split and traced.
            request = urllib.request.Request("http://" + self.path.removeprefix("/call/"))
            if "traceparent" in self.headers:
                request.add_header("traceparent", self.headers["traceparent"])
            with urllib.request.urlopen(request, timeout=5) as answer:
                return self.reply(answer.read())
        return self.reply(json.dumps({"name": "python", "path": self.path}).encode())

    def reply(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), App).serve_forever()
