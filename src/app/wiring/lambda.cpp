#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "gateway/signature.hpp"
#include "services/lambda/api/event_source_mappings.hpp"

namespace aviary::app {
namespace {

lambda::LambdaOptions lambda_options(Parts& parts) {
  const EmulatorOptions& options = parts.options;
  lambda::LambdaOptions chosen;
  chosen.store.activation_delay = options.activation_delay;
  chosen.store.keep_omitted_routing = options.omitted_routing_config == "keep";
  chosen.store.router = lambda::parse_router_settings(options.routing).value_or(lambda::RouterSettings{});
  chosen.concurrency = static_cast<std::int64_t>(options.concurrency);
  chosen.code_storage = options.code_storage_mb << 20;
  chosen.quotas = lambda::parse_quotas(options.quotas).value_or(lambda::Quotas{});
  if (options.allow_retired_runtimes) chosen.retired_runtimes = lambda::RetiredRuntimes::Allowed;
  chosen.request_rates =
      lambda::parse_request_rates(options.request_rates).value_or(lambda::RequestRateLimits{});
  chosen.enforce_permissions = options.enforce_permissions;
  if (options.enforce_iam) {
    chosen.authorize_url = [&parts](const wire::Request& request, std::string function_arn) {
      return parts.iam_gate->may(request, "lambda:InvokeFunctionUrl", std::move(function_arn),
                                 {{"lambda:FunctionUrlAuthType", {"AWS_IAM"}}});
    };
  } else if (!options.access_key.empty()) {
    chosen.authenticate = [keys = parse_access_keys(options.access_key),
                           &clock = parts.clock](const wire::Request& request) {
      return verify_signature(request, keys, clock.now()).has_value();
    };
  }
  return chosen;
}

/// Takes results to destinations and failed events to dead-letter queues.
class LambdaMessenger final : public lambda::Messenger {
 public:
  explicit LambdaMessenger(const Delivery& delivery) : delivery_(delivery) {}

  void send(lambda::OutgoingMessage out, Done done) override {
    Message message{.account = out.from.account,
                    .region = out.from.region,
                    .target = std::move(out.target),
                    .body = std::move(out.body)};
    for (lambda::MessageAttribute& attribute : out.attributes)
      (attribute.number ? message.number_attributes : message.attributes)[attribute.name] =
          std::move(attribute.value);
    message.source = std::move(out.source);
    message.detail_type = std::move(out.detail_type);
    message.resources = std::move(out.resources);
    message.trace_header = std::move(out.trace_id);
    message.object_key = std::move(out.object_key);
    delivery_.send(std::move(message), std::move(done));
  }

 private:
  const Delivery& delivery_;
};

/// Code that lies in a bucket of this emulator.
class S3CodeSource final : public lambda::CodeSource {
 public:
  explicit S3CodeSource(s3::S3Service& s3) : s3_(s3) {}
  Task<Fetched> fetch(lambda::Scope, std::string bucket, std::string key, std::string version,
                      std::uint64_t most_bytes) override {
    Result<s3::S3Service::Opened> opened = s3_.open(bucket, std::move(key), std::move(version), most_bytes);
    Fetched fetched;
    if (opened) {
      fetched.source = std::move(opened->bytes);
    } else {
      fetched.problem = Problem{std::string(opened.error().shape->code), opened.error().message};
    }
    co_return fetched;
  }

 private:
  s3::S3Service& s3_;
};

}  // namespace

void add_lambda(Parts& parts) {
  parts.lambda_messenger = std::make_unique<LambdaMessenger>(parts.delivery);
  parts.lambda_code = std::make_unique<S3CodeSource>(*parts.s3);
  parts.lambda = std::make_unique<lambda::LambdaService>(lambda::LambdaDependencies{
      .clock = parts.clock,
      .ids = parts.lambda_ids,
      .router = parts.routing,
      .journal = *parts.journal,
      .codes = *parts.codes,
      .runner = *parts.tape,
      .executor = parts.loop.get_executor(),
      .code_source = parts.lambda_code.get(),
      .workers = parts.workers.get(),
      .live_folders = parts.live_folders.get(),
      .images = parts.images.get(),
      .messenger = parts.lambda_messenger.get(),
      .options = lambda_options(parts),
  });
  parts.add(*parts.lambda);
  parts.lambda->mappings().set_weighted(parts.options.mapping_routing == "weighted");
  parts.delivery.add("lambda", [&lambda = *parts.lambda](Message message, const Delivery::Done& done) {
    const Result<std::string> accepted =
        lambda.accept_from_neighbour({.caller = {message.account, message.region},
                                      .function = std::move(message.target),
                                      .payload = std::move(message.body),
                                      .trace_id = std::move(message.trace_header)});
    done(accepted ? std::nullopt : std::optional(accepted.error().message));
  });
}

}  // namespace aviary::app
