#include "app/admin.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

namespace aviary::app {
namespace {

wire::Response ask(const Admin& admin, std::string_view method, std::string_view target) {
  boost::asio::io_context loop;
  wire::Request request;
  request.method = method;
  request.target = target;
  wire::Response answer;
  boost::asio::co_spawn(
      loop, admin.handle(std::move(request)),
      [&](const std::exception_ptr&, wire::Response response) { answer = std::move(response); });
  loop.run();
  return answer;
}

Admin two_routes() {
  Admin admin;
  admin.add("GET", "/_aviary/health", [](const wire::Request&) { return json_response({{"status", "ok"}}); });
  admin.add("GET", "/_aviary/code/*", [](const wire::Request& request) {
    return text_response(query_parameter(request, "a b").value_or("none"));
  });
  return admin;
}

TEST(Admin, AnswersItsRoutes) {
  EXPECT_EQ(ask(two_routes(), "GET", "/_aviary/health").body, "{\"status\":\"ok\"}\n");
  EXPECT_EQ(ask(two_routes(), "GET", "/_aviary/health/").status, 200);
  EXPECT_EQ(ask(two_routes(), "GET", "/_aviary/code/x?a+b=%41").body, "A");
}

TEST(Admin, SaysWhatThereIs) {
  EXPECT_EQ(ask(two_routes(), "GET", "/_aviary/nothing").status, 404);
  EXPECT_EQ(ask(two_routes(), "POST", "/_aviary/health").status, 405);
  EXPECT_TRUE(two_routes().owns("/_aviary/anything"));
  EXPECT_FALSE(two_routes().owns("/2015-03-31/functions"));
}

}  // namespace
}  // namespace aviary::app
