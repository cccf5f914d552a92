#include <algorithm>

#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/errors.hpp"

namespace aviary::logs {
namespace {

constexpr std::size_t most_metric_filters = 100;  ///< of a group
constexpr std::size_t most_dimensions = 3;

Result<MetricTransformation> read_transformation(const Json& input, const FilterPattern& pattern) {
  MetricTransformation made{.name = text_of(input, "metricName"),
                            .name_space = text_of(input, "metricNamespace"),
                            .value = text_of(input, "metricValue"),
                            .default_value = real_of(input, "defaultValue"),
                            .dimensions = {},
                            .unit = text_of(input, "unit")};
  if (const Json* dimensions = find_member(input, "dimensions")) {
    for (const auto& [name, selector] : dimensions->items())
      made.dimensions.emplace_back(name, selector.get<std::string>());
  }
  if (made.dimensions.empty()) return made;
  // As users report it: hashicorp/terraform-provider-aws#22105.
  if (!pattern.has_fields())
    return invalid_parameter("The specified filter pattern does not support dimensions");
  if (made.default_value)
    return invalid_parameter(
        "Invalid metric transformation: dimensions and default value are mutually exclusive properties.");
  if (made.dimensions.size() > most_dimensions)
    return invalid_parameter("Invalid metric transformation: at most 3 dimensions are allowed.");
  return made;
}

Json describe(const LogGroup& group, const MetricFilter& filter) {
  const MetricTransformation& made = filter.transformation;
  Json transformation{
      {"metricName", made.name}, {"metricNamespace", made.name_space}, {"metricValue", made.value}};
  if (made.default_value) transformation["defaultValue"] = *made.default_value;
  if (!made.unit.empty()) transformation["unit"] = made.unit;
  if (!made.dimensions.empty()) {
    Json& dimensions = transformation["dimensions"] = Json::object();
    for (const auto& [name, selector] : made.dimensions) dimensions[name] = selector;
  }
  return {{"filterName", filter.name},
          {"filterPattern", filter.pattern_text},
          {"metricTransformations", Json::array({std::move(transformation)})},
          {"creationTime", filter.created},
          {"logGroupName", group.name},
          {"applyOnTransformedLogs", filter.on_transformed}};
}

}  // namespace

Result<Reply> LogsService::put_metric_filter(Call& call) {
  MetricFilter filter{.name = text_of(call.input, "filterName"),
                      .pattern_text = text_of(call.input, "filterPattern"),
                      .transformation = {}};
  Result<FilterPattern> pattern = FilterPattern::parse(filter.pattern_text);
  if (!pattern) return pattern.error();
  filter.pattern = std::move(*pattern);
  Result<MetricTransformation> made =
      read_transformation(call.input.at("metricTransformations").at(0), filter.pattern);
  if (!made) return made.error();
  filter.transformation = std::move(*made);
  filter.created = to_millis(call.now);
  filter.on_transformed = flag_of(call.input, "applyOnTransformedLogs");

  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  std::vector<MetricFilter>& filters = (*group)->metric_filters;
  const auto place = std::ranges::lower_bound(filters, filter.name, {}, &MetricFilter::name);
  if (place != filters.end() && place->name == filter.name) {
    filter.created = place->created;
    *place = std::move(filter);
  } else {
    if (filters.size() >= most_metric_filters) return limit_exceeded();
    filters.insert(place, std::move(filter));
  }
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::delete_metric_filter(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  const std::string& name = text_of(call.input, "filterName");
  if (std::erase_if((*group)->metric_filters, [&](const MetricFilter& f) { return f.name == name; }) == 0)
    return not_found("The specified metric filter does not exist.");
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::describe_metric_filters(Call& call) {
  const std::string& group_name = text_of(call.input, "logGroupName");
  const std::string& prefix = text_of(call.input, "filterNamePrefix");
  const std::string& metric = text_of(call.input, "metricName");
  const std::string& name_space = text_of(call.input, "metricNamespace");
  if (metric.empty() != name_space.empty())
    return invalid_parameter("metricName and metricNamespace must be specified together.");
  if (!group_name.empty()) {
    if (const Result<LogGroup*> group = group_of(store_, call); !group) return group.error();
  }
  const Result<std::optional<std::string>> after = token_of(call.input);
  if (!after) return after.error();

  Reply reply;
  Json& rows = reply.output["metricFilters"] = Json::array();
  const std::size_t size = page_size_of(call.input);
  std::string last;
  for (const auto& [name, group] : store_.groups(scope_of(call))) {
    if (!group_name.empty() && name != group_name) continue;
    for (const MetricFilter& filter : group->metric_filters) {
      if (!filter.name.starts_with(prefix)) continue;
      const MetricTransformation& made = filter.transformation;
      if (!metric.empty() && (made.name != metric || made.name_space != name_space)) continue;
      // Neither a group's name nor a filter's has a colon.
      std::string place = name + ':' + filter.name;
      if (*after && place <= **after) continue;
      if (rows.size() == size) {
        reply.output["nextToken"] = token_after(last);
        return reply;
      }
      rows.push_back(describe(*group, filter));
      last = std::move(place);
    }
  }
  return reply;
}

Result<Reply> LogsService::test_metric_filter(Call& call) {
  const Result<FilterPattern> pattern = FilterPattern::parse(text_of(call.input, "filterPattern"));
  if (!pattern) return pattern.error();
  Reply reply;
  Json& matches = reply.output["matches"] = Json::array();
  std::size_t number = 0;
  for (const Json& each : call.input.at("logEventMessages")) {
    ++number;
    const std::string& message = each.get_ref<const std::string&>();
    if (!pattern->matches(message)) continue;
    Json values = Json::object();
    for (auto& [name, value] : pattern->extract(message)) values[name] = std::move(value);
    matches.push_back(
        {{"eventNumber", number}, {"eventMessage", message}, {"extractedValues", std::move(values)}});
  }
  return reply;
}

}  // namespace aviary::logs
