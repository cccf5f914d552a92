package com.amazonaws.services.lambda.runtime;

import java.util.Map;

/** Lambda's own interface, for packages that do not bring it: on Lambda the runtime provides it. */
public interface ClientContext {
  Client getClient();

  Map<String, String> getCustom();

  Map<String, String> getEnvironment();
}
