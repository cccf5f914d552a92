package aviary.runtime;

import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/** Lambda's Runtime API over one connection. The JDK's own HTTP clients cost a cold start tens of milliseconds. */
final class RuntimeApi {
  private static final String VERSION = "/2018-06-01/runtime/";

  /** One event, with what comes along with it. Absent headers are null. */
  static final class Event {
    byte[] payload;
    String requestId;
    String deadlineMs;
    String arn;
    String traceId;
    String clientContext;
    String cognitoIdentity;
    String tenantId;
  }

  private final String authority;
  private final String host;
  private final int port;
  private Socket socket;
  private InputStream in;
  private OutputStream out;

  RuntimeApi(String authority) {
    if (authority == null) {
      throw new IllegalStateException("AWS_LAMBDA_RUNTIME_API is not set");
    }
    this.authority = authority;
    int colon = authority.lastIndexOf(':');
    host = colon < 0 ? authority : authority.substring(0, colon);
    port = colon < 0 ? 80 : Integer.parseInt(authority.substring(colon + 1));
  }

  Event next() throws IOException {
    Answer answer = exchange("GET", VERSION + "invocation/next", null, null);
    if (answer.status != 200) {
      throw new IOException("the Runtime API answered " + answer.status + " to next");
    }
    return event(answer);
  }

  /** What an answer to `next` that reads so would give. Nothing is asked. */
  Event event(byte[] answer) throws IOException {
    InputStream connection = in;
    in = new ByteArrayInputStream(answer);
    try {
      return event(read());
    } finally {
      in = connection;
    }
  }

  private static Event event(Answer answer) {
    Event event = new Event();
    event.payload = answer.body;
    event.requestId = answer.headers.get("lambda-runtime-aws-request-id");
    event.deadlineMs = answer.headers.get("lambda-runtime-deadline-ms");
    event.arn = answer.headers.get("lambda-runtime-invoked-function-arn");
    event.traceId = answer.headers.get("lambda-runtime-trace-id");
    event.clientContext = answer.headers.get("lambda-runtime-client-context");
    event.cognitoIdentity = answer.headers.get("lambda-runtime-cognito-identity");
    event.tenantId = answer.headers.get("lambda-runtime-aws-tenant-id");
    return event;
  }

  void respond(String requestId, byte[] body) throws IOException {
    exchange("POST", VERSION + "invocation/" + requestId + "/response", body, null);
  }

  void error(String requestId, String json, String type) throws IOException {
    exchange("POST", VERSION + "invocation/" + requestId + "/error", Bootstrap.utf8(json), type);
  }

  void initError(String json, String type) throws IOException {
    exchange("POST", VERSION + "init/error", Bootstrap.utf8(json), type);
  }

  void restoreNext() throws IOException {
    Answer answer = exchange("GET", VERSION + "restore/next", null, null);
    if (answer.status != 200) {
      throw new IOException("the Runtime API answered " + answer.status + " to restore/next");
    }
  }

  void restoreError(String json, String type) throws IOException {
    exchange("POST", VERSION + "restore/error", Bootstrap.utf8(json), type);
  }

  private static final class Answer {
    int status;
    final Map<String, String> headers = new HashMap<>();
    byte[] body = new byte[0];
  }

  private Answer exchange(String method, String path, byte[] body, String errorType) throws IOException {
    if (socket == null) {
      socket = new Socket(host, port);
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream(), 16 * 1024);
      out = socket.getOutputStream();
    }
    StringBuilder head = new StringBuilder(256);
    head.append(method).append(' ').append(path).append(" HTTP/1.1\r\nHost: ").append(authority);
    head.append("\r\nUser-Agent: aws-lambda-java/").append(System.getProperty("java.version")).append("-aviary\r\n");
    if (errorType != null) {
      head.append("Lambda-Runtime-Function-Error-Type: ").append(errorType).append("\r\n");
    }
    if (body != null) {
      head.append("Content-Type: application/json\r\nContent-Length: ").append(body.length).append("\r\n");
    }
    head.append("\r\n");
    byte[] start = head.toString().getBytes(StandardCharsets.ISO_8859_1);
    byte[] whole = start;
    if (body != null) {
      whole = new byte[start.length + body.length];
      System.arraycopy(start, 0, whole, 0, start.length);
      System.arraycopy(body, 0, whole, start.length, body.length);
    }
    out.write(whole);
    out.flush();
    return read();
  }

  private Answer read() throws IOException {
    Answer answer = new Answer();
    String status = line();
    answer.status = Integer.parseInt(status.substring(9, 12));
    boolean chunked = false;
    boolean close = false;
    int length = 0;
    for (String field = line(); !field.isEmpty(); field = line()) {
      int colon = field.indexOf(':');
      if (colon < 0) {
        continue;
      }
      String name = field.substring(0, colon).trim().toLowerCase(Locale.ROOT);
      // Values are UTF-8 on the wire; the lines were read byte for byte.
      String value =
          new String(field.substring(colon + 1).trim().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
      answer.headers.put(name, value);
      if (name.equals("content-length")) {
        length = Integer.parseInt(value);
      } else if (name.equals("transfer-encoding")) {
        chunked = value.toLowerCase(Locale.ROOT).contains("chunked");
      } else if (name.equals("connection")) {
        close = value.equalsIgnoreCase("close");
      }
    }
    if (chunked) {
      java.io.ByteArrayOutputStream body = new java.io.ByteArrayOutputStream();
      for (int size = Integer.parseInt(line().trim(), 16); size > 0; size = Integer.parseInt(line().trim(), 16)) {
        body.write(bytes(size));
        line();
      }
      line();
      answer.body = body.toByteArray();
    } else {
      answer.body = bytes(length);
    }
    if (close) {
      socket.close();
      socket = null;
    }
    return answer;
  }

  private byte[] bytes(int count) throws IOException {
    byte[] read = in.readNBytes(count);
    if (read.length < count) {
      throw new EOFException("the Runtime API closed the connection");
    }
    return read;
  }

  private String line() throws IOException {
    StringBuilder text = new StringBuilder(64);
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        throw new EOFException("the Runtime API closed the connection");
      }
      if (c != '\r') {
        text.append((char) c);
      }
    }
    return text.toString();
  }
}
