#include "execution/observations.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace aviary::execution {
namespace {

/// Enough that what makes lines of notes pays for its way into the caches; few enough that all of them, some
/// 80 KiB, stay there, and that settling them delays nobody by more than some tenths of a millisecond.
constexpr std::size_t most_notes = 512;
constexpr std::size_t most_text = 64 * 1024;
/// A line that would fill a batch alone is handed on at once.
constexpr std::size_t longest_noted = 8 * 1024;
/// How late the late ones are at most. It is about people who watch: whoever asks settles first.
constexpr std::chrono::milliseconds longest_wait{25};
/// Of the subjects, only the latest are looked through: more than that are invoked in turn seldom.
constexpr std::size_t looked_through = 4;

}  // namespace

Observations::Piece Observations::Batch::keep(std::string_view bytes) {
  if (bytes.empty()) return {};
  const Piece kept{static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(bytes.size())};
  text.append(bytes);
  return kept;
}

std::uint32_t Observations::Batch::subject(const lambda::VersionHandle* version, std::string_view arn) {
  const std::size_t first = subjects.size() - std::min(subjects.size(), looked_through);
  for (std::size_t i = subjects.size(); i > first; --i)
    if ((version == nullptr || subjects[i - 1].version == *version) && subjects[i - 1].arn == arn)
      return static_cast<std::uint32_t>(i - 1);
  subjects.push_back({version ? *version : nullptr, std::string(arn)});
  return static_cast<std::uint32_t>(subjects.size() - 1);
}

void Observations::Batch::clear() {
  notes.clear();
  figures.clear();
  subjects.clear();
  text.clear();
}

void Observations::remove(LogSink& sink) {
  settle();
  std::erase(sinks_, &sink);
  std::erase(late_sinks_, &sink);
}

void Observations::remove(InvocationObserver& observer) {
  settle();
  std::erase(observers_, &observer);
  std::erase(late_observers_, &observer);
}

Observations::Note& Observations::note(Kind kind, Instant at) {
  if (open_.notes.size() >= most_notes || open_.text.size() >= most_text) settle();
  if (timer_ == 0) {
    timer_ = stopwatch_->call_after(longest_wait, [this] {
      timer_ = 0;
      settle();
    });
  }
  Note& added = open_.notes.emplace_back();
  added.kind = kind;
  added.at = at;
  return added;
}

void Observations::line(const EnvironmentIdentity& environment, Instant at, std::string_view whole) {
  for (LogSink* sink : sinks_) sink->on_line(environment, at, whole);
  if (late_sinks_.empty()) return;
  if (whole.size() > longest_noted || !defers()) {
    settle();
    tell_line(environment, at, whole);
    return;
  }
  Note& added = note(Kind::Line, at);
  added.environment = &environment;
  added.text = open_.keep(whole);
}

void Observations::start(const EnvironmentIdentity& environment, Instant at, std::string_view request_id,
                         std::string_view invoked_arn, std::string_view trace) {
  Note& added = note(Kind::Start, at);
  added.environment = &environment;
  added.subject = open_.subject(nullptr, invoked_arn);
  added.id = open_.keep(request_id);
  added.trace = open_.keep(trace);
}

void Observations::end(const EnvironmentIdentity& environment, Instant at, std::string_view log_line,
                       const platform_log::Report& report) {
  if (!log_line.empty()) line(environment, at, log_line);
  Note& added = note(Kind::End, at);
  added.environment = &environment;
  added.end = report.end;
  added.id = open_.keep(report.request_id);
  added.text = open_.keep(report.error_type);
  added.trace = open_.keep(report.trace);
  added.figures = static_cast<std::uint32_t>(open_.figures.size());
  open_.figures.push_back({.duration = report.duration,
                           .init_duration = report.init_duration,
                           .restore_duration = report.restore_duration,
                           .max_memory_bytes = report.max_memory_bytes});
}

void Observations::place(Kind kind, const PlaceNotice& notice) {
  if (!defers()) {
    settle();
    for (InvocationObserver* observer : late_observers_)
      kind == Kind::Taken ? observer->on_place_taken(notice) : observer->on_place_left(notice);
    return;
  }
  Note& added = note(kind, clock_.now());
  added.charge = notice.charge;
  added.places = static_cast<std::uint32_t>(notice.provisioned);
  added.subject = open_.subject(&notice.version, notice.invoked_arn);
}

void Observations::place_taken(const PlaceNotice& notice) {
  for (InvocationObserver* observer : observers_) observer->on_place_taken(notice);
  if (!late_observers_.empty()) place(Kind::Taken, notice);
}

void Observations::place_left(const PlaceNotice& notice) {
  for (InvocationObserver* observer : observers_) observer->on_place_left(notice);
  if (!late_observers_.empty()) place(Kind::Left, notice);
}

void Observations::invocation(const InvocationRecord& record) {
  for (InvocationObserver* observer : observers_) observer->on_invocation(record);
  if (late_observers_.empty()) return;
  if (!defers()) {
    settle();
    for (InvocationObserver* observer : late_observers_) observer->on_invocation(record);
    return;
  }
  Note& added = note(Kind::Invocation, record.at ? *record.at : clock_.now());
  added.end = record.end;
  added.cold = record.cold;
  added.provisioned = record.provisioned;
  added.spilled = record.spilled;
  added.subject = open_.subject(&record.version, record.invoked_arn);
  added.id = open_.keep(record.request_id);
  added.text = open_.keep(record.error_type);
  added.figures = static_cast<std::uint32_t>(open_.figures.size());
  open_.figures.push_back({.duration = record.duration,
                           .init_duration = record.init_duration,
                           .after_runtime = record.after_runtime,
                           .billed_ms = record.billed_ms,
                           .max_memory_bytes = record.max_memory_bytes});
}

void Observations::settle() {
  if (settling_ || open_.notes.empty()) return;
  // However it ends: nobody hears of anything twice.
  auto over = [](Observations* self) {
    self->closing_.clear();
    self->settling_ = false;
  };
  const std::unique_ptr<Observations, decltype(over)> settling(this, over);
  settling_ = true;
  do {
    // What is noted meanwhile comes after it.
    std::swap(open_, closing_);
    for (const Note& each : closing_.notes) tell(closing_, each);
    closing_.clear();
  } while (!open_.notes.empty());
  std::swap(open_, closing_);  // the one whose memory is warm
}

void Observations::close() {
  settle();
  if (timer_ != 0) stopwatch_->cancel(std::exchange(timer_, 0));
  stopwatch_ = nullptr;
  sinks_.clear();
  late_sinks_.clear();
  observers_.clear();
  late_observers_.clear();
}

void Observations::tell(const Batch& batch, const Note& note) {
  switch (note.kind) {
    case Kind::Line:
      tell_line(*note.environment, note.at, batch.piece(note.text));
      break;
    case Kind::Start:
      tell_line(*note.environment, note.at,
                platform_log::start(*note.environment->version, note.at, batch.piece(note.id),
                                    batch.subjects[note.subject].arn, note.environment->tenant_id,
                                    batch.piece(note.trace)));
      break;
    case Kind::End:
      tell_end(batch, note);
      break;
    case Kind::Taken:
    case Kind::Left:
      tell_place(batch, note);
      break;
    case Kind::Invocation:
      tell_invocation(batch, note);
      break;
  }
}

void Observations::tell_line(const EnvironmentIdentity& environment, Instant at, std::string_view whole) {
  if (whole.empty()) return;
  for (LogSink* sink : late_sinks_) sink->on_line(environment, at, whole);
}

void Observations::tell_end(const Batch& batch, const Note& note) {
  const Figures& figures = batch.figures[note.figures];
  const lambda::Version& version = *note.environment->version;
  const platform_log::Report report{.request_id = batch.piece(note.id),
                                    .duration = figures.duration,
                                    .init_duration = figures.init_duration,
                                    .max_memory_bytes = figures.max_memory_bytes,
                                    .end = note.end,
                                    .error_type = batch.piece(note.text),
                                    .tenant_id = note.environment->tenant_id,
                                    .restore_duration = figures.restore_duration,
                                    .trace = batch.piece(note.trace)};
  tell_line(*note.environment, note.at, platform_log::end(version, note.at, report));
  tell_line(*note.environment, note.at, platform_log::report(version, note.at, report));
}

void Observations::tell_place(const Batch& batch, const Note& note) {
  const Subject& subject = batch.subjects[note.subject];
  const PlaceNotice notice{.version = subject.version,
                           .invoked_arn = subject.arn,
                           .charge = note.charge,
                           .provisioned = note.places,
                           .at = note.at};
  for (InvocationObserver* observer : late_observers_)
    note.kind == Kind::Taken ? observer->on_place_taken(notice) : observer->on_place_left(notice);
}

void Observations::tell_invocation(const Batch& batch, const Note& note) {
  const Subject& subject = batch.subjects[note.subject];
  const Figures& figures = batch.figures[note.figures];
  InvocationRecord record{subject.version, batch.piece(note.id), subject.arn, note.end,
                          batch.piece(note.text)};
  record.duration = figures.duration;
  record.init_duration = figures.init_duration;
  record.after_runtime = figures.after_runtime;
  record.billed_ms = figures.billed_ms;
  record.max_memory_bytes = figures.max_memory_bytes;
  record.cold = note.cold;
  record.provisioned = note.provisioned;
  record.spilled = note.spilled;
  record.at = note.at;
  for (InvocationObserver* observer : late_observers_) observer->on_invocation(record);
}

}  // namespace aviary::execution
