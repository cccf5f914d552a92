"""What the runtime clients do alike, whatever language they are in."""

import json


class EveryClient:
    """To be mixed into a client's test case, which has `function(source)`, and in its own language:"""

    AGENT = None  # what its User-Agent matches; may have to be worked out: see agent()
    GOT = None  # answers {"got": event}
    GOT_ANSWER = b'{"got":{"key1":"value1"}}'
    ECHO = None  # answers the event
    COUNTER = None  # answers how many invocations it has seen
    REPEATS = None  # answers a text of as many x as the event says

    def agent(self):
        return self.AGENT

    def test_requests_to_the_letter(self):
        function = self.function(self.GOT)
        answer = function.invoke(b'{"key1":"value1"}', request_id="id-1")
        agent = answer["User-Agent"]
        self.assertRegex(agent, self.agent())
        head = (
            "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\n"
            "Content-Type: application/json\r\nContent-Length: %d" % (function.api.address, agent, len(self.GOT_ANSWER))
        )
        self.assertEqual(answer.head + answer.body, head.encode() + self.GOT_ANSWER)
        get = function.api.requests[0]
        self.assertEqual((get.method, get.path), ("GET", "/2018-06-01/runtime/invocation/next"))
        function.invoke()
        self.assertEqual(function.api.connections, 1)  # kept alive

    def test_many_invocations_on_one_connection(self):
        function = self.function(self.COUNTER)
        self.assertEqual([function.invoke().body for _ in range(50)], [b"%d" % n for n in range(1, 51)])
        self.assertEqual(function.api.connections, 1)

    def test_event_in_chunks(self):
        function = self.function(self.ECHO)
        function.api.chunked = True
        self.assertEqual(json.loads(function.invoke('{"a":"bcdefghß"}').body), {"a": "bcdefghß"})
        big = b'"' + b"x" * 300_000 + b'"'
        self.assertEqual(function.invoke(big).body, big)

    def test_large_payloads(self):
        function = self.function(self.ECHO)
        for size in (32_766, 60_000, 65_536, 1_000_000, 6 * 1024 * 1024 - 2):
            body = b'"' + b"a" * size + b'"'
            self.assertEqual(function.invoke(body).body, body)
        self.assertEqual(function.api.connections, 1)

    def test_refused_response_leaves_the_environment_alive(self):
        # contract section 1: 413, the environment stays alive
        function = self.function(self.REPEATS)
        for size in (10, 7 * 1024 * 1024):
            function.api.refuse = (413, b'{"errorMessage":"","errorType":"RequestEntityTooLarge"}')
            self.assertEqual(len(function.invoke(str(size)).body), size + 2)
            self.assertEqual(function.invoke(b"3").body, b'"xxx"')
