#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "ports/task.hpp"
#include "wire/message.hpp"

namespace aviary::app {

/// The emulator's own HTTP interface, below `/_aviary/`: a table of routes that the composition root fills.
class Admin {
 public:
  using Now = std::function<wire::Response(const wire::Request&)>;
  using Later = std::function<Task<wire::Response>(wire::Request)>;

  /// `path` is matched whole; with a trailing `*` as a prefix.
  void add(std::string_view method, std::string path, Now handler);
  void add_task(std::string_view method, std::string path, Later handler);
  /// Whether the path is one that this interface answers, be it with an error.
  bool owns(std::string_view path) const;
  Task<wire::Response> handle(wire::Request request) const;

 private:
  struct Route {
    std::string method;
    std::string path;
    Now now;
    Later later;
    bool matches(std::string_view candidate) const;
  };
  std::vector<Route> routes_;
};

wire::Response json_response(const Json& body, int status = 200);
/// `{"message": …}`
wire::Response error_response(int status, std::string_view message);
wire::Response text_response(std::string body, std::string_view content_type = "text/plain; charset=utf-8");
/// The value of a query parameter, percent-decoded; nothing if it is absent.
std::optional<std::string> query_parameter(const wire::Request& request, std::string_view name);

}  // namespace aviary::app
