// Transformers: processors as the user guide has them, and filters that look at what was made.
#include "service_fixture.hpp"

namespace aviary::logs {
namespace {

class Transformers : public ServiceFixture {
 protected:
  std::string transformed(const std::string& message, Json config) {
    const Json rows = answer("TestTransformer", {{"transformerConfig", std::move(config)},
                                                 {"logEventMessages", {message}}})["transformedLogs"];
    return rows.at(0).value("transformedEventMessage", "none");
  }
  /// After parseJSON.
  std::string mutated(const std::string& message, Json processor) {
    Json config = Json::array({{{"parseJSON", Json::object()}}});
    config.push_back(std::move(processor));
    return transformed(message, std::move(config));
  }
  static Json entries(const char* processor, Json entry) {
    return {{processor, {{"entries", Json::array({std::move(entry)})}}}};
  }
};

const Json parse_json = Json::array({{{"parseJSON", Json::object()}}});
const std::string nested = R"({"outer_key":{"inner_key":"inner_value"}})";

TEST_F(Transformers, ParseTexts) {
  EXPECT_EQ(transformed(nested, Json::array({{{"parseJSON", {{"destination", "new_key"}}}}})),
            R"({"new_key":{"outer_key":{"inner_key":"inner_value"}}})");
  EXPECT_EQ(transformed("no JSON", parse_json), "none");
  EXPECT_EQ(transformed(R"('Akua Mansa',28,"New ""York"", USA")",
                        Json::array({{{"csv", {{"columns", {"name", "age"}}}}}})),
            R"({"name":"'Akua Mansa'","age":"28","column_3":"New \"York\", USA"})");
  EXPECT_EQ(transformed("key1:value1!key2:value2!key4", Json::array({{{"parseKeyValue",
                                                                       {{"destination", "new_key"},
                                                                        {"fieldDelimiter", "!"},
                                                                        {"keyValueDelimiter", ":"},
                                                                        {"nonMatchValue", "defaultValue"},
                                                                        {"keyPrefix", "parsed_"}}}}})),
            R"({"new_key":{"parsed_key1":"value1","parsed_key2":"value2","parsed_key4":"defaultValue"}})");
  EXPECT_EQ(transformed("293750 server-01.internal-network.local OK \"[Thread-1] done\"",
                        Json::array({{{"grok",
                                       {{"match",
                                         "%{NUMBER:version} %{HOSTNAME:host.name} %{NOTSPACE:status} "
                                         "%{QUOTEDSTRING:message}"}}}}})),
            R"({"version":"293750","host":{"name":"server-01.internal-network.local"},"status":"OK",)"
            R"("message":"\"[Thread-1] done\""})");
}

TEST_F(Transformers, MoveAndChangeFields) {
  EXPECT_EQ(mutated(nested, entries("addKeys", {{"key", "outer_key.new_key"}, {"value", "new_value"}})),
            R"({"outer_key":{"inner_key":"inner_value","new_key":"new_value"}})");
  EXPECT_EQ(mutated(nested, entries("addKeys", {{"key", "outer_key.inner_key"}, {"value", "x"}})), nested);
  EXPECT_EQ(mutated(nested, {{"deleteKeys", {{"withKeys", {"outer_key"}}}}}), "{}");
  EXPECT_EQ(mutated(nested, entries("copyValue", {{"source", "outer_key.inner_key"}, {"target", "a.b"}})),
            R"({"outer_key":{"inner_key":"inner_value"},"a":{"b":"inner_value"}})");
  EXPECT_EQ(mutated(nested, entries("moveKeys", {{"source", "outer_key.inner_key"}, {"target", "new"}})),
            R"({"outer_key":{},"new":"inner_value"})");
  EXPECT_EQ(mutated(nested, entries("renameKeys", {{"key", "outer_key"}, {"renameTo", "new_key"}})),
            R"({"new_key":{"inner_key":"inner_value"}})");
  EXPECT_EQ(mutated(R"({"a":"INNER"})", {{"lowerCaseString", {{"withKeys", {"a", "none"}}}}}),
            R"({"a":"inner"})");
  EXPECT_EQ(mutated(R"({"a":["x"]})", {{"upperCaseString", {{"withKeys", {"a[0]"}}}}}), R"({"a":["X"]})");
  EXPECT_EQ(mutated(R"({"a":"  x y "})", {{"trimString", {{"withKeys", {"a"}}}}}), R"({"a":"x y"})");
  EXPECT_EQ(mutated(R"({"a":"[12]x"})",
                    entries("substituteString", {{"source", "a"}, {"from", "\\[\\d+\\]"}, {"to", "n"}})),
            R"({"a":"nx"})");
  EXPECT_EQ(mutated(R"({"a":"1|2|3"})", entries("splitString", {{"source", "a"}, {"delimiter", "|"}})),
            R"({"a":["1","2","3"]})");
}

TEST_F(Transformers, ConvertValues) {
  const auto as = [&](const char* type, const char* message) {
    return mutated(message, entries("typeConverter", {{"key", "a"}, {"type", type}}));
  };
  EXPECT_EQ(as("integer", R"({"a":"200"})"), R"({"a":200})");
  EXPECT_EQ(as("double", R"({"a":"1.5"})"), R"({"a":1.5})");
  EXPECT_EQ(as("boolean", R"({"a":"true"})"), R"({"a":true})");
  EXPECT_EQ(as("string", R"({"a":7})"), R"({"a":"7"})");
  EXPECT_EQ(as("integer", R"({"a":"many"})"), R"({"a":"many"})");
  const auto date = [&](const char* message, Json more) {
    Json settings{{"source", "a"}, {"target", "b"}};
    settings.update(more);
    return mutated(message, {{"dateTimeConverter", settings}});
  };
  EXPECT_EQ(date(R"({"a":"Jan 12, 2024 1:30:05 PM"})",
                 {{"matchPatterns", {"yyyy", "MMM d, yyyy h:mm:ss a"}}, {"sourceTimezone", "UTC+2"}}),
            R"({"a":"Jan 12, 2024 1:30:05 PM","b":"2024-01-12T11:30:05.000Z"})");
  EXPECT_EQ(date(R"({"a":"2024-02-29T23:00:00.25+0100"})", {{"matchPatterns", {"yyyy-MM-dd'T'HH:mm:ss.SSZ"}},
                                                            {"targetFormat", "EEE dd/MM/yy HH'h'XXX"}}),
            R"({"a":"2024-02-29T23:00:00.25+0100","b":"Thu 29/02/24 22hZ"})");
  EXPECT_EQ(date(R"({"a":"2023-02-29"})", {{"matchPatterns", {"yyyy-MM-dd"}}}), R"({"a":"2023-02-29"})");
}

TEST_F(Transformers, RefuseWhatIsNotThere) {
  const auto refused = [&](Json config) {
    return refusal("TestTransformer", {{"transformerConfig", std::move(config)}, {"logEventMessages", {"m"}}})
        .message;
  };
  EXPECT_EQ(refused(Json::array({{{"parseVPC", Json::object()}}})),
            "The processor parseVPC is not part of Aviary yet.");
  EXPECT_EQ(refused(Json::array({entries("addKeys", {{"key", "a"}, {"value", "b"}})})),
            "The first processor of a transformer must be a parser.");
  EXPECT_EQ(refused(Json::array({{{"grok", {{"match", "%{CISCOMAC:m}"}}}}})),
            "The grok pattern CISCOMAC is not supported.");
  Json twice =
      Json::array({{{"parseJSON", Json::object()}}, entries("addKeys", {{"key", "a"}, {"value", "b"}})});
  twice.push_back(twice[1]);
  EXPECT_EQ(refused(twice), "A transformer can have only one addKeys processor.");
  Json dates{{"source", "a"}, {"target", "b"}, {"matchPatterns", {"yyyy"}}, {"sourceTimezone", "Asia/Tokyo"}};
  EXPECT_EQ(refused(Json::array({parse_json[0], {{"dateTimeConverter", dates}}})),
            "The time zone Asia/Tokyo is not part of Aviary: say UTC or a difference, as in UTC+2.");
}

TEST_F(Transformers, FiltersLookAtWhatWasMade) {
  make("app", "one");
  const Json config = Json::array({{{"csv", {{"columns", {"level", "took"}}}}},
                                   entries("typeConverter", {{"key", "took"}, {"type", "integer"}})});
  answer("PutTransformer", {{"logGroupIdentifier", "app"}, {"transformerConfig", config}});
  answer("PutMetricFilter",
         {{"logGroupName", "app"},
          {"filterName", "f"},
          {"filterPattern", "{ $.took > 10 }"},
          {"applyOnTransformedLogs", true},
          {"metricTransformations",
           {{{"metricName", "Took"}, {"metricNamespace", "N"}, {"metricValue", "$.took"}}}}});
  EXPECT_EQ(answer("DescribeMetricFilters", Json::object())["metricFilters"][0]["applyOnTransformedLogs"],
            true);
  answer("PutSubscriptionFilter", {{"logGroupName", "app"},
                                   {"filterName", "s"},
                                   {"filterPattern", "{ $.level = \"WARN\" }"},
                                   {"applyOnTransformedLogs", true},
                                   {"destinationArn", "arn:aws:lambda:us-east-1:123456789012:function:f"}});
  restart();
  put("app", "one", {"WARN,25", "INFO,5"});
  settle();
  ASSERT_EQ(metrics_.samples.size(), 1U);
  EXPECT_EQ(metrics_.samples[0].value, 25);
  EXPECT_EQ(deliveries_.delivered.size(), 1U);
  // What is read is what came.
  EXPECT_EQ(answer("FilterLogEvents", {{"logGroupName", "app"}})["events"][0]["message"], "WARN,25");
  const Json kept = answer("GetTransformer", {{"logGroupIdentifier", "app"}});
  EXPECT_EQ(kept["transformerConfig"], config);
  answer("DeleteTransformer", {{"logGroupIdentifier", "app"}});
  EXPECT_EQ(answer("GetTransformer", {{"logGroupIdentifier", "app"}}), Json::object());
  put("app", "one", {"WARN,25"});
  settle();
  EXPECT_EQ(metrics_.samples.size(), 1U);
}

}  // namespace
}  // namespace aviary::logs
