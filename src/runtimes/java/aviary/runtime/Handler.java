package aviary.runtime;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** The function's handler: a class that implements one of Lambda's two interfaces, or any method by its name. */
final class Handler {
  private static final String PACKAGE = "com.amazonaws.services.lambda.runtime.";

  private final Object instance; // null: the method is static
  private final Method method;
  private final boolean streams;
  private final Type[] parameters;
  private final Class<?> contextInterface;

  private Handler(Object instance, Method method, boolean streams, Type[] parameters, Class<?> contextInterface) {
    this.instance = instance;
    this.method = method;
    this.streams = streams;
    this.parameters = parameters;
    this.contextInterface = contextInterface;
  }

  /** `pack.Type` or `pack.Type::method`. */
  static Handler find(String name, ClassLoader loader) throws Throwable {
    int colons = name.indexOf("::");
    String className = colons < 0 ? name : name.substring(0, colons);
    String methodName = colons < 0 ? null : name.substring(colons + 2);
    Class<?> type;
    try {
      type = Class.forName(className, true, loader);
    } catch (ClassNotFoundException absent) {
      ClassNotFoundException told = new ClassNotFoundException("Class not found: " + className);
      told.setStackTrace(new StackTraceElement[0]);
      throw told;
    }
    Class<?> context = loader.loadClass(PACKAGE + "Context");
    Class<?> plain = loader.loadClass(PACKAGE + "RequestHandler");
    Class<?> stream = loader.loadClass(PACKAGE + "RequestStreamHandler");
    boolean isStream = stream.isAssignableFrom(type);
    boolean isPlain = plain.isAssignableFrom(type);
    if ((methodName == null || methodName.equals("handleRequest")) && (isStream || isPlain)) {
      Object instance = create(type);
      if (isStream) {
        Method method = stream.getMethod("handleRequest", InputStream.class, OutputStream.class, context);
        return new Handler(instance, method, true, null, context);
      }
      Type input = argumentOf(type, plain, 0);
      Method method = plain.getMethod("handleRequest", Object.class, context);
      return new Handler(instance, method, false, new Type[] {input, context}, context);
    }
    if (methodName == null) {
      throw new IllegalArgumentException(
          "Class " + className + " does not implement an interface of a handler, and no method is named");
    }
    Method method = choose(type, methodName, context);
    if (method == null) {
      throw new NoSuchMethodException("No public method named " + methodName + " with appropriate method signature"
          + " found on class " + className);
    }
    method.setAccessible(true);
    Object instance = Modifier.isStatic(method.getModifiers()) ? null : create(type);
    Class<?>[] raw = method.getParameterTypes();
    boolean streams = raw.length >= 2 && raw[0] == InputStream.class && raw[1] == OutputStream.class;
    return new Handler(instance, method, streams, method.getGenericParameterTypes(), context);
  }

  private static Object create(Class<?> type) throws Throwable {
    try {
      Constructor<?> constructor = type.getConstructor();
      constructor.setAccessible(true);
      return constructor.newInstance();
    } catch (NoSuchMethodException absent) {
      throw new NoSuchMethodException("Class " + type.getName() + " has no public zero-argument constructor");
    } catch (InvocationTargetException thrown) {
      throw thrown.getCause();
    }
  }

  /** Of several methods of that name the one with the most parameters; with a Context rather than without. */
  private static Method choose(Class<?> type, String name, Class<?> context) {
    Method best = null;
    int bestRank = -1;
    for (Method method : type.getMethods()) {
      if (!method.getName().equals(name) || method.isBridge() || method.getParameterCount() > 3) {
        continue;
      }
      Class<?>[] parameters = method.getParameterTypes();
      int count = parameters.length;
      boolean last = count > 0 && parameters[count - 1] == context;
      if (count == 3 && !last) {
        continue;
      }
      int rank = 2 * count + (last ? 1 : 0);
      if (rank > bestRank) {
        best = method;
        bestRank = rank;
      }
    }
    return best;
  }

  /** What `type` gives for one of the parameters of the generic interface that it implements, at any distance. */
  private static Type argumentOf(Class<?> type, Class<?> wanted, int index) {
    return search(type, wanted, index, new HashMap<>());
  }

  private static Type search(Type type, Class<?> wanted, int index, Map<TypeVariable<?>, Type> bound) {
    Class<?> raw = Mapper.raw(type);
    if (type instanceof ParameterizedType) {
      Type[] given = ((ParameterizedType) type).getActualTypeArguments();
      TypeVariable<?>[] names = raw.getTypeParameters();
      for (int i = 0; i < names.length; ++i) {
        Type value = given[i];
        bound.put(names[i], value instanceof TypeVariable && bound.containsKey(value) ? bound.get(value) : value);
      }
      if (raw == wanted) {
        Type found = bound.get(names[index]);
        return found instanceof TypeVariable ? Object.class : found;
      }
    }
    if (raw == wanted) {
      return Object.class;
    }
    for (Type each : raw.getGenericInterfaces()) {
      if (wanted.isAssignableFrom(Mapper.raw(each))) {
        return search(each, wanted, index, bound);
      }
    }
    Type parent = raw.getGenericSuperclass();
    return parent == null ? Object.class : search(parent, wanted, index, bound);
  }

  /** Handles events as this one does, by a static method in place of the function's. */
  Handler standIn(Method other) {
    return new Handler(null, other, false, other.getGenericParameterTypes(), contextInterface);
  }

  void handle(RuntimeApi.Event event, OutputStream answer) throws Throwable {
    Object context = Context.of(contextInterface, event);
    try {
      if (streams) {
        InputStream input = new ByteArrayInputStream(event.payload);
        if (parameters == null || parameters.length == 3) {
          method.invoke(instance, input, answer, context);
        } else {
          method.invoke(instance, input, answer);
        }
        return;
      }
      Object[] values = new Object[parameters.length];
      for (int i = 0; i < values.length; ++i) {
        if (Mapper.raw(parameters[i]) == contextInterface) {
          values[i] = context;
        } else {
          values[i] = input(event.payload, parameters[i]);
        }
      }
      Object result = method.invoke(instance, values);
      if (method.getReturnType() != void.class) {
        answer.write(Bootstrap.utf8(Json.write(Mapper.plain(result))));
      }
    } catch (InvocationTargetException thrown) {
      throw thrown.getCause();
    }
  }

  private static Object input(byte[] payload, Type type) {
    if (type == InputStream.class) {
      return new ByteArrayInputStream(payload);
    }
    String text = new String(payload, StandardCharsets.UTF_8);
    try {
      return Mapper.convert(Json.read(text), type);
    } catch (IllegalArgumentException refused) {
      throw new RuntimeException(
          "An error occurred during JSON parsing", new IllegalArgumentException(refused.getMessage()));
    }
  }
}
