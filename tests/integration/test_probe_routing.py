"""Middleware, hooks, patterns, error pages and what a request says about its client, over the wire."""

from __future__ import annotations

import json
import unittest
from itertools import product

from probeserver import ProbeTestCase
from quernserver import wait_until
from rawhttp import RawConnection, Response


class MiddlewareAndHooks(ProbeTestCase):
    def test_middleware_wraps_from_the_outside_in(self) -> None:
        self.assertEqual(self.get("/probe/wrapped").values("x-trace"),
                         ["outer-in", "inner-in", "own-in", "handler", "own-out", "inner-out", "outer-out"])

    def test_middleware_ends_a_request(self) -> None:
        locked = self.get("/probe/guarded/room")
        self.assertEqual((locked.status, locked.body), (401, b"locked\n"))
        opened = self.get("/probe/guarded/room", "X-Key: open\r\n")
        self.assertEqual((opened.status, opened.body), (200, b"the key was seen"))

    def test_the_middleware_of_a_group_is_for_its_handlers_only(self) -> None:
        for method, target, status in (("GET", "/probe/guarded/none", 404), ("POST", "/probe/guarded/room", 405),
                                       ("OPTIONS", "/probe/guarded/room", 204), ("HEAD", "/probe/guarded/room", 401)):
            with self.subTest(method, target=target):
                with RawConnection(self.quern.address) as client:
                    response = client.request(method, target)
                self.assertEqual((response.status, response.header("x-generated")), (status, str(status)))

    def test_an_options_route_answers_preflights(self) -> None:
        client = self.connect()
        # It is a handler like others: the middleware of its group runs around it.
        self.assertEqual(client.request("OPTIONS", "/probe/shared/thing").status, 401)
        response = client.request("OPTIONS", "/probe/shared/thing", headers="X-Key: open\r\n")
        self.assertEqual((response.status, response.header("access-control-allow-methods"), response.header("allow")),
                         (204, "GET, POST", None))
        self.assertEqual(response.header("x-generated"), "204")
        self.assertEqual(client.request("POST", "/probe/shared/thing").header("allow"), "GET, HEAD, OPTIONS")
        self.assertEqual(client.request("POST", "/probe/shared/none").header("allow"), "OPTIONS")

    def test_middleware_defers(self) -> None:
        response = self.get("/probe/deferring")
        self.assertEqual((response.status, response.header("x-deferred"), response.body), (200, "yes", b"in the end\n"))

    def test_a_deferred_request_that_middleware_drops_is_500(self) -> None:
        self.assertEqual(self.get("/probe/abandoned").status, 500)

    def test_a_hook_changes_what_the_route_is_looked_up_by(self) -> None:
        facts = self.get_json("/nowhere", "X-Set-Method: PUT\r\nX-Set-Target: /probe/facts?a=b\r\n")
        self.assertEqual((facts["method"], facts["route"], facts["url"]),
                         ("PUT", "facts", "http://test/probe/facts?a=b"))

    def test_a_hook_cannot_lead_where_no_client_may_go(self) -> None:
        for target in ("/probe/../facts", "/probe/%zz", "/probe/a%00b", "/probe/tree/%2e%2e"):
            self.assertEqual(self.get("/nowhere", f"X-Set-Target: {target}\r\n").status, 500, target)

    def test_middleware_that_says_nothing_is_no_success(self) -> None:
        for target, status in (("/probe/silent", 500), ("/probe/silent?end", 200), ("/probe/silent?field", 200)):
            self.assertEqual(self.get(target).status, status, target)

    def test_a_hook_ends_a_request(self) -> None:
        for target in ("/probe/quick", "/nowhere"):
            response = self.get(target, "X-End: now\r\n")
            self.assertEqual((response.status, response.body), (403, b"ended by the hook\n"))

    def test_every_answer_passes_the_generated_hook(self) -> None:
        for target, status in (("/probe/quick", 200), ("/nowhere", 404), ("/probe/digest", 405),
                               ("/probe/throwing", 500), ("/probe/stream", 200), ("/probe/guarded/room", 401)):
            with self.subTest(target):
                response = self.get(target)
                self.assertEqual((response.status, response.header("x-generated")), (status, str(status)))

    def test_a_hook_gives_errors_a_page(self) -> None:
        response = self.get("/nowhere", "X-Set-Page: our own\r\n")
        self.assertEqual((response.status, response.values("content-type"), response.body),
                         (404, ["text/x-page"], b"our own"))

    def test_error_pages_have_one_content_type_whatever_hooks_set(self) -> None:
        settings = ("X-Set-Type", "X-Set-Type-Early")
        for target, field in product(("/nowhere", "/probe/digest", "/probe/throwing", "/probe/abandoned"), settings):
            for accept in ("text/html", "application/json", "text/plain"):
                with self.subTest(target, field=field, accept=accept):
                    response = self.get(target, f"{field}: image/png\r\nAccept: {accept}\r\n")
                    self.assertGreaterEqual(response.status, 400)
                    self.assertEqual(len(response.values("content-type")), 1, response.fields)
                    self.assertEqual(len(response.values("cache-control")), 1, response.fields)
                    self.assertNotEqual(response.header("content-type"), "image/png")
                    if accept == "application/json":
                        json.loads(response.body)

    def test_the_cleaner_runs_once_for_each_request(self) -> None:
        targets = ("/probe/quick", "/nowhere", "/probe/throwing", "/probe/stream?n=3", "/probe/deferring",
                   "/probe/guarded/room")
        for number, target in enumerate(targets, 1):
            with self.subTest(target):
                self.get(target, "X-Count: 1\r\n")
                self.wait_noted("cleaned", str(number))

    def test_the_cleaner_runs_when_the_client_has_gone(self) -> None:
        client = self.connect()
        client.send(b"GET /probe/late?ms=60000 HTTP/1.1\r\nHost: test\r\nX-Count: 1\r\n\r\n")
        self.take_turn()
        # An orderly end would be that of a client that still waits for its answer.
        client.reset()
        self.wait_noted("cleaned", "1")


class Patterns(ProbeTestCase):
    def test_the_most_exact_pattern_wins(self) -> None:
        for path, pattern, name, value in (("/users/5", "/probe/users/:id(\\d+)", "id", "5"),
                                           ("/users/5a", "/probe/users/:name", "name", "5a"),
                                           ("/users/me", "/probe/users/me", "name", ""),
                                           ("/users/%6D%65", "/probe/users/me", "name", ""),
                                           ("/users/a%20b%2Fc", "/probe/users/:name", "name", "a b/c"),
                                           ("/users/%35", "/probe/users/:id(\\d+)", "id", "5"),
                                           ("/tree/a", "/probe/tree/*path", "path", "a"),
                                           ("/tree/a/b%20c/d", "/probe/tree/*path", "path", "a/b c/d")):
            with self.subTest(path):
                answer = self.get_json("/probe" + path)
                self.assertEqual((answer["pattern"], answer[name]), (pattern, value))

    def test_what_fits_no_pattern_is_404(self) -> None:
        for path in ("/users", "/users/", "/users/5/x", "/tree", "/quick/", "/Quick"):
            with self.subTest(path):
                self.assertEqual(self.get("/probe" + path).status, 404)

    def test_named_routes_give_their_paths(self) -> None:
        links = self.get_json("/probe/links")
        self.assertEqual(links["user"], "/probe/users/5")
        self.assertEqual(self.get_json(links["user"])["id"], "5")
        self.assertEqual(self.get_json(links["tree"])["path"], "a b/c")

    def test_other_methods_are_405_with_those_that_there_are(self) -> None:
        with RawConnection(self.quern.address) as client:
            response = client.request("DELETE", "/probe/quick")
            self.assertEqual((response.status, set(response.header("allow").split(", "))),
                             (405, {"GET", "HEAD", "OPTIONS"}))
            response = client.request("OPTIONS", "/probe/form")
            self.assertEqual(set(response.header("allow").split(", ")), {"POST", "OPTIONS"})
            self.assertLess(response.status, 300)


class ErrorDetails(ProbeTestCase):
    def throwing(self, **settings) -> Response:
        self.quern = self.probe(**settings).start()
        return self.get("/probe/throwing", "Accept: text/plain\r\n")

    def test_without_debug_the_reason_is_for_the_log_alone(self) -> None:
        for settings in ({}, {"debug": False}):
            response = self.throwing(**settings)
            self.assertEqual(response.status, 500)
            self.assertNotIn(b"reason of the failure", response.body)
            self.quern.wait_log("the reason of the failure")

    def test_with_debug_the_page_tells_the_reason(self) -> None:
        response = self.throwing(debug=True)
        self.assertEqual(response.status, 500)
        self.assertIn(b"the reason of the failure", response.body)


class TrustedProxies(ProbeTestCase):
    SETTINGS = {"trusted_proxies": ["127.0.0.1"]}

    def facts(self, headers: str) -> dict:
        return self.get_json("/probe/facts", headers)

    def test_without_a_word_of_the_proxy_it_is_the_client(self) -> None:
        facts = self.facts("")
        self.assertEqual((facts["remote"], facts["peer"], facts["secure"], facts["host"]),
                         ("127.0.0.1", "127.0.0.1", False, "test"))

    def test_what_the_proxy_says_is_taken(self) -> None:
        facts = self.facts("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"
                           "X-Forwarded-Host: example.org\r\n")
        self.assertEqual((facts["remote"], facts["peer"], facts["secure"], facts["scheme"], facts["host"]),
                         ("203.0.113.7", "127.0.0.1", True, "https", "example.org"))
        self.assertEqual(facts["url"], "https://example.org/probe/facts")

    def test_the_peer_of_a_unix_socket_has_no_address(self) -> None:
        self.quern = self.probe(trusted_proxies=["unix"])
        path = self.quern.directory / "app.sock"
        self.quern.settings["listen"].append(f"unix:{path}")
        self.quern.write_config()
        self.quern.start()
        for headers, remote in (("X-Forwarded-For: 203.0.113.7\r\n", "203.0.113.7"), ("", "")):
            with RawConnection(str(path)) as client:
                facts = json.loads(client.request("GET", "/probe/facts", headers=headers).body)
            self.assertEqual((facts["remote"], facts["peer"]), (remote, ""))

    def test_the_nearest_address_that_is_no_proxy_is_the_client(self) -> None:
        facts = self.facts("X-Forwarded-For: 198.51.100.1, 203.0.113.7, 127.0.0.1\r\n")
        self.assertEqual(facts["remote"], "203.0.113.7")

    def test_the_port_of_the_proxy_is_part_of_the_host(self) -> None:
        for proto, port, host in (("https", "8443", "example.org:8443"), ("https", "443", "example.org"),
                                  ("http", "80", "example.org"), ("http", "8080", "example.org:8080")):
            with self.subTest(proto=proto, port=port):
                facts = self.facts(f"X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: {proto}\r\n"
                                   f"X-Forwarded-Host: example.org\r\nX-Forwarded-Port: {port}\r\n")
                self.assertEqual((facts["host"], facts["url"]), (host, f"{proto}://{host}/probe/facts"))

    def test_a_host_with_a_port_keeps_it(self) -> None:
        facts = self.facts("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Host: example.org:81\r\n"
                           "X-Forwarded-Port: 8080\r\n")
        self.assertEqual(facts["host"], "example.org:81")

    def test_the_port_belongs_to_the_host_field_too(self) -> None:
        facts = self.facts("X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Port: 8080\r\n")
        self.assertEqual(facts["host"], "test:8080")

    def test_what_the_proxy_does_not_set_is_the_clients_own_word(self) -> None:
        for forged in ("Forwarded: for=198.51.100.1;proto=https;host=evil.example\r\n", "X-Real-IP: 198.51.100.1\r\n",
                       "Forwarded: for=198.51.100.1\r\nX-Real-IP: 198.51.100.1\r\n"):
            for honest in ("X-Forwarded-For: 203.0.113.7\r\n", ""):
                with self.subTest(forged, honest=honest):
                    facts = self.facts(forged + honest)
                    self.assertEqual((facts["remote"], facts["secure"], facts["host"]),
                                     ("203.0.113.7" if honest else "127.0.0.1", False, "test"))

    def test_of_two_that_are_read_the_one_that_names_no_client_is_forged(self) -> None:
        self.quern = self.probe(trusted_proxies=["127.0.0.1"], forwarded_headers=["x-forwarded", "forwarded"]).start()
        for headers in ("X-Forwarded-For: 203.0.113.7\r\nForwarded: proto=https;host=evil.example\r\n",
                        "Forwarded: for=203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.example\r\n"):
            with self.subTest(headers):
                facts = self.facts(headers)
                self.assertEqual((facts["remote"], facts["secure"], facts["host"]), ("203.0.113.7", False, "test"))

    def test_a_chosen_header_is_the_one_that_is_read(self) -> None:
        for family, header in (("forwarded", "Forwarded: for=203.0.113.7\r\nX-Forwarded-For: 198.51.100.1\r\n"),
                               ("x-real-ip", "X-Real-IP: 203.0.113.7\r\nX-Forwarded-For: 198.51.100.1\r\n")):
            with self.subTest(family):
                self.quern = self.probe(trusted_proxies=["127.0.0.1"], forwarded_headers=[family]).start()
                self.assertEqual(self.facts(header)["remote"], "203.0.113.7")


class Strangers(ProbeTestCase):
    def test_a_stranger_is_not_believed(self) -> None:
        for settings in ({}, {"trusted_proxies": ["127.0.0.2"]}):
            self.quern = self.probe(**settings).start()
            facts = self.get_json("/probe/facts", "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"
                                  "X-Forwarded-Host: evil.example\r\nX-Forwarded-Port: 81\r\nX-Real-IP: 203.0.113.7\r\n"
                                  "Forwarded: for=203.0.113.7;proto=https;host=evil.example\r\n")
            self.assertEqual((facts["remote"], facts["peer"], facts["secure"], facts["host"]),
                             ("127.0.0.1", "127.0.0.1", False, "test"))

    def test_one_proxy_is_believed_and_another_is_not(self) -> None:
        self.quern = self.probe(trusted_proxies=["127.0.0.2"]).start()
        for source, remote in (("127.0.0.2", "203.0.113.7"), ("127.0.0.3", "127.0.0.3")):
            client = self.connect(source=source)
            facts = json.loads(client.request("GET", "/probe/facts", headers="X-Forwarded-For: 203.0.113.7\r\n").body)
            self.assertEqual((facts["remote"], facts["peer"]), (remote, source))


class ConnectionsOfOneAddress(ProbeTestCase):
    SETTINGS = {"max_conn_per_ip": 2, "trusted_proxies": ["127.0.0.9"]}

    def test_more_than_allowed_are_503_until_one_closes(self) -> None:
        first, second = (self.connect(source="127.0.0.2") for _ in range(2))
        for client in (first, second):
            self.assertEqual(client.request("GET", "/probe/quick").status, 200)
        self.assertEqual(self.connect(source="127.0.0.2").response().status, 503)
        self.assertEqual(self.connect(source="127.0.0.3").request("GET", "/probe/quick").status, 200)
        first.close()

        def has_room() -> bool:
            with RawConnection(self.quern.address, source="127.0.0.2") as client:
                try:
                    return client.request("GET", "/probe/quick").status == 200
                except OSError:
                    return False

        wait_until(has_room, "room for another connection")

    def test_a_trusted_proxy_may_have_more(self) -> None:
        for _ in range(4):
            self.assertEqual(self.connect(source="127.0.0.9").request("GET", "/probe/quick").status, 200)


if __name__ == "__main__":
    unittest.main()
