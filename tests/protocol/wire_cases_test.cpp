// Messages made with botocore as the oracle (make_cases.py): what its clients send comes out as the document
// that they meant, and what we send is what it reads as the document that we meant.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/encoding.hpp"
#include "protocol/spoken.hpp"

namespace aviary::wire {
namespace {

Json cases(const Spoken& spoken, const std::string& kind) {
  std::ifstream file(std::string(AVIARY_SOURCE_DIR) + "/tests/protocol/cases/" +
                     std::string(spoken.service->id) + "_" + spoken.name + "_" + kind + ".json");
  return Json::parse(file);
}

/// CBOR is no text.
std::string body_of(const Json& one) {
  if (const auto bytes = one.find("body64"); bytes != one.end())
    return base64_decode(bytes->get<std::string>()).value();
  return one.value("body", std::string());
}

std::string header(const Response& response, std::string_view wanted) {
  for (const auto& [name, value] : response.headers)
    if (name == wanted) return value;
  return {};
}

struct Message {
  explicit Message(const Json& one) : method(one.at("method")), target(one.at("target")), body(body_of(one)) {
    const Json sent = one.value("headers", Json::object());
    for (const auto& [name, value] : sent.items()) headers.emplace_back(name, value.get<std::string>());
  }
  Request request() const {
    Request request{.method = method, .target = target, .headers = {}, .body = body};
    for (const auto& [name, value] : headers) request.headers.emplace_back(name, value);
    return request;
  }
  std::string method, target, body;
  std::vector<std::pair<std::string, std::string>> headers;
};

class Cases : public ::testing::TestWithParam<Spoken> {};

TEST_P(Cases, RequestsOfBotocoreAreRead) {
  const models::Service& service = *GetParam().service;
  std::size_t operations = 0;
  for (const Json& one : cases(GetParam(), "requests")) {
    const Message message(one);
    Request request = message.request();
    SCOPED_TRACE(one.dump());
    const std::optional<Target> target = identify(request, case_services);
    ASSERT_TRUE(target);
    ASSERT_EQ(target->service, &service);
    ASSERT_EQ(target->protocol, GetParam().protocol);
    const Codec& codec = GetParam().codec();
    const Result<Match> match = codec.route(service, request);
    ASSERT_TRUE(match) << match.error().message;
    EXPECT_EQ(match->operation->name, one.at("operation").get<std::string>());
    const Result<Decoded> decoded = codec.decode(*match, request);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->input, one.at("document"));
    EXPECT_EQ(decoded->payload, one.value("payload", std::string()));
    ++operations;
  }
  const std::size_t all = service.operations.size();
  EXPECT_EQ(operations, 2 * (GetParam().operations == 0 ? all : GetParam().operations));
}

TEST_P(Cases, ResponsesAreWhatBotocoreReads) {
  const models::Service& service = *GetParam().service;
  for (const Json& one : cases(GetParam(), "responses")) {
    SCOPED_TRACE(one.dump());
    const models::Operation* operation = service.find_operation(one.at("operation").get<std::string>());
    ASSERT_NE(operation, nullptr);
    const Response response = GetParam().codec().encode(
        *operation, one.at("document"), one.value("payload", std::string()), 0, GetParam().context());
    EXPECT_EQ(response.status, one.at("status").get<int>());
    EXPECT_EQ(response.body, body_of(one));
    Json headers = Json::object();
    for (const auto& [name, value] : response.headers) headers[name] = value;
    EXPECT_EQ(headers, one.at("headers"));
  }
}

TEST_P(Cases, ErrorsAreWhatBotocoreReads) {
  for (const Json& one : cases(GetParam(), "errors")) {
    SCOPED_TRACE(one.dump());
    const auto shape = std::ranges::find(GetParam().service->errors, one.at("error").get<std::string>(),
                                         [](const ErrorShape* each) { return std::string(each->code); });
    ASSERT_NE(shape, GetParam().service->errors.end());
    const Response response =
        GetParam().codec().encode_error({**shape, one.at("message")}, GetParam().context());
    EXPECT_EQ(response.status, one.at("status").get<int>());
    EXPECT_EQ(response.body, body_of(one));
    EXPECT_EQ(header(response, "x-amzn-ErrorType"), one.value("type", std::string()));
    EXPECT_EQ(header(response, "x-amzn-query-error"), one.value("query-error", std::string()));
  }
}

TEST_P(Cases, MalformedRequestsAreRefusedInTheWordsOfAws) {
  const models::Service& service = *GetParam().service;
  for (const Json& one : cases(GetParam(), "malformed")) {
    const Message message(one);
    Request request = message.request();
    SCOPED_TRACE(one.dump());
    const Codec& codec = GetParam().codec();
    const Result<Match> match = codec.route(service, request);
    Response response;
    if (!match) {
      response = codec.encode_error(match.error(), GetParam().context());
    } else {
      const Result<Decoded> decoded = codec.decode(*match, request);
      ASSERT_FALSE(decoded);
      response = codec.encode_error(decoded.error(), GetParam().context());
    }
    EXPECT_EQ(response.status, one.at("status").get<int>());
    const auto answer = one.at("answer").get<std::string>();
    if (GetParam().protocol == models::Protocol::RpcV2Cbor || GetParam().name == std::string("aws-cbor")) {
      EXPECT_EQ(Json::from_cbor(response.body), Json::parse(answer));
    } else {
      EXPECT_EQ(response.body, answer);
    }
    EXPECT_EQ(header(response, "x-amzn-ErrorType"), one.at("type").get<std::string>());
    EXPECT_EQ(header(response, "x-amzn-query-error"), one.value("query-error", std::string()));
  }
}

INSTANTIATE_TEST_SUITE_P(Services, Cases, ::testing::ValuesIn(spoken_protocols), [](const auto& info) {
  std::string name = std::string(info.param.service->id) + "_" + info.param.name;
  std::ranges::replace_if(
      name, [](char c) { return c == '-' || c == '.'; }, '_');
  return name;
});

}  // namespace
}  // namespace aviary::wire
