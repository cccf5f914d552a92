"""Functions that isolate their tenants."""

import json

from function_code import python_zip
from sdk_clients import LambdaCase

COUNTING = python_zip("count = 0\n\ndef handler(event, context):\n    global count\n    count += 1\n"
                      "    return [context.tenant_id, count]\n")
PATH = "/2015-03-31/functions/shop/invocations"


class Tenancy(LambdaCase):
    def ask(self, tenant=None):
        headers = {"X-Amz-Tenant-Id": tenant} if tenant else {}
        return self.server.post(PATH, {}, headers=headers)

    def test_tenants_have_environments_of_their_own(self):
        self.create("shop", COUNTING, TenancyConfig={"TenantIsolationMode": "PER_TENANT"})
        said = [self.ask(tenant).json() for tenant in ("blue", "green", "blue", "tenant 3/@x")]
        self.assertEqual(said, [["blue", 1], ["green", 1], ["blue", 2], ["tenant 3/@x", 1]])
        rows = self.server.get("/_aviary/environments").json()["environments"]
        self.assertEqual(sorted(row["tenant"] for row in rows), ["blue", "green", "tenant 3/@x"])
        refused = self.ask()
        self.assertEqual((refused.status, refused.headers["X-Amzn-ErrorType"], refused.json()["message"]),
                         (400, "InvalidParameterValueException",
                          "The invoked function is enabled with tenancy configuration. Add a valid tenant ID in "
                          "your request and try again."))
        self.assertEqual(self.ask("no!").status, 400)
