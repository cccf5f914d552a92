#include "wire/validate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "models/ecr.hpp"
#include "wire/java_text.hpp"
#include "wire/pattern.hpp"
#include "wire/protocol.hpp"

namespace aviary::wire {
namespace {

using models::Member;
using models::Shape;
using models::ShapeType;

constexpr std::size_t most_violations = 10;
// Deeper than any request means it; only shapes that contain themselves get there.
constexpr int most_levels = 100;

bool is_aggregate(const Shape& shape) {
  return shape.type == ShapeType::Structure || shape.type == ShapeType::List || shape.type == ShapeType::Map;
}

bool is_floating(const Shape& shape) {
  return shape.type == ShapeType::Float || shape.type == ShapeType::Double;
}
bool is_number(const Shape& shape) {
  return is_floating(shape) || shape.type == ShapeType::Integer || shape.type == ShapeType::Long;
}

bool hides_value(const Shape& shape) {
  return shape.sensitive || (shape.element != nullptr && shape.element->sensitive) ||
         (shape.key != nullptr && shape.key->sensitive);
}

std::string lower_first(std::string_view name) {
  std::string text(name);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] + 32);
  return text;
}

std::size_t length_of(const Shape& shape, const Json& value) {
  if (!value.is_string()) return value.size();
  const auto& text = value.get_ref<const std::string&>();
  if (shape.type == ShapeType::Blob) return text.size();
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string bound(const Shape& shape, double value) {
  return is_floating(shape) ? java_double(value) : fmt::format("{}", static_cast<std::int64_t>(value));
}

std::string at_most(const Shape& shape) {
  return fmt::format("Member must have {} less than or equal to {}", is_number(shape) ? "value" : "length",
                     bound(shape, shape.max));
}
std::string at_least(const Shape& shape) {
  return fmt::format("Member must have {} greater than or equal to {}", is_number(shape) ? "value" : "length",
                     bound(shape, shape.min));
}
std::string like(const Shape& shape) {
  return fmt::format("Member must satisfy regular expression pattern: {}", shape.pattern);
}
std::string one_of(const Shape& shape) {
  return fmt::format("Member must satisfy enum value set: [{}]", fmt::join(shape.values, ", "));
}
constexpr std::string_view not_null = "Member must not be null";

bool exceeds(const Shape& shape, const Json& value) {
  if (!shape.has_max()) return false;
  if (is_number(shape)) return !(value.get<double>() <= shape.max);
  return static_cast<double>(length_of(shape, value)) > shape.max;
}
bool falls_short(const Shape& shape, const Json& value) {
  if (!shape.has_min()) return false;
  if (is_number(shape)) return !(value.get<double>() >= shape.min);
  return static_cast<double>(length_of(shape, value)) < shape.min;
}
bool is_unlike(const Shape& shape, std::string_view text) {
  return !shape.pattern.empty() && !matches_pattern(shape.pattern, text);
}
bool is_none_of(const Shape& shape, std::string_view text) {
  return !shape.values.empty() && std::ranges::find(shape.values, text) == shape.values.end();
}

/// Whether a scalar breaks any constraint of its shape.
bool violates(const Shape& shape, const Json& value) {
  if (exceeds(shape, value) || falls_short(shape, value)) return true;
  if (shape.type != ShapeType::String) return false;
  const auto& text = value.get_ref<const std::string&>();
  return is_none_of(shape, text) || is_unlike(shape, text);
}

/// All constraints of an element, as AWS lists them whichever of them was broken.
std::string constraints(const Shape& shape, bool nullable) {
  std::vector<std::string> texts;
  if (shape.has_max()) texts.push_back(at_most(shape));
  if (shape.has_min()) texts.push_back(at_least(shape));
  if (!shape.pattern.empty()) texts.push_back(like(shape));
  if (!shape.values.empty()) texts.push_back(one_of(shape));
  if (!nullable) texts.emplace_back(not_null);
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

/// The same constraint as ECR words it: `must satisfy regular expression '[a-z]+'`. Seen on the wire.
std::string first_words(std::string_view constraint) {
  constexpr std::string_view pattern = "Member must satisfy regular expression pattern: ";
  if (constraint.starts_with(pattern))
    return fmt::format("must satisfy regular expression '{}'", constraint.substr(pattern.size()));
  for (const std::string_view start : {"Member must have ", "Member must not "})
    if (constraint.starts_with(start)) return std::string(constraint.substr(7));
  return std::string(constraint);
}

class Check {
 public:
  explicit Check(ViolationWords words) : words_(words) {}

  void structure(const Shape& shape, const Json& document, const std::string& path, int level) {
    for (const Member& member : shape.members) {
      if (full()) return;
      if (member.location == models::Location::Payload && !is_aggregate(*member.shape)) continue;
      const auto found = document.find(member.name);
      if (found == document.end() || found->is_null()) {
        if (member.required) add_null(*member.shape, join(path, member.name));
      } else if (needs_check(*member.shape)) {
        value(*member.shape, *found, join(path, member.name), level);
      }
    }
  }

  Result<> result() {
    if (texts_.empty()) return {};
    if (words_ == ViolationWords::First) return AwsError(errors::ValidationException, texts_.front());
    return AwsError(errors::ValidationException,
                    fmt::format("{} validation error{} detected: {}", texts_.size(),
                                texts_.size() == 1 ? "" : "s", fmt::join(texts_, "; ")));
  }

 private:
  static std::string join(const std::string& path, std::string_view name) {
    return path.empty() ? lower_first(name) : path + '.' + lower_first(name);
  }

  static bool needs_check(const Shape& shape) {
    return is_aggregate(shape) || shape.has_min() || shape.has_max() || !shape.pattern.empty() ||
           !shape.values.empty();
  }

  bool full() const { return texts_.size() >= (words_ == ViolationWords::First ? 1 : most_violations); }
  void add_first(const std::string& path, std::string_view constraint) {
    texts_.push_back(fmt::format("Invalid parameter at '{}' failed to satisfy constraint: '{}'", path,
                                 first_words(constraint)));
  }

  void add(const Shape& shape, const Json& value, const std::string& path, std::string_view constraint) {
    if (full()) return;
    if (words_ == ViolationWords::First) return add_first(path, constraint);
    const std::string shown = hides_value(shape) ? " " : fmt::format(" '{}' ", java_text(shape, value));
    texts_.push_back(fmt::format("Value{}at '{}' failed to satisfy constraint: {}", shown, path, constraint));
  }

  void add_null(const Shape& shape, const std::string& path) {
    if (full()) return;
    if (words_ == ViolationWords::First) return add_first(path, not_null);
    texts_.push_back(fmt::format("Value {}at '{}' failed to satisfy constraint: {}",
                                 hides_value(shape) ? "" : "null ", path, not_null));
  }

  void value(const Shape& shape, const Json& value, const std::string& path, int level) {
    if (shape.type == ShapeType::Structure) {
      if (!shape.document && level < most_levels) structure(shape, value, path, level + 1);
      return;
    }
    if (shape.type == ShapeType::String) {
      const auto& text = value.get_ref<const std::string&>();
      if (is_none_of(shape, text)) add(shape, value, path, one_of(shape));
      // Pattern before length: so at DynamoDB, Cognito and Firehose.
      if (is_unlike(shape, text)) add(shape, value, path, like(shape));
    }
    if (exceeds(shape, value)) add(shape, value, path, at_most(shape));
    if (falls_short(shape, value)) add(shape, value, path, at_least(shape));
    if (shape.type == ShapeType::List) list(shape, value, path, level);
    if (shape.type == ShapeType::Map) map(shape, value, path, level);
  }

  void list(const Shape& shape, const Json& value, const std::string& path, int level) {
    if (!shape.values.empty() && std::ranges::any_of(value, [&](const Json& element) {
          return element.is_string() && is_none_of(shape, element.get_ref<const std::string&>());
        }))
      add(shape, value, path, one_of(shape));
    if (!is_aggregate(*shape.element)) {
      if (std::ranges::any_of(value, [&](const Json& element) { return element_violates(shape, element); }))
        add(shape, value, path,
            fmt::format("Member must satisfy constraint: {}", constraints(*shape.element, shape.sparse)));
      return;
    }
    for (std::size_t i = 0; i < value.size() && !full(); ++i)
      nested(shape, value[i], fmt::format("{}.{}.member", path, i + 1), level);
  }

  void map(const Shape& shape, const Json& value, const std::string& path, int level) {
    bool keys_fit = true;
    for (auto entry = value.begin(); entry != value.end() && keys_fit; ++entry)
      keys_fit = !needs_check(*shape.key) || !violates(*shape.key, Json(entry.key()));
    if (!keys_fit)
      add(shape, value, path,
          fmt::format("Map keys must satisfy constraint: {}", constraints(*shape.key, true)));
    if (!is_aggregate(*shape.element)) {
      if (std::ranges::any_of(value, [&](const Json& element) { return element_violates(shape, element); }))
        add(shape, value, path,
            fmt::format("Map value must satisfy constraint: {}", constraints(*shape.element, shape.sparse)));
      return;
    }
    for (const auto& [key, element] : value.items()) {
      if (full()) return;
      nested(shape, element, fmt::format("{}.{}.member", path, key), level);
    }
  }

  static bool element_violates(const Shape& shape, const Json& element) {
    return element.is_null() ? !shape.sparse : violates(*shape.element, element);
  }

  void nested(const Shape& shape, const Json& element, const std::string& path, int level) {
    if (!element.is_null()) {
      if (level < most_levels) value(*shape.element, element, path, level + 1);
    } else if (!shape.sparse) {
      add_null(*shape.element, path);
    }
  }

  ViolationWords words_;
  std::vector<std::string> texts_;
};

}  // namespace

ViolationWords violation_words(const models::Operation& operation) {
  // Rows of one table lie side by side.
  const std::less<const models::Operation*> before{};
  const auto rows = models::ecr::service.operations;
  const bool own = !before(&operation, rows.data()) && before(&operation, rows.data() + rows.size());
  return own ? ViolationWords::First : ViolationWords::All;
}

Result<> validate(const Shape& shape, const Json& document, ViolationWords words) {
  Check check(words);
  check.structure(shape, document, {}, 0);
  return check.result();
}

}  // namespace aviary::wire
