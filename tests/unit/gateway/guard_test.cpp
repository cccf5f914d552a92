#include "gateway/guard.hpp"

#include <gtest/gtest.h>

namespace aviary {
namespace {

wire::Request with(std::vector<std::pair<std::string_view, std::string_view>> headers) {
  wire::Request request;
  request.method = "POST";
  request.target = "/2015-03-31/functions";
  request.headers = std::move(headers);
  return request;
}

TEST(Guard, LocalNamesPass) {
  for (const std::string_view host :
       {"localhost", "localhost:4566", "127.0.0.1:4566", "[::1]:4566", "LOCALHOST:1",
        "abc.lambda-url.us-east-1.localhost:4566", "192.168.1.5:4566", "lambda.us-east-1.amazonaws.com"})
    EXPECT_FALSE(refuse_foreign(with({{"Host", host}}), {})) << host;
}

TEST(Guard, NoHostAtAllPasses) { EXPECT_FALSE(refuse_foreign(with({}), {})); }

TEST(Guard, AReboundNameIsRefused) {
  for (const std::string_view host : {"evil.example.com", "evil.example.com:4566", "localhost.evil.com",
                                      "127.0.0.1.evil.com", "xlocalhost"})
    EXPECT_TRUE(refuse_foreign(with({{"Host", host}}), {})) << host;
  GuardOptions allowing;
  allowing.allowed_hosts = {"dev.example.com"};
  EXPECT_FALSE(refuse_foreign(with({{"Host", "dev.example.com:4566"}}), allowing));
}

TEST(Guard, AForeignPageIsRefused) {
  EXPECT_TRUE(refuse_foreign(with({{"Host", "localhost:4566"}, {"Origin", "https://evil.example.com"}}), {}));
  EXPECT_TRUE(refuse_foreign(with({{"Host", "localhost:4566"}, {"Origin", "null"}}), {}));
  EXPECT_TRUE(refuse_foreign(with({{"Host", "localhost:4566"}, {"Sec-Fetch-Site", "cross-site"}}), {}));
  for (const std::string_view origin : {"http://6.6.6.6", "http://192.168.1.9:8000", "http://[2001:db8::1]",
                                        "http://127.evil.com", "file://"})
    EXPECT_TRUE(refuse_foreign(with({{"Host", "localhost:4566"}, {"Origin", origin}}), {})) << origin;
  for (const std::string_view origin :
       {"http://localhost:3000", "http://127.0.0.1:8000", "http://[::1]:3000"})
    EXPECT_FALSE(refuse_foreign(with({{"Host", "localhost:4566"}, {"Origin", origin}}), {})) << origin;
  // The server's own pages, wherever it listens.
  EXPECT_FALSE(
      refuse_foreign(with({{"Host", "192.168.1.5:4566"}, {"Origin", "http://192.168.1.5:4566"}}), {}));
  GuardOptions allowing;
  allowing.allowed_origins = {"https://console.example.com"};
  EXPECT_FALSE(refuse_foreign(with({{"Host", "localhost"},
                                    {"Origin", "https://console.example.com"},
                                    {"Sec-Fetch-Site", "cross-site"}}),
                              allowing));
}

TEST(Guard, APageThatMayAskIsToldSo) {
  wire::Request request = with({{"Host", "localhost:4566"},
                                {"Origin", "http://localhost:3000"},
                                {"Access-Control-Request-Method", "POST"},
                                {"Access-Control-Request-Headers", "authorization,x-amz-target"}});
  EXPECT_FALSE(answer_preflight(request));
  request.method = "OPTIONS";
  const std::optional<wire::Response> preflight = answer_preflight(request);
  ASSERT_TRUE(preflight);
  EXPECT_EQ(preflight->status, 204);
  const auto header = [](const wire::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return std::string("none");
  };
  EXPECT_EQ(header(*preflight, "Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_EQ(header(*preflight, "Access-Control-Allow-Headers"), "authorization,x-amz-target");

  wire::Response response;
  open_to_page("", response);
  EXPECT_TRUE(response.headers.empty());
  open_to_page("http://localhost:3000", response);
  EXPECT_EQ(header(response, "Access-Control-Allow-Origin"), "http://localhost:3000");
  wire::Response own;
  own.set("access-control-allow-origin", "*");
  open_to_page("http://localhost:3000", own);
  EXPECT_EQ(own.headers.size(), 1);
}

}  // namespace
}  // namespace aviary
