#include "execution/runtime_api/runtime_api.hpp"

namespace aviary::execution::runtime_api {

wire::Response ping() {
  wire::Response answer;
  answer.set("Content-Type", "text/plain; charset=utf-8");
  answer.body = "pong";
  return answer;
}

}  // namespace aviary::execution::runtime_api
