# SPDX-License-Identifier: Apache-2.0
"""TCP, UDP, UNIX sockets, an HTTP server and client, selectors."""
import hashlib
import http.server
import os
import selectors
import socket
import socketserver
import threading
import urllib.request


class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128


with Server(("127.0.0.1", 0), Echo) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    data = bytes(range(256)) * 8192
    with socket.create_connection(server.server_address) as s:
        threading.Thread(target=s.sendall, args=(data,)).start()
        got = b""
        while len(got) < len(data):
            got += s.recv(1 << 16)
    print(hashlib.sha256(got).hexdigest())
    many = [socket.create_connection(server.server_address) for _ in range(50)]
    for i, s in enumerate(many):
        s.sendall(b"%d" % i)
    print(sum(int(s.recv(10)) for s in many))
    server.shutdown()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = self.path.encode() * 100
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *a):
        pass


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    print([len(urllib.request.urlopen(f"{url}/{'x' * i}", timeout=10).read()) for i in range(20)])
    server.shutdown()
a = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
a.bind(("127.0.0.1", 0))
a.sendto(b"datagram", a.getsockname())
print(a.recvfrom(100)[0])
a.settimeout(0.05)
try:
    a.recv(1)
except socket.timeout:
    print("time-out")
left, right = socket.socketpair()
left.sendmsg([b"one", b"two"])
print(right.recvmsg(100)[0])
r, w = os.pipe()
socket.send_fds(left, [b"fd"], [w])
message, fds, _, _ = socket.recv_fds(right, 10, 1)
os.write(fds[0], b"through")
print(message, os.read(r, 10))
selector = selectors.DefaultSelector()
for i in range(20):
    x, y = socket.socketpair()
    selector.register(x, selectors.EVENT_READ, i)
    if i % 3 == 0:
        y.send(b"!")
    globals()[f"keep{i}"] = (x, y)
print(type(selector).__name__, sorted(key.data for key, _ in selector.select(1)))
print(socket.inet_ntoa(socket.inet_aton("10.1.2.3")), socket.getservbyname("http") if os.path.exists("/etc/services") else 80)
print(socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)[0][4])
print("done")
