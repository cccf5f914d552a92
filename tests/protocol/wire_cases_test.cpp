// Messages made with botocore as the oracle (make_cases.py): what its clients send comes out as the document
// that they meant, and what we send is what it reads as the document that we meant.
#include <gtest/gtest.h>

#include <fstream>

#include "models/lambda.hpp"
#include "wire/protocol.hpp"

namespace aviary::wire {
namespace {

Json cases(const std::string& name) {
  std::ifstream file(std::string(AVIARY_SOURCE_DIR) + "/tests/protocol/cases/" + name + ".json");
  return Json::parse(file);
}

struct Message {
  explicit Message(const Json& one)
      : method(one.at("method")), target(one.at("target")), body(one.value("body", std::string())) {
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

const models::Service* const services[] = {&models::lambda::service};

class Cases : public testing::TestWithParam<const models::Service*> {};

TEST_P(Cases, RequestsOfBotocoreAreRead) {
  const models::Service& service = *GetParam();
  std::size_t operations = 0;
  for (const Json& one : cases(std::string(service.id) + "_requests")) {
    const Message message(one);
    Request request = message.request();
    SCOPED_TRACE(one.dump());
    const std::optional<Target> target = identify(request, services);
    ASSERT_TRUE(target);
    const Codec& codec = *codec_for(target->protocol);
    const Result<Match> match = codec.route(service, request);
    ASSERT_TRUE(match) << match.error().message;
    EXPECT_EQ(match->operation->name, one.at("operation").get<std::string>());
    const Result<Decoded> decoded = codec.decode(*match, request);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->input, one.at("document"));
    EXPECT_EQ(decoded->payload, one.value("payload", std::string()));
    ++operations;
  }
  EXPECT_EQ(operations, 2 * service.operations.size());
}

TEST_P(Cases, ResponsesAreWhatBotocoreReads) {
  const models::Service& service = *GetParam();
  for (const Json& one : cases(std::string(service.id) + "_responses")) {
    SCOPED_TRACE(one.dump());
    const models::Operation* operation = service.find_operation(one.at("operation").get<std::string>());
    ASSERT_NE(operation, nullptr);
    const Response response =
        codec_for(service.protocols.front())
            ->encode(*operation, one.at("document"), one.value("payload", std::string()), 0);
    EXPECT_EQ(response.status, one.at("status").get<int>());
    EXPECT_EQ(response.body, one.at("body").get<std::string>());
    Json headers = Json::object();
    for (const auto& [name, value] : response.headers) headers[name] = value;
    EXPECT_EQ(headers, one.at("headers"));
  }
}

TEST_P(Cases, MalformedRequestsAreRefusedInTheWordsOfAws) {
  const models::Service& service = *GetParam();
  for (const Json& one : cases(std::string(service.id) + "_malformed")) {
    const Message message(one);
    Request request = message.request();
    SCOPED_TRACE(one.dump());
    const Codec& codec = *codec_for(service.protocols.front());
    const Result<Match> match = codec.route(service, request);
    Response response;
    if (!match) {
      response = codec.encode_error(match.error());
    } else {
      const Result<Decoded> decoded = codec.decode(*match, request);
      ASSERT_FALSE(decoded);
      response = codec.encode_error(decoded.error());
    }
    EXPECT_EQ(response.status, one.at("status").get<int>());
    EXPECT_EQ(response.body, one.at("answer").get<std::string>());
    std::string type;
    for (const auto& [name, value] : response.headers)
      if (name == "x-amzn-ErrorType") type = value;
    EXPECT_EQ(type, one.at("type").get<std::string>());
  }
}

INSTANTIATE_TEST_SUITE_P(Services, Cases, testing::ValuesIn(services),
                         [](const auto& info) { return std::string(info.param->id); });

}  // namespace
}  // namespace aviary::wire
