package org.crac;

/** Resources that failed are its suppressed exceptions. */
public class RestoreException extends Exception {
  private static final long serialVersionUID = 1L;

  public RestoreException() {}

  public RestoreException(String message) {
    super(message);
  }
}
