// One service that speaks three protocols, through the gateway: what only the gateway can put together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <stdexcept>

#include "gateway/gateway.hpp"
#include "models/cloudwatch.hpp"
#include "support/manual_clock.hpp"
#include "support/run_task.hpp"

namespace aviary {
namespace {

using ::testing::HasSubstr;

/// Answers with what it was asked; breaks down when asked for the alarm named `bug`.
class Echo final : public Service {
 public:
  const models::Service& model() const override { return models::cloudwatch::service; }
  Task<Result<Reply>> call(Call call) override {
    last_request_id = call.request_id;
    last_input = call.input;
    if (call.operation->name == "DeleteAlarms") {
      if (call.input.at("AlarmNames").at(0) == "bug") throw std::logic_error("a bug");
      co_return AwsError(models::cloudwatch::errors::DashboardNotFoundError, "gone");
    }
    Reply reply;
    reply.output = {{"NextToken", "a<b"}};
    co_return reply;
  }
  std::string last_request_id;
  Json last_input;
};

class Protocols : public ::testing::Test {
 protected:
  Protocols() : gateway(clock, random, journal, {}) { gateway.add(service); }

  wire::Response send(std::string_view target,
                      std::vector<std::pair<std::string_view, std::string_view>> headers, std::string body) {
    wire::Request request{
        .method = "POST", .target = target, .headers = std::move(headers), .body = std::move(body)};
    return ::aviary::testing::run_task(loop, gateway.handle(std::move(request)));
  }
  wire::Response form(std::string body) {
    return send("/", {{"Authorization", scope}, {"Content-Type", "application/x-www-form-urlencoded"}},
                std::move(body));
  }
  static std::string header(const wire::Response& response, std::string_view wanted) {
    for (const auto& [name, value] : response.headers)
      if (name == wanted) return value;
    return {};
  }
  static std::string id_element(const wire::Response& response) {
    return "<RequestId>" + header(response, "x-amzn-RequestId") + "</RequestId>";
  }

  static constexpr std::string_view scope =
      "AWS4-HMAC-SHA256 Credential=AKIA/20240115/us-east-1/monitoring/aws4_request, SignedHeaders=host, "
      "Signature=00";
  static constexpr std::string_view cbor_path =
      "/service/GraniteServiceVersion20100801/operation/DeleteAlarms";
  boost::asio::io_context loop;
  ::aviary::testing::ManualClock clock;
  SeededRandom random{1, "ids"};
  NoJournal journal;
  Echo service;
  Gateway gateway;
};

TEST_F(Protocols, AQueryAnswerHasTheRequestsIdInItsBody) {
  const wire::Response response = form("Action=ListMetrics&Version=2010-08-01");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(response.body, HasSubstr("<NextToken>a&lt;b</NextToken>"));
  EXPECT_THAT(response.body, HasSubstr(R"(xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/")"));
  EXPECT_EQ(header(response, "x-amzn-RequestId"), service.last_request_id);
  EXPECT_THAT(response.body, HasSubstr("<ResponseMetadata>" + id_element(response)));
}

TEST_F(Protocols, SoHasAnErrorWhereverItComesFrom) {
  for (const auto& [body, code] :
       {std::pair{"Action=DeleteAlarms&AlarmNames.member.1=x", "ResourceNotFound"},
        std::pair{"Action=DeleteAlarms&AlarmNames.member.1=bug", "InternalFailure"},
        std::pair{"Action=DeleteAlarms&AlarmNames=x", "MalformedInput"},
        std::pair{"Action=DeleteAlarms", "ValidationError"}, std::pair{"Action=Other", "InvalidAction"},
        std::pair{"", "MissingAction"}}) {
    const wire::Response response = form(body);
    EXPECT_THAT(response.body, HasSubstr("<Code>" + std::string(code) + "</Code>")) << body;
    EXPECT_THAT(response.body, HasSubstr(id_element(response))) << body;
  }
}

TEST_F(Protocols, CborAndJsonNameTheErrorTwice) {
  const wire::Response cbor = send(cbor_path, {{"smithy-protocol", "rpc-v2-cbor"}},
                                   "\xa1\x6a"
                                   "AlarmNames\x81\x61x");
  EXPECT_EQ(cbor.status, 404);
  EXPECT_EQ(Json::from_cbor(cbor.body),
            Json({{"__type", "com.amazonaws.cloudwatch#DashboardNotFoundError"}, {"message", "gone"}}));
  EXPECT_EQ(header(cbor, "x-amzn-query-error"), "ResourceNotFound;Sender");
  const wire::Response json =
      send("/", {{"X-Amz-Target", "GraniteServiceVersion20100801.DeleteAlarms"}}, R"({"AlarmNames":["x"]})");
  EXPECT_EQ(json.body, R"({"__type":"DashboardNotFoundError","message":"gone"})");
  EXPECT_EQ(header(json, "x-amzn-query-error"), "ResourceNotFound;Sender");
}

TEST_F(Protocols, ABodyMayBeCompressed) {
  std::string plain = "Action=ListMetrics&Namespace=" + std::string(200, 'n');
  std::string packed(1024, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(plain.data());
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);

  const auto compressed = [&](std::string body) {
    return send("/",
                {{"Authorization", scope},
                 {"Content-Type", "application/x-www-form-urlencoded"},
                 {"Content-Encoding", "gzip"}},
                std::move(body));
  };
  EXPECT_EQ(compressed(packed).status, 200);
  EXPECT_EQ(service.last_input, Json({{"Namespace", std::string(200, 'n')}}));
  EXPECT_THAT(compressed(plain).body, HasSubstr("<Code>MalformedInput</Code>"));
}

}  // namespace
}  // namespace aviary
