#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace aviary::app {

/// How a file is run as a function.
struct HandlerGuess {
  std::string family;            ///< python, nodejs, ruby or java; `provided` for a program of its own
  std::filesystem::path folder;  ///< what becomes /var/task
  std::string handler;           ///< as `Handler` has it
  bool packed = false;           ///< the file is itself a package (.zip, .jar)
  std::string problem;           ///< why it cannot be guessed, for people; else empty
};

/// By the file's name, its first lines and what lies beside it. `file` exists and is absolute. `has_handler`:
/// the caller says which handler it is, so that the source need not name one.
HandlerGuess guess_handler(const std::filesystem::path& file, bool has_handler);

/// The name that the source exports for a handler: `handler` or `lambda_handler` before others; empty if it
/// has none of the usual ones.
std::string exported_handler(std::string_view family, std::string_view source);

/// The newest runtime of a family whose interpreter is here in that very version, else the newest at all;
/// empty where there is none. `exact` tells whether the runtime's interpreter is here.
std::string best_runtime(std::string_view family, const std::function<bool(std::string_view)>& exact);

}  // namespace aviary::app
