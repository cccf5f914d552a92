package org.crac;

import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** The interface of org.crac, as Lambda's Java runtime has it. */
public final class Core {
  private static final Context<Resource> GLOBAL = new Ordered();

  private Core() {}

  public static Context<Resource> getGlobalContext() {
    return GLOBAL;
  }

  public static void checkpointRestore() throws CheckpointException, RestoreException {
    throw new UnsupportedOperationException("Lambda makes its snapshots itself");
  }

  private static final class Ordered extends Context<Resource> {
    // As in org.crac: a context does not keep its resources alive.
    private final List<WeakReference<Resource>> registered = new ArrayList<>();

    @Override
    public synchronized void register(Resource resource) {
      registered.add(new WeakReference<>(resource));
    }

    private synchronized List<Resource> resources() {
      List<Resource> alive = new ArrayList<>();
      for (WeakReference<Resource> reference : registered) {
        Resource resource = reference.get();
        if (resource != null) {
          alive.add(resource);
        }
      }
      return alive;
    }

    @Override
    public void beforeCheckpoint(Context<? extends Resource> context) throws CheckpointException {
      List<Resource> order = resources();
      Collections.reverse(order);
      CheckpointException failed = null;
      for (Resource resource : order) {
        try {
          resource.beforeCheckpoint(this);
        } catch (Exception problem) {
          failed = failed == null ? new CheckpointException() : failed;
          failed.addSuppressed(problem);
        }
      }
      if (failed != null) {
        throw failed;
      }
    }

    @Override
    public void afterRestore(Context<? extends Resource> context) throws RestoreException {
      RestoreException failed = null;
      for (Resource resource : resources()) {
        try {
          resource.afterRestore(this);
        } catch (Exception problem) {
          failed = failed == null ? new RestoreException() : failed;
          failed.addSuppressed(problem);
        }
      }
      if (failed != null) {
        throw failed;
      }
    }
  }
}
