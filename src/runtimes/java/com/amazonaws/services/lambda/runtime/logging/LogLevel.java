package com.amazonaws.services.lambda.runtime.logging;

/** Lambda's own levels, for packages that do not bring them. */
public enum LogLevel {
  UNDEFINED,
  TRACE,
  DEBUG,
  INFO,
  WARN,
  ERROR,
  FATAL
}
