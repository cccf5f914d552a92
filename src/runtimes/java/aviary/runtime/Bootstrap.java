package aviary.runtime;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** The Java runtime client: initialises the function's handler, then runs it once for each event. */
public final class Bootstrap {
  private Bootstrap() {}

  public static void main(String[] arguments) throws Exception {
    // Logs are read as UTF-8 whatever the JVM thinks of the locale, and line by line.
    System.setOut(new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), true, "UTF-8"));
    System.setErr(new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.err), true, "UTF-8"));
    Map<String, String> environment = System.getenv();
    RuntimeApi api = new RuntimeApi(environment.get("AWS_LAMBDA_RUNTIME_API"));
    String task = environment.getOrDefault("LAMBDA_TASK_ROOT", "/var/task");
    String layers = environment.getOrDefault("AVIARY_OPT_DIR", "/opt");
    Handler handler;
    try {
      FunctionClassLoader loader = FunctionClassLoader.of(task, layers);
      Thread.currentThread().setContextClassLoader(loader);
      handler = Handler.find(environment.getOrDefault("_HANDLER", ""), loader);
    } catch (Throwable failure) {
      Throwable cause = Failures.cause(failure);
      System.out.println(Failures.text(cause));
      api.initError(Failures.json(cause), Failures.type(cause));
      System.exit(1);
      return;
    }
    String initialization = environment.getOrDefault("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand");
    if (!initialization.equals("on-demand")) {
      Exercise.run(api, handler);
    }
    if (initialization.equals("snap-start")) {
      waitForRestore(api);
    }
    String concurrency = environment.get("AWS_LAMBDA_MAX_CONCURRENCY");
    if (concurrency == null) {
      serve(api, handler, true);
    } else {
      serveTogether(Integer.parseInt(concurrency), environment.get("AWS_LAMBDA_RUNTIME_API"), handler);
    }
  }

  /** Where a function takes several invocations at once: a thread for each, which all use the one handler. */
  private static void serveTogether(int count, String address, Handler handler) {
    for (int i = 0; i < count; ++i) {
      new Thread(() -> {
        try {
          serve(new RuntimeApi(address), handler, false);
        } catch (Exception failure) {
          System.out.println(Failures.text(failure));
        }
      }, "invocations-" + i).start();
    }
  }

  private static void serve(RuntimeApi api, Handler handler, boolean alone) throws Exception {
    for (;;) {
      RuntimeApi.Event event = api.next();
      // Since Java 17 the X-Ray SDK reads this property: a process cannot change its environment.
      if (alone && event.traceId == null) {
        System.clearProperty("com.amazonaws.xray.traceHeader");
      } else if (alone) {
        System.setProperty("com.amazonaws.xray.traceHeader", event.traceId);
      }
      ByteArrayOutputStream answer = new ByteArrayOutputStream(256);
      try {
        handler.handle(event, answer);
      } catch (Throwable failure) {
        Throwable cause = Failures.cause(failure);
        System.out.println(Failures.text(cause));
        api.error(event.requestId, Failures.json(cause), Failures.type(cause));
        if (cause instanceof VirtualMachineError) {
          System.exit(1); // what is left of the process is not to be trusted
        }
        continue;
      } finally {
        System.out.flush();
        System.err.flush();
      }
      api.respond(event.requestId, answer.toByteArray());
    }
  }

  /** The hooks of a function that starts from a snapshot; between them it waits until an invocation comes. */
  private static void waitForRestore(RuntimeApi api) throws Exception {
    try {
      org.crac.Core.getGlobalContext().beforeCheckpoint(null);
      api.restoreNext();
    } catch (Throwable failure) {
      System.out.println(Failures.text(failure));
      api.initError(Failures.json(failure), "Runtime.BeforeCheckpointError");
      System.exit(64);
    }
    try {
      org.crac.Core.getGlobalContext().afterRestore(null);
    } catch (Throwable failure) {
      System.out.println(Failures.text(failure));
      api.restoreError(Failures.json(failure), "Runtime.AfterRestoreError");
      System.exit(64);
    }
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
