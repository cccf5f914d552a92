#include "execution/function_log.hpp"

#include <algorithm>
#include <utility>

#include "execution/platform_log.hpp"
#include "execution/telemetry.hpp"

namespace aviary::execution {

void FunctionLog::output(std::string_view bytes) { frames_.take(bytes, *this); }

/// One event, whatever line feeds are in it.
void FunctionLog::on_record(std::string_view text) {
  if (!wanted()) return;
  flush();
  if (text.ends_with('\n')) text.remove_suffix(1);
  do {
    std::string whole(text.substr(0, line_bytes - 1));
    text.remove_prefix(whole.size());
    whole += '\n';
    line(whole);
  } while (!text.empty());
}

void FunctionLog::on_text(std::string_view bytes) {
  if (!wanted()) {
    partial_.clear();
    return;
  }
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    const std::size_t room = line_bytes - 1 - partial_.size();
    const bool ends = newline != std::string_view::npos && newline <= room;
    if (ends && partial_.empty()) {
      line(bytes.substr(0, newline + 1));
      bytes.remove_prefix(newline + 1);
      continue;
    }
    const std::size_t taken = ends ? newline + 1 : std::min(room, bytes.size());
    partial_ += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (ends) {
      const std::string whole = std::exchange(partial_, {});
      line(whole);
    } else if (partial_.size() == line_bytes - 1) {
      flush();
    }
  }
}

void FunctionLog::platform(std::string_view text, Instant at) {
  if (text.empty()) return;
  flush();
  emit(text, at);
}

void FunctionLog::start(Instant at, std::string_view request_id, std::string_view invoked_arn,
                        std::string_view trace) {
  if (takes_notes()) {
    observations_->start(identity_, at, request_id, invoked_arn, trace);
    return;
  }
  platform(platform_log::start(*identity_.version, at, request_id, invoked_arn, identity_.tenant_id, trace),
           at);
}

void FunctionLog::end(Instant at, std::string_view log_line, const platform_log::Report& report) {
  if (takes_notes()) {
    observations_->end(identity_, at, log_line, report);
    return;
  }
  platform(log_line, at);
  platform(platform_log::end(*identity_.version, at, report), at);
  platform(platform_log::report(*identity_.version, at, report), at);
}

void FunctionLog::end_output() {
  frames_.end(*this);
  flush();
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
  const lambda::Configuration& configuration = *identity_.version->configuration;
  if (!platform_log::application_line_passes(configuration, whole)) return;
  if (telemetry_ != nullptr) telemetry_->line(true, whole, configuration.log_format == "JSON");
  emit(whole, clock_.now());
}

void FunctionLog::extension_line(std::string_view whole) {
  if (telemetry_ != nullptr)
    telemetry_->line(false, whole, identity_.version->configuration->log_format == "JSON");
  emit(whole, clock_.now());
}

void FunctionLog::emit(std::string_view whole, Instant at) {
  if (tailing_ && tap_) {
    tap_(whole);
  } else if (tailing_) {
    tail_ += whole;
    if (tail_.size() > 4 * tail_bytes) tail_.erase(0, tail_.size() - tail_bytes);
  }
  observations_->line(identity_, at, whole);
}

}  // namespace aviary::execution
