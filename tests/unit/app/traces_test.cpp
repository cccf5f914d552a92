#include <gtest/gtest.h>

#include "app/otlp_spans.hpp"
#include "app/trace_ring.hpp"

/// What becomes of traces.
namespace aviary::app {
namespace {

execution::Trace trace(std::string id, std::string function, double at) {
  execution::Trace made{.trace_id = std::move(id),
                        .scope = {"123456789012", "us-east-1"},
                        .function_name = std::move(function),
                        .version = "7",
                        .service = Json::object(),
                        .function = nullptr};
  made.service = {{"id", "00000000000000a1"}, {"name", made.function_name}, {"start_time", at},
                  {"end_time", at + 1},       {"resource_arn", "arn"},      {"aws", {{"request_id", "req"}}}};
  return made;
}

const std::string first = "1-67891233-abcdef012345678912345678";
const std::string second = "1-67891234-abcdef012345678912345678";

TEST(TraceRings, AreAskedByFunctionAndTrace) {
  TraceRing ring;
  ring.on_trace(trace(first, "a", 100));
  ring.on_trace(trace(first, "b", 101));
  ring.on_trace(trace(second, "a", 200));
  const Json all = ring.report({})["traces"];
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["Id"], second) << "the latest first";
  EXPECT_EQ(all[1]["Segments"].size(), 2U);
  EXPECT_EQ(all[1]["Duration"], 2.0);
  EXPECT_EQ(ring.report({.function = "b"})["traces"].size(), 1U);
  EXPECT_EQ(ring.report({.trace_id = second})["traces"][0]["Id"], second);
  EXPECT_EQ(ring.report({.function = "c"})["traces"], Json::array());
  EXPECT_EQ(ring.report({.limit = 1})["traces"].size(), 1U);
  EXPECT_EQ(ring.report({.limit = 0})["traces"].size(), 0U);
}

TEST(TraceRings, AreBounded) {
  TraceRing ring;
  for (std::size_t i = 0; i < TraceRing::most + 5; ++i) ring.on_trace(trace(first, "a", 1));
  EXPECT_EQ(ring.report({})["kept"], TraceRing::most);
  EXPECT_EQ(ring.report({})["forgotten"], 5);
}

TEST(OtlpSpans, AreWhatCollectorsRead) {
  execution::Trace made = trace(first, "a", 1700000000.123456);
  made.function = {{"id", "00000000000000b2"},
                   {"parent_id", "00000000000000a1"},
                   {"name", "a"},
                   {"start_time", 1700000000.5},
                   {"end_time", 1700000001.0},
                   {"error", true},
                   {"cause", {{"exceptions", Json::array({{{"message", "no"}, {"type", "ValueError"}}})}}},
                   {"aws", {{"cold_start", true}}},
                   {"subsegments", Json::array({{{"id", "00000000000000c3"},
                                                 {"name", "Invocation"},
                                                 {"start_time", 1700000000.5},
                                                 {"end_time", 1700000001.0}}})}};
  const Json request = otlp_request({made});
  const Json& spans = request["resourceSpans"][0]["scopeSpans"][0]["spans"];
  ASSERT_EQ(spans.size(), 3U);
  EXPECT_EQ(spans[0]["traceId"], "67891233abcdef012345678912345678");
  EXPECT_EQ(spans[0]["startTimeUnixNano"], "1700000000123456000");
  EXPECT_FALSE(spans[0].contains("parentSpanId"));
  EXPECT_EQ(spans[1]["parentSpanId"], "00000000000000a1");
  EXPECT_EQ(spans[1]["status"], (Json{{"code", 2}, {"message", "no"}}));
  EXPECT_EQ(spans[1]["events"][0]["name"], "exception");
  EXPECT_EQ(spans[2]["parentSpanId"], "00000000000000b2");
  EXPECT_EQ(request["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"], "a");
}

}  // namespace
}  // namespace aviary::app
