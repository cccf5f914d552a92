#include "app/happenings.hpp"

#include <fmt/format.h>

#include <utility>

namespace aviary::app {
namespace {

/// More are not worth reading, and must not fill the memory.
constexpr std::size_t most_rows = 10'000;

std::string_view text_of(execution::InvocationEnd end) {
  switch (end) {
    case execution::InvocationEnd::Success:
      return "succeeded";
    case execution::InvocationEnd::FunctionError:
      return "failed";
    case execution::InvocationEnd::Failure:
      return "broke down";
    case execution::InvocationEnd::Timeout:
      return "timed out";
    case execution::InvocationEnd::Throttled:
      return "was throttled";
    case execution::InvocationEnd::Refused:
      return "could not run";
  }
  return "ended";
}

}  // namespace

void Happenings::add(std::string what) {
  if (!wanted() || rows_.size() >= most_rows) return;
  rows_.push_back({{"at", iso8601(clock_.now())}, {"what", std::move(what)}});
}

void Happenings::on_invocation(const execution::InvocationRecord& record) {
  if (!wanted()) return;
  add(fmt::format("invoke of {} ran version {} and {}", record.invoked_arn, record.version->number,
                  text_of(record.end)));
}

Json Happenings::end() {
  --drivers_;
  return drivers_ > 0 ? rows_ : std::exchange(rows_, Json::array());
}

}  // namespace aviary::app
