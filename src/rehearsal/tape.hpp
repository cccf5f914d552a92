#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ports/clock.hpp"
#include "ports/task_group.hpp"
#include "rehearsal/comparison.hpp"
#include "rehearsal/function_selector.hpp"
#include "rehearsal/invoker.hpp"
#include "services/lambda/core/function_runner.hpp"

namespace aviary::rehearsal {

/// Stands between the service and what runs its functions, and keeps what passes: recordings, to be played to
/// another version; and shadows, which let another version answer the same events at once, for nobody but the
/// comparison. While there is neither, it costs one branch.
///
/// Lives on the loop's thread, in memory only. `stop` must have completed before it is destroyed.
class Tape final : public lambda::ForwardingRunner {
 public:
  /// What the trace header of an invoke carries that the tape itself makes.
  static constexpr std::string_view own_mark = ";Rehearsal=1";

  Tape(lambda::FunctionRunner& inner, boost::asio::any_io_executor executor, Clock& clock);
  /// How shadows and replays run; before the first of them. Whoever makes these invokes puts `own_mark` into
  /// their trace header: they cast no shadows in turn.
  void set_invoke(Invoke invoke) { invoke_ = std::move(invoke); }

  Task<Result<lambda::Outcome>> run(lambda::Invocation invocation) override;

  /// `{"function": "order-processor:5", "limit": 1000}`: the latest `limit` invocations are kept.
  Checked<Json> start_recording(const Json& document);
  /// Keeps what is there and takes no more. Null: no such recording.
  Json stop_recording(std::string_view id);
  bool remove_recording(std::string_view id);
  Json recordings() const;
  bool recording_exists(std::string_view id) const { return find_recording(id) != nullptr; }
  /// With its entries; null: no such recording.
  Json recording(std::string_view id) const;
  Checked<std::vector<std::string>> events(const std::string& id) const;
  /// `{"against": "order-processor:6", "ignore": ["/timestamp"]}`: one event after the other, oldest first.
  /// `against` may be a version or an alias of the same function alone.
  Task<Checked<Json>> replay(std::string id, Json document);

  /// `{"function": "order-processor:prod", "against": "6", "share": 1.0, "ignore": []}`
  Checked<Json> start_shadow(const Json& document);
  bool remove_shadow(std::string_view id);
  Json shadows() const;

  void clear();
  Task<> stop();

 private:
  struct Entry {
    Instant when;
    std::string function;  ///< the executed function's name
    lambda::Scope scope;
    Performance performed;
    std::size_t bytes() const { return performed.event.size() + performed.payload.size() + 256; }
  };
  struct Recording {
    std::uint64_t order = 0;
    std::string id{};
    FunctionSelector function;
    Json document{};
    std::size_t limit = 0;
    bool running = true;
    std::uint64_t seen = 0;
    std::deque<Entry> entries{};
  };
  struct Shadow {
    std::uint64_t order = 0;
    std::string id{};
    FunctionSelector function;
    Json document{};
    std::string against{};  ///< a version, or an alias
    double share = 1;
    double owed = 0;  ///< of the share: exact, without chance
    std::size_t running = 0;
    std::uint64_t left_out = 0;
    Comparison comparison{};
  };
  Task<Result<lambda::Outcome>> run_taped(lambda::Invocation invocation);
  void keep(const lambda::Invocation& like, const Entry& entry);
  void shadow(const lambda::Invocation& like, const Entry& entry);
  Task<> run_shadow(std::uint64_t order, Entry entry, std::string function);
  static Json describe(const Recording& recording);
  static Json describe(const Shadow& shadow);
  const Recording* find_recording(std::string_view id) const;
  Recording* find_recording(std::string_view id);
  Shadow* find_shadow(std::uint64_t order);
  void look_again();
  void make_room();

  Clock& clock_;
  Invoke invoke_;
  TaskGroup tasks_;
  bool active_ = false;  ///< whether anybody wants what passes
  std::uint64_t last_order_ = 0;
  std::size_t bytes_ = 0;  ///< of all entries
  std::vector<Recording> recordings_;
  std::vector<Shadow> shadows_;
};

}  // namespace aviary::rehearsal
