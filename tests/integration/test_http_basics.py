"""What any HTTP client may expect of the server, over TCP, IPv6 and Unix sockets."""

from __future__ import annotations

import json
import re
import unittest

from ports import has_ipv6, reserve_port
from quernserver import QuernTestCase
from rawhttp import RawConnection, request_bytes


class Requests(QuernTestCase):
    def setUp(self) -> None:
        self.quern = self.serve()
        self.client = RawConnection(self.quern.address)
        self.addCleanup(self.client.close)

    def test_the_front_page_is_html(self) -> None:
        response = self.client.request("GET", "/")
        self.assertEqual(response.status, 200)
        self.assertRegex(response.header("content-type"), "^text/html")
        self.assertIn(b"</html>", response.body)

    def test_a_path_parameter_reaches_the_handler(self) -> None:
        response = self.client.request("GET", "/hello/bar")
        self.assertEqual(response.status, 200)
        self.assertRegex(response.header("content-type"), "^application/json")
        self.assertEqual(json.loads(response.body), {"hello": "bar"})

    def test_a_path_parameter_is_decoded_once(self) -> None:
        response = self.client.request("GET", "/hello/caf%C3%A9%2520x")
        self.assertEqual(json.loads(response.body), {"hello": "café%20x"})

    def test_json_is_an_object(self) -> None:
        response = self.client.request("GET", "/json")
        self.assertEqual(response.status, 200)
        self.assertIsInstance(json.loads(response.body), dict)

    def test_date_is_an_imf_fixdate(self) -> None:
        response = self.client.request("GET", "/hello/bar")
        self.assertRegex(response.header("date"), r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} "
                                                  r"\d\d:\d\d:\d\d GMT$")

    def test_head_has_the_length_and_no_body(self) -> None:
        get = self.client.request("GET", "/hello/bar")
        head = self.client.request("HEAD", "/hello/bar")
        self.assertEqual(head.status, 200)
        self.assertEqual(head.header("content-length"), get.header("content-length"))
        # A body would be read as the start of this answer.
        self.assertEqual(self.client.request("GET", "/hello/bar").body, get.body)

    def test_an_unknown_path_is_404(self) -> None:
        self.assertEqual(self.client.request("GET", "/no/such/path").status, 404)
        self.assertEqual(self.client.request("GET", "/hello/bar").status, 200)

    def test_another_method_is_405_with_allow(self) -> None:
        response = self.client.request("DELETE", "/hello/bar")
        self.assertEqual(response.status, 405)
        allowed = {word.strip() for word in response.header("allow").split(",")}
        self.assertLessEqual({"GET", "HEAD"}, allowed)
        self.assertNotIn("POST", allowed)

    def test_a_body_with_length_comes_back(self) -> None:
        for size in (0, 1, 1000, 65536, 1024 * 1024):
            body = bytes(at % 251 for at in range(size))
            response = self.client.request("POST", "/echo", body, "Content-Type: application/x-test\r\n")
            self.assertEqual(response.status, 200, size)
            self.assertEqual(response.body, body, size)
            self.assertEqual(response.header("content-type"), "application/x-test")

    def test_a_chunked_body_comes_back(self) -> None:
        head = "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.client.send(head.encode() + b"5\r\nhello\r\n1;note=x\r\n \r\n5\r\nworld\r\n0\r\nTrailer: t\r\n\r\n")
        self.assertEqual(self.client.response("POST").body, b"hello world")
        self.assertEqual(self.client.request("GET", "/hello/bar").status, 200)

    def test_a_big_answer_arrives_whole(self) -> None:
        response = self.client.request("GET", "/bytes/3000000")
        self.assertEqual(len(response.body), 3_000_000)

    def test_a_handler_that_throws_is_500_and_the_worker_lives(self) -> None:
        workers = self.quern.wait_workers()
        self.assertEqual(self.client.request("GET", "/throw").status, 500)
        self.assertEqual(self.client.request("GET", "/hello/bar").status, 200)
        self.assertEqual(self.quern.workers(), workers)

    def test_an_asynchronous_answer_occupies_no_worker(self) -> None:
        later = [RawConnection(self.quern.address) for _ in range(8)]
        for client in later:
            self.addCleanup(client.close)
            client.send(request_bytes("GET", "/later?ms=700"))
        self.assertEqual(self.client.request("GET", "/hello/bar").status, 200)
        self.assertEqual([client.response().status for client in later], [200] * 8)


class Connections(QuernTestCase):
    def setUp(self) -> None:
        self.quern = self.serve()
        self.client = RawConnection(self.quern.address)
        self.addCleanup(self.client.close)

    def test_one_connection_serves_many_requests(self) -> None:
        for number in range(500):
            response = self.client.request("GET", f"/hello/{number}")
            self.assertEqual(json.loads(response.body), {"hello": str(number)})
            self.assertTrue(response.keep_alive)

    def test_pipelined_answers_keep_their_order(self) -> None:
        self.client.send(b"".join(request_bytes("GET", f"/hello/{number}") for number in range(200)))
        answers = [json.loads(self.client.response().body)["hello"] for _ in range(200)]
        self.assertEqual(answers, [str(number) for number in range(200)])

    def test_a_pipelined_slow_answer_keeps_its_place(self) -> None:
        self.client.send(request_bytes("GET", "/hello/first") + request_bytes("GET", "/later?ms=300")
                         + request_bytes("POST", "/echo", b"third") + request_bytes("HEAD", "/hello/fourth")
                         + request_bytes("GET", "/hello/fifth"))
        self.assertEqual(json.loads(self.client.response().body), {"hello": "first"})
        self.assertEqual(self.client.response().status, 200)
        self.assertEqual(self.client.response("POST").body, b"third")
        self.assertEqual(self.client.response("HEAD").body, b"")
        self.assertEqual(json.loads(self.client.response().body), {"hello": "fifth"})

    def test_a_request_may_come_byte_by_byte(self) -> None:
        for at in request_bytes("POST", "/echo", b"slowly"):
            self.client.send(bytes([at]))
        self.assertEqual(self.client.response("POST").body, b"slowly")

    def test_connection_close_is_honoured(self) -> None:
        response = self.client.request("GET", "/hello/bar", headers="Connection: close\r\n")
        self.assertEqual(response.status, 200)
        self.assertFalse(response.keep_alive)
        self.assertTrue(self.client.is_closed())

    def test_http_1_0_closes(self) -> None:
        self.client.send(b"GET /hello/bar HTTP/1.0\r\n\r\n")
        response = self.client.response()
        self.assertEqual(response.status, 200)
        self.assertIsNone(response.header("transfer-encoding"))
        self.assertTrue(self.client.is_closed())

    def test_http_1_0_stays_when_asked(self) -> None:
        for _ in range(2):
            self.client.send(b"GET /hello/bar HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            response = self.client.response()
            self.assertEqual(response.status, 200)
            self.assertEqual(response.header("connection").lower(), "keep-alive")

    def test_expect_is_answered_before_the_body(self) -> None:
        self.client.send(b"POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        self.assertEqual(self.client.interim().split(b"\r\n")[0], b"HTTP/1.1 100 Continue")
        self.client.send(b"body")
        response = self.client.response("POST")
        self.assertEqual((response.interim, response.status, response.body), ([100], 200, b"body"))

    def test_a_half_closed_client_still_gets_its_answer(self) -> None:
        self.client.send(request_bytes("GET", "/later?ms=100"))
        self.client.socket.shutdown(1)
        self.assertEqual(self.client.response().status, 200)


class Listeners(QuernTestCase):
    def test_ipv4_ipv6_and_unix_listeners_serve_alike(self) -> None:
        quern = self.server()
        ipv6_port = reserve_port()
        unix_path = str(quern.directory / "app.sock")
        addresses = {quern.settings["listen"][0]: quern.address, f"[::1]:{ipv6_port}": ("::1", ipv6_port),
                     f"unix:{unix_path}": unix_path}
        quern.settings["listen"] = list(addresses)
        quern.write_config()
        if not has_ipv6():
            # As in many containers. The refusal names the address, and the others are served without it.
            self.assert_exit(quern.command("start"), 1, re.escape(f"[::1]:{ipv6_port}"))
            del addresses[f"[::1]:{ipv6_port}"]
            quern.settings["listen"] = list(addresses)
            quern.write_config()
        quern.start()
        for address in addresses.values():
            with self.subTest(address), RawConnection(address) as client:
                self.assertEqual(json.loads(client.request("GET", "/hello/bar").body), {"hello": "bar"})
                self.assertEqual(client.request("POST", "/echo", b"x" * 100_000).body, b"x" * 100_000)
        quern.stop()


if __name__ == "__main__":
    unittest.main()
