"""The weighted router: what is drawn is what runs, in each of its modes."""

import json
import unittest
from collections import Counter
from http.client import HTTPConnection

from aviary_server import Server, quote
from function_code import python_zip
from sdk_clients import LambdaCase, client_for

NAME = "payment-processor"
FORCE = "X-Aviary-Force-Version"
SAYS_ITS_VERSION = "def handler(event, context):\n    return context.function_version\n"


class Routing(LambdaCase):
    def setUp(self):
        super().setUp()
        self.prepare(self.client)

    def prepare(self, client):
        """Versions 1, 2 and 3, and `prod`, which sends a tenth of its traffic from 1 to 2."""
        self.create(NAME, python_zip(SAYS_ITS_VERSION), client=client, Publish=True)
        for number in (2, 3):
            client.update_function_configuration(FunctionName=NAME, Description=str(number))
            client.publish_version(FunctionName=NAME)
        client.create_alias(FunctionName=NAME, Name="prod", FunctionVersion="1",
                            RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}})

    def weigh(self, weight, version="1", other="2"):
        self.client.update_alias(FunctionName=NAME, Name="prod", FunctionVersion=version,
                                 RoutingConfig={"AdditionalVersionWeights": {other: weight}})

    def drawn(self, count, qualifier="prod", headers=None, server=None, payload=lambda number: b"{}"):
        """The versions that `count` invokes met, by X-Amz-Executed-Version; each says the same of itself."""
        server = server or self.server
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        versions = []
        for number in range(count):
            more = headers(number) if callable(headers) else headers or {}
            answer = server.request("POST", f"/2015-03-31/functions/{NAME}/invocations?Qualifier={quote(qualifier)}",
                                    payload(number), headers=more, connection=connection)
            self.assertEqual(answer.status, 200, answer)
            executed = answer.headers["x-amz-executed-version"]
            self.assertEqual(answer.json(), executed, "what was drawn is not what ran")
            versions.append(executed)
        connection.close()
        return versions

    def routes(self, alias=f"{NAME}:prod", **more):
        query = "&".join([f"alias={quote(alias)}"] + [f"{key}={value}" for key, value in more.items()])
        answer = self.server.get(f"/_aviary/routes?{query}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()


class Random(Routing):
    OPTIONS = ("--seed", "7")

    def test_the_split_is_near_the_weight(self):
        """1,000 draws at 10 %: six standard deviations either way."""
        counts = Counter(self.drawn(1000))
        self.assertEqual(set(counts), {"1", "2"})
        self.assertTrue(100 - 57 <= counts["2"] <= 100 + 57, counts)

    def test_none_and_all(self):
        self.weigh(0.0)
        self.assertEqual(Counter(self.drawn(50)), {"1": 50})
        self.weigh(1.0)
        self.assertEqual(Counter(self.drawn(50)), {"2": 50})

    def test_a_version_or_latest_never_draws(self):
        self.assertEqual(self.drawn(10, "1"), ["1"] * 10)
        self.assertEqual(self.drawn(10, "2"), ["2"] * 10)
        self.assertEqual(self.drawn(10, "$LATEST"), ["$LATEST"] * 10)
        self.assertEqual(self.routes()["decisions"], [])

    def test_promote_and_roll_back(self):
        self.client.update_alias(FunctionName=NAME, Name="prod", FunctionVersion="2")
        self.assertEqual(self.drawn(20), ["2"] * 20)
        self.client.update_alias(FunctionName=NAME, Name="prod", FunctionVersion="1")
        self.assertEqual(self.drawn(20), ["1"] * 20)


class Seed(Routing):
    def setUp(self):
        pass

    def test_the_same_seed_repeats_a_run(self):
        runs = []
        for seed in ("42", "42", "43"):
            server = Server("--seed", seed).start()
            try:
                client = client_for(server.endpoint)
                self.prepare(client)
                client.update_alias(FunctionName=NAME, Name="prod", FunctionVersion="1",
                                    RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
                runs.append(self.drawn(64, server=server))
            finally:
                server.stop()
        self.assertEqual(runs[0], runs[1])
        self.assertNotEqual(runs[0], runs[2])


class Exact(Routing):
    OPTIONS = ("--routing", "exact")

    def test_exactly_ten_of_a_hundred(self):
        for _ in range(3):
            self.assertEqual(Counter(self.drawn(100)), {"1": 90, "2": 10})

    def test_every_window_has_its_share_to_within_one(self):
        for weight in (0.1, 0.25, 0.3, 0.5, 0.77):
            self.weigh(weight)
            second = [version == "2" for version in self.drawn(120)]
            for size in (1, 7, 10, 33, 100):
                for start in range(len(second) - size + 1):
                    share = sum(second[start:start + size])
                    self.assertLessEqual(abs(share - size * weight), 1.0 + 1e-9, (weight, size, start))

    def test_a_hundred_after_each_change(self):
        self.weigh(0.5)
        self.assertEqual(Counter(self.drawn(100)), {"1": 50, "2": 50})
        self.weigh(0.01)
        self.assertEqual(Counter(self.drawn(100)), {"1": 99, "2": 1})


class Sticky(Routing):
    OPTIONS = ("--routing", "sticky=header:X-Customer-Id")

    def customers(self, weight):
        self.weigh(weight)
        return dict(enumerate(self.drawn(200, headers=lambda number: {"X-Customer-Id": f"customer-{number}"})))

    def test_the_same_customer_meets_the_same_version(self):
        first = self.customers(0.3)
        self.assertEqual(self.customers(0.3), first)
        self.assertTrue(20 <= list(first.values()).count("2") <= 100, Counter(first.values()))

    def test_growing_a_canary_takes_nobody_out_of_it(self):
        few, many = self.customers(0.1), self.customers(0.5)
        self.assertEqual([number for number, version in few.items() if version == "2" and many[number] != "2"], [])

    def test_a_request_without_the_header_draws(self):
        self.weigh(0.5)
        self.assertEqual(set(self.drawn(60)), {"1", "2"})


class StickyPayload(Routing):
    OPTIONS = ("--routing", "sticky=payload:/customer/id")

    def test_by_a_pointer_into_the_payload(self):
        self.weigh(0.5)

        def payload(number):
            return json.dumps({"customer": {"id": number % 20}, "noise": number}).encode()

        drawn = self.drawn(80, payload=payload)
        for customer in range(20):
            self.assertEqual(len(set(drawn[customer::20])), 1, customer)
        self.assertEqual(set(drawn), {"1", "2"})


class Decisions(Routing):
    OPTIONS = ("--routing", "exact")

    def test_counts_and_shares(self):
        self.drawn(100)
        report = self.routes()
        alias = report["aliases"][0]
        self.assertEqual(len(report["aliases"]), 1)
        self.assertEqual((alias["alias"], alias["mode"], alias["invokes"]), (self.arn(NAME, "prod"), "exact", 100))
        self.assertEqual(alias["routing"], {"1": 0.9, "2": 0.1})
        self.assertEqual(alias["revision_id"], self.client.get_alias(FunctionName=NAME, Name="prod")["RevisionId"])
        self.assertEqual([(each["version"], each["count"], round(each["share"], 6), round(each["expected_share"], 6))
                          for each in alias["versions"]], [("1", 90, 0.9, 0.9), ("2", 10, 0.1, 0.1)])
        self.assertTrue(alias["plausible"])

    def test_each_decision(self):
        drawn = self.drawn(20)
        decisions = self.routes()["decisions"]
        self.assertEqual([each["version"] for each in reversed(decisions)], drawn, "newest first")
        for each in decisions:
            self.assertTrue(0 <= each["drawn"] < 1, each)
            self.assertEqual(each["drawn"] < 0.1, each["version"] == "2", each)
            self.assertEqual(each["routing"], {"1": 0.9, "2": 0.1})
            self.assertFalse(each["forced"])

    def test_a_header_forces_one_version_for_one_invoke(self):
        self.assertEqual(self.drawn(12, headers={FORCE: "2"}), ["2"] * 12)
        self.assertEqual(self.drawn(12, headers={FORCE: "1"}), ["1"] * 12)
        report = self.routes()
        self.assertTrue(all(each["forced"] for each in report["decisions"]))
        self.assertEqual(Counter(self.drawn(100)), {"1": 90, "2": 10}, "a forced invoke must not disturb the split")

    def test_a_version_that_the_alias_does_not_name_cannot_be_forced(self):
        answer = self.server.post(f"/2015-03-31/functions/{NAME}/invocations?Qualifier=prod", {},
                                  headers={FORCE: "3"})
        self.assertEqual(answer.status, 400, answer)
        self.assertEqual(answer.headers["x-amzn-errortype"], "InvalidParameterValueException")

    def test_a_filter_that_matches_nothing(self):
        self.drawn(3)
        self.assertEqual(self.routes("nope:prod"), {"aliases": [], "decisions": []})
        self.assertEqual(len(self.routes(self.arn(NAME, "prod"))["decisions"]), 3)

    def test_a_mode_for_one_alias(self):
        """`PUT /_aviary/routing?alias=…` chooses the mode of one alias; the others keep the server's."""
        self.client.create_alias(FunctionName=NAME, Name="other", FunctionVersion="1",
                                 RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}})
        answer = self.server.put(f"/_aviary/routing?alias={NAME}:other", {"routing": "sticky=payload:/id"})
        self.assertEqual(answer.status, 200, answer)
        drawn = self.drawn(30, "other", payload=lambda number: json.dumps({"id": number % 3}).encode())
        for customer in range(3):
            self.assertEqual(len(set(drawn[customer::3])), 1)
        self.assertEqual(Counter(self.drawn(100)), {"1": 90, "2": 10})
        self.server.put(f"/_aviary/routing?alias={NAME}:other", {"routing": None})
        self.assertEqual(Counter(self.drawn(100, "other")), {"1": 50, "2": 50}, "the server's own mode again")
        for wrong in ("often", "sticky", "sticky=payload", 7):
            answer = self.server.put(f"/_aviary/routing?alias={NAME}:other", {"routing": wrong})
            self.assertEqual(answer.status, 400, (wrong, answer))
        self.assertEqual(self.server.put("/_aviary/routing?alias=nope:prod", {"routing": "exact"}).status, 404)


if __name__ == "__main__":
    unittest.main(verbosity=1)
