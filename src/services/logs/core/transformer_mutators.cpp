#include <algorithm>

#include "base/ascii.hpp"
#include "base/document.hpp"
#include "services/logs/core/errors.hpp"
#include "services/logs/core/key_path.hpp"
#include "services/logs/core/transformer_steps.hpp"

/// Processors that change fields and texts. What is not there is left alone.
namespace aviary::logs {
namespace {

bool overwrites(const Json& entry) { return flag_of(entry, "overwriteIfExists"); }

bool add_keys(const Transformer::Step& step, TransformedEvent& event) {
  for (const Json& entry : step.settings.at("entries"))
    put_key(event.document, text_of(entry, "key"), text_of(entry, "value"), overwrites(entry));
  return true;
}

bool delete_keys(const Transformer::Step& step, TransformedEvent& event) {
  for (const std::string& key : texts_of(step.settings, "withKeys")) erase_key(event.document, key);
  return true;
}

bool copy_value(const Transformer::Step& step, TransformedEvent& event) {
  for (const Json& entry : step.settings.at("entries"))
    if (std::optional<OrderedJson> value = value_at(event, text_of(entry, "source")))
      put_key(event.document, text_of(entry, "target"), std::move(*value), overwrites(entry));
  return true;
}

std::string last_step(const std::string& path) { return path.substr(path.rfind('.') + 1); }

/// To where nothing is: there. To an object: into it, under its own name.
bool move_keys(const Transformer::Step& step, TransformedEvent& event) {
  for (const Json& entry : step.settings.at("entries")) {
    const std::string& source = text_of(entry, "source");
    const OrderedJson* found = find_key(event.document, source);
    if (found == nullptr) continue;
    std::string target = text_of(entry, "target");
    if (const OrderedJson* there = find_key(event.document, target); there != nullptr && there->is_object())
      target += '.' + last_step(source);
    if (find_key(event.document, target) != nullptr && !overwrites(entry)) continue;
    OrderedJson value = *found;
    erase_key(event.document, source);
    put_key(event.document, target, std::move(value), true);
  }
  return true;
}

/// `renameTo` is a name beside the old one.
bool rename_keys(const Transformer::Step& step, TransformedEvent& event) {
  for (const Json& entry : step.settings.at("entries")) {
    const std::string& key = text_of(entry, "key");
    const OrderedJson* found = find_key(event.document, key);
    if (found == nullptr) continue;
    const std::size_t dot = key.rfind('.');
    const std::string& wanted = text_of(entry, "renameTo");
    const bool inside = dot != std::string::npos && wanted.find('.') == std::string::npos;
    const std::string target = inside ? key.substr(0, dot + 1) + wanted : wanted;
    if (find_key(event.document, target) != nullptr && !overwrites(entry)) continue;
    OrderedJson value = *found;
    erase_key(event.document, key);
    put_key(event.document, target, std::move(value), true);
  }
  return true;
}

template <class Change>
bool change_texts(const Transformer::Step& step, TransformedEvent& event, Change change) {
  for (const std::string& key : texts_of(step.settings, "withKeys"))
    if (OrderedJson* found = find_key(event.document, key); found != nullptr && found->is_string())
      change(found->get_ref<std::string&>());
  return true;
}

bool lower_case(const Transformer::Step& step, TransformedEvent& event) {
  return change_texts(step, event, [](std::string& text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  });
}

bool upper_case(const Transformer::Step& step, TransformedEvent& event) {
  return change_texts(step, event, [](std::string& text) {
    std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? c - 32 : c; });
  });
}

bool trim(const Transformer::Step& step, TransformedEvent& event) {
  return change_texts(step, event, [](std::string& text) {
    constexpr std::string_view blank = " \t\r\n\f\v";
    const std::size_t begin = std::min(text.find_first_not_of(blank), text.size());
    text = text.substr(begin, text.find_last_not_of(blank) + 1 - begin);
  });
}

bool substitute(const Transformer::Step& step, TransformedEvent& event) {
  const Json& entries = step.settings.at("entries");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    OrderedJson* found = find_key(event.document, text_of(entries[i], "source"));
    if (found == nullptr || !found->is_string()) continue;
    *found = step.expressions[i].replace(found->get<std::string>(), text_of(entries[i], "to"));
  }
  return true;
}

Result<> prepare_substitute(Transformer::Step& step) {
  for (const Json& entry : step.settings.at("entries")) {
    std::optional<Regex> expression = Regex::compile(text_of(entry, "from"));
    if (!expression)
      return invalid_parameter("The regular expression of substituteString is not valid: " +
                               text_of(entry, "from"));
    step.expressions.push_back(std::move(*expression));
  }
  return {};
}

bool split(const Transformer::Step& step, TransformedEvent& event) {
  for (const Json& entry : step.settings.at("entries")) {
    OrderedJson* found = find_key(event.document, text_of(entry, "source"));
    if (found == nullptr || !found->is_string()) continue;
    // "Special regex characters such as [ and ] must be escaped": what is meant is the character.
    std::string delimiter;
    for (const char c : text_of(entry, "delimiter"))
      if (c != '\\') delimiter.push_back(c);
    if (delimiter.empty()) delimiter = "\\";
    const std::string text = found->get<std::string>();
    OrderedJson parts = OrderedJson::array();
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find(delimiter, at), text.size());
      parts.push_back(text.substr(at, end - at));
      at = end + delimiter.size();
    }
    *found = std::move(parts);
  }
  return true;
}

constexpr ProcessorKind mutators[] = {{"addKeys", false, 1, add_keys},
                                      {"deleteKeys", false, any_number, delete_keys},
                                      {"copyValue", false, 1, copy_value},
                                      {"moveKeys", false, any_number, move_keys},
                                      {"renameKeys", false, any_number, rename_keys},
                                      {"lowerCaseString", false, any_number, lower_case},
                                      {"upperCaseString", false, any_number, upper_case},
                                      {"trimString", false, any_number, trim},
                                      {"substituteString", false, any_number, substitute, prepare_substitute},
                                      {"splitString", false, any_number, split}};

}  // namespace

std::span<const ProcessorKind> mutator_kinds() { return mutators; }

}  // namespace aviary::logs
