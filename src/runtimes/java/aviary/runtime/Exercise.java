package aviary.runtime;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * What an environment that is made ahead does before it is ready: invocations without the function's handler, so that
 * its first real one does not wait for classes of this client and of the JDK.
 */
final class Exercise {
  private static final String EVENT =
      "{\"text\": \"value\", \"list\": [1, 2.5, null, true], \"object\": {\"a\": {\"b\": \"\\u00e9\"}}}";

  /** As the Runtime API gives an event. */
  private static final byte[] ANSWER = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
      + EVENT.length() + "\r\nLambda-Runtime-Aws-Request-Id: 00000000-0000-0000-0000-000000000000\r\n"
      + "Lambda-Runtime-Deadline-Ms: 0\r\nLambda-Runtime-Invoked-Function-Arn: "
      + "arn:aws:lambda:us-east-1:123456789012:function:name\r\n\r\n" + EVENT).getBytes(StandardCharsets.ISO_8859_1);

  private static final int TIMES = 20;

  private Exercise() {}

  /** Stands for the function. */
  public static Object same(Object event) {
    return event;
  }

  static void run(RuntimeApi api, Handler handler) {
    try {
      Handler stand = handler.standIn(Exercise.class.getMethod("same", Object.class));
      for (int i = 0; i < TIMES; ++i) {
        stand.handle(api.event(ANSWER), new ByteArrayOutputStream(256));
      }
    } catch (Throwable failure) {
      // Nothing that a function should hear of: its first event will go the same way.
      return;
    }
  }
}
