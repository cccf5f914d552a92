#include "app/trace_ring.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace aviary::app {
namespace {

/// One trace may have run several functions, or one function several times.
struct Gathered {
  std::string_view id;
  std::vector<const Json*> documents;
};

Json render_trace(const Gathered& gathered) {
  double from = 0;
  double to = 0;
  Json segments = Json::array();
  for (const Json* document : gathered.documents) {
    const double start = document->at("start_time").get<double>();
    from = segments.empty() ? start : std::min(from, start);
    to = std::max(to, document->at("end_time").get<double>());
    segments.push_back({{"Id", document->at("id")}, {"Document", *document}});
  }
  return {{"Id", gathered.id}, {"Duration", to - from}, {"Segments", std::move(segments)}};
}

}  // namespace

void TraceRing::on_trace(execution::Trace trace) {
  if (traces_.size() >= most) {
    traces_.pop_front();
    ++forgotten_;
  }
  traces_.push_back(std::move(trace));
}

void TraceRing::clear() {
  traces_.clear();
  forgotten_ = 0;
}

Json TraceRing::report(const Query& query) const {
  std::vector<Gathered> found;
  std::map<std::string_view, std::size_t> places;
  for (auto trace = traces_.rbegin(); trace != traces_.rend(); ++trace) {
    if (!query.trace_id.empty() && trace->trace_id != query.trace_id) continue;
    if (!query.function.empty() && trace->function_name != query.function) continue;
    const auto [place, is_new] = places.try_emplace(trace->trace_id, found.size());
    if (is_new && found.size() >= query.limit) {
      places.erase(place);
      continue;
    }
    if (is_new) found.push_back({.id = trace->trace_id, .documents = {}});
    auto& documents = found[place->second].documents;
    documents.push_back(&trace->service);
    if (!trace->function.is_null()) documents.push_back(&trace->function);
  }
  Json list = Json::array();
  for (const Gathered& one : found) list.push_back(render_trace(one));
  return {{"traces", std::move(list)}, {"kept", traces_.size()}, {"forgotten", forgotten_}};
}

}  // namespace aviary::app
