#include <gmock/gmock.h>

#include "service_fixture.hpp"
#include "wire/body_stream.hpp"

/// Function URLs: what goes into the function, what comes out, who may call.
namespace aviary::lambda {
namespace {

using ::testing::HasSubstr;

class Urls : public ServiceFixture {
 protected:
  using Headers = std::vector<std::pair<std::string_view, std::string_view>>;

  /// Answers the URL's id.
  std::string create(Json config = Json::object(), LambdaOptions options = {}) {
    if (options.enforce_permissions) start(std::move(options));
    publish("f", 1);
    config.update({{"FunctionName", "f"}});
    if (!config.contains("AuthType")) config["AuthType"] = "NONE";
    const std::string url = answer("CreateFunctionUrlConfig", config)["FunctionUrl"];
    EXPECT_THAT(url, ::testing::MatchesRegex("http://[0-9a-f]{32}.lambda-url.us-east-1.localhost:4566/"));
    return url.substr(7, 32);
  }
  wire::Response send(const std::string& id, std::string_view method = "GET", std::string_view target = "/",
                      Headers headers = {}, std::string body = {}) {
    host_ = id + ".lambda-url.us-east-1.localhost:4566";
    headers.emplace_back("Host", host_);
    wire::Request request{
        .method = method, .target = target, .headers = std::move(headers), .body = std::move(body)};
    const std::optional<UrlAddress> address = url_address(request);
    EXPECT_TRUE(address);
    return testing::run_task(loop_, service_->answer_url(std::move(request), *address));
  }
  Json event() const { return Json::parse(runner_.runs.back().payload); }
  void function_answers(std::string payload) {
    runner_.answer = [payload = std::move(payload)](const Invocation&) {
      return Outcome{.payload = payload};
    };
  }
  static std::string header(const wire::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (wire::equals_ignoring_case(key, name)) return value;
    return {};
  }
  std::string host_;
};

TEST_F(Urls, TheEventIsFormatTwo) {
  const std::string id = create();
  send(id, "POST", "/my%20path?a=1&a=2&b=x%20y",
       {{"Cookie", "one=1; two=2"},
        {"Content-Type", "application/json"},
        {"X-Multi", "1"},
        {"X-Multi", "2"},
        {"User-Agent", "test"}},
       R"({"k":"v"})");
  const Json seen = event();
  EXPECT_EQ(seen["version"], "2.0");
  EXPECT_EQ(seen["routeKey"], "$default");
  EXPECT_EQ(seen["rawPath"], "/my path");
  EXPECT_EQ(seen["rawQueryString"], "a=1&a=2&b=x%20y");
  EXPECT_EQ(seen["queryStringParameters"], Json({{"a", "1,2"}, {"b", "x y"}}));
  EXPECT_EQ(seen["cookies"], Json({"one=1", "two=2"}));
  EXPECT_EQ(seen["headers"]["x-multi"], "1,2");
  EXPECT_EQ(seen["headers"]["x-forwarded-proto"], "http");
  EXPECT_EQ(seen["body"], R"({"k":"v"})");
  EXPECT_EQ(seen["isBase64Encoded"], false);
  EXPECT_EQ(seen["requestContext"]["http"]["method"], "POST");
  EXPECT_EQ(seen["requestContext"]["http"]["path"], "/my path");
  EXPECT_EQ(seen["requestContext"]["http"]["userAgent"], "test");
  EXPECT_EQ(seen["requestContext"]["accountId"], "anonymous");
  EXPECT_EQ(seen["requestContext"]["apiId"], id);
  EXPECT_EQ(seen["requestContext"]["time"], "15/Jan/2024:10:30:00 +0000");
  EXPECT_EQ(seen["requestContext"]["timeEpoch"], 1705314600000);
  EXPECT_EQ(seen["requestContext"]["requestId"], runner_.runs.back().request_id);
}

TEST_F(Urls, BytesComeInBase64) {
  const std::string id = create();
  send(id, "POST", "/", {{"Content-Type", "application/octet-stream"}}, std::string("\x00\xff", 2));
  EXPECT_EQ(event()["isBase64Encoded"], true);
  EXPECT_EQ(event()["body"], "AP8=");
}

TEST_F(Urls, AnswersSayWhatHttpIsToBe) {
  const std::string id = create();
  function_answers(
      R"({"statusCode":"201","headers":{"X-A":"b","X-N":1},"cookies":["a=1","b=2"],"body":"aGk=","isBase64Encoded":true})");
  const wire::Response response = send(id);
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "hi");
  EXPECT_EQ(header(response, "x-a"), "b");
  EXPECT_EQ(header(response, "x-n"), "1");
  EXPECT_EQ(header(response, "content-type"), "application/json");
  EXPECT_EQ(header(response, "x-amzn-requestid"), runner_.runs.back().request_id);
  EXPECT_EQ(std::ranges::count(response.headers, "Set-Cookie", &std::pair<std::string, std::string>::first),
            2);
}

// Recorded: test_lambda_url_invocation, test_lambda_url_invocation_exception.
TEST_F(Urls, AnythingElseIsTheBody) {
  const std::string id = create();
  function_answers(R"("text")");
  EXPECT_EQ(send(id).body, "text");
  function_answers("[1, 2]");
  EXPECT_EQ(send(id).body, "[1, 2]");
  for (const char* bad : {R"({"statusCode":"many"})", R"({"statusCode":200,"headers":[1]})"}) {
    function_answers(bad);
    EXPECT_EQ(send(id).status, 502) << bad;
  }
  runner_.answer = [](const Invocation&) { return Outcome{.payload = "{}", .function_error = "Unhandled"}; };
  const wire::Response failed = send(id);
  EXPECT_EQ(failed.status, 502);
  EXPECT_EQ(failed.body, "Internal Server Error");
}

TEST_F(Urls, CorsIsTheConfigurationsOwn) {
  const std::string id = create({{"Cors",
                                  {{"AllowOrigins", {"https://shop.example"}},
                                   {"AllowMethods", {"GET", "POST"}},
                                   {"AllowHeaders", {"x-custom"}},
                                   {"ExposeHeaders", {"x-seen"}},
                                   {"AllowCredentials", true},
                                   {"MaxAge", 60}}}});
  const wire::Response asked = send(
      id, "OPTIONS", "/", {{"Origin", "https://shop.example"}, {"Access-Control-Request-Method", "POST"}});
  EXPECT_TRUE(runner_.runs.empty()) << "the function is not asked";
  EXPECT_EQ(asked.status, 200);
  EXPECT_EQ(header(asked, "access-control-allow-origin"), "https://shop.example");
  EXPECT_EQ(header(asked, "access-control-allow-methods"), "GET,POST");
  EXPECT_EQ(header(asked, "access-control-allow-headers"), "x-custom");
  EXPECT_EQ(header(asked, "access-control-allow-credentials"), "true");
  EXPECT_EQ(header(asked, "access-control-max-age"), "60");
  const wire::Response answered = send(id, "GET", "/", {{"Origin", "https://shop.example"}});
  EXPECT_EQ(header(answered, "access-control-allow-origin"), "https://shop.example");
  EXPECT_EQ(header(answered, "access-control-expose-headers"), "x-seen");
  EXPECT_EQ(
      header(send(id, "GET", "/", {{"Origin", "https://other.example"}}), "access-control-allow-origin"), "");
}

TEST_F(Urls, WhoMayCall) {
  const std::string id = create();
  const wire::Response unknown = send("0123456789");
  EXPECT_EQ(unknown.status, 403);
  EXPECT_EQ(unknown.body, R"({"Message":null})");
  EXPECT_EQ(header(unknown, "x-amzn-errortype"), "AccessDeniedException");
  answer("UpdateFunctionUrlConfig", {{"FunctionName", "f"}, {"AuthType", "AWS_IAM"}});
  EXPECT_EQ(send(id).status, 403);
  EXPECT_THAT(send(id).body, HasSubstr("Forbidden. For troubleshooting Function URL authorization issues"));
  const wire::Response signed_one =
      send(id, "GET", "/",
           {{"Authorization",
             "AWS4-HMAC-SHA256 Credential=123456789012/20240115/us-east-1/lambda/aws4_request, "
             "SignedHeaders=host, Signature=0"}});
  EXPECT_EQ(signed_one.status, 200);
  EXPECT_EQ(event()["requestContext"]["authorizer"]["iam"]["accountId"], "123456789012");
}

TEST_F(Urls, PermissionsCountWhereTheyAreEnforced) {
  LambdaOptions options;
  options.enforce_permissions = true;
  const std::string id = create({}, std::move(options));
  EXPECT_EQ(send(id).status, 403);
  answer("AddPermission", {{"FunctionName", "f"},
                           {"StatementId", "public"},
                           {"Action", "lambda:InvokeFunctionUrl"},
                           {"Principal", "*"},
                           {"FunctionUrlAuthType", "NONE"}});
  EXPECT_EQ(send(id).status, 200);
  // Another account, and a service.
  EXPECT_EQ(refusal("Invoke", {{"FunctionName", arn("f")}}, {.account = "999988887777"}).code,
            "AccessDeniedException");
  answer("AddPermission", {{"FunctionName", "f"},
                           {"StatementId", "other"},
                           {"Action", "lambda:InvokeFunction"},
                           {"Principal", "999988887777"}});
  EXPECT_TRUE(call("Invoke", {{"FunctionName", arn("f")}}, {.account = "999988887777"}));
  NeighbourCall by_topic{.caller = {"123456789012", "us-east-1"},
                         .function = "f",
                         .payload = "{}",
                         .service = "sns.amazonaws.com",
                         .source_arn = "arn:aws:sns:us-east-1:123456789012:topic"};
  EXPECT_FALSE(service_->accept_from_neighbour(by_topic));
  answer("AddPermission", {{"FunctionName", "f"},
                           {"StatementId", "topic"},
                           {"Action", "lambda:InvokeFunction"},
                           {"Principal", "sns.amazonaws.com"},
                           {"SourceArn", "arn:aws:sns:us-east-1:123456789012:*"}});
  EXPECT_TRUE(service_->accept_from_neighbour(by_topic));
  settle();
}

TEST_F(Urls, TheUrlOfAnAliasDrawsAndOutlivesIt) {
  publish("f", 2);
  answer("CreateAlias", {{"FunctionName", "f"},
                         {"Name", "live"},
                         {"FunctionVersion", "1"},
                         {"RoutingConfig", {{"AdditionalVersionWeights", {{"2", 0.5}}}}}});
  const std::string url =
      answer("CreateFunctionUrlConfig",
             {{"FunctionName", "f"}, {"Qualifier", "live"}, {"AuthType", "NONE"}})["FunctionUrl"];
  const std::string id = url.substr(7, 32);
  int second = 0;
  for (int i = 0; i < 100; ++i) second += send(id).body == "2" ? 1 : 0;
  EXPECT_GT(second, 20);
  EXPECT_LT(second, 80);
  answer("DeleteAlias", {{"FunctionName", "f"}, {"Name", "live"}});
  EXPECT_EQ(send(id).status, 403);
}

TEST_F(Urls, ByPathAsWell) {
  const std::string id = create();
  const std::string target = "/_aviary/lambda-url/" + id + "/a/b?c=d";
  wire::Request request{
      .method = "GET", .target = target, .headers = {{"Host", "127.0.0.1:4566"}}, .body = {}};
  const std::optional<UrlAddress> address = url_address(request);
  ASSERT_TRUE(address);
  EXPECT_EQ(testing::run_task(loop_, service_->answer_url(std::move(request), *address)).status, 200);
  EXPECT_EQ(event()["rawPath"], "/a/b");
  EXPECT_EQ(event()["rawQueryString"], "c=d");
}

TEST_F(Urls, StreamedAnswersHaveAHead) {
  const std::string id = create({{"InvokeMode", "RESPONSE_STREAM"}});
  runner_.answer = [](const Invocation& invocation) {
    invocation.stream_begins("application/vnd.awslambda.http-integration-response");
    invocation.stream->write(R"({"statusCode":202,"headers":{"X-A":"b"}})");
    invocation.stream->write(std::string("\0\0\0\0", 4));
    invocation.stream->write(std::string("\0\0\0\0body", 8));
    return Outcome{.payload = {}, .streamed = true};
  };
  const wire::Response response = send(id);
  EXPECT_EQ(response.status, 202);
  EXPECT_EQ(header(response, "x-a"), "b");
  ASSERT_TRUE(response.stream);
  settle();
  EXPECT_EQ(response.stream->take(1000), "body");
  EXPECT_TRUE(response.stream->finished());
}

TEST_F(Urls, AStreamIsAnEventStream) {
  publish("f", 1);
  runner_.answer = [](const Invocation& invocation) {
    invocation.stream_begins("text/plain");
    invocation.stream->write("one");
    invocation.stream->write("two");
    return Outcome{.payload = R"({"errorMessage":"late"})", .function_error = "Unhandled", .streamed = true};
  };
  const Result<Reply> reply = call("InvokeWithResponseStream", {{"FunctionName", "f"}});
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->output["ExecutedVersion"], "$LATEST");
  ASSERT_TRUE(reply->stream);
  settle();
  const std::string events = reply->stream->take(100000);
  EXPECT_THAT(events, HasSubstr("PayloadChunk"));
  EXPECT_THAT(events, HasSubstr("one"));
  EXPECT_THAT(events, HasSubstr(R"({"ErrorCode":"Unhandled","ErrorDetails":"{\"errorMessage\":\"late\"}"})"));
  EXPECT_TRUE(reply->stream->finished());
}

}  // namespace
}  // namespace aviary::lambda
