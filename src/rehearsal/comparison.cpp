#include "rehearsal/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rehearsal/kept_text.hpp"

namespace aviary::rehearsal {
namespace {

constexpr std::size_t most_durations = 10'000;
constexpr std::size_t most_differences = 100;
constexpr std::size_t most_difference_bytes = 4 << 20;
/// A JSON patch of documents larger than this would take long and tell little.
constexpr std::size_t patched_bytes = 64 * 1024;

/// Removes what the pointer names, if it is there.
void erase_at(Json& document, const Json::json_pointer& pointer) {
  if (pointer.empty() || !document.contains(pointer)) return;
  Json& parent = document.at(pointer.parent_pointer());
  if (parent.is_object())
    parent.erase(pointer.back());
  else if (parent.is_array())
    parent.at(pointer.back() == "-" ? 0 : static_cast<std::size_t>(std::stoul(pointer.back()))) = nullptr;
}

double milliseconds_of(std::chrono::nanoseconds time) {
  return std::round(std::chrono::duration<double, std::micro>(time).count()) / 1000;
}

Json summary_of(const std::deque<double>& durations) {
  if (durations.empty()) return nullptr;
  std::vector<double> sorted(durations.begin(), durations.end());
  std::ranges::sort(sorted);
  const auto percentile = [&sorted](double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
    return sorted[std::max<std::size_t>(rank, 1) - 1];
  };
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(sorted.size());
  return {{"p50", percentile(0.5)},
          {"p90", percentile(0.9)},
          {"p99", percentile(0.99)},
          {"mean", std::round(mean * 1000) / 1000}};
}

void keep_latest(std::deque<double>& durations, std::chrono::nanoseconds time) {
  durations.push_back(milliseconds_of(time));
  if (durations.size() > most_durations) durations.pop_front();
}

Json shown(const Performance& performance) {
  Json json = {{"version", performance.version},
               {"payload", document_of_text(performance.payload)},
               {"duration_ms", milliseconds_of(performance.duration)}};
  if (!performance.function_error.empty()) json["function_error"] = performance.function_error;
  return json;
}

}  // namespace

Checked<Comparison> Comparison::with(const Json& ignore) {
  Comparison comparison;
  if (ignore.is_null()) return comparison;
  if (!ignore.is_array()) return Refusal{R"(ignore is a list of JSON pointers, as ["/timestamp"].)"};
  for (const Json& one : ignore) {
    const std::string text = one.is_string() ? one.get<std::string>() : std::string();
    const bool escaped_well = [&text] {
      for (std::size_t at = text.find('~'); at != std::string::npos; at = text.find('~', at + 1))
        if (at + 1 >= text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
      return true;
    }();
    if (!text.starts_with('/') || !escaped_well)
      return Refusal{R"(ignore is a list of JSON pointers, as ["/timestamp"].)"};
    comparison.ignore_.emplace_back(text);
  }
  return comparison;
}

Json Comparison::stripped(const Performance& performance) const {
  Json document = document_of_text(performance.payload);
  if (!performance.function_error.empty() && document.is_object()) {
    // Of an error only what it is counts: where it was raised, and for whom, differs by nature.
    std::string message = document.value("errorMessage", Json("")).is_string()
                              ? document.value("errorMessage", std::string())
                              : std::string();
    if (const std::size_t at = message.find(performance.request_id);
        at != std::string::npos && !performance.request_id.empty())
      message.erase(at, performance.request_id.size());
    return {{"errorType", document.value("errorType", Json())}, {"errorMessage", message}};
  }
  for (const Json::json_pointer& pointer : ignore_) erase_at(document, pointer);
  return document;
}

void Comparison::add(const Performance& before, const Performance& after) {
  ++compared_;
  if (!before.function_error.empty()) ++errors_before_;
  if (!after.function_error.empty()) ++errors_after_;
  keep_latest(before_ms_, before.duration);
  keep_latest(after_ms_, after.duration);
  const bool ended_alike = before.function_error.empty() == after.function_error.empty();
  const Json first = stripped(before);
  const Json second = stripped(after);
  if (ended_alike && first == second) {
    ++same_;
    return;
  }
  if (differences_.size() >= most_differences || differences_bytes_ > most_difference_bytes) return;
  Json difference = {{"request_id", before.request_id},
                     {"event", document_of_text(before.event)},
                     {"before", shown(before)},
                     {"after", shown(after)}};
  if (before.payload.size() + after.payload.size() < patched_bytes)
    difference["changes"] = Json::diff(first, second);
  differences_bytes_ += before.event.size() + before.payload.size() + after.payload.size();
  differences_.push_back(std::move(difference));
}

void Comparison::add_refused(const Performance& before, std::string problem) {
  ++refused_;
  if (differences_.size() >= most_differences) return;
  differences_.push_back({{"request_id", before.request_id}, {"problem", std::move(problem)}});
}

Json Comparison::report() const {
  return {{"compared", compared_},
          {"same", same_},
          {"different", compared_ - same_},
          {"refused", refused_},
          {"errors", {{"before", errors_before_}, {"after", errors_after_}}},
          {"duration_ms", {{"before", summary_of(before_ms_)}, {"after", summary_of(after_ms_)}}},
          {"differences", differences_}};
}

}  // namespace aviary::rehearsal
