#!/usr/bin/env python3
"""The delay proxy: adds its round trip, keeps order and bytes, and does not throttle."""

import hashlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
import unittest

PROXY = pathlib.Path(__file__).parents[1] / "support" / "delayproxy" / "delayproxy"
RTT = 0.040


def serve_once(handle):
    """A listener that runs handle(connection) for every connection, each in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))

    def loop():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=run, args=(connection,), daemon=True).start()

    def run(connection):
        with connection:
            handle(connection)

    threading.Thread(target=loop, daemon=True).start()
    return listener


def echo(connection):
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while data := connection.recv(1 << 18):
        connection.sendall(data)


class DelayProxyTest(unittest.TestCase):
    def through_proxy(self, handle):
        """A connection to handle() through a proxy of RTT."""
        listener = serve_once(handle)
        self.addCleanup(listener.close)
        process = subprocess.Popen(
            [sys.executable, PROXY, "--target", "127.0.0.1:%d" % listener.getsockname()[1], "--rtt-ms", str(RTT * 1000)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        self.addCleanup(self.end, process)
        self.proxy = process
        port = int(process.stdout.readline())
        self.idle_sockets = 0
        self.idle_sockets = self.sockets_of_proxy() - 1  # asyncio keeps a pair of its own beside the listener
        client = socket.create_connection(("127.0.0.1", port), timeout=30)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.addCleanup(client.close)
        return client

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 0, errors)
        self.assertNotIn("Traceback", errors)
        self.assertIn("1 connections", errors)

    def receive(self, client, count):
        parts = []
        while count > 0:
            data = client.recv(min(count, 1 << 18))
            self.assertTrue(data, "the connection ended early")
            parts.append(data)
            count -= len(data)
        return b"".join(parts)

    def test_adds_one_round_trip_to_every_exchange_and_one_to_the_first(self):
        client = self.through_proxy(echo)
        begin = time.monotonic()
        client.sendall(b"first")
        self.receive(client, 5)
        self.assertGreaterEqual(time.monotonic() - begin, 2 * RTT - 0.002)  # handshake and exchange
        exchanges = []
        for _ in range(30):
            begin = time.monotonic()
            client.sendall(b"x")
            self.receive(client, 1)
            exchanges.append(time.monotonic() - begin)
        self.assertGreaterEqual(min(exchanges), RTT)
        self.assertLess(min(exchanges), 2 * RTT)  # the least of many: a busy machine delays some of them

    def test_pipelined_pieces_overlap_and_stay_in_order(self):
        client = self.through_proxy(echo)
        client.sendall(b"warm")
        self.receive(client, 4)
        begin = time.monotonic()
        for number in range(50):
            client.sendall(b"%04d" % number)
            time.sleep(0.001)  # pieces of their own, 50 of them within the delay
        self.assertEqual(self.receive(client, 200), b"".join(b"%04d" % n for n in range(50)))
        self.assertLess(time.monotonic() - begin, 50 * RTT)  # what one after the other would take

    def test_carries_many_pieces_at_once_unchanged(self):
        size = 64 << 20
        piece = 256 << 10  # what the proxy reads at a time
        block = os.urandom(1 << 20)
        wanted = hashlib.sha256(block * (size >> 20)).hexdigest()
        client = self.through_proxy(echo)

        def send():
            for _ in range(size >> 20):
                client.sendall(block)

        begin = time.monotonic()
        threading.Thread(target=send, daemon=True).start()
        received = hashlib.sha256(self.receive(client, size)).hexdigest()
        seconds = time.monotonic() - begin
        self.assertEqual(received, wanted)
        self.assertLess(seconds, size // piece * RTT)  # what one piece after the other would take

    def test_half_close_lets_the_answer_through(self):
        def answer_at_the_end(connection):
            count = 0
            while data := connection.recv(1 << 16):
                count += len(data)
            connection.sendall(b"got %d" % count)

        client = self.through_proxy(answer_at_the_end)
        client.sendall(b"a" * 1000)
        client.shutdown(socket.SHUT_WR)
        answer = b""
        while data := client.recv(100):
            answer += data
        self.assertEqual(answer, b"got 1000")
        client.close()
        deadline = time.monotonic() + 5
        while self.sockets_of_proxy() > 1:  # the listener stays
            self.assertLess(time.monotonic(), deadline, "an ended connection still holds a socket")
            time.sleep(0.01)

    def sockets_of_proxy(self):
        descriptors = pathlib.Path(f"/proc/{self.proxy.pid}/fd")
        names = []
        for entry in descriptors.iterdir():
            try:
                names.append(os.readlink(entry))
            except FileNotFoundError:  # closed since the listing
                pass
        return sum(name.startswith("socket:") for name in names) - self.idle_sockets


if __name__ == "__main__":
    unittest.main()
