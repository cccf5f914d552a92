// The tables in the program say what data and overlay say: both are walked, member by member.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "models/lambda.hpp"

namespace aviary::models {
namespace {

using Facts = nlohmann::ordered_json;

const std::map<ShapeType, std::string> type_names{
    {ShapeType::Structure, "structure"}, {ShapeType::List, "list"},          {ShapeType::Map, "map"},
    {ShapeType::String, "string"},       {ShapeType::Blob, "blob"},          {ShapeType::Boolean, "boolean"},
    {ShapeType::Integer, "integer"},     {ShapeType::Long, "long"},          {ShapeType::Float, "float"},
    {ShapeType::Double, "double"},       {ShapeType::Timestamp, "timestamp"}};
const std::map<Location, std::string> location_names{{Location::Body, ""},
                                                     {Location::Uri, "uri"},
                                                     {Location::Query, "query"},
                                                     {Location::QueryMap, "query-map"},
                                                     {Location::Header, "header"},
                                                     {Location::HeaderPrefix, "header-prefix"},
                                                     {Location::StatusCode, "status-code"},
                                                     {Location::Payload, "payload"}};
const std::map<Protocol, std::string> protocol_names{{Protocol::RestJson, "rest-json"},
                                                     {Protocol::AwsJson10, "aws-json-1.0"},
                                                     {Protocol::AwsJson11, "aws-json-1.1"},
                                                     {Protocol::Query, "query"},
                                                     {Protocol::RestXml, "rest-xml"},
                                                     {Protocol::RpcV2Cbor, "rpc-v2-cbor"},
                                                     {Protocol::Ec2, "ec2"}};

std::string text(const Facts& facts, const char* key) { return facts.value(key, std::string()); }

class Walk {
 public:
  explicit Walk(const Facts& model) : model_(model) {}

  void shape(const Shape* table, const std::string& name) {
    ASSERT_NE(table, nullptr) << name;
    SCOPED_TRACE(name);
    ASSERT_EQ(table->name, name);
    if (!seen_.insert(name).second) return;
    const Facts& facts = model_.at("shapes").at(name);
    EXPECT_EQ(type_names.at(table->type), text(facts, "type"));
    EXPECT_EQ(table->pattern, text(facts, "pattern"));
    EXPECT_EQ(table->has_min(), facts.contains("min"));
    EXPECT_EQ(table->has_max(), facts.contains("max"));
    if (facts.contains("min")) {
      EXPECT_EQ(table->min, facts.at("min").get<double>());
    }
    if (facts.contains("max")) {
      EXPECT_EQ(table->max, facts.at("max").get<double>());
    }
    EXPECT_EQ(table->sensitive, facts.value("sensitive", false));
    EXPECT_EQ(table->streaming, facts.value("streaming", false));
    EXPECT_EQ(table->sparse, facts.value("sparse", false));
    EXPECT_EQ(table->is_union, facts.value("union", false));
    EXPECT_EQ(table->flattened, facts.value("flattened", false));
    EXPECT_EQ(table->event_stream, facts.value("event-stream", false));
    EXPECT_EQ(std::vector<std::string>(table->values.begin(), table->values.end()),
              facts.value("enum", std::vector<std::string>()));
    EXPECT_EQ(table->element_location_name, text(facts, "element-name"));
    EXPECT_EQ(table->key_location_name, text(facts, "key-name"));

    ASSERT_EQ(table->members.size(), facts.value("members", Facts::object()).size());
    if (facts.contains("members")) {
      auto row = table->members.begin();
      for (const auto& [member_name, member_facts] : facts.at("members").items())
        member(*row++, member_name, member_facts);
    }
    EXPECT_EQ(table->element != nullptr, facts.contains("element"));
    EXPECT_EQ(table->key != nullptr, facts.contains("key"));
    if (facts.contains("element")) shape(table->element, text(facts, "element"));
    if (facts.contains("key")) shape(table->key, text(facts, "key"));
  }

  std::size_t shapes() const { return seen_.size(); }

 private:
  void member(const Member& row, const std::string& name, const Facts& facts) {
    SCOPED_TRACE(name);
    EXPECT_EQ(row.name, name);
    EXPECT_EQ(row.location_name, text(facts, "name"));
    EXPECT_EQ(location_names.at(row.location), text(facts, "location"));
    EXPECT_EQ(row.required, facts.value("required", false));
    EXPECT_EQ(row.idempotency_token, facts.value("idempotency-token", false));
    EXPECT_EQ(row.event_payload, facts.value("event-payload", false));
    shape(row.shape, text(facts, "shape"));
  }

  const Facts& model_;
  std::set<std::string> seen_;
};

Facts merged_model(const std::string& id) {
  const std::string folder = std::string(AVIARY_SOURCE_DIR) + "/src/models/";
  std::ifstream data(folder + "data/" + id + ".json");
  Facts model = Facts::parse(data);
  if (std::ifstream overlay(folder + "overlays/" + id + ".json"); overlay)
    model.merge_patch(Facts::parse(overlay));
  return model;
}

void expect_agreement(const Service& service, const Facts& model) {
  EXPECT_EQ(service.id, text(model, "id"));
  EXPECT_EQ(service.signing_name, text(model, "signing-name"));
  EXPECT_EQ(service.target_prefix, text(model, "target-prefix"));
  EXPECT_EQ(service.api_version, text(model, "api-version"));
  EXPECT_EQ(service.xml_namespace, text(model, "xml-namespace"));
  ASSERT_EQ(service.protocols.size(), model.at("protocols").size());
  for (std::size_t i = 0; i < service.protocols.size(); ++i)
    EXPECT_EQ(protocol_names.at(service.protocols[i]), model.at("protocols").at(i));

  Walk walk(model);
  ASSERT_EQ(service.operations.size(), model.at("operations").size());
  for (const auto& [name, facts] : model.at("operations").items()) {
    SCOPED_TRACE(name);
    const Operation* operation = service.find_operation(name);
    ASSERT_NE(operation, nullptr);
    EXPECT_EQ(operation->method, text(facts, "method"));
    EXPECT_EQ(operation->uri, text(facts, "uri"));
    EXPECT_EQ(operation->status, facts.value("status", 200));
    EXPECT_EQ(std::vector<std::string>(operation->required_query.begin(), operation->required_query.end()),
              facts.value("query", std::vector<std::string>()));
    EXPECT_EQ(operation->input != nullptr, facts.contains("input"));
    EXPECT_EQ(operation->output != nullptr, facts.contains("output"));
    if (operation->input != nullptr) walk.shape(operation->input, text(facts, "input"));
    if (operation->output != nullptr) walk.shape(operation->output, text(facts, "output"));
    for (const auto& [shape, payload] : {std::pair{operation->input, operation->input_payload},
                                         {operation->output, operation->output_payload}}) {
      const Member* expected = nullptr;
      if (shape != nullptr)
        for (const Member& member : shape->members)
          if (member.location == Location::Payload) expected = &member;
      EXPECT_EQ(payload, expected);
    }
    std::vector<std::string> errors;
    for (const ErrorShape* error : operation->errors) errors.emplace_back(error->code);
    EXPECT_EQ(errors, facts.value("errors", std::vector<std::string>()));
  }
  EXPECT_GT(walk.shapes(), model.at("operations").size());

  std::map<std::string, const ErrorShape*> rows;
  for (const ErrorShape* error : service.errors) rows.emplace(error->code, error);
  for (const auto& [name, facts] : model.at("shapes").items()) {
    if (!facts.contains("error")) continue;
    SCOPED_TRACE(name);
    ASSERT_TRUE(rows.contains(name));
    const ErrorShape& row = *rows.at(name);
    EXPECT_EQ(row.status, facts.at("error").at("status").get<int>());
    EXPECT_EQ(row.fault == Fault::Receiver, facts.at("error").at("fault") == "receiver");
    EXPECT_EQ(row.has_type, facts.at("error").value("type", facts.at("members").contains("Type")));
    rows.erase(name);
  }
  EXPECT_TRUE(rows.empty());
}

TEST(ModelTables, LambdaAgreesWithItsDataAndOverlay) {
  const Facts model = merged_model("lambda");
  expect_agreement(lambda::service, model);
  EXPECT_EQ(lambda::service.operations.size(), 85u);
}

TEST(ModelTables, OperationsAreFoundByNameOnly) {
  EXPECT_EQ(lambda::service.find_operation("Invoke")->name, "Invoke");
  EXPECT_EQ(lambda::service.find_operation("invoke"), nullptr);
  EXPECT_EQ(lambda::service.find_operation(""), nullptr);
  EXPECT_EQ(lambda::service.find_operation("Zzz"), nullptr);
}

// Usable in constant expressions' place: a row that needed code at start-up would still be zero when another
// translation unit's initialiser reads it.
const std::size_t operations_seen_at_start = lambda::service.operations.size();
const std::string_view code_seen_at_start = lambda::errors::ResourceNotFoundException.code;

TEST(ModelTables, AreThereBeforeAnyInitialiserRuns) {
  EXPECT_EQ(operations_seen_at_start, 85u);
  EXPECT_EQ(code_seen_at_start, "ResourceNotFoundException");
}

// Recorded answers, not the model's: ResourceNotFoundException carries `Message`, most others `message`.
TEST(ModelTables, ErrorRowsAreSpelledAsTheServiceSendsThem) {
  EXPECT_EQ(lambda::errors::ResourceNotFoundException.message_member, "Message");
  EXPECT_EQ(lambda::errors::ResourceNotFoundException.status, 404);
  EXPECT_TRUE(lambda::errors::ResourceNotFoundException.has_type);
  EXPECT_EQ(lambda::errors::InvalidParameterValueException.message_member, "message");
  EXPECT_EQ(lambda::errors::PreconditionFailedException.status, 412);
  EXPECT_EQ(lambda::errors::ServiceException.fault, Fault::Receiver);
  EXPECT_FALSE(lambda::errors::AccessDeniedException.has_type);
  EXPECT_EQ(lambda::service.find_operation("DeleteFunction")->status, 204);
}

}  // namespace
}  // namespace aviary::models
