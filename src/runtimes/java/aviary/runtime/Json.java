package aviary.runtime;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON as maps, lists, strings, numbers, booleans and null. */
final class Json {
  private static final int DEEPEST = 1000;

  private final String text;
  private int at;
  private int depth;

  private Json(String text) {
    this.text = text;
  }

  static Object read(String text) {
    Json reader = new Json(text);
    reader.space();
    if (reader.at == text.length()) {
      return null;
    }
    Object value = reader.value();
    reader.space();
    if (reader.at != text.length()) {
      throw reader.wrong("one value");
    }
    return value;
  }

  private IllegalArgumentException wrong(String wanted) {
    return new IllegalArgumentException("Not JSON: " + wanted + " expected at character " + at);
  }

  private void space() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      ++at;
    }
  }

  private boolean take(char c) {
    if (at < text.length() && text.charAt(at) == c) {
      ++at;
      return true;
    }
    return false;
  }

  private Object word(String word, Object value) {
    if (!text.startsWith(word, at)) {
      throw wrong("a value");
    }
    at += word.length();
    return value;
  }

  private Object value() {
    space();
    if (at >= text.length()) {
      throw wrong("a value");
    }
    if (++depth > DEEPEST) {
      throw new IllegalArgumentException("JSON deeper than " + DEEPEST);
    }
    try {
      switch (text.charAt(at)) {
        case '{':
          return object();
        case '[':
          return array();
        case '"':
          return string();
        case 't':
          return word("true", Boolean.TRUE);
        case 'f':
          return word("false", Boolean.FALSE);
        case 'n':
          return word("null", null);
        default:
          return number();
      }
    } finally {
      --depth;
    }
  }

  private Map<String, Object> object() {
    Map<String, Object> fields = new LinkedHashMap<>();
    ++at;
    space();
    if (take('}')) {
      return fields;
    }
    do {
      space();
      if (at >= text.length() || text.charAt(at) != '"') {
        throw wrong("a name");
      }
      String name = string();
      space();
      if (!take(':')) {
        throw wrong("':'");
      }
      fields.put(name, value());
      space();
    } while (take(','));
    if (!take('}')) {
      throw wrong("'}'");
    }
    return fields;
  }

  private List<Object> array() {
    List<Object> items = new ArrayList<>();
    ++at;
    space();
    if (take(']')) {
      return items;
    }
    do {
      items.add(value());
      space();
    } while (take(','));
    if (!take(']')) {
      throw wrong("']'");
    }
    return items;
  }

  private String string() {
    ++at;
    int plain = at;
    while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\\') {
      ++at;
    }
    if (take('"')) {
      return text.substring(plain, at - 1);
    }
    StringBuilder read = new StringBuilder(text.length() > at ? at - plain + 16 : 0).append(text, plain, at);
    while (!take('"')) {
      if (at >= text.length()) {
        throw wrong("'\"'");
      }
      char c = text.charAt(at++);
      if (c != '\\') {
        read.append(c);
        continue;
      }
      if (at >= text.length()) {
        throw wrong("an escape");
      }
      c = text.charAt(at++);
      int escape = "\"\\/bfnrt".indexOf(c);
      if (escape >= 0) {
        read.append("\"\\/\b\f\n\r\t".charAt(escape));
      } else if (c == 'u' && at + 4 <= text.length()) {
        try {
          read.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
        } catch (NumberFormatException bad) {
          throw wrong("four hexadecimal digits");
        }
        at += 4;
      } else {
        throw wrong("an escape");
      }
    }
    return read.toString();
  }

  /** An Integer, a Long or a BigInteger, whichever holds it; a Double with a point or an exponent. */
  private Number number() {
    int start = at;
    boolean whole = true;
    while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
      whole &= ".eE".indexOf(text.charAt(at)) < 0;
      ++at;
    }
    String digits = text.substring(start, at);
    try {
      if (!whole) {
        return Double.valueOf(digits);
      }
      if (digits.length() < 10) {
        return Integer.valueOf(digits);
      }
      BigInteger big = new BigInteger(digits);
      if (big.bitLength() < 32) {
        return big.intValue();
      }
      return big.bitLength() < 64 ? (Number) big.longValue() : big;
    } catch (NumberFormatException bad) {
      at = start;
      throw wrong("a value");
    }
  }

  static String write(Object value) {
    StringBuilder text = new StringBuilder(128);
    write(value, text, 0);
    return text.toString();
  }

  private static void write(Object value, StringBuilder text, int depth) {
    if (depth > DEEPEST) {
      throw new IllegalStateException("JSON deeper than " + DEEPEST + ": does it contain itself?");
    }
    if (value == null || value instanceof Boolean) {
      text.append(value);
    } else if (value instanceof Double || value instanceof Float) {
      double number = ((Number) value).doubleValue();
      if (Double.isNaN(number) || Double.isInfinite(number)) {
        text.append('"').append(value).append('"'); // as Jackson does
      } else {
        text.append(value);
      }
    } else if (value instanceof BigDecimal) {
      text.append(((BigDecimal) value).toString());
    } else if (value instanceof Number) {
      text.append(value);
    } else if (value instanceof Map) {
      char before = '{';
      for (Map.Entry<?, ?> field : ((Map<?, ?>) value).entrySet()) {
        text.append(before);
        quote(String.valueOf(field.getKey()), text);
        text.append(':');
        write(field.getValue(), text, depth + 1);
        before = ',';
      }
      text.append(before == '{' ? "{}" : "}");
    } else if (value instanceof Iterable) {
      char before = '[';
      for (Object item : (Iterable<?>) value) {
        text.append(before);
        write(item, text, depth + 1);
        before = ',';
      }
      text.append(before == '[' ? "[]" : "]");
    } else {
      quote(String.valueOf(value), text);
    }
  }

  private static void quote(String value, StringBuilder text) {
    text.append('"');
    for (int i = 0; i < value.length(); ++i) {
      char c = value.charAt(i);
      int escape = "\"\\\b\f\n\r\t".indexOf(c);
      if (escape >= 0) {
        text.append('\\').append("\"\\bfnrt".charAt(escape));
      } else if (c < 0x20) {
        text.append(String.format("\\u%04x", (int) c));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }
}
