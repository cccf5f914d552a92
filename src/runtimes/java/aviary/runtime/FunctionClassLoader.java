package aviary.runtime;

import java.io.File;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds the function's classes where Lambda finds them: the package itself, its lib folder, jars at its top, then the
 * layers. Lambda's own interfaces come from the package if it brings them (a newer core library has more of them), and
 * else from this client.
 */
final class FunctionClassLoader extends URLClassLoader {
  private static final String INTERFACES = "com.amazonaws.services.lambda.runtime.";

  static {
    registerAsParallelCapable();
  }

  private FunctionClassLoader(URL[] places, ClassLoader parent) {
    super(places, parent);
  }

  static FunctionClassLoader of(String task, String layers) throws MalformedURLException {
    List<URL> places = new ArrayList<>();
    places.add(new File(task + "/").toURI().toURL());
    jars(new File(task, "lib"), places);
    jars(new File(task), places);
    for (String layer : layers.split(":")) {
      jars(new File(layer, "java/lib"), places);
    }
    return new FunctionClassLoader(places.toArray(new URL[0]), FunctionClassLoader.class.getClassLoader());
  }

  private static void jars(File folder, List<URL> places) throws MalformedURLException {
    File[] found = folder.listFiles((in, name) -> name.endsWith(".jar"));
    if (found == null) {
      return;
    }
    Arrays.sort(found);
    for (File jar : found) {
      places.add(jar.toURI().toURL());
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(INTERFACES)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> found = findLoadedClass(name);
      if (found == null) {
        try {
          found = findClass(name);
        } catch (ClassNotFoundException absent) {
          found = super.loadClass(name, false);
        }
      }
      if (resolve) {
        resolveClass(found);
      }
      return found;
    }
  }
}
