"""`orders` in plain Python, knowing nothing of Sluice. To run it on its own, beside `npx sluice dev`:

    npx sluice-sidecar --service orders --version v3 --path /orders --port 3004 --admin 127.0.0.1:9901 \
      -- python3 examples/orders.py
    curl http://127.0.0.1:8080/orders/1
"""

import json
import os
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ.get("PORT", "3004"))
VERSION = os.environ.get("VERSION", "v3")


class Orders(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, service, order = (self.path.split("/") + ["", ""])[:3]
        if service != "orders":
            return self.reply(404, {"error": "not found"})
        trace = self.headers.get("traceparent")
        try:
            user = find_user(order, trace)
        except (urllib.error.URLError, TimeoutError) as error:
            return self.reply(502, {"error": f"users: {error}"})
        answer = {"order": order, "version": VERSION, "user": user, "trace": trace and trace.split("-")[1]}
        return self.reply(200, answer)

    def reply(self, status, answer):
        body = (json.dumps(answer) + "\n").encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def find_user(order, trace):
    # urllib reads `http_proxy`, which the sidecar has set: that is all it takes to be discovered and split.
    call = urllib.request.Request(f"http://users.mesh/users/{order}")
    # And this is all it takes to be traced: what came in as `traceparent` goes out again.
    if trace:
        call.add_header("traceparent", trace)
    with urllib.request.urlopen(call, timeout=2) as answer:
        return json.load(answer)


ThreadingHTTPServer(("127.0.0.1", PORT), Orders).serve_forever()
