#include "app/remote.hpp"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <cstdlib>
#include <optional>

#include "base/bounded_json.hpp"
#include "http/client.hpp"
#include "ports/clock.hpp"

namespace aviary::app {
namespace {

constexpr const char* usual_endpoint = "http://127.0.0.1:4566";
/// A prune of many versions, or a deployment's start with much to do, takes its time.
constexpr std::chrono::minutes longest_answer{5};

/// A request to `http://HOST:PORT`, or `https`; nothing if it is none.
std::optional<http::Outgoing> server_at(std::string_view address) {
  const std::optional<http::Url> url = http::parse_url(address);
  if (!url || url->target.find_first_not_of('/') != std::string::npos) return std::nullopt;
  return http::request_to(*url, "GET");
}

/// A message for a person: the server's own words, where it has any.
std::string problem_in(int status, const Json& body) {
  if (body.is_object() && body.contains("message") && body["message"].is_string())
    return body["message"].get<std::string>();
  return fmt::format("the server answers {}", status);
}

}  // namespace

Remote::Remote(std::string endpoint) : endpoint_(std::move(endpoint)), stopwatch_(loop_.get_executor()) {
  if (!endpoint_.empty()) return;
  const char* named = std::getenv("AWS_ENDPOINT_URL");
  endpoint_ = named != nullptr && *named != '\0' ? named : usual_endpoint;
}

Remote::Answer Remote::request(std::string_view method, std::string target, const Json& body) {
  if (body.is_null()) return send(method, std::move(target), {}, {});
  return send(method, std::move(target), body.dump(-1, ' ', false, Json::error_handler_t::replace),
              "application/json");
}

Remote::Answer Remote::send(std::string_view method, std::string target, std::string body,
                            std::string content_type) {
  std::optional<http::Outgoing> outgoing = server_at(endpoint_);
  if (!outgoing)
    return {.problem = fmt::format("'{}' is no server's address; one is, as {}", endpoint_, usual_endpoint)};
  outgoing->method = method;
  outgoing->target = std::move(target);
  if (!content_type.empty()) outgoing->headers.emplace_back("Content-Type", std::move(content_type));
  outgoing->body = std::move(body);
  std::optional<boost::system::result<wire::Response, http::FetchProblem>> answer;
  auto fetching = http::fetch(loop_.get_executor(), stopwatch_, std::move(*outgoing),
                              {.timeout = longest_answer, .answer_bytes = 256U << 20U});
  boost::asio::co_spawn(loop_, std::move(fetching),
                        [&answer, this](const std::exception_ptr& escaped, auto found) {
                          if (!escaped) answer.emplace(std::move(found));
                          loop_.stop();  // a timer that nobody waits for any more would keep it
                        });
  loop_.restart();
  loop_.run();
  if (!answer) return {.problem = "the request broke off"};
  if (!*answer) return {.problem = fmt::format("no answer from {}: {}", endpoint_, answer->error().text)};
  Answer told{.status = (*answer)->status, .body = parse_bounded<Json>((*answer)->body)};
  if (!told.good()) told.problem = problem_in(told.status, told.body);
  return told;
}

void Remote::pause(std::chrono::nanoseconds time) {
  auto waiting = sleep_for(stopwatch_, time);
  boost::asio::co_spawn(loop_, std::move(waiting), [this](const std::exception_ptr&) { loop_.stop(); });
  loop_.restart();
  loop_.run();
}

std::string path_part(std::string_view text) {
  std::string part;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~:").find(c) != std::string_view::npos;
    part += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return part;
}

}  // namespace aviary::app
