#pragma once

#include <string>

#include "base/json.hpp"
#include "base/result.hpp"
#include "ports/task.hpp"

namespace aviary::cloudformation {

/// The other services, by their own operations: what a stack does is what a client with the caller's rights
/// could do. The composition root ties it to the gateway's services.
class Cloud {
 public:
  virtual ~Cloud() = default;
  struct Ask {
    std::string account;
    std::string region;
    std::string service;  ///< `lambda`
    std::string operation;
    Json input =
        Json::object();  ///< by the model's member names; text stands for numbers and truth values too
  };
  /// The operation's output. An error is the service's own, or says what of the input does not fit its model.
  virtual Task<Result<Json>> call(Ask ask) = 0;
  /// A template in a bucket, whatever the URL's host is; the error is S3's.
  virtual Task<Result<std::string>> fetch(std::string bucket, std::string key, std::string version) = 0;
};

}  // namespace aviary::cloudformation
