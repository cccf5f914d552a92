#pragma once

#include <string_view>

#include "execution/observers.hpp"

namespace aviary::app {

/// `--log-functions`: every line of every function on standard output's sibling, prefixed by function and
/// version, in a colour of its own when that is a terminal.
class FunctionLogPrinter final : public execution::LogSink {
 public:
  /// `plain`: without prefix and colour, where there is only one function.
  explicit FunctionLogPrinter(bool plain);
  void on_line(const execution::EnvironmentIdentity& environment, Instant time,
               std::string_view line) override;

 private:
  bool plain_;
  bool coloured_;
};

}  // namespace aviary::app
