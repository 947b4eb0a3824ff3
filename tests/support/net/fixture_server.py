#!/usr/bin/env python3
"""A server that misbehaves on request, for the transport's tests.

usage: fixture_server.py FOLDER

Makes a certificate authority and certificates in FOLDER with the openssl command, opens one listener per name below,
prints one JSON line {"ports": {name: port}} and serves until standard input is closed.

  good        certificate for 127.0.0.1 and localhost
  expired     certificate that ended in 2021
  wrong_name  certificate for api.example only, which the addresses used here do not match
  stranger    certificate of an authority the client does not know
  mutual      asks for a client certificate and requires one
  plain       http without TLS
  proxy       an HTTP proxy: CONNECT only; 407 for hosts named "forbidden.example"
  silent      accepts connections and never says a word
  chatty      speaks first, and no TLS

The request's path chooses the behaviour; see `answer`. GET /log on `good` returns every request line and
Authorization header seen so far by any listener.
"""
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
import time

folder = sys.argv[1]
log = []

CONFIG = """[req]
distinguished_name=n
[n]
[ca]
default_ca=past
[past]
database=past.txt
new_certs_dir=.
serial=past.serial
default_md=sha256
policy=p
[p]
commonName=supplied
[ca_ext]
basicConstraints=critical,CA:true
[address]
subjectAltName=IP:127.0.0.1,DNS:localhost
[name]
subjectAltName=DNS:api.example
"""


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def make_key(name):
    openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", name + ".key")


def make_ca(name):
    make_key(name)
    openssl("req", "-x509", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-days", "2", "-config", "c.cnf",
            "-extensions", "ca_ext", "-out", name + ".crt")


def make_certificate(name, authority, extensions):
    make_key(name)
    openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-config", "c.cnf", "-out", name + ".csr")
    if name == "expired":
        openssl("ca", "-batch", "-notext", "-config", "c.cnf", "-in", name + ".csr", "-cert", authority + ".crt",
                "-keyfile", authority + ".key", "-extensions", extensions, "-startdate", "20210101000000Z", "-enddate",
                "20210102000000Z", "-out", name + ".crt")
    else:
        openssl("x509", "-req", "-in", name + ".csr", "-CA", authority + ".crt", "-CAkey", authority + ".key",
                "-CAcreateserial", "-days", "2", "-extfile", "c.cnf", "-extensions", extensions, "-out", name + ".crt")


def make_certificates():
    with open(os.path.join(folder, "c.cnf"), "w", encoding="ascii") as file:
        file.write(CONFIG)
    open(os.path.join(folder, "past.txt"), "w", encoding="ascii").close()
    with open(os.path.join(folder, "past.serial"), "w", encoding="ascii") as file:
        file.write("01\n")
    make_ca("trusted")
    make_ca("unknown")
    make_certificate("good", "trusted", "address")
    make_certificate("expired", "trusted", "address")
    make_certificate("wrong_name", "trusted", "name")
    make_certificate("stranger", "unknown", "address")
    make_certificate("client", "trusted", "address")


def read_request(stream):
    line = stream.readline().decode("latin-1").strip()
    headers = {}
    while True:
        header = stream.readline().decode("latin-1").strip()
        if not header:
            break
        key, _, value = header.partition(":")
        headers[key.strip().lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", "0")))
    return line, headers, body


def simple(status, body=b"", extra=()):
    head = "HTTP/1.1 %s\r\nContent-Length: %d\r\n" % (status, len(body))
    return (head + "".join(line + "\r\n" for line in extra) + "\r\n").encode() + body


def answer(connection, line, headers, body):
    """Sends the answer; False closes the connection."""
    method, path = line.split(" ")[:2]
    send = connection.sendall
    chunked = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    if path.endswith("/log"):
        send(simple("200 OK", json.dumps(log).encode()))
    elif "/echo" in path:
        text = {"method": method, "path": path, "headers": headers, "body": body.decode()}
        send(simple("200 OK", json.dumps(text).encode(), ["Content-Type: application/json; charset=utf-8"]))
    elif "/status/" in path:
        send(simple(path.rsplit("/", 1)[1] + " Because", b"said so"))
    elif "/redirect" in path:
        send(simple("302 Found", b"", ["Location: " + headers.get("x-to", "https://127.0.0.1:1/")]))
    elif "/cut-length" in path:
        send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        return False
    elif "/cut-chunk" in path:
        send(chunked + b"5\r\nhello\r\n")
        return False
    elif "/bad-chunk" in path:
        send(chunked + b"zz\r\nhello\r\n0\r\n\r\n")
        return False
    elif "/unframed" in path:
        send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end")
        return False
    elif "/drop-once" in path:
        # The connection dies under a request, once; only a repetition on a new one can succeed.
        if sum(1 for entry in log if "/drop-once" in entry["line"]) > 1:
            send(simple("200 OK", b"second try"))
            return True
        return False
    elif "/drop" in path:
        return False
    elif "/slow" in path:
        time.sleep(5)
        send(simple("200 OK", b"late"))
    elif "/big" in path:
        send(simple("200 OK", b"x" * 100000))
    elif "/many-headers" in path:
        send(simple("200 OK", b"", ["X-Filler-%d: %s" % (i, "y" * 4000) for i in range(80)]))
    elif "/not-http" in path:
        send(b"SSH-2.0-OpenSSH\r\n\r\n")
        return False
    elif "/stream" in path:
        send(chunked)
        for part in (b"one\n", b"two\n", b"three\n"):
            send(b"%x\r\n%s\r\n" % (len(part), part))
            time.sleep(0.05)
        send(b"0\r\n\r\n")
    elif "/endless" in path:
        send(chunked + b"4\r\none\n\r\n")
        time.sleep(30)
    else:
        send(simple("200 OK", b"fine"))
    return True


def serve(connection):
    try:
        stream = connection.makefile("rb")
        while True:
            line, headers, body = read_request(stream)
            if not line:
                break
            log.append({"line": line, "authorization": headers.get("authorization", "")})
            if not answer(connection, line, headers, body):
                break
    except (OSError, ValueError):
        pass
    finally:
        try:
            connection.close()
        except OSError:
            pass


def pump(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except OSError:
        pass
    finally:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def serve_proxy(connection):
    line, _, _ = read_request(connection.makefile("rb", buffering=0))
    log.append({"line": line, "authorization": ""})
    target = line.split(" ")[1]
    if target.startswith("forbidden.example"):
        connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
        connection.close()
        return
    port = int(target.rsplit(":", 1)[1])
    upstream = socket.create_connection(("127.0.0.1", port))
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    threading.Thread(target=pump, args=(connection, upstream), daemon=True).start()
    pump(upstream, connection)


def hang_up(connection):
    """Closes after reading to the end: closing with bytes unread would reset the connection, and the client could
    lose the TLS alert that says why."""
    try:
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    except (OSError, ValueError):
        pass
    connection.close()


def listen(handler, context=None):
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def secured(connection):
        try:
            if context:
                connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                connection.do_handshake()
            handler(connection)
        except (OSError, ValueError, IndexError):
            hang_up(connection)

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=secured, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def context_for(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(folder, name + ".crt"), os.path.join(folder, name + ".key"))
    return context


def main():
    make_certificates()
    ports = {name: listen(serve, context_for(name)) for name in ("good", "expired", "wrong_name", "stranger")}
    mutual = context_for("good")
    mutual.verify_mode = ssl.CERT_REQUIRED
    mutual.load_verify_locations(os.path.join(folder, "trusted.crt"))
    ports["mutual"] = listen(serve, mutual)
    ports["plain"] = listen(serve)
    ports["proxy"] = listen(serve_proxy)
    ports["silent"] = listen(lambda connection: time.sleep(3600))
    ports["chatty"] = listen(lambda connection: (connection.sendall(b"220 ready\r\n" * 100), connection.close()))
    print(json.dumps({"ports": ports}), flush=True)
    sys.stdin.read()
    os._exit(0)


main()
