package com.amazonaws.services.lambda.runtime;

/** Lambda's own interface, for packages that do not bring it: on Lambda the runtime provides it. */
public interface Client {
  String getInstallationId();

  String getAppTitle();

  String getAppVersionName();

  String getAppVersionCode();

  String getAppPackageName();
}
