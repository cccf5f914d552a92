#include "services/apigateway/core/domains.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>

#include "models/apigateway.hpp"
#include "models/apigatewayv2.hpp"
#include "ports/simulated_time.hpp"
#include "services/apigateway/api/execute.hpp"
#include "services/apigateway/api/http_service.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/apigateway/core/identifiers.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_journal.hpp"
#include "support/run_task.hpp"

namespace aviary::apigateway {
namespace {

constexpr const char* function = "arn:aws:lambda:us-east-1:123456789012:function:f";

/// Both services on one store of names, and what HTTP APIs answer.
class DomainNames : public ::testing::Test, public Functions, public Upstreams {
 protected:
  DomainNames() { domains.serve(rest.entities(), http.entities()); }

  Task<Result<FunctionAnswer>> run(FunctionCall call) override {
    event = Json::parse(call.payload);
    co_return FunctionAnswer{.payload = "\"done\""};
  }
  Task<UpstreamAnswer> send(UpstreamCall call) override {
    upstream = call.url;
    co_return UpstreamAnswer{.end = UpstreamAnswer::End::Answered};
  }
  Result<Reply> call(Service& service, std::string_view operation, Json input) {
    Call made{};
    made.operation = service.model().find_operation(operation);
    made.account = "123456789012";
    made.region = "us-east-1";
    made.now = clock.now();
    made.input = std::move(input);
    return testing::run_task(loop, service.call(std::move(made)));
  }
  Json ok(Service& service, std::string_view operation, Json input) {
    const Result<Reply> reply = call(service, operation, std::move(input));
    EXPECT_TRUE(reply) << operation << ": " << (reply ? "" : reply.error().message);
    return reply ? reply->output : Json();
  }
  std::string refused(Service& service, std::string_view operation, Json input) {
    const Result<Reply> reply = call(service, operation, std::move(input));
    return reply ? "" : std::string(reply.error().shape->code) + ": " + reply.error().message;
  }
  std::string http_api() {
    return ok(http, "CreateApi", {{"Name", "shop"}, {"ProtocolType", "HTTP"}, {"Target", function}})["ApiId"];
  }
  int sent(const std::string& host, const std::string& target) {
    wire::Request request;
    request.method = "GET";
    request.target = target;
    request.headers.emplace_back("Host", host);
    std::optional<ApiAddress> address = named_address(request, domains);
    if (!address) return 0;
    return testing::run_task(loop, execute.answer(std::move(request), std::move(*address))).status;
  }

  boost::asio::io_context loop;
  testing::ManualClock clock;
  SeededRandom ids{1, "apis"};
  testing::MemoryJournal journal;
  SimulatedStopwatch stopwatch;
  TaskGroup tasks{loop.get_executor()};
  Domains domains{journal};
  RestApiService rest{{.ids = ids, .journal = journal, .read_yaml = {}, .domains = domains}};
  HttpApiService http{{.ids = ids, .journal = journal, .port = "4566", .domains = domains}};
  Execute execute{{.clock = clock,
                   .stopwatch = stopwatch,
                   .ids = ids,
                   .http_apis = http.entities(),
                   .functions = *this,
                   .upstreams = *this,
                   .tasks = tasks}};
  Json event;
  std::string upstream;
};

const Json regional{{"DomainName", "api.example.com"},
                    {"DomainNameConfigurations", Json::array({{{"CertificateArn", "arn:cert"}}})}};

TEST_F(DomainNames, LeadToWhatIsMappedThere) {
  ok(http, "CreateDomainName", regional);
  const std::string api = http_api();
  EXPECT_EQ(sent("api.example.com", "/"), 403);
  ok(http, "CreateApiMapping",
     {{"DomainName", "api.example.com"}, {"ApiId", api}, {"Stage", "$default"}, {"ApiMappingKey", "v1"}});
  EXPECT_EQ(sent("API.example.com:4566", "/v1/items?a=b"), 200);
  EXPECT_EQ(event["rawPath"], "/v1/items");
  EXPECT_EQ(event["rawQueryString"], "a=b");
  EXPECT_EQ(event["requestContext"]["domainPrefix"], "api");
  EXPECT_EQ(event["requestContext"]["domainName"], "API.example.com:4566");
  EXPECT_EQ(event["requestContext"]["stage"], "$default");
  EXPECT_EQ(event["requestContext"]["requestId"].get<std::string>().size(), 16U);
  EXPECT_EQ(sent("api.example.com", "/v1"), 200);
  EXPECT_EQ(sent("api.example.com", "/v11"), 403);
  EXPECT_EQ(sent("other.example.com", "/v1"), 0);
  // The longest path counts; everything else goes to the mapping of everything.
  const std::string deep = http_api();
  const std::string rest_of = http_api();
  for (const auto& [id, key] : {std::pair{deep, "v1/deep"}, std::pair{rest_of, ""}})
    ok(http, "CreateApiMapping",
       {{"DomainName", "api.example.com"}, {"ApiId", id}, {"Stage", "$default"}, {"ApiMappingKey", key}});
  for (const auto& [path, id] :
       {std::pair{"/v1/deep/x", deep}, std::pair{"/v1/deeper", api}, std::pair{"/", rest_of}}) {
    EXPECT_EQ(sent("api.example.com", path), 200);
    EXPECT_EQ(event["requestContext"]["apiId"], id) << path;
  }
  EXPECT_EQ(refused(http, "DeleteApi", {{"ApiId", api}}),
            "BadRequestException: Deleting API " + api +
                " failed. Please remove all API mappings related to the API in your domains");
}

TEST_F(DomainNames, WithAStarStandForOneLabel) {
  Json all = regional;
  all["DomainName"] = "*.example.com";
  ok(http, "CreateDomainName", all);
  ok(http, "CreateApiMapping",
     {{"DomainName", "*.example.com"}, {"ApiId", http_api()}, {"Stage", "$default"}});
  EXPECT_EQ(sent("a.example.com", "/x"), 200);
  EXPECT_EQ(event["requestContext"]["domainPrefix"], "a");
  EXPECT_EQ(sent("a.b.example.com", "/x"), 0);
  EXPECT_EQ(sent("example.com", "/x"), 0);
}

TEST_F(DomainNames, AreTheOnlyWayToAnApiWithoutItsOwnAddress) {
  ok(http, "CreateDomainName", regional);
  const std::string api = http_api();
  ok(http, "UpdateApi", {{"ApiId", api}, {"DisableExecuteApiEndpoint", true}});
  ok(http, "CreateApiMapping", {{"DomainName", "api.example.com"}, {"ApiId", api}, {"Stage", "$default"}});
  EXPECT_EQ(sent("api.example.com", "/x"), 200);
  wire::Request request;
  request.method = "GET";
  const std::string target = "/_aws/execute-api/" + api + "/$default/x";
  request.target = target;
  ApiAddress address = *api_address(request);
  EXPECT_EQ(testing::run_task(loop, execute.answer(std::move(request), std::move(address))).status, 404);
}

TEST_F(DomainNames, OfBothKindsAreOneThing) {
  const Json made = ok(rest, "CreateDomainName",
                       {{"domainName", "api.example.com"},
                        {"regionalCertificateArn", "arn:cert"},
                        {"tags", {{"k", "v"}}},
                        {"endpointConfiguration", {{"types", {"REGIONAL"}}}}});
  EXPECT_EQ(made["regionalHostedZoneId"], "Z1UJRXOUMOOFQ8");
  EXPECT_EQ(made["domainNameStatus"], "AVAILABLE");
  const std::string target = made["regionalDomainName"];
  EXPECT_TRUE(target.starts_with("d-") && target.ends_with(".execute-api.us-east-1.amazonaws.com")) << target;
  const Json seen = ok(http, "GetDomainName", {{"DomainName", "api.example.com"}});
  EXPECT_EQ(seen["DomainNameConfigurations"][0]["ApiGatewayDomainName"], target);
  EXPECT_EQ(seen["Tags"], (Json{{"k", "v"}}));
  ok(http, "TagResource", {{"ResourceArn", made["domainNameArn"]}, {"Tags", {{"l", "w"}}}});
  EXPECT_EQ(ok(rest, "GetTags", {{"resourceArn", made["domainNameArn"]}})["tags"],
            (Json{{"k", "v"}, {"l", "w"}}));
  EXPECT_EQ(refused(http, "CreateDomainName", regional),
            "ConflictException: The domain name you provided already exists.");

  const std::string api = ok(rest, "CreateRestApi", {{"name", "shop"}})["id"];
  const Json wanted{{"domainName", "api.example.com"}, {"basePath", "shop"}, {"restApiId", api}};
  EXPECT_EQ(ok(rest, "CreateBasePathMapping", wanted), (Json{{"basePath", "shop"}, {"restApiId", api}}));
  EXPECT_EQ(refused(rest, "CreateBasePathMapping", wanted),
            "ConflictException: Base path already exists for this domain name");
  const Json mappings = ok(http, "GetApiMappings", {{"DomainName", "api.example.com"}})["Items"];
  ASSERT_EQ(mappings.size(), 1U);
  EXPECT_EQ(mappings[0]["ApiMappingKey"], "shop");
  // Without a stage the path says which.
  const auto place = domains.place_of("api.example.com", "/shop/prod/x");
  ASSERT_TRUE(place);
  EXPECT_EQ(place->api, api);
  EXPECT_EQ(place->stage, "");
  EXPECT_EQ(place->rest, "/prod/x");
  EXPECT_EQ(refused(rest, "DeleteRestApi", {{"restApiId", api}}),
            "BadRequestException: Deleting API " + api +
                " failed. Please remove all base path mappings related to the API in your domains");
  ok(rest, "UpdateBasePathMapping",
     {{"domainName", "api.example.com"},
      {"basePath", "shop"},
      {"patchOperations", Json::array({{{"op", "replace"}, {"path", "/basePath"}, {"value", "(none)"}}})}});
  EXPECT_EQ(ok(rest, "GetBasePathMappings", {{"domainName", "api.example.com"}})["items"][0]["basePath"],
            "(none)");
  Domains again{journal};
  again.restore();
  EXPECT_TRUE(again.is_mapped(api));
  ok(rest, "DeleteBasePathMapping", {{"domainName", "api.example.com"}, {"basePath", "(none)"}});
  ok(http, "DeleteDomainName", {{"DomainName", "api.example.com"}});
  EXPECT_EQ(refused(rest, "GetDomainName", {{"domainName", "api.example.com"}}),
            "NotFoundException: Invalid domain name identifier specified");
}

TEST_F(DomainNames, RefuseWhatCannotBe) {
  for (const char* name : {"example", "127.0.0.1", "Api.example.com", "a..b", "-a.com", "a.*.com", ""})
    EXPECT_EQ(refused(rest, "CreateDomainName", {{"domainName", name}}),
              "BadRequestException: The domain name you provided is not valid.")
        << name;
  ok(http, "CreateDomainName", regional);
  const auto mapping = [&](const std::string& api, const char* stage, const char* key) {
    return refused(
        http, "CreateApiMapping",
        {{"DomainName", "api.example.com"}, {"ApiId", api}, {"Stage", stage}, {"ApiMappingKey", key}});
  };
  EXPECT_EQ(mapping("none", "$default", ""), "BadRequestException: Invalid API identifier specified");
  const std::string api = http_api();
  EXPECT_EQ(mapping(api, "none", ""), "BadRequestException: Invalid stage identifier specified");
  EXPECT_EQ(mapping(api, "$default", "/v1"), "BadRequestException: API mapping key is not valid");
  EXPECT_EQ(mapping(api, "$default", "v1"), "");
  EXPECT_EQ(mapping(api, "$default", "v1"),
            "ConflictException: ApiMapping key already exists for this domain name");
  EXPECT_EQ(refused(rest, "CreateBasePathMapping", {{"domainName", "api.example.com"}, {"restApiId", api}}),
            "BadRequestException: Invalid REST API identifier specified");
  EXPECT_EQ(refused(rest, "GetBasePathMapping", {{"domainName", "api.example.com"}, {"basePath", "x"}}),
            "NotFoundException: Invalid base path mapping identifier specified");
  EXPECT_EQ(
      refused(rest, "UpdateDomainName",
              {{"domainName", "api.example.com"},
               {"patchOperations", Json::array({{{"op", "replace"}, {"path", "/x"}, {"value", "y"}}})}}),
      "BadRequestException: Invalid patch path  '/x' specified for op 'replace'");
}

TEST_F(DomainNames, KeepWhatThereAlwaysIs) {
  ok(http, "CreateDomainName", regional);
  const auto patched = [&](const char* op, const char* path, const char* value) {
    const Json patch{{"op", op}, {"path", path}, {"value", value}};
    return refused(rest, "UpdateDomainName",
                   {{"domainName", "api.example.com"}, {"patchOperations", Json::array({patch})}});
  };
  for (const char* path : {"/endpointConfiguration/ipAddressType", "/securityPolicy", "/routingMode"})
    for (const char* op : {"remove", "replace"}) EXPECT_NE(patched(op, path, ""), "") << op << path;
  EXPECT_NE(patched("replace", "/endpointConfiguration/types/", ""), "");
  EXPECT_NE(patched("move", "/securityPolicy", "TLS_1_0"), "");
  EXPECT_EQ(patched("replace", "/securityPolicy", "TLS_1_0"), "");
  EXPECT_EQ(ok(http, "GetDomainName",
               {{"DomainName", "api.example.com"}})["DomainNameConfigurations"][0]["SecurityPolicy"],
            "TLS_1_0");
}

TEST(Identifiers, LookAsApiGatewaysDo) {
  SeededRandom ids{1, "x"};
  const auto is_small = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const std::string id = new_id(ids, 10);
  EXPECT_EQ(id.size(), 10U);
  EXPECT_TRUE(std::ranges::all_of(id, is_small)) << id;
  const std::string value = new_key_value(ids);
  EXPECT_EQ(value.size(), 40U);
  EXPECT_FALSE(std::ranges::all_of(value, is_small)) << value;
  const std::string extended = new_extended_id(ids);
  EXPECT_EQ(extended.size(), 16U);
  EXPECT_EQ(extended.back(), '=');
}

TEST_F(DomainNames, LeadToServersBehindAnApi) {
  const std::string api =
      ok(http, "CreateApi",
         {{"Name", "shop"}, {"ProtocolType", "HTTP"}, {"Target", "http://a.example:81/base/"}})["ApiId"];
  ok(http, "CreateDomainName", regional);
  ok(http, "CreateApiMapping",
     {{"DomainName", "api.example.com"}, {"ApiId", api}, {"Stage", "$default"}, {"ApiMappingKey", "v1"}});
  EXPECT_EQ(sent("api.example.com", "/v1/pets/6?a=b"), 200);
  EXPECT_EQ(upstream, "http://a.example:81/base/pets/6?a=b");
}

TEST_F(DomainNames, HaveRulesForRestApisOnly) {
  ok(http, "CreateDomainName", regional);
  const std::string api = http_api();
  Json rule{{"DomainName", "api.example.com"},
            {"Priority", 1},
            {"Conditions", Json::array()},
            {"Actions", Json::array({{{"InvokeApi", {{"ApiId", api}, {"Stage", "$default"}}}}})}};
  EXPECT_EQ(refused(http, "CreateRoutingRule", rule),
            "BadRequestException: Only REST APIs are supported as target APIs for routing rules");
  const std::string plain = ok(rest, "CreateRestApi", {{"name", "shop"}})["id"];
  rule["Actions"][0]["InvokeApi"]["ApiId"] = plain;
  EXPECT_EQ(refused(http, "CreateRoutingRule", rule),
            "BadRequestException: Invalid stage identifier specified");
}

}  // namespace
}  // namespace aviary::apigateway
