#include "base/document.hpp"

namespace aviary {

const Json* find_member(const Json& document, const char* name) {
  const auto found = document.find(name);
  return found == document.end() || found->is_null() ? nullptr : &*found;
}

const std::string& text_of(const Json& document, const char* name) {
  static const std::string none;
  const Json* member = find_member(document, name);
  return member && member->is_string() ? member->get_ref<const std::string&>() : none;
}

std::vector<std::string> texts_of(const Json& document, const char* name) {
  std::vector<std::string> texts;
  if (const Json* member = find_member(document, name))
    for (const Json& text : *member)
      if (text.is_string()) texts.push_back(text.get<std::string>());
  return texts;
}

bool flag_of(const Json& document, const char* name) {
  const Json* member = find_member(document, name);
  return member && member->is_boolean() && member->get<bool>();
}

}  // namespace aviary
