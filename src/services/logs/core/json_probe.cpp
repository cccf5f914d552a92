#include "services/logs/core/json_probe.hpp"

#include <cstring>
#include <span>

#include "base/ascii.hpp"
#include "base/bounded_json.hpp"
#include "base/json.hpp"

namespace aviary::logs {
namespace {

class Probe {
 public:
  explicit Probe(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  /// The value here, if the path ends here; else those below it. Leaves the cursor behind the value unless it
  /// was found.
  bool visit(std::span<const JsonStep> path, const JsonVisitor& found) {
    spaces();
    if (at_ == end_) return false;
    if (path.empty()) {
      const JsonValue value = take();
      return found(value);
    }
    if (*at_ == '{') return visit_object(path, found);
    if (*at_ == '[') return visit_array(path, found);
    skip();
    return false;
  }

 private:
  void spaces() {
    while (at_ != end_ && is_space(*at_)) ++at_;
  }

  /// From an opening quote to behind the closing one. Whether there were escapes in it.
  bool skip_string() {
    bool escaped = false;
    ++at_;
    while (at_ < end_) {
      const auto* quote =
          static_cast<const char*>(std::memchr(at_, '"', static_cast<std::size_t>(end_ - at_)));
      if (!quote) {
        at_ = end_;
        return escaped;
      }
      const auto* slash =
          static_cast<const char*>(std::memchr(at_, '\\', static_cast<std::size_t>(quote - at_)));
      if (!slash) {
        at_ = quote + 1;
        return escaped;
      }
      escaped = true;
      at_ = slash + 2;  // what is escaped cannot end the string
    }
    at_ = end_;
    return escaped;
  }

  void skip() {
    if (*at_ == '"') {
      skip_string();
      return;
    }
    if (*at_ == '{' || *at_ == '[') {
      int depth = 0;
      while (at_ < end_) {
        const char c = *at_;
        if (c == '"') {
          skip_string();
          continue;
        }
        ++at_;
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && --depth == 0) return;
      }
      return;
    }
    while (at_ < end_ && *at_ != ',' && *at_ != '}' && *at_ != ']' && !is_space(*at_)) ++at_;
  }

  JsonValue take() {
    const char* begin = at_;
    if (*at_ == '"') {
      const bool escaped = skip_string();
      const char* last = at_ > begin + 1 ? at_ - 1 : at_;
      return {JsonKind::String, {begin + 1, static_cast<std::size_t>(last - begin - 1)}, escaped};
    }
    const char first = *at_;
    skip();
    const std::string_view raw(begin, static_cast<std::size_t>(at_ - begin));
    switch (first) {
      case '{':
        return {JsonKind::Object, raw};
      case '[':
        return {JsonKind::Array, raw};
      case 't':
        return {JsonKind::True, raw};
      case 'f':
        return {JsonKind::False, raw};
      case 'n':
        return {JsonKind::Null, raw};
      default:
        return {JsonKind::Number, raw};
    }
  }

  bool visit_object(std::span<const JsonStep> path, const JsonVisitor& found) {
    const JsonStep& step = path.front();
    ++at_;
    for (;;) {
      spaces();
      if (at_ == end_) return false;
      if (*at_ == '}') {
        ++at_;
        return false;
      }
      if (*at_ == ',') {
        ++at_;
        continue;
      }
      if (*at_ != '"') {
        at_ = end_;
        return false;
      }
      const JsonValue key = take();
      spaces();
      if (at_ == end_ || *at_ != ':') {
        at_ = end_;
        return false;
      }
      ++at_;
      spaces();
      if (at_ == end_) return false;
      const bool this_one =
          step.kind == JsonStep::Kind::AnyKey ||
          (step.kind == JsonStep::Kind::Key && (key.escaped ? key.text() == step.key : key.raw == step.key));
      if (!this_one) {
        skip();
      } else if (visit(path.subspan(1), found)) {
        return true;
      }
    }
  }

  bool visit_array(std::span<const JsonStep> path, const JsonVisitor& found) {
    const JsonStep& step = path.front();
    ++at_;
    for (std::size_t index = 0;;) {
      spaces();
      if (at_ == end_) return false;
      if (*at_ == ']') {
        ++at_;
        return false;
      }
      if (*at_ == ',') {
        ++at_;
        ++index;
        continue;
      }
      const char* before = at_;
      const bool this_one = step.kind == JsonStep::Kind::AnyElement ||
                            (step.kind == JsonStep::Kind::Index && step.index == index);
      if (!this_one) {
        skip();
      } else if (visit(path.subspan(1), found)) {
        return true;
      }
      if (at_ == before) {  // garbage, such as a lone brace
        at_ = end_;
        return false;
      }
    }
  }

  const char* at_;
  const char* end_;
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string JsonValue::text() const {
  if (!escaped) return std::string(raw);
  const Json value = parse_bounded<Json>('"' + std::string(raw) + '"');
  return value.is_string() ? value.get<std::string>() : std::string(raw);
}

bool find_json(std::string_view text, const JsonPath& path, const JsonVisitor& visit) {
  return Probe(text).visit(path, visit);
}

bool resembles_json(std::string_view text) {
  text = trimmed(text);
  return text.size() >= 2 &&
         ((text.front() == '{' && text.back() == '}') || (text.front() == '[' && text.back() == ']'));
}

bool is_json(std::string_view text) { return resembles_json(text) && Json::accept(text); }

}  // namespace aviary::logs
