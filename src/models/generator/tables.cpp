#include "tables.hpp"

#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace aviary::models {
namespace {

using Model = nlohmann::ordered_json;

/// A C++ string literal of any bytes. Trigraphs are off in C++20; `\x` is avoided as it swallows following
/// digits.
std::string quoted(const std::string& text) {
  std::ostringstream out;
  out << '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out << '\\' << c;
    } else if (byte < 0x20 || byte >= 0x7F) {
      out << '\\' << static_cast<char>('0' + (byte >> 6)) << static_cast<char>('0' + (byte >> 3 & 7))
          << static_cast<char>('0' + (byte & 7));
    } else {
      out << c;
    }
  }
  out << '"';
  return out.str();
}

std::string text_of(const Model& facts, const char* key) {
  return facts.contains(key) ? facts.at(key).get<std::string>() : std::string();
}

bool flag(const Model& facts, const char* key) { return facts.value(key, false); }

const std::string& lookup(const std::map<std::string, std::string>& table, const std::string& name,
                          const char* kind) {
  const auto found = table.find(name);
  if (found == table.end()) throw std::runtime_error(std::string("unknown ") + kind + " " + name);
  return found->second;
}

const std::map<std::string, std::string> shape_types{
    {"structure", "Structure"}, {"list", "List"},          {"map", "Map"},
    {"string", "String"},       {"blob", "Blob"},          {"boolean", "Boolean"},
    {"integer", "Integer"},     {"long", "Long"},          {"float", "Float"},
    {"double", "Double"},       {"timestamp", "Timestamp"}};
const std::map<std::string, std::string> locations{{"", "Body"},
                                                   {"uri", "Uri"},
                                                   {"query", "Query"},
                                                   {"query-map", "QueryMap"},
                                                   {"header", "Header"},
                                                   {"header-prefix", "HeaderPrefix"},
                                                   {"status-code", "StatusCode"},
                                                   {"payload", "Payload"}};
const std::map<std::string, std::string> timestamp_formats{
    {"", "Default"}, {"iso8601", "Iso8601"}, {"unixTimestamp", "UnixSeconds"}, {"rfc822", "Rfc822"}};
const std::map<std::string, std::string> protocols{{"rest-json", "RestJson"},
                                                   {"aws-json-1.0", "AwsJson10"},
                                                   {"aws-json-1.1", "AwsJson11"},
                                                   {"query", "Query"},
                                                   {"rest-xml", "RestXml"},
                                                   {"rpc-v2-cbor", "RpcV2Cbor"},
                                                   {"ec2", "Ec2"}};

/// A flat array of rows that others point into: `{name + 12, 3}`.
class Pool {
 public:
  explicit Pool(std::string type, std::string name) : type_(std::move(type)), name_(std::move(name)) {}

  std::string span_of(const std::vector<std::string>& rows) {
    if (rows.empty()) return "{}";
    const std::size_t first = rows_.size();
    rows_.insert(rows_.end(), rows.begin(), rows.end());
    return "{" + at(first) + ", " + std::to_string(rows.size()) + "}";
  }
  std::string at(std::size_t index) const { return name_ + " + " + std::to_string(index); }
  std::size_t size() const { return rows_.size(); }
  std::string declaration() const {
    return rows_.empty()
               ? ""
               : "extern const " + type_ + " " + name_ + "[" + std::to_string(rows_.size()) + "];\n";
  }
  std::string definition() const {
    if (rows_.empty()) return "";
    std::string out =
        "constinit const " + type_ + " " + name_ + "[" + std::to_string(rows_.size()) + "] = {\n";
    for (const std::string& row : rows_) out += "    " + row + ",\n";
    return out + "};\n\n";
  }

 private:
  std::string type_;
  std::string name_;
  std::vector<std::string> rows_;
};

class Generator {
 public:
  explicit Generator(const Model& model) : model_(model) {
    // Errors travel as rows of their own; only what operations carry becomes a shape.
    for (const auto& [name, operation] : model.at("operations").items())
      for (const char* side : {"input", "output"})
        if (operation.contains(side)) reach(operation.at(side).get<std::string>());
    for (const auto& [name, facts] : model.at("shapes").items())
      if (reached_.contains(name)) index_.emplace(name, index_.size());
  }

  Tables run() {
    for (const auto& [name, facts] : model_.at("shapes").items()) {
      if (facts.contains("error")) add_error(name, facts);
      if (reached_.contains(name)) add_shape(name, facts);
    }
    const std::string service_errors = error_pointers_.span_of(all_errors_);
    // Sorted by name, as `find_operation` needs it, whatever the order of the data.
    std::map<std::string, Model> sorted;
    for (const auto& [name, facts] : model_.at("operations").items()) sorted.emplace(name, facts);
    for (const auto& [name, facts] : sorted) add_operation(name, facts);
    std::vector<std::string> spoken;
    for (const auto& name : model_.at("protocols"))
      spoken.push_back("Protocol::" + lookup(protocols, name.get<std::string>(), "protocol"));
    const std::string spoken_span = protocols_.span_of(spoken);
    const std::string operations = operations_.span_of(operation_rows_);
    shapes_.span_of(shape_rows_);

    std::ostringstream service;
    service << "constinit const Service service{\n    .id = " << quoted(text_of(model_, "id"))
            << ",\n    .signing_name = " << quoted(text_of(model_, "signing-name"))
            << ",\n    .target_prefix = " << quoted(text_of(model_, "target-prefix"))
            << ",\n    .api_version = " << quoted(text_of(model_, "api-version"))
            << ",\n    .xml_namespace = " << quoted(text_of(model_, "xml-namespace"))
            << ",\n    .protocols = " << spoken_span << ",\n    .operations = " << operations
            << ",\n    .errors = " << service_errors << "};\n";
    return {header(), source(service.str())};
  }

 private:
  const Model& facts_of(const std::string& shape) const {
    const Model& shapes = model_.at("shapes");
    const auto found = shapes.find(shape);
    if (found == shapes.end()) throw std::runtime_error("no shape " + shape);
    return *found;
  }

  void reach(const std::string& shape) {
    if (!reached_.insert(shape).second) return;
    const Model& facts = facts_of(shape);
    if (facts.contains("members"))
      for (const auto& [name, member] : facts.at("members").items())
        reach(member.at("shape").get<std::string>());
    for (const char* part : {"element", "key"})
      if (facts.contains(part)) reach(facts.at(part).get<std::string>());
  }

  std::string pointer(const std::string& shape) const { return shapes_.at(index_.at(shape)); }

  void add_error(const std::string& name, const Model& facts) {
    const Model& error = facts.at("error");
    // The body carries what the shape has, unless the overlay knows better.
    const Model members = facts.value("members", Model::object());
    std::string message = members.contains("Message") ? "Message" : "message";
    message = error.value("message", message);
    const bool type = error.value("type", members.contains("Type"));
    const bool receiver = error.at("fault") == "receiver";
    std::ostringstream row;
    row << "constinit const ErrorShape " << name << "{" << quoted(error.value("code", name)) << ", "
        << error.at("status").get<int>() << ", Fault::" << (receiver ? "Receiver" : "Sender") << ", "
        << quoted(message) << ", " << (type ? "true" : "false") << ", "
        << quoted(text_of(error, "query-code")) << "};\n";
    error_rows_ += row.str();
    error_declarations_ += "extern const ErrorShape " + name + ";\n";
    error_names_.insert(name);
    all_errors_.push_back("&errors::" + name);
  }

  std::string member_row(const std::string& name, const Model& facts) const {
    std::ostringstream row;
    row << "{.name = " << quoted(name) << ", .location_name = " << quoted(text_of(facts, "name"))
        << ", .shape = " << pointer(facts.at("shape").get<std::string>());
    if (facts.contains("location"))
      row << ", .location = Location::" << lookup(locations, text_of(facts, "location"), "location");
    if (facts.contains("timestamp-format"))
      row << ", .timestamp_format = TimestampFormat::"
          << lookup(timestamp_formats, text_of(facts, "timestamp-format"), "timestamp format");
    for (const auto& [key, field] : {std::pair{"required", "required"},
                                     {"idempotency-token", "idempotency_token"},
                                     {"xml-attribute", "xml_attribute"},
                                     {"flattened", "flattened"},
                                     {"event-payload", "event_payload"},
                                     {"event-header", "event_header"}})
      if (flag(facts, key)) row << ", ." << field << " = true";
    row << "}";
    return row.str();
  }

  void add_shape(const std::string& name, const Model& facts) {
    std::ostringstream row;
    row << "{.name = " << quoted(name)
        << ", .type = ShapeType::" << lookup(shape_types, text_of(facts, "type"), "type");
    if (facts.contains("members")) {
      std::vector<std::string> rows;
      for (const auto& [member, member_facts] : facts.at("members").items()) {
        member_index_[name + "." + member] = members_.size() + rows.size();
        rows.push_back(member_row(member, member_facts));
      }
      row << ", .members = " << members_.span_of(rows);
    }
    if (facts.contains("element")) row << ", .element = " << pointer(text_of(facts, "element"));
    if (facts.contains("key")) row << ", .key = " << pointer(text_of(facts, "key"));
    if (facts.contains("element-name"))
      row << ", .element_location_name = " << quoted(text_of(facts, "element-name"));
    if (facts.contains("key-name")) row << ", .key_location_name = " << quoted(text_of(facts, "key-name"));
    if (facts.contains("pattern")) row << ", .pattern = " << quoted(text_of(facts, "pattern"));
    if (facts.contains("enum")) {
      std::vector<std::string> values;
      for (const auto& value : facts.at("enum")) values.push_back(quoted(value.get<std::string>()));
      row << ", .values = " << values_.span_of(values);
    }
    for (const char* bound : {"min", "max"})
      if (facts.contains(bound)) row << ", ." << bound << " = " << facts.at(bound).dump();
    if (facts.contains("timestamp-format"))
      row << ", .timestamp_format = TimestampFormat::"
          << lookup(timestamp_formats, text_of(facts, "timestamp-format"), "timestamp format");
    for (const auto& [key, field] : {std::pair{"flattened", "flattened"},
                                     {"document", "document"},
                                     {"streaming", "streaming"},
                                     {"sensitive", "sensitive"},
                                     {"union", "is_union"},
                                     {"sparse", "sparse"},
                                     {"event-stream", "event_stream"}})
      if (flag(facts, key)) row << ", ." << field << " = true";
    row << "}";
    shape_rows_.push_back(row.str());
  }

  /// The member that is the whole body, if there is one.
  std::string payload_of(const std::string& shape) const {
    const Model members = facts_of(shape).value("members", Model::object());
    for (const auto& [name, facts] : members.items())
      if (text_of(facts, "location") == "payload") return members_.at(member_index_.at(shape + "." + name));
    return "nullptr";
  }

  void add_operation(const std::string& name, const Model& facts) {
    std::ostringstream row;
    row << "{.name = " << quoted(name) << ", .method = " << quoted(text_of(facts, "method"))
        << ", .uri = " << quoted(text_of(facts, "uri"));
    if (facts.contains("query")) {
      std::vector<std::string> query;
      for (const auto& value : facts.at("query")) query.push_back(quoted(value.get<std::string>()));
      row << ", .required_query = " << values_.span_of(query);
    }
    if (facts.contains("status")) row << ", .status = " << facts.at("status").dump();
    for (const char* side : {"input", "output"})
      if (facts.contains(side)) row << ", ." << side << " = " << pointer(text_of(facts, side));
    for (const char* side : {"input", "output"})
      if (facts.contains(side)) row << ", ." << side << "_payload = " << payload_of(text_of(facts, side));
    if (facts.contains("errors")) {
      std::vector<std::string> errors;
      for (const auto& error : facts.at("errors")) {
        const auto& error_name = error.get_ref<const std::string&>();
        if (!error_names_.contains(error_name)) throw std::runtime_error("no error " + error_name);
        errors.push_back("&errors::" + error_name);
      }
      row << ", .errors = " << error_pointers_.span_of(errors);
    }
    row << "}";
    operation_rows_.push_back(row.str());
  }

  std::string header() const {
    const std::string id = text_of(model_, "id");
    return "// Generated from src/models/data/" + id + ".json; do not edit.\n#pragma once\n\n" +
           "#include \"models/model.hpp\"\n\nnamespace aviary::models::" + id +
           " {\n\nextern const Service service;\n\nnamespace errors {\n" + error_declarations_ +
           "}  // namespace errors\n\n}  // namespace aviary::models::" + id + "\n";
  }

  std::string source(const std::string& service) const {
    const std::string id = text_of(model_, "id");
    // Arrays point at one another, hence the declarations ahead; a named namespace, as unnamed ones allow
    // none.
    std::string out = "// Generated from src/models/data/" + id + ".json; do not edit.\n#include \"models/" +
                      id + ".hpp\"\n\nnamespace aviary::models::" + id + " {\n\nnamespace errors {\n" +
                      error_rows_ + "}  // namespace errors\n\nnamespace tables {\n";
    for (const Pool* pool : {&shapes_, &members_}) out += pool->declaration();
    out += '\n';
    for (const Pool* pool : {&values_, &protocols_, &error_pointers_, &members_, &shapes_, &operations_})
      out += pool->definition();
    return out + "}  // namespace tables\n\nusing namespace tables;\n" + service +
           "\n}  // namespace aviary::models::" + id + "\n";
  }

  const Model& model_;
  std::set<std::string> reached_;
  std::map<std::string, std::size_t> index_;
  std::map<std::string, std::size_t> member_index_;
  std::set<std::string> error_names_;
  std::vector<std::string> all_errors_;
  std::vector<std::string> shape_rows_;
  std::vector<std::string> operation_rows_;
  std::string error_rows_;
  std::string error_declarations_;
  Pool shapes_{"Shape", "shapes"};
  Pool members_{"Member", "members"};
  Pool operations_{"Operation", "operations"};
  Pool values_{"std::string_view", "strings"};
  Pool protocols_{"Protocol", "protocols"};
  Pool error_pointers_{"ErrorShape* const", "error_rows"};
};

}  // namespace

Tables generate(const nlohmann::ordered_json& model) { return Generator(model).run(); }

}  // namespace aviary::models
