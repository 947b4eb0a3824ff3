#!/usr/bin/env python3
"""What the end-to-end tests share works from several threads at once."""

import concurrent.futures
import pathlib
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import sandbox  # noqa: E402

THREADS = 8


class OnceTest(unittest.TestCase):
    def test_threads_that_ask_at_the_same_time_share_one_call(self):
        together, overtaken, calls = threading.Barrier(THREADS), threading.Event(), []

        @sandbox.once
        def program():
            calls.append(threading.get_ident())
            overtaken.wait(0.2)  # nobody sets it: time for the others to come in as well
            return len(calls)

        def ask(_):
            together.wait()
            return program()

        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            self.assertEqual(list(pool.map(ask, range(THREADS))), [1] * THREADS)


if __name__ == "__main__":
    unittest.main()
