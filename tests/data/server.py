#!/usr/bin/env python3
"""A file server on this machine with every fault that a download meets.

    tests/data/server.py FOLDER

Listens on a free port of 127.0.0.1, prints the port, and ends when its standard input
does. The first part of a path says how the server behaves, the last names a file in
FOLDER: http://127.0.0.1:PORT/WAY/NAME. /log answers with one line for each request so
far: the path and the range that was asked for.
"""
import http.server
import pathlib
import sys
import threading
import time
import urllib.parse


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder, log, seen = None, [], {}

    def log_message(self, *arguments):
        pass

    def first_time(self):
        self.seen[self.path] = self.seen.get(self.path, 0) + 1
        return self.seen[self.path] == 1

    def answer(self, code, body, *headers, length=None, chunk=None):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        if length != "none":
            self.send_header("Content-Length", str(len(body) if length is None else length))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        if length is not None:
            self.close_connection = True

    def start(self, size):
        """Where the asked range begins, or None."""
        asked = self.headers.get("Range")
        return None if asked is None else min(int(asked[len("bytes="):].rstrip("-")), size)

    def good(self, data):
        start = self.start(len(data))
        if start is None:
            return self.answer(200, data)
        if start >= len(data):
            return self.answer(416, b"", ("Content-Range", f"bytes */{len(data)}"))
        return self.answer(206, data[start:],
                           ("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}"))

    def no_range(self, data):
        self.answer(200, data)

    def cut(self, data):
        """Breaks off in the middle the first time."""
        if self.first_time():
            return self.answer(200, data[:len(data) // 2], length=len(data))
        return self.good(data)

    def cut_silently(self, data):
        """The same without a length: the end of the connection is all there is."""
        if self.first_time():
            return self.answer(200, data[:len(data) // 2], length="none")
        return self.good(data)

    def cut_always(self, data):
        """Breaks off at the same place every time, and knows no ranges."""
        self.answer(200, data[:len(data) // 2], length=len(data))

    def wrong(self, data):
        self.good(bytes([data[0] ^ 1]) + data[1:])

    def short(self, data):
        self.good(data[:-7])

    def long(self, data):
        self.good(data + b"more")

    def endless(self, data):
        """Far more than promised, without a length."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for _ in range(1000):
                self.wfile.write(data)
        except OSError:
            pass
        self.close_connection = True

    def shifted(self, data):
        """Another range than the one asked for."""
        if self.start(len(data)) is None:
            return self.answer(200, data)
        return self.answer(206, data[3:], ("Content-Range", f"bytes 3-{len(data) - 1}/{len(data)}"))

    def busy(self, data):
        if self.first_time():
            return self.answer(503, b"busy")
        return self.good(data)

    def broken(self, data):
        self.answer(500, b"broken")

    def moved(self, data):
        self.answer(302, b"", ("Location", "/good/" + self.path.rsplit("/", 1)[1]))

    def round(self, data):
        self.answer(302, b"", ("Location", self.path))

    def to_file(self, data):
        self.answer(302, b"", ("Location", "file:///etc/passwd"))

    def slow(self, data):
        """Half of the file, and then nothing."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:len(data) // 2])
        self.wfile.flush()
        time.sleep(60)
        self.close_connection = True

    def do_GET(self):
        way, _, name = urllib.parse.unquote(self.path)[1:].partition("/")
        if way == "log":
            return self.answer(200, "\n".join(self.log).encode())
        self.log.append(f"{self.path} {self.headers.get('Range', '-')}")
        path = self.folder / name
        if not name or not path.is_file() or not hasattr(self, way):
            return self.answer(404, b"no such file")
        return getattr(self, way)(path.read_bytes())


def serve(folder):
    """Starts a server in the background; returns it, with its port as server_port."""
    handler = type("Served", (Handler,), {"folder": pathlib.Path(folder), "log": [], "seen": {}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


if __name__ == "__main__":
    print(serve(sys.argv[1]).server_port, flush=True)
    sys.stdin.read()
