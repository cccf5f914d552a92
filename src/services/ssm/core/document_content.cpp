#include "services/ssm/core/document_content.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "base/document.hpp"
#include "models/ssm.hpp"
#include "services/ssm/core/document_text.hpp"

namespace aviary::ssm {
namespace {

namespace errors = models::ssm::errors;

constexpr std::size_t largest_document = 64 * 1024;

AwsError invalid_content(std::string text) { return {errors::InvalidDocumentContent, std::move(text)}; }

/// What each type's documents have to be. Types that are not here have no schema of Systems Manager's own.
struct TypeRow {
  std::string_view type;
  std::vector<std::string_view> versions;
};

const std::vector<TypeRow>& type_rows() {
  static const std::vector<TypeRow> rows{{"Automation", {"0.3"}},
                                         {"Automation.ChangeTemplate", {"0.3"}},
                                         {"Command", {"1.2", "2.0", "2.2"}},
                                         {"Package", {"2.0"}},
                                         {"Policy", {"2.0", "2.2"}},
                                         {"Session", {"1.0"}}};
  return rows;
}

/// Of a YAML document the version may be a number.
std::string version_in(const Json& document) {
  const Json* version = find_member(document, "schemaVersion");
  if (version == nullptr) return {};
  return version->is_string() ? version->get<std::string>() : version->dump();
}

Result<> check_steps(const Json& document) {
  const Json* steps = find_member(document, "mainSteps");
  if (steps == nullptr || !steps->is_array() || steps->empty())
    return invalid_content("The document has to have a list of steps as its mainSteps.");
  std::set<std::string> names;
  for (const Json& step : *steps) {
    if (!step.is_object() || text_of(step, "action").empty())
      return invalid_content("Each step of mainSteps has to have an action.");
    const std::string& name = text_of(step, "name");
    if (name.empty())
      return invalid_content(
          fmt::format("The step of action {} has to have a name.", text_of(step, "action")));
    if (!names.insert(name).second) return invalid_content(fmt::format("Duplicate step name: {}", name));
  }
  for (const Json& step : *steps)
    if (const std::string& next = text_of(step, "nextStep"); !next.empty() && !names.contains(next))
      return invalid_content(fmt::format("The step {} names {} as its next step, which is not there.",
                                         text_of(step, "name"), next));
  return {};
}

bool is_word(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

/// `{{ Name }}` in any text; names with a dot are outputs of steps, those with a colon the service's own.
Result<> check_references(const Json& value, const std::set<std::string>& declared) {
  if (value.is_structured()) {
    for (const Json& each : value)
      if (const Result<> good = check_references(each, declared); !good) return good;
    return {};
  }
  if (!value.is_string()) return {};
  std::string_view rest = value.get_ref<const std::string&>();
  for (std::size_t open = rest.find("{{"); open != std::string_view::npos; open = rest.find("{{")) {
    const std::size_t close = rest.find("}}", open);
    if (close == std::string_view::npos) break;
    std::string_view name = rest.substr(open + 2, close - open - 2);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (is_word(name) && !declared.contains(std::string(name)))
      return invalid_content(fmt::format("Parameter \"{}\" is not declared.", name));
    rest.remove_prefix(close + 2);
  }
  return {};
}

Result<> check_automation(const Json& document) {
  if (const Result<> steps = check_steps(document); !steps) return steps;
  std::set<std::string> declared;
  for (const char* member : {"parameters", "variables"})
    if (const Json* each = find_member(document, member); each != nullptr && each->is_object())
      for (const auto& [name, value] : each->items()) declared.insert(name);
  for (const char* member : {"assumeRole", "mainSteps"})
    if (const Json* used = find_member(document, member))
      if (const Result<> good = check_references(*used, declared); !good) return good;
  return {};
}

Result<> check_form(const Json& document, std::string_view type, std::string_view version) {
  if (type == "Session") {
    if (text_of(document, "sessionType").empty())
      return invalid_content("The document has to have a sessionType.");
    return {};
  }
  if (version == "1.2") {
    const Json* configuration = find_member(document, "runtimeConfig");
    if (configuration == nullptr || !configuration->is_object() || configuration->empty())
      return invalid_content("A document of schema version 1.2 has to have a runtimeConfig.");
    return {};
  }
  if (type.starts_with("Automation")) return check_automation(document);
  return type == "Package" ? Result<>() : check_steps(document);
}

Result<Json> parameters_in(const Json& document) {
  Json rows = Json::array();
  const Json* parameters = find_member(document, "parameters");
  if (parameters == nullptr) return rows;
  if (!parameters->is_object()) return invalid_content("The document's parameters are not a mapping.");
  for (const auto& [name, facts] : parameters->items()) {
    if (!facts.is_object() || text_of(facts, "type").empty())
      return invalid_content(fmt::format("The parameter {} has to have a type.", name));
    Json row{{"Name", name}, {"Type", text_of(facts, "type")}};
    if (const std::string& text = text_of(facts, "description"); !text.empty()) row["Description"] = text;
    if (const Json* value = find_member(facts, "default"))
      row["DefaultValue"] = value->is_string() ? value->get<std::string>() : value->dump();
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Shell scripts run where there is a shell; what Windows alone knows runs there.
Json platforms_of(const Json& document) {
  std::set<std::string> actions;
  if (const Json* steps = find_member(document, "mainSteps"); steps != nullptr && steps->is_array())
    for (const Json& step : *steps) actions.insert(text_of(step, "action"));
  if (const Json* configuration = find_member(document, "runtimeConfig");
      configuration != nullptr && configuration->is_object())
    for (const auto& [action, facts] : configuration->items()) actions.insert(action);
  static const std::set<std::string, std::less<>> of_windows{
      "aws:applications", "aws:cloudWatch", "aws:domainJoin", "aws:psModule", "aws:updateAgent"};
  const auto all_are = [&](const auto& test) {
    return !actions.empty() && std::ranges::all_of(actions, test);
  };
  if (all_are([](const std::string& action) { return action == "aws:runShellScript"; }))
    return {"Linux", "MacOS"};
  if (all_are([](const std::string& action) { return of_windows.contains(action); }))
    return Json::array({"Windows"});
  return {"Windows", "Linux", "MacOS"};
}

}  // namespace

Result<DocumentContent> read_document(const std::string& text, std::string_view format,
                                      std::string_view type) {
  if (text.size() > largest_document)
    return AwsError(errors::MaxDocumentSizeExceeded, "The size limit of a document is 64 KB.");
  DocumentContent content;
  if (type == "ChangeCalendar") {
    if (format != "TEXT" || !text.starts_with("BEGIN:VCALENDAR"))
      return invalid_content(
          "The content of a ChangeCalendar document has to be an iCalendar text, in the format TEXT.");
    return content;
  }
  if (format == "TEXT") {
    if (std::ranges::find(type_rows(), type, &TypeRow::type) != type_rows().end())
      return invalid_content(fmt::format("The content of a document of type {} is JSON or YAML.", type));
    return content;
  }
  Result<Json> document = parse_document(text, format);
  if (!document) return document.error();
  if (!document->is_object())
    return invalid_content(fmt::format("{} not well-formed. at Line: 1, Column: 1", format));
  content.document = std::move(*document);
  content.schema_version = version_in(content.document);
  content.description = text_of(content.document, "description");
  const auto row = std::ranges::find(type_rows(), type, &TypeRow::type);
  if (row == type_rows().end()) return content;
  if (std::ranges::find(row->versions, content.schema_version) == row->versions.end())
    return invalid_content(
        fmt::format("Document schema version is invalid. Value: {}", content.schema_version));
  if (const Result<> good = check_form(content.document, type, content.schema_version); !good)
    return good.error();
  Result<Json> parameters = parameters_in(content.document);
  if (!parameters) return parameters.error();
  content.parameters = std::move(*parameters);
  content.platforms = platforms_of(content.document);
  return content;
}

}  // namespace aviary::ssm
