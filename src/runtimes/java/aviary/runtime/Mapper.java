package aviary.runtime;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Between JSON values and the types of a handler: plain ones, collections, and beans by their getters and setters. */
final class Mapper {
  private Mapper() {}

  private static final Map<Class<?>, Map<String, Method>> SETTERS = new ConcurrentHashMap<>();
  private static final Map<Class<?>, Map<String, Method>> GETTERS = new ConcurrentHashMap<>();

  static Class<?> raw(Type type) {
    if (type instanceof Class) {
      return (Class<?>) type;
    }
    if (type instanceof ParameterizedType) {
      return raw(((ParameterizedType) type).getRawType());
    }
    if (type instanceof GenericArrayType) {
      return Array.newInstance(raw(((GenericArrayType) type).getGenericComponentType()), 0).getClass();
    }
    if (type instanceof WildcardType) {
      return raw(((WildcardType) type).getUpperBounds()[0]);
    }
    return type instanceof TypeVariable ? raw(((TypeVariable<?>) type).getBounds()[0]) : Object.class;
  }

  private static Type argument(Type type, int index) {
    if (type instanceof ParameterizedType) {
      Type[] given = ((ParameterizedType) type).getActualTypeArguments();
      if (index < given.length) {
        return given[index];
      }
    }
    return Object.class;
  }

  private static IllegalArgumentException misfit(Object value, Type type) {
    String kind = value == null ? "null" : value.getClass().getSimpleName();
    return new IllegalArgumentException("Cannot make a " + type.getTypeName() + " of a JSON value of type " + kind);
  }

  static Object convert(Object value, Type type) {
    Class<?> raw = raw(type);
    if (raw == Optional.class) {
      return Optional.ofNullable(convert(value, argument(type, 0)));
    }
    if (value == null) {
      return raw.isPrimitive() && raw != void.class ? Array.get(Array.newInstance(raw, 1), 0) : null;
    }
    if (raw == Object.class || raw == Void.class) {
      return raw == Void.class ? null : value;
    }
    if (raw == String.class || raw == CharSequence.class) {
      // A number or a truth is text to who asks for text, as it is with Jackson.
      if (value instanceof Map || value instanceof List) {
        throw misfit(value, type);
      }
      return String.valueOf(value);
    }
    if (raw == boolean.class || raw == Boolean.class) {
      if (value instanceof Boolean) {
        return value;
      }
      if (value instanceof String) {
        return Boolean.valueOf((String) value);
      }
      throw misfit(value, type);
    }
    if (raw == char.class || raw == Character.class) {
      if (value instanceof String && ((String) value).length() == 1) {
        return ((String) value).charAt(0);
      }
      throw misfit(value, type);
    }
    if (raw.isPrimitive() || Number.class.isAssignableFrom(raw)) {
      return number(value, raw, type);
    }
    if (raw.isEnum()) {
      for (Object constant : raw.getEnumConstants()) {
        if (((Enum<?>) constant).name().equals(value)) {
          return constant;
        }
      }
      throw misfit(value, type);
    }
    if (raw == byte[].class) {
      return Base64.getDecoder().decode(String.valueOf(value));
    }
    if (raw == ByteBuffer.class) {
      return ByteBuffer.wrap(Base64.getDecoder().decode(String.valueOf(value)));
    }
    if (raw.isArray()) {
      return array(value, type, raw);
    }
    if (raw.isAssignableFrom(LinkedHashMap.class) || Map.class.isAssignableFrom(raw)) {
      return map(value, type, raw);
    }
    if (raw.isAssignableFrom(ArrayList.class) || Collection.class.isAssignableFrom(raw)) {
      return collection(value, type, raw);
    }
    if (raw == Date.class) {
      return value instanceof Number
          ? new Date(((Number) value).longValue())
          : Date.from(java.time.Instant.parse((String) value));
    }
    if (raw.getName().equals("org.joda.time.DateTime") || raw.getName().startsWith("java.time.")) {
      return time(value, raw, type);
    }
    if (!(value instanceof Map)) {
      return fromOne(value, raw, type);
    }
    return bean((Map<?, ?>) value, raw);
  }

  private static Object number(Object value, Class<?> raw, Type type) {
    Number number;
    try {
      number = value instanceof Number ? (Number) value : new BigDecimal(String.valueOf(value));
    } catch (NumberFormatException bad) {
      throw misfit(value, type);
    }
    if (raw == int.class || raw == Integer.class) {
      return number.intValue();
    }
    if (raw == long.class || raw == Long.class) {
      return number.longValue();
    }
    if (raw == double.class || raw == Double.class) {
      return number.doubleValue();
    }
    if (raw == float.class || raw == Float.class) {
      return number.floatValue();
    }
    if (raw == short.class || raw == Short.class) {
      return number.shortValue();
    }
    if (raw == byte.class || raw == Byte.class) {
      return number.byteValue();
    }
    if (raw == BigDecimal.class) {
      return new BigDecimal(number.toString());
    }
    if (raw == BigInteger.class) {
      return new BigDecimal(number.toString()).toBigInteger();
    }
    return number;
  }

  private static Object array(Object value, Type type, Class<?> raw) {
    if (!(value instanceof List)) {
      throw misfit(value, type);
    }
    List<?> items = (List<?>) value;
    Type component =
        type instanceof GenericArrayType
            ? ((GenericArrayType) type).getGenericComponentType()
            : raw.getComponentType();
    Object array = Array.newInstance(raw.getComponentType(), items.size());
    for (int i = 0; i < items.size(); ++i) {
      Array.set(array, i, convert(items.get(i), component));
    }
    return array;
  }

  @SuppressWarnings("unchecked")
  private static Object map(Object value, Type type, Class<?> raw) {
    if (!(value instanceof Map)) {
      throw misfit(value, type);
    }
    Map<Object, Object> made;
    if (raw.isAssignableFrom(LinkedHashMap.class)) {
      made = new LinkedHashMap<>();
    } else if (raw.isAssignableFrom(TreeMap.class)) {
      made = new TreeMap<>();
    } else {
      made = (Map<Object, Object>) create(raw);
    }
    for (Map.Entry<?, ?> field : ((Map<?, ?>) value).entrySet()) {
      made.put(convert(field.getKey(), argument(type, 0)), convert(field.getValue(), argument(type, 1)));
    }
    return made;
  }

  @SuppressWarnings("unchecked")
  private static Object collection(Object value, Type type, Class<?> raw) {
    if (!(value instanceof List)) {
      throw misfit(value, type);
    }
    Collection<Object> made;
    if (raw.isAssignableFrom(ArrayList.class)) {
      made = new ArrayList<>();
    } else if (raw == Set.class) {
      made = new LinkedHashSet<>();
    } else {
      made = (Collection<Object>) create(raw);
    }
    for (Object item : (List<?>) value) {
      made.add(convert(item, argument(type, 0)));
    }
    return made;
  }

  /** Times of events: the libraries' own classes, by the methods that all of them have. */
  private static Object time(Object value, Class<?> raw, Type type) {
    try {
      if (raw.getName().startsWith("org.joda")) {
        Class<?> given = value instanceof Number ? long.class : Object.class;
        Object from = value instanceof Number ? (Object) ((Number) value).longValue() : value;
        return raw.getConstructor(given).newInstance(from);
      }
      return raw.getMethod("parse", CharSequence.class).invoke(null, value);
    } catch (ReflectiveOperationException | RuntimeException bad) {
      throw misfit(value, type);
    }
  }

  /** A class that is made of one plain value. */
  private static Object fromOne(Object value, Class<?> raw, Type type) {
    try {
      return raw.getConstructor(value.getClass()).newInstance(value);
    } catch (ReflectiveOperationException bad) {
      throw misfit(value, type);
    }
  }

  private static Object create(Class<?> type) {
    try {
      java.lang.reflect.Constructor<?> constructor = type.getDeclaredConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (ReflectiveOperationException bad) {
      throw new IllegalArgumentException("Cannot create a " + type.getName() + " without arguments");
    }
  }

  /** Unknown fields are passed over; names match without regard to case (`Records`, `eventSourceARN`). */
  private static Object bean(Map<?, ?> fields, Class<?> type) {
    Object bean = create(type);
    Map<String, Method> setters = SETTERS.computeIfAbsent(type, Mapper::settersOf);
    for (Map.Entry<?, ?> field : fields.entrySet()) {
      String name = key(String.valueOf(field.getKey()));
      Method setter = setters.get(name);
      try {
        if (setter != null) {
          setter.invoke(bean, convert(field.getValue(), setter.getGenericParameterTypes()[0]));
          continue;
        }
        for (Field known : type.getFields()) {
          if (!Modifier.isStatic(known.getModifiers()) && key(known.getName()).equals(name)) {
            known.set(bean, convert(field.getValue(), known.getGenericType()));
          }
        }
      } catch (InvocationTargetException thrown) {
        throw new IllegalArgumentException(
            "Setting " + field.getKey() + " of " + type.getName() + " failed: " + thrown.getCause());
      } catch (IllegalAccessException hidden) {
        throw new IllegalArgumentException(type.getName() + " cannot be reached: make it public");
      }
    }
    return bean;
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
  }

  private static Map<String, Method> settersOf(Class<?> type) {
    Map<String, Method> setters = new HashMap<>();
    for (Method method : type.getMethods()) {
      String name = method.getName();
      if (name.length() < 4 || !name.startsWith("set") || method.getParameterCount() != 1 || method.isBridge()) {
        continue;
      }
      method.setAccessible(true);
      setters.put(key(name.substring(3)), method);
    }
    return setters;
  }

  private static Map<String, Method> gettersOf(Class<?> type) {
    Map<String, Method> found = new TreeMap<>();
    for (Method method : type.getMethods()) {
      String name = method.getName();
      if (method.getParameterCount() != 0 || Modifier.isStatic(method.getModifiers()) || name.equals("getClass")) {
        continue;
      }
      boolean is = name.startsWith("is") && name.length() > 2
          && (method.getReturnType() == boolean.class || method.getReturnType() == Boolean.class);
      boolean get = name.startsWith("get") && name.length() > 3 && method.getReturnType() != void.class;
      if (is || get) {
        method.setAccessible(true);
        found.put(property(name.substring(get ? 3 : 2)), method);
      }
    }
    // In the order in which the class declares them, where it declares them.
    Map<String, Method> ordered = new LinkedHashMap<>();
    List<Class<?>> line = new ArrayList<>();
    for (Class<?> each = type; each != null && each != Object.class; each = each.getSuperclass()) {
      line.add(0, each);
    }
    for (Class<?> each : line) {
      for (Field field : each.getDeclaredFields()) {
        for (Map.Entry<String, Method> getter : found.entrySet()) {
          if (key(getter.getKey()).equals(key(field.getName()))) {
            ordered.put(getter.getKey(), getter.getValue());
          }
        }
      }
    }
    for (Map.Entry<String, Method> getter : found.entrySet()) {
      ordered.putIfAbsent(getter.getKey(), getter.getValue());
    }
    return ordered;
  }

  /** As Jackson names it: capitals at the front all become small (`getURLPath` is `urlpath`, `getId` is `id`). */
  private static String property(String name) {
    int capitals = 0;
    while (capitals < name.length() && Character.isUpperCase(name.charAt(capitals))) {
      ++capitals;
    }
    return name.substring(0, capitals).toLowerCase(Locale.ROOT) + name.substring(capitals);
  }

  /** What a handler returns, as JSON values. */
  static Object plain(Object value) {
    return plain(value, 0);
  }

  private static Object plain(Object value, int depth) {
    if (depth > 500) {
      throw new IllegalStateException("The result is nested too deeply: does it contain itself?");
    }
    if (value == null || value instanceof String || value instanceof Number || value instanceof Boolean) {
      return value;
    }
    if (value instanceof CharSequence || value instanceof Character || value instanceof Enum) {
      return value instanceof Enum ? ((Enum<?>) value).name() : value.toString();
    }
    if (value instanceof Optional) {
      return plain(((Optional<?>) value).orElse(null), depth + 1);
    }
    if (value instanceof Map) {
      Map<String, Object> fields = new LinkedHashMap<>();
      for (Map.Entry<?, ?> field : ((Map<?, ?>) value).entrySet()) {
        fields.put(String.valueOf(field.getKey()), plain(field.getValue(), depth + 1));
      }
      return fields;
    }
    if (value instanceof Iterable) {
      List<Object> items = new ArrayList<>();
      for (Object item : (Iterable<?>) value) {
        items.add(plain(item, depth + 1));
      }
      return items;
    }
    if (value instanceof byte[]) {
      return Base64.getEncoder().encodeToString((byte[]) value);
    }
    if (value instanceof ByteBuffer) {
      ByteBuffer bytes = ((ByteBuffer) value).duplicate();
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      return Base64.getEncoder().encodeToString(copy);
    }
    if (value.getClass().isArray()) {
      List<Object> items = new ArrayList<>();
      for (int i = 0; i < Array.getLength(value); ++i) {
        items.add(plain(Array.get(value, i), depth + 1));
      }
      return items;
    }
    if (value instanceof Date) {
      return ((Date) value).getTime();
    }
    String package_ = value.getClass().getName();
    if (package_.startsWith("java.time.") || package_.startsWith("org.joda.time.") || package_.startsWith("java.util.UUID")
        || package_.startsWith("java.net.UR")) {
      return value.toString();
    }
    return fieldsOf(value, depth);
  }

  private static Object fieldsOf(Object bean, int depth) {
    Map<String, Object> fields = new LinkedHashMap<>();
    try {
      for (Map.Entry<String, Method> getter :
          GETTERS.computeIfAbsent(bean.getClass(), Mapper::gettersOf).entrySet()) {
        fields.put(getter.getKey(), plain(getter.getValue().invoke(bean), depth + 1));
      }
      for (Field field : bean.getClass().getFields()) {
        if (!Modifier.isStatic(field.getModifiers())) {
          fields.putIfAbsent(field.getName(), plain(field.get(bean), depth + 1));
        }
      }
    } catch (InvocationTargetException thrown) {
      throw new IllegalStateException(
          "Reading the result failed: " + thrown.getCause(), thrown.getCause());
    } catch (IllegalAccessException hidden) {
      throw new IllegalStateException(bean.getClass().getName() + " cannot be read: make it public");
    }
    return fields;
  }
}
