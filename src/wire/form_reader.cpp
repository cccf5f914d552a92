#include "wire/form_reader.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "base/time.hpp"
#include "wire/convert.hpp"
#include "wire/document_builder.hpp"
#include "wire/query_string.hpp"

namespace aviary::wire {
namespace {

using models::Member;
using models::Shape;
using models::ShapeType;

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string_view without_zeros(std::string_view digits) {
  const std::size_t first = digits.find_first_not_of('0');
  return first == std::string_view::npos ? std::string_view{} : digits.substr(first);
}

/// The part of a key between two dots that starts at `offset`.
std::string_view part_at(std::string_view key, std::size_t offset) {
  const std::string_view rest = key.substr(offset);
  return rest.substr(0, rest.find('.'));
}

/// Part by part, numbers by their value: `A.member.2` before `A.member.10`.
bool comes_before(std::string_view a, std::string_view b) {
  while (true) {
    const std::string_view left = part_at(a, 0);
    const std::string_view right = part_at(b, 0);
    if (left != right) {
      if (is_number(left) && is_number(right)) {
        const std::string_view x = without_zeros(left);
        const std::string_view y = without_zeros(right);
        if (x.size() != y.size()) return x.size() < y.size();
        if (x != y) return x < y;
      }
      return left < right;
    }
    if (left.size() == a.size() || right.size() == b.size()) return a.size() < b.size();
    a.remove_prefix(left.size() + 1);
    b.remove_prefix(right.size() + 1);
  }
}

AwsError unexpected_end(const Shape& shape) {
  return serialization_error(shape.type == ShapeType::List ? "Unexpected list element termination"
                                                           : "Unexpected complex element termination");
}

/// CloudWatch refuses numbers, and fractions of a second finer than micros (reported by users of four SDKs).
Result<Json> from_iso8601(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::size_t end = dot == std::string_view::npos ? dot : text.find_first_not_of("0123456789", dot + 1);
  const std::size_t digits = dot == std::string_view::npos ? 0 : std::min(end, text.size()) - dot - 1;
  std::optional<Instant> at = parse_iso8601(text);
  if (!at) at = parse_iso8601(std::string(text) + 'Z');
  if (!at || digits > 6) return serialization_error("timestamp must follow ISO8601");
  return Json(epoch_seconds(*at));
}

Result<Json> scalar_of(const Shape& shape, std::string&& text) {
  switch (shape.type) {
    case ShapeType::String:
      return Json(repaired_utf8(std::move(text)));
    case ShapeType::Timestamp:
      return from_iso8601(text);
    case ShapeType::Boolean:
      if (text == "true" || text == "1") return Json(true);
      if (text == "false" || text == "0") return Json(false);
      return serialization_error("boolean must follow xsd1.1 definition");
    default:
      return from_text(shape, std::move(text));
  }
}

class Reader {
 public:
  /// Parameters that share a beginning, sorted.
  using Group = std::span<std::pair<std::string, std::string>>;

  /// `offset`: where in the keys the names of members start.
  Result<Json> structure(const Shape& shape, Group group, std::size_t offset, std::size_t level) {
    Json document = Json::object();
    while (!group.empty()) {
      const std::string_view name = part_at(group.front().first, offset);
      const std::size_t end = offset + name.size();
      const Member* member = find(shape, name);
      const Group own = take(group, offset, name);
      if (member == nullptr) continue;
      Result<Json> read =
          value(*member->shape, member->flattened || member->shape->flattened, own, end, level);
      if (!read) return read.error();
      document[std::string(member->name)] = std::move(*read);
    }
    return document;
  }

 private:
  static const Member* find(const Shape& shape, std::string_view name) {
    for (const Member& member : shape.members) {
      std::string_view wire_name = member.location_name.empty() ? member.name : member.location_name;
      // A flattened list is called as its elements are, if they have a name.
      if (member.shape->type == ShapeType::List && (member.flattened || member.shape->flattened) &&
          !member.shape->element_location_name.empty())
        wire_name = member.shape->element_location_name;
      if (wire_name == name) return &member;
    }
    return nullptr;
  }

  /// Cuts off the front of `group` those with the same part at `offset`.
  static Group take(Group& group, std::size_t offset, std::string_view part) {
    std::size_t count = 1;
    while (count < group.size() && part_at(group[count].first, offset) == part) ++count;
    const Group front = group.first(count);
    group = group.subspan(count);
    return front;
  }

  /// `end`: where in the keys the name of this value ends.
  Result<Json> value(const Shape& shape, bool flattened, Group group, std::size_t end, std::size_t level) {
    if (level >= most_levels) return serialization_error("The request body is nested too deeply.");
    if (++values_ > most_values) return serialization_error("The request body has too many values.");
    const bool is_scalar =
        shape.type != ShapeType::Structure && shape.type != ShapeType::List && shape.type != ShapeType::Map;
    auto& [key, text] = group.front();
    if (is_scalar) {
      if (key.size() != end) return unexpected_object();
      return scalar_of(shape, std::move(text));
    }
    // `Dimensions=`: an empty list. Values of its own it cannot have.
    while (!group.empty() && group.front().first.size() == end) {
      if (!group.front().second.empty()) return unexpected_end(shape);
      group = group.subspan(1);
    }
    const std::size_t next = end + 1;
    switch (shape.type) {
      case ShapeType::List:
        return list(shape, flattened, group, next, level + 1);
      case ShapeType::Map:
        return map(shape, flattened, group, next, level + 1);
      default:
        return structure(shape, group, next, level + 1);
    }
  }

  /// Steps over `member` or `entry`, which must be all that there is.
  static bool enter(Group group, std::string_view name, std::size_t& offset) {
    const bool only = std::ranges::all_of(group, [&](const auto& parameter) {
      return part_at(parameter.first, offset) == name && parameter.first.size() > offset + name.size();
    });
    offset += name.size() + 1;
    return only;
  }

  Result<Json> list(const Shape& shape, bool flattened, Group group, std::size_t offset, std::size_t level) {
    Json elements = Json::array();
    const std::string_view tag = shape.element_location_name.empty() ? "member" : shape.element_location_name;
    if (!flattened && !enter(group, tag, offset)) return unexpected_object();
    while (!group.empty()) {
      const std::string_view index = part_at(group.front().first, offset);
      if (!is_number(index)) return unexpected_object();
      const std::size_t end = offset + index.size();
      const Group own = take(group, offset, index);
      Result<Json> element = value(*shape.element, shape.element->flattened, own, end, level);
      if (!element) return element.error();
      elements.push_back(std::move(*element));
    }
    return elements;
  }

  Result<Json> map(const Shape& shape, bool flattened, Group group, std::size_t offset, std::size_t level) {
    Json entries = Json::object();
    if (!flattened && !enter(group, "entry", offset)) return unexpected_object();
    const std::string_view key_tag = shape.key_location_name.empty() ? "key" : shape.key_location_name;
    const std::string_view value_tag =
        shape.element_location_name.empty() ? "value" : shape.element_location_name;
    while (!group.empty()) {
      const std::string_view index = part_at(group.front().first, offset);
      // `Attribute.Name=DelaySeconds&Attribute.Value=5`: a single entry needs no number, say SQS's examples.
      const bool bare = flattened && (index == key_tag || index == value_tag);
      if (!bare && !is_number(index)) return unexpected_object();
      const std::size_t next = bare ? offset : offset + index.size() + 1;
      Group entry = bare ? std::exchange(group, {}) : take(group, offset, index);
      std::optional<std::string> key;
      Result<Json> read = Json(nullptr);
      while (!entry.empty()) {
        if (entry.front().first.size() < next) return unexpected_end(shape);
        const std::string_view part = part_at(entry.front().first, next);
        const std::size_t end = next + part.size();
        const Group own = take(entry, next, part);
        if (part == key_tag && own.front().first.size() == end) {
          key = repaired_utf8(std::move(own.front().second));
        } else if (part == value_tag) {
          read = value(*shape.element, shape.element->flattened, own, end, level);
          if (!read) return read.error();
        }
      }
      if (!key) return unexpected_end(shape);
      if (!read->is_null() || shape.sparse) entries[*key] = std::move(*read);
    }
    return entries;
  }

  std::size_t values_ = 0;
};

}  // namespace

Result<Json> read_form(std::string_view form, const Shape& structure) {
  // Each takes a hundred bytes here, and three there.
  if (std::ranges::count(form, '&') >= static_cast<std::ptrdiff_t>(most_values))
    return serialization_error("The request body has too many values.");
  Parameters parameters = parse_parameters(form);
  // Stable: of those with the same key the first counts.
  std::ranges::stable_sort(parameters, comes_before, &Parameters::value_type::first);
  return Reader().structure(structure, parameters, 0, 0);
}

}  // namespace aviary::wire
