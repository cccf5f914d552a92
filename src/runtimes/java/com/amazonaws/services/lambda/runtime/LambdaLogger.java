package com.amazonaws.services.lambda.runtime;

import com.amazonaws.services.lambda.runtime.logging.LogLevel;

/** Lambda's own interface, for packages that do not bring it: on Lambda the runtime provides it. */
public interface LambdaLogger {
  void log(String message);

  void log(byte[] message);

  default void log(String message, LogLevel level) {
    log(message);
  }

  default void log(byte[] message, LogLevel level) {
    log(message);
  }
}
