#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "gateway/signature.hpp"
#include "http/trust.hpp"
#include "http/url.hpp"
#include "ports/clock.hpp"

namespace aviary::app {

/// `dynamodb=http://127.0.0.1:8000` or `https`, by service; or what is wrong with the options, in `problem`.
struct Endpoints {
  std::map<std::string, http::Url, std::less<>> by_service{};
  std::vector<std::string> kafka{};  ///< brokers, `host:port`
  std::string problem{};
};
Endpoints parse_endpoints(const std::vector<std::string>& options);

/// Speaks to a service outside of this emulator in one of AWS's JSON protocols, with signed requests. Lives
/// on the loop's thread.
class AwsEndpoint {
 public:
  struct Settings {
    http::Url address;
    std::shared_ptr<http::Trust> trust;
    std::string target_prefix;  ///< in `X-Amz-Target`
    std::string json_version;   ///< `1.0`, `1.1`
    Signer signer;
  };
  AwsEndpoint(boost::asio::any_io_executor executor, Clock& clock, Stopwatch& stopwatch, Settings settings);

  struct Answer {
    OrderedJson output = OrderedJson::object();
    std::string error{};    ///< the error's name; empty: it went well
    std::string problem{};  ///< for humans
    bool good() const { return error.empty() && problem.empty(); }
  };
  Task<Answer> call(std::string operation, Json input, std::string region);

 private:
  boost::asio::any_io_executor executor_;
  Clock& clock_;
  Stopwatch& stopwatch_;
  Settings settings_;
};

}  // namespace aviary::app
