#include "services/logs/jobs/insights_queries.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace aviary::logs {
namespace {

constexpr std::size_t most_queries = 100;
constexpr std::size_t most_bytes = 64 << 20;  ///< of all results that are kept
/// Some milliseconds of work, after which others have the loop.
constexpr std::size_t slice_events = 5'000;

struct Place {
  std::uint64_t stream;
  EventKey at;
};

/// Hands on what the stream has from the place on, up to `left` events. True when there is no more of it.
bool read_on(LogStore& store, Place& place, EventKey until, std::size_t& left, insights::Run& run) {
  const LogStream* stream = store.find_stream(place.stream);
  if (!stream) return true;
  const std::string log = stream->group->scope.account + ':' + stream->group->name;
  for (std::size_t index = stream->chunk_at(place.at); index < stream->chunks.size(); ++index) {
    const EventChunk& chunk = *stream->chunks[index];
    for (std::size_t i = chunk.first_not_before(place.at); i < chunk.size(); ++i) {
      const Event event = chunk[i];
      if (event.key >= until) return true;
      if (left == 0) {
        place.at = event.key;
        return false;
      }
      --left;
      run.add({event, stream->name, log});
    }
  }
  return true;
}

}  // namespace

std::string InsightsQueries::start(Scope scope, InsightsRange range, std::string text, insights::Query query,
                                   std::size_t limit, Millis now) {
  auto started = std::make_shared<InsightsQuery>();
  started->id = ids_.uuid();
  started->scope = std::move(scope);
  started->groups = range.groups;
  started->text = std::move(text);
  started->created = now;
  queries_.push_back(started);
  make_room();
  tasks_.spawn("a query of logs",
               run(started, std::move(range), std::make_shared<insights::Run>(std::move(query), limit)));
  return started->id;
}

/// The oldest go first; the newest stays, whatever it found.
void InsightsQueries::make_room() {
  std::size_t bytes = 0;
  for (const Held& query : queries_) bytes += query->result_bytes;
  while (queries_.size() > 1 && (queries_.size() > most_queries || bytes > most_bytes)) {
    bytes -= queries_.front()->result_bytes;
    queries_.erase(queries_.begin());
  }
}

Task<> InsightsQueries::run(Held query, InsightsRange range, std::shared_ptr<insights::Run> run) {
  std::vector<Place> places;
  const EventKey until{range.until, 0};
  for (const std::string& name : range.groups) {
    const LogGroup* group = store_.find_group(query->scope, name);
    if (!group) continue;
    const EventKey from{std::max(range.from, group->cutoff(query->created)), 0};
    for (const auto& [stream_name, stream] : group->streams) places.push_back({stream->id, from});
  }
  const boost::asio::any_io_executor loop = co_await boost::asio::this_coro::executor;
  while (!places.empty() && query->status == InsightsQuery::Status::Running) {
    co_await boost::asio::post(loop, boost::asio::use_awaitable);
    std::size_t left = slice_events;
    while (!places.empty() && left > 0 && read_on(store_, places.back(), until, left, *run))
      places.pop_back();
    query->matched = run->matched();
    query->scanned = run->scanned();
    query->scanned_bytes = run->scanned_bytes();
  }
  if (query->status != InsightsQuery::Status::Running) co_return;
  query->results = run->finish();
  for (const insights::ResultRow& row : query->results)
    for (const auto& [field, value] : row)
      query->result_bytes += field.size() + value.size() + 2 * sizeof(field);
  make_room();
  query->status = InsightsQuery::Status::Complete;
}

const InsightsQuery* InsightsQueries::find(const Scope& scope, std::string_view id) const {
  const auto found = std::ranges::find_if(
      queries_, [&](const Held& query) { return query->id == id && query->scope == scope; });
  return found == queries_.end() ? nullptr : found->get();
}

bool InsightsQueries::cancel(const Scope& scope, std::string_view id) {
  const auto found = std::ranges::find_if(
      queries_, [&](const Held& query) { return query->id == id && query->scope == scope; });
  if (found == queries_.end() || (*found)->status != InsightsQuery::Status::Running) return false;
  (*found)->status = InsightsQuery::Status::Cancelled;
  return true;
}

std::vector<const InsightsQuery*> InsightsQueries::list(const Scope& scope) const {
  std::vector<const InsightsQuery*> listed;
  for (auto query = queries_.rbegin(); query != queries_.rend(); ++query)
    if ((*query)->scope == scope) listed.push_back(query->get());
  return listed;
}

Task<> InsightsQueries::stop() {
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace aviary::logs
