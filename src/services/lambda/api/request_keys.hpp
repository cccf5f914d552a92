#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bounded_json.hpp"
#include "base/json.hpp"
#include "services/lambda/core/dispatcher.hpp"
#include "wire/message.hpp"

namespace aviary::lambda {

/// What a sticky router may go by, taken out of one request. Refers to what it is made of.
class RequestKeys final : public StickyKeys {
 public:
  RequestKeys(const wire::Request* http, const std::string& client_context, const std::string& payload)
      : http_(http), client_context_(client_context), payload_(payload) {}

  std::optional<std::string> find(const RouterSettings& settings) const override {
    switch (settings.sticky_source) {
      case StickySource::Header: {
        const std::string_view value = http_ ? http_->header(settings.sticky_key) : std::string_view{};
        return value.empty() ? std::nullopt : std::optional<std::string>(value);
      }
      case StickySource::ClientContext:
        return pointed_at(client_context_, settings.sticky_key);
      case StickySource::Payload:
        return pointed_at(payload_, settings.sticky_key);
    }
    return std::nullopt;
  }

 private:
  static std::optional<std::string> pointed_at(const std::string& text, const std::string& pointer) {
    const Json document = parse_bounded<Json>(text);
    if (document.is_discarded()) return std::nullopt;
    const Json::json_pointer path = parse_pointer(pointer);
    if (!document.contains(path)) return std::nullopt;
    const Json& value = document.at(path);
    if (value.is_null()) return std::nullopt;
    return value.is_string() ? value.get<std::string>() : value.dump();
  }
  /// A pointer without its first slash is a common slip; `customerId` means `/customerId`.
  static Json::json_pointer parse_pointer(const std::string& text) {
    return Json::json_pointer(text.empty() || text.front() == '/' ? text : "/" + text);
  }

  const wire::Request* http_;
  const std::string& client_context_;
  const std::string& payload_;
};

}  // namespace aviary::lambda
