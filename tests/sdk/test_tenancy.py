"""Functions that isolate their tenants."""

import base64
import unittest

from aviary_server import ServerCase
from function_code import PYTHON, ROLE, python_zip

COUNTING = python_zip("count = 0\n\ndef handler(event, context):\n    global count\n    count += 1\n"
                      "    return [context.tenant_id, count]\n")


class Tenancy(ServerCase):
    def ask(self, tenant=None):
        return self.server.post("/2015-03-31/functions/shop/invocations", {},
                                headers={"X-Amz-Tenant-Id": tenant} if tenant else {})

    def test_tenants_have_environments_of_their_own(self):
        created = self.server.post("/2015-03-31/functions", {
            "FunctionName": "shop", "Runtime": PYTHON, "Role": ROLE, "Handler": "index.handler",
            "Code": {"ZipFile": base64.b64encode(COUNTING).decode()},
            "TenancyConfig": {"TenantIsolationMode": "PER_TENANT"}})
        self.assertEqual(created.status, 201, created.body)
        for tenant, count in (("blue", 1), ("green", 1), ("blue", 2), ("tenant 3/@x", 1)):
            self.assertEqual(self.ask(tenant).json(), [tenant, count])
            self.all_back()
        rows = self.server.get("/_aviary/environments").json()["environments"]
        self.assertEqual(sorted(row["tenant"] for row in rows), ["blue", "green", "tenant 3/@x"])
        refused = self.ask()
        self.assertEqual((refused.status, refused.headers["x-amzn-errortype"], refused.json()["message"]),
                         (400, "InvalidParameterValueException",
                          "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in "
                          "your request and try again."))
        self.assertEqual(self.ask("no!").status, 400)


if __name__ == "__main__":
    unittest.main()
