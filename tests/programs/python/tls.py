# SPDX-License-Identifier: Apache-2.0
"""TLS over a socketpair and over TCP, with a certificate that is checked."""
import hashlib
import socket
import ssl
import sys
import threading

certificate = sys.argv[1]
server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server_context.load_cert_chain(certificate)
client_context = ssl.create_default_context(cafile=certificate)


def serve(raw):
    with server_context.wrap_socket(raw, server_side=True) as s:
        total = hashlib.sha256()
        while data := s.recv(1 << 16):
            total.update(data)
            s.sendall(data[:10])
            if data.endswith(b"END"):
                s.sendall(total.digest())
                break


for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
    client_context.maximum_version = version
    left, right = socket.socketpair()
    thread = threading.Thread(target=serve, args=(right,))
    thread.start()
    with client_context.wrap_socket(left, server_hostname="localhost") as s:
        print(s.version(), s.getpeercert()["subject"])
        data = b"payload" * 50000 + b"END"
        sender = threading.Thread(target=s.sendall, args=(data,))
        sender.start()
        got = b""
        while not got.endswith(hashlib.sha256(data).digest()):
            piece = s.recv(65536)
            if not piece:
                break
            got += piece
        sender.join()
        print(got.endswith(hashlib.sha256(data).digest()))
    thread.join()
try:
    left, right = socket.socketpair()
    threading.Thread(target=lambda: server_context.wrap_socket(right, server_side=True, suppress_ragged_eofs=True), daemon=True).start()
    threading.excepthook = lambda a: None
    ssl.create_default_context().wrap_socket(left, server_hostname="localhost")
except ssl.SSLError as e:
    print(e.reason)
print(len(ssl.RAND_bytes(32)), ssl.OPENSSL_VERSION.split()[0])
print("done")
