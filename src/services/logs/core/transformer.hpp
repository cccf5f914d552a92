#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace aviary::logs {

/// An event that is transformed, and where it comes from: `@message`, `@logGroupName` and so on.
struct EventOrigin {
  std::string_view message;
  std::string_view group{};
  std::string_view stream{};
  std::string_view account{};
  std::string_view region{};
};

/// A pipeline of processors that makes a JSON document of an event.
/// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Transformation-Processors.html
class Transformer {
 public:
  struct Step;

  /// `[{"parseJSON":{}},…]`. Processors that are not there are refused by their names.
  static Result<Transformer> parse(const Json& config);
  /// The document's text; nothing if a parser cannot read what it is given.
  std::optional<std::string> transform(const EventOrigin& origin) const;

 private:
  std::shared_ptr<const std::vector<Step>> steps_;
};

}  // namespace aviary::logs
