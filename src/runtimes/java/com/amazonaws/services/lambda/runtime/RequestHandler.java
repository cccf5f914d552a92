package com.amazonaws.services.lambda.runtime;

/** Lambda's own interface, for packages that do not bring it: on Lambda the runtime provides it. */
public interface RequestHandler<I, O> {
  O handleRequest(I input, Context context);
}
