#include <fmt/format.h>

#include "app/parts.hpp"
#include "app/service_call.hpp"
#include "app/wiring/forwarded.hpp"
#include "app/wiring/wiring.hpp"
#include "services/lambda/core/kafka_batch.hpp"
#include "services/secretsmanager/api/secretsmanager_service.hpp"
#include "services/ssm/api/ssm_service.hpp"

namespace aviary::app {
namespace {

/// Invokes a function as a client would; what went wrong, if anything did.
Task<std::optional<std::string>> invoke_function(Parts& parts, std::string account, std::string region,
                                                 Json input) {
  auto invoking = call_service(parts, {.service = "lambda",
                                       .operation = "Invoke",
                                       .account = std::move(account),
                                       .region = std::move(region),
                                       .input = std::move(input)});
  const Result<Json> answer = co_await std::move(invoking);
  if (!answer) co_return answer.error().message;
  const std::string problem = answer->value("FunctionError", "");
  if (problem.empty()) co_return std::nullopt;
  co_return fmt::format("the function ends with {}", problem);
}

/// Functions that rotate secrets.
class LambdaRotation final : public secretsmanager::RotationFunctions {
 public:
  explicit LambdaRotation(Parts& parts) : parts_(parts) {}

  Task<std::optional<std::string>> run(Ask ask) override {
    Json input{{"FunctionName", std::move(ask.function)}, {"Payload", ask.event.dump()}};
    return invoke_function(parts_, std::move(ask.account), std::move(ask.region), std::move(input));
  }

 private:
  Parts& parts_;
};

/// Functions that maintenance windows run.
class LambdaTasks final : public ssm::TaskFunctions {
 public:
  explicit LambdaTasks(Parts& parts) : parts_(parts) {}

  Task<std::optional<std::string>> run(Ask ask) override {
    Json input{{"FunctionName", std::move(ask.function)}, {"Payload", std::move(ask.payload)}};
    if (!ask.qualifier.empty()) input["Qualifier"] = std::move(ask.qualifier);
    if (!ask.client_context.empty()) input["ClientContext"] = std::move(ask.client_context);
    return invoke_function(parts_, std::move(ask.account), std::move(ask.region), std::move(input));
  }

 private:
  Parts& parts_;
};

/// Systems Manager with what it stands on.
class SystemsManagerParts final : public Forwarded {
 public:
  explicit SystemsManagerParts(Parts& parts)
      : functions_(parts),
        service_({.journal = *parts.journal,
                  .ids = parts.ssm_ids,
                  .clock = parts.clock,
                  .functions = functions_,
                  .executor = parts.loop.get_executor()}) {}

 private:
  const Service& inner() const override { return service_; }

  LambdaTasks functions_;
  ssm::SsmService service_;
};

/// The service with what it stands on, and its secrets for event source mappings.
class SecretsManagerParts final : public Forwarded, public lambda::SecretSource {
 public:
  explicit SecretsManagerParts(Parts& parts)
      : clock_(parts.clock),
        functions_(parts),
        service_({.clock = parts.clock,
                  .ids = parts.secret_ids,
                  .journal = *parts.journal,
                  .functions = functions_,
                  .executor = parts.loop.get_executor()}) {}

  Secret secret(const lambda::Scope& scope, const std::string& id) override {
    Result<std::string> text = service_.current_text({scope.account, scope.region}, id, clock_.now());
    if (!text) return {.text = {}, .problem = text.error().message};
    return {.text = std::move(*text), .problem = {}};
  }

 private:
  const Service& inner() const override { return service_; }

  Clock& clock_;
  LambdaRotation functions_;
  secretsmanager::SecretsManagerService service_;
};

}  // namespace

void add_parameters(Parts& parts) {
  auto ssm = std::make_unique<SystemsManagerParts>(parts);
  auto secrets = std::make_unique<SecretsManagerParts>(parts);
  parts.secrets = secrets.get();
  for (Service* service : {static_cast<Service*>(ssm.get()), static_cast<Service*>(secrets.get())})
    parts.add(*service);
  parts.others.push_back(std::move(ssm));
  parts.others.push_back(std::move(secrets));
}

}  // namespace aviary::app
