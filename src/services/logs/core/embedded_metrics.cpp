#include "services/logs/core/embedded_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/bounded_json.hpp"
#include "base/json.hpp"
#include "base/metric_unit.hpp"

namespace aviary::logs {
namespace {

constexpr std::size_t most_metrics = 100;    ///< of a directive
constexpr std::size_t most_values = 100;     ///< of a metric
constexpr std::size_t most_dimensions = 30;  ///< of a set
constexpr std::size_t longest_name = 1024;   ///< of a metric, a namespace, a dimension's value
constexpr std::size_t longest_dimension = 250;
constexpr double largest_value = 0x1p360;

enum class EmfFault { None, Parsing, Validation };

using EmfDimensions = std::vector<std::pair<std::string, std::string>>;

struct EmfMetric {
  const std::string* name_space;
  const std::string* name;
  std::string_view unit;
  bool high_resolution;
  std::vector<double> values;
  const std::vector<EmfDimensions>* sets;
};

const Json* emf_member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

bool is_emf_name(const Json* value) {
  return value && value->is_string() && !value->get_ref<const std::string&>().empty() &&
         value->get_ref<const std::string&>().size() <= longest_name;
}

/// The metrics of one event, read whole before any is published.
class EmfDocument {
 public:
  explicit EmfDocument(const Json& root) : root_(root) {}

  EmfFault read() {
    const Json& metadata = root_["_aws"];
    const Json* timestamp = metadata.is_object() ? emf_member(metadata, "Timestamp") : nullptr;
    const Json* directives = metadata.is_object() ? emf_member(metadata, "CloudWatchMetrics") : nullptr;
    if (!timestamp || !timestamp->is_number() || !directives || !directives->is_array())
      return EmfFault::Parsing;
    at_ = timestamp->is_number_float() ? static_cast<Millis>(timestamp->get<double>())
                                       : timestamp->get<Millis>();
    sets_.reserve(directives->size());  // metrics point into it
    for (const Json& directive : *directives)
      if (const EmfFault fault = read_directive(directive); fault != EmfFault::None) return fault;
    return EmfFault::None;
  }

  void publish(const Scope& scope, MetricSink& sink) const {
    for (const EmfMetric& metric : metrics_)
      for (const EmfDimensions& dimensions : *metric.sets)
        for (const double value : metric.values)
          sink.put({scope, *metric.name_space, *metric.name, dimensions, metric.unit, at_, value,
                    metric.high_resolution});
  }

 private:
  EmfFault read_directive(const Json& directive) {
    if (!directive.is_object()) return EmfFault::Parsing;
    const Json* name_space = emf_member(directive, "Namespace");
    const Json* sets = emf_member(directive, "Dimensions");
    const Json* metrics = emf_member(directive, "Metrics");
    if (!name_space || !sets || !sets->is_array() || !metrics || !metrics->is_array())
      return EmfFault::Parsing;
    if (!is_emf_name(name_space) || metrics->size() > most_metrics) return EmfFault::Validation;
    sets_.emplace_back();
    for (const Json& names : *sets)
      if (const EmfFault fault = read_dimensions(names); fault != EmfFault::None) return fault;
    if (sets_.back().empty()) sets_.back().emplace_back();
    for (const Json& metric : *metrics)
      if (const EmfFault fault = read_metric(name_space->get_ref<const std::string&>(), metric);
          fault != EmfFault::None)
        return fault;
    return EmfFault::None;
  }

  EmfFault read_dimensions(const Json& names) {
    if (!names.is_array()) return EmfFault::Parsing;
    if (names.size() > most_dimensions) return EmfFault::Validation;
    EmfDimensions& dimensions = sets_.back().emplace_back();
    for (const Json& name : names) {
      if (!name.is_string()) return EmfFault::Parsing;
      const std::string& text = name.get_ref<const std::string&>();
      const Json* value = emf_member(root_, text.c_str());
      if (!value) return EmfFault::Parsing;  // a reference to nothing
      if (!is_emf_name(value) || text.size() > longest_dimension) return EmfFault::Validation;
      dimensions.emplace_back(text, value->get<std::string>());
    }
    return EmfFault::None;
  }

  EmfFault read_metric(const std::string& name_space, const Json& definition) {
    const Json* name = definition.is_object() ? emf_member(definition, "Name") : nullptr;
    if (!name || !name->is_string()) return EmfFault::Parsing;
    if (!is_emf_name(name)) return EmfFault::Validation;
    EmfMetric metric{.name_space = &name_space,
                     .name = &name->get_ref<const std::string&>(),
                     .unit = {},
                     .high_resolution = false,
                     .values = {},
                     .sets = &sets_.back()};
    if (const Json* unit = emf_member(definition, "Unit")) {
      if (!unit->is_string() || !metric_unit(unit->get_ref<const std::string&>()))
        return EmfFault::Validation;
      metric.unit = unit->get_ref<const std::string&>();
    }
    if (const Json* resolution = emf_member(definition, "StorageResolution")) {
      if (*resolution != 1 && *resolution != 60) return EmfFault::Validation;
      metric.high_resolution = *resolution == 1;
    }
    const Json* value = emf_member(root_, metric.name->c_str());
    if (!value) return EmfFault::Parsing;
    const bool many = value->is_array();
    if (many && value->size() > most_values) return EmfFault::Validation;
    for (const Json& each : many ? *value : Json::array({*value})) {
      if (!each.is_number() || std::fabs(each.get<double>()) > largest_value) return EmfFault::Validation;
      metric.values.push_back(each.get<double>());
    }
    metrics_.push_back(std::move(metric));
    return EmfFault::None;
  }

  const Json& root_;
  Millis at_ = 0;
  std::vector<std::vector<EmfDimensions>> sets_;  ///< of each directive
  std::vector<EmfMetric> metrics_;
};

}  // namespace

bool may_embed_metrics(std::string_view text) noexcept {
  // Lambda's Node.js puts time, request and level before what console.log writes, in one line with tabs.
  if (text.find('{') == std::string_view::npos) return false;
  return text.find("\"_aws\"") != std::string_view::npos &&
         text.find("\"CloudWatchMetrics\"") != std::string_view::npos;
}

void publish_embedded_metrics(const LogGroup& group, Millis at, std::string_view text, MetricSink& sink) {
  const Json root = parse_bounded<Json>(text.substr(text.find('{')));
  // What is cut or is no JSON is text like any other.
  if (!root.is_object() || !root.contains("_aws")) return;
  EmfDocument document(root);
  const EmfFault fault = document.read();
  if (fault == EmfFault::None) {
    document.publish(group.scope, sink);
    return;
  }
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
  const EmfDimensions dimensions{{"LogGroupName", group.name}};
  sink.put({group.scope, "AWS/Logs", fault == EmfFault::Parsing ? "EMFParsingErrors" : "EMFValidationErrors",
            dimensions, "Count", at, 1});
}

}  // namespace aviary::logs
