#include "services/apigateway/core/parameter_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace aviary::apigateway {
namespace {

constexpr std::array<std::string_view, 18> reserved_names{"authorization",
                                                          "connection",
                                                          "content-encoding",
                                                          "content-length",
                                                          "content-location",
                                                          "forwarded",
                                                          "keep-alive",
                                                          "origin",
                                                          "proxy-authenticate",
                                                          "proxy-authorization",
                                                          "te",
                                                          "trailers",
                                                          "transfer-encoding",
                                                          "upgrade",
                                                          "x-forwarded-for",
                                                          "x-forwarded-host",
                                                          "x-forwarded-proto",
                                                          "via"};
constexpr std::array<std::string_view, 4> reserved_beginnings{"access-control-", "apigw-", "x-amz-",
                                                              "x-amzn-"};

enum class Place { Header, Query, Path, Status };
struct Change {
  std::string_view verb;  ///< `append`, `overwrite`, `remove`
  Place place;
  std::string_view name;
};

bool take_front(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::string lower_text(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::optional<Change> change_in(std::string_view key, bool of_answer) {
  const std::size_t colon = key.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view verb = key.substr(0, colon);
  std::string_view rest = key.substr(colon + 1);
  if (verb != "append" && verb != "overwrite" && verb != "remove") return std::nullopt;
  if (take_front(rest, "header."))
    return rest.empty() ? std::nullopt : std::optional(Change{verb, Place::Header, rest});
  if (!of_answer && take_front(rest, "querystring."))
    return rest.empty() ? std::nullopt : std::optional(Change{verb, Place::Query, rest});
  if (verb != "overwrite") return std::nullopt;
  if (!of_answer && rest == "path") return Change{verb, Place::Path, {}};
  if (of_answer && rest == "statuscode") return Change{verb, Place::Status, {}};
  return std::nullopt;
}

bool is_name_char(char c) {
  return (std::isalnum(static_cast<unsigned char>(c)) != 0) || c == '.' || c == '_' || c == '-' || c == '[' ||
         c == ']';
}

/// Calls for each piece: a text as it is, or a variable without its mark.
template <class Text, class Variable>
void each_piece(std::string_view expression, Text text, Variable variable) {
  while (!expression.empty()) {
    const std::size_t mark = expression.find('$');
    text(expression.substr(0, mark));
    if (mark == std::string_view::npos) return;
    expression.remove_prefix(mark + 1);
    if (expression.starts_with('{')) {
      const std::size_t end = expression.find('}');
      if (end == std::string_view::npos) {
        variable(expression.substr(1));
        return;
      }
      variable(expression.substr(1, end - 1));
      expression.remove_prefix(end + 1);
      continue;
    }
    std::size_t length = 0;
    while (length < expression.size() && is_name_char(expression[length])) ++length;
    if (length == 0)
      text("$");
    else
      variable(expression.substr(0, length));
    expression.remove_prefix(length);
  }
}

bool is_mapping_variable(std::string_view name, bool of_answer) {
  if (take_front(name, "context.") || take_front(name, "stageVariables.")) return !name.empty();
  const std::string_view body = of_answer ? "response.body" : "request.body";
  const std::string_view header = of_answer ? "response.header." : "request.header.";
  if (name.starts_with(body))
    return name.size() == body.size() ||
           ((name[body.size()] == '.' || name[body.size()] == '[') &&
            name.find("..") == std::string_view::npos && name.find("?(") == std::string_view::npos);
  if (take_front(name, header)) return !name.empty();
  if (of_answer) return false;
  if (name == "request.path") return true;
  return (take_front(name, "request.path.") || take_front(name, "request.querystring.")) && !name.empty();
}

void change_pairs(NamedTexts& pairs, const Change& change, std::string value) {
  const bool header = change.place == Place::Header;
  const auto same = [&](const auto& pair) {
    return header ? lower_text(pair.first) == lower_text(change.name) : pair.first == change.name;
  };
  if (change.verb != "append") std::erase_if(pairs, same);
  if (change.verb != "remove") pairs.emplace_back(std::string(change.name), std::move(value));
}

}  // namespace

bool is_reserved_header(std::string_view name) {
  const std::string lower = lower_text(name);
  return std::ranges::find(reserved_names, lower) != reserved_names.end() ||
         std::ranges::any_of(reserved_beginnings,
                             [&](std::string_view beginning) { return lower.starts_with(beginning); });
}

std::string mapped_text(std::string_view expression, const MappingVariables& variables) {
  std::string out;
  each_piece(
      expression, [&](std::string_view text) { out += text; },
      [&](std::string_view name) { out += variables(name).value_or(std::string()); });
  return out;
}

void apply_changes(const Json& mappings, const MappingVariables& variables, Changeable& changed) {
  if (!mappings.is_object()) return;
  for (const auto& [key, value] : mappings.items()) {
    const bool of_answer = changed.status != 0;
    const std::optional<Change> change = change_in(key, of_answer);
    if (!change || !value.is_string()) continue;
    std::string text =
        change->verb == "remove" ? std::string() : mapped_text(value.get<std::string>(), variables);
    if (text.empty() && change->verb != "remove") continue;
    switch (change->place) {
      case Place::Header:
        change_pairs(changed.headers, *change, std::move(text));
        break;
      case Place::Query:
        change_pairs(changed.query, *change, std::move(text));
        changed.query_changed = true;
        break;
      case Place::Path:
        changed.path = std::move(text);
        changed.path_changed = true;
        break;
      case Place::Status:
        if (text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }) &&
            text >= "200" && text <= "599")
          changed.status = std::stoi(text);
        break;
    }
  }
}

std::string changes_problem(const Json& mappings, bool of_answer) {
  for (const auto& [key, value] : mappings.items()) {
    const std::optional<Change> change = change_in(key, of_answer);
    std::string problem;
    if (!change) {
      problem =
          fmt::format("Invalid {} Actioned Parameter specified: {}", of_answer ? "Response" : "Request", key);
    } else if (change->place == Place::Header && is_reserved_header(change->name)) {
      problem = fmt::format("Operations on header {} are restricted", change->name);
    } else {
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      bool fine = value.is_string();
      if (change->verb == "remove") {
        fine = fine && (text.empty() || text == "''");
      } else {
        each_piece(
            text, [](std::string_view) {},
            [&](std::string_view name) { fine = fine && is_mapping_variable(name, of_answer); });
      }
      if (!fine) problem = fmt::format("Invalid mapping expression specified: {}", text);
    }
    if (!problem.empty())
      return fmt::format(
          "Invalid mapping expression specified: Validation Result: warnings : [], errors : [{}]", problem);
  }
  return {};
}

}  // namespace aviary::apigateway
