package org.crac;

/** What wants to know of checkpoints: here, of snapshots of an initialised environment. */
public interface Resource {
  void beforeCheckpoint(Context<? extends Resource> context) throws Exception;

  void afterRestore(Context<? extends Resource> context) throws Exception;
}
