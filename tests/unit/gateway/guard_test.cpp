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
  EXPECT_FALSE(refuse_foreign(with({{"Host", "localhost:4566"}, {"Origin", "http://localhost:3000"}}), {}));
  GuardOptions allowing;
  allowing.allowed_origins = {"https://console.example.com"};
  EXPECT_FALSE(refuse_foreign(with({{"Host", "localhost"},
                                    {"Origin", "https://console.example.com"},
                                    {"Sec-Fetch-Site", "cross-site"}}),
                              allowing));
}

}  // namespace
}  // namespace aviary
