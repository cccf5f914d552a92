#pragma once

#include <cstdint>

namespace aviary::spawner {

/// What the child of `vfork` needs, all of it prepared before: it may not allocate, and shares our memory.
struct Execution {
  char* const* argv;
  char* const* environment;
  const char* working_directory;
  int output;
  int input;  ///< standard input; -1: nothing to read
  bool framed;
  std::int64_t uid;
  std::int64_t gid;
  std::int64_t processes;
  bool isolated;
  int error_number = 0;
  const char* step = "";
};

/// In the child of `vfork`: becomes the program, or says in `what` why not and exits.
[[noreturn]] void execute(Execution& what);

}  // namespace aviary::spawner
