#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "services/lambda/api/lambda_service.hpp"
#include "support/fake_live_folders.hpp"
#include "support/kept_messages.hpp"
#include "support/manual_clock.hpp"
#include "support/memory_code_store.hpp"
#include "support/memory_journal.hpp"
#include "support/run_task.hpp"
#include "support/scripted_runner.hpp"

namespace aviary::lambda {

/// What a refused call looked like.
struct Refusal {
  std::string code;
  int status;
  std::string message;
  bool operator==(const Refusal&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
  return out << refusal.status << ' ' << refusal.code << ": " << refusal.message;
}

/// What a call has beside its document.
struct Extra {
  std::string payload{};
  std::vector<std::pair<std::string_view, std::string_view>> headers{};
  std::string account = "123456789012";
  std::string region = "us-east-1";
};

/// A service on simulated ports. Input is what the wire would hand over: decoded, valid by the model.
class ServiceFixture : public ::testing::Test {
 protected:
  ServiceFixture() { start(); }
  ~ServiceFixture() override { testing::run_task(loop_, service_->stop()); }

  void start(LambdaOptions options = {}) {
    if (service_) testing::run_task(loop_, service_->stop());
    service_.reset();
    service_ = std::make_unique<LambdaService>(LambdaDependencies{.clock = clock_,
                                                                  .ids = ids_,
                                                                  .router = router_,
                                                                  .journal = journal_,
                                                                  .codes = codes_,
                                                                  .runner = runner_,
                                                                  .executor = loop_.get_executor(),
                                                                  .live_folders = &live_folders_,
                                                                  .messenger = &messages_,
                                                                  .options = std::move(options)});
  }
  /// The next process on the same folder.
  void restart(LambdaOptions options = {}) {
    start(std::move(options));
    service_->restore();
    settle();
  }

  Result<Reply> call(std::string_view operation, Json input, Extra extra = {}) {
    wire::Request http;
    http.method = "POST";
    http.headers = extra.headers;
    Call call{.operation = service_->model().find_operation(operation),
              .account = extra.account,
              .region = extra.region,
              .request_id = ids_.uuid(),
              .now = clock_.now(),
              .input = std::move(input),
              .payload = std::move(extra.payload),
              .http = &http,
              .base_url = "http://127.0.0.1:4566"};
    return testing::run_task(loop_, service_->call(std::move(call)));
  }
  Json answer(std::string_view operation, Json input, Extra extra = {}) {
    Result<Reply> reply = call(operation, std::move(input), std::move(extra));
    if (reply) return std::move(reply->output);
    ADD_FAILURE() << operation << " was refused: " << reply.error().shape->code << ": "
                  << reply.error().message;
    return Json::object();
  }
  Refusal refusal(std::string_view operation, Json input, Extra extra = {}) {
    const Result<Reply> reply = call(operation, std::move(input), std::move(extra));
    if (reply) return {"none", 0, reply->output.dump()};
    last_error_ = reply.error();
    return {std::string(reply.error().shape->code), reply.error().shape->status, reply.error().message};
  }
  /// Everything that is ready runs.
  void settle() {
    loop_.restart();
    loop_.run();
  }

  static Json new_function(std::string name, Json more = Json::object()) {
    Json input{{"FunctionName", std::move(name)},
               {"Runtime", "python3.12"},
               {"Role", "arn:aws:iam::123456789012:role/lambda"},
               {"Handler", "index.handler"},
               {"Code", {{"ZipFile", "PK one"}}}};
    input.update(more);
    return input;
  }
  /// A function with `versions` published versions, each with code of its own.
  void publish(const std::string& name, int versions) {
    answer("CreateFunction", new_function(name));
    for (int i = 1; i <= versions; ++i) {
      answer("UpdateFunctionCode", {{"FunctionName", name}, {"ZipFile", "PK code " + std::to_string(i)}});
      answer("PublishVersion", {{"FunctionName", name}});
    }
  }
  std::string invoke(const std::string& name, Extra extra = {}) {
    return answer("Invoke", {{"FunctionName", name}}, std::move(extra)).value("ExecutedVersion", "");
  }

  static std::string arn(std::string_view rest) {
    return "arn:aws:lambda:us-east-1:123456789012:function:" + std::string(rest);
  }
  static Refusal missing(std::string_view rest) {
    return {"ResourceNotFoundException", 404, "Function not found: " + arn(rest)};
  }
  static Refusal invalid(std::string text) {
    return {"InvalidParameterValueException", 400, std::move(text)};
  }
  static Refusal conflicting(std::string text) { return {"ResourceConflictException", 409, std::move(text)}; }
  static Refusal stale(std::string_view api = "GetFunction/GetAlias") {
    return {"PreconditionFailedException", 412,
            "The Revision Id provided does not match the latest Revision Id. Call the " + std::string(api) +
                " API to retrieve the latest Revision Id"};
  }

  boost::asio::io_context loop_{1};
  testing::ManualClock clock_;
  SeededRandom ids_{1, "ids"};
  SeededRandom router_{1, "router"};
  testing::MemoryJournal journal_;
  testing::MemoryCodeStore codes_;
  testing::FakeLiveFolders live_folders_;
  testing::ScriptedRunner runner_;
  testing::KeptMessages messages_;
  std::unique_ptr<LambdaService> service_;
  std::optional<AwsError> last_error_;
};

}  // namespace aviary::lambda
