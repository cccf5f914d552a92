package aviary.runtime;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Exceptions, as Lambda's Java runtime reports them. */
final class Failures {
  private Failures() {}

  /** What the function itself threw. */
  static Throwable cause(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof InvocationTargetException || cause instanceof ExceptionInInitializerError)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  static String type(Throwable failure) {
    return failure.getClass().getName();
  }

  static String json(Throwable failure) {
    return Json.write(map(failure, 0));
  }

  private static Map<String, Object> map(Throwable failure, int depth) {
    Map<String, Object> fields = new LinkedHashMap<>();
    if (failure.getMessage() != null) {
      fields.put("errorMessage", failure.getMessage());
    }
    fields.put("errorType", type(failure));
    List<String> trace = new ArrayList<>();
    for (StackTraceElement element : failure.getStackTrace()) {
      if (ours(element)) {
        break;
      }
      trace.add(element.toString().replaceFirst("^[^/(]*//?", ""));
    }
    fields.put("stackTrace", trace);
    if (failure.getCause() != null && depth < 10) {
      fields.put("cause", map(failure.getCause(), depth + 1));
    }
    return fields;
  }

  /** Below the function's own frames come reflection's and this client's, which tell its author nothing. */
  private static boolean ours(StackTraceElement element) {
    String name = element.getClassName();
    return name.startsWith("aviary.runtime.")
        || name.startsWith("jdk.internal.reflect.")
        || name.equals("java.lang.reflect.Method")
        || name.equals("java.lang.reflect.Constructor");
  }

  static String text(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text, true));
    // One record, as Lambda has it: CloudWatch parts events at line feeds only.
    return text.toString().stripTrailing().replace('\n', '\r');
  }
}
