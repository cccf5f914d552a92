#include "execution/function_log.hpp"

#include <utility>

#include "execution/platform_log.hpp"

namespace aviary::execution {

void FunctionLog::output(std::string_view bytes) {
  if (!wanted()) {
    partial_.clear();
    return;
  }
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    if (newline == std::string_view::npos) {
      partial_ += bytes;
      while (partial_.size() >= line_bytes) {
        std::string cut = partial_.substr(0, line_bytes - 1);
        partial_.erase(0, line_bytes - 1);
        cut += '\n';
        line(cut);
      }
      return;
    }
    if (partial_.empty()) {
      line(bytes.substr(0, newline + 1));
    } else {
      partial_ += bytes.substr(0, newline + 1);
      const std::string whole = std::exchange(partial_, {});
      line(whole);
    }
    bytes.remove_prefix(newline + 1);
  }
}

void FunctionLog::platform(std::string_view text) {
  if (text.empty()) return;
  flush();
  emit(text);
}

void FunctionLog::flush() {
  if (partial_.empty()) return;
  std::string whole = std::exchange(partial_, {});
  whole += '\n';
  line(whole);
}

void FunctionLog::begin_tail() {
  tailing_ = true;
  tail_.clear();
}

std::string FunctionLog::take_tail() {
  tailing_ = false;
  if (tail_.size() > tail_bytes) tail_.erase(0, tail_.size() - tail_bytes);
  return std::exchange(tail_, {});
}

void FunctionLog::line(std::string_view whole) {
  if (!platform_log::application_line_passes(*identity_.version->configuration, whole)) return;
  emit(whole);
}

void FunctionLog::emit(std::string_view whole) {
  if (tailing_) {
    tail_ += whole;
    if (tail_.size() > 4 * tail_bytes) tail_.erase(0, tail_.size() - tail_bytes);
  }
  if (sinks_.empty()) return;
  const Instant now = clock_.now();
  for (LogSink* sink : sinks_) sink->on_line(identity_, now, whole);
}

}  // namespace aviary::execution
