#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Looks a value up in the text of a JSON document without reading the document into anything: what a filter
/// over many events needs. The text is taken for well-formed; whoever has to know asks `is_json` (a match is
/// rare, so that comes last). A text that is not well-formed gives any answer, but an answer.
namespace aviary::logs {

enum class JsonKind : std::uint8_t { String, Number, True, False, Null, Object, Array };

/// A value where it stands; for a string without its quotes, escapes as written.
struct JsonValue {
  JsonKind kind;
  std::string_view raw;
  bool escaped = false;  ///< a string with escapes in it

  /// A string's characters; the text of anything else.
  std::string text() const;
};

/// One step of `$.user.ids[0]`.
struct JsonStep {
  enum class Kind : std::uint8_t { Key, Index, AnyKey, AnyElement };
  Kind kind;
  std::string key{};
  std::size_t index = 0;
};
using JsonPath = std::vector<JsonStep>;

/// Calls `visit` with each value that the path leads to (several, if it has a wildcard), until one answers
/// true; answers whether one did.
using JsonVisitor = std::function<bool(const JsonValue&)>;
bool find_json(std::string_view text, const JsonPath& path, const JsonVisitor& visit);

/// Whether it looks like an object or an array from outside.
bool resembles_json(std::string_view text);
/// Whether it is a well-formed object or array.
bool is_json(std::string_view text);

}  // namespace aviary::logs
