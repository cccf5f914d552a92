package aviary.runtime;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Collections;
import java.util.Map;

/**
 * The context object. It is made for the interface that the function was compiled against, whichever version that is,
 * so it answers by the methods' names.
 */
final class Context {
  private Context() {}

  static Object of(Class<?> type, RuntimeApi.Event event) {
    return proxy(type, (self, method, arguments) -> answer(method, arguments, event));
  }

  private static Object answer(Method method, Object[] arguments, RuntimeApi.Event event) {
    switch (method.getName()) {
      case "getAwsRequestId":
        return event.requestId;
      case "getLogGroupName":
        return System.getenv("AWS_LAMBDA_LOG_GROUP_NAME");
      case "getLogStreamName":
        return System.getenv("AWS_LAMBDA_LOG_STREAM_NAME");
      case "getFunctionName":
        return System.getenv("AWS_LAMBDA_FUNCTION_NAME");
      case "getFunctionVersion":
        return System.getenv("AWS_LAMBDA_FUNCTION_VERSION");
      case "getInvokedFunctionArn":
        return event.arn;
      case "getMemoryLimitInMB":
        return Integer.parseInt(System.getenv().getOrDefault("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"));
      case "getRemainingTimeInMillis":
        long left = event.deadlineMs == null ? 0 : Long.parseLong(event.deadlineMs) - System.currentTimeMillis();
        return (int) Math.max(0, Math.min(left, Integer.MAX_VALUE));
      case "getIdentity":
        return mapped(method.getReturnType(), event.cognitoIdentity, true);
      case "getClientContext":
        return mapped(method.getReturnType(), event.clientContext, false);
      case "getLogger":
        return proxy(method.getReturnType(), (self, called, given) -> log(called, given, event));
      case "getTenantId":
        return event.tenantId;
      case "getXrayTraceId":
        return event.traceId;
      default:
        return other(method, arguments, event);
    }
  }

  private static Object log(Method method, Object[] arguments, RuntimeApi.Event event) {
    if (!method.getName().equals("log")) {
      return other(method, arguments, event);
    }
    Object message = arguments[0];
    String text =
        message instanceof byte[]
            ? new String((byte[]) message, java.nio.charset.StandardCharsets.UTF_8)
            : String.valueOf(message);
    if ("JSON".equals(System.getenv("AWS_LAMBDA_LOG_FORMAT"))) {
      Map<String, Object> record = new java.util.LinkedHashMap<>();
      record.put("timestamp", java.time.Instant.now().truncatedTo(java.time.temporal.ChronoUnit.MILLIS).toString());
      if (arguments.length > 1) {
        record.put("level", String.valueOf(arguments[1]));
      }
      record.put("message", text);
      record.put("AWSRequestId", event.requestId);
      System.out.println(Json.write(record));
    } else if (text.endsWith("\n")) {
      System.out.print(text);
    } else {
      System.out.println(text);
    }
    return null;
  }

  /** An object of an interface whose getters read a JSON object: `getIdentityId` reads `cognitoIdentityId`. */
  private static Object mapped(Class<?> type, String json, boolean cognito) {
    Object read = json == null ? null : Json.read(json);
    if (!(read instanceof Map)) {
      if (!cognito) {
        return null;
      }
      read = Collections.emptyMap();
    }
    return object(type, (Map<?, ?>) read, cognito);
  }

  private static Object object(Class<?> type, Map<?, ?> fields, boolean cognito) {
    return proxy(type, (self, method, arguments) -> {
      String name = method.getName();
      if (!name.startsWith("get") || method.getParameterCount() != 0) {
        return other(method, arguments, fields);
      }
      String bare = name.substring(3);
      Object value = null;
      for (Map.Entry<?, ?> field : fields.entrySet()) {
        String known = String.valueOf(field.getKey()).replace("_", "");
        if (known.equalsIgnoreCase(bare)
            || (cognito && known.equalsIgnoreCase("cognito" + bare))
            || (bare.equals("Environment") && known.equals("env"))) {
          value = field.getValue();
        }
      }
      Class<?> wanted = method.getReturnType();
      if (wanted == Map.class) {
        return value == null ? Collections.emptyMap() : value;
      }
      if (value instanceof Map && wanted.isInterface()) {
        return object(wanted, (Map<?, ?>) value, false);
      }
      return wanted == String.class && value != null ? String.valueOf(value) : value;
    });
  }

  private static Object other(Method method, Object[] arguments, Object identity) {
    switch (method.getName()) {
      case "toString":
        return "Context";
      case "hashCode":
        return System.identityHashCode(identity);
      case "equals":
        return arguments[0] != null && Proxy.isProxyClass(arguments[0].getClass());
      default:
        return null;
    }
  }

  private static Object proxy(Class<?> type, InvocationHandler handler) {
    return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler);
  }
}
