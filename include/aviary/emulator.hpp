#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

/// Aviary inside a C++ program: an emulator of its own, on a thread of its own, behind a real endpoint.
/// Several may live side by side; they share nothing.
///
///     auto [emulator, problem] = aviary::Emulator::start({});
///     if (!emulator) { ... problem says why ... }
///     setenv("AWS_ENDPOINT_URL", emulator->endpoint().c_str(), 1);
namespace aviary {

/// What can be chosen. Each is an option of `aviary serve` and an environment variable of the same name, too:
/// `data_dir` is `--data-dir` and `AVIARY_DATA_DIR`.
struct EmulatorOptions {
  // Where it listens.
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;                 ///< 0 picks a free one
  std::vector<std::string> allow_host;    ///< names a request's Host may have beside local ones; "*" for any
  std::vector<std::string> allow_origin;  ///< origins of web pages that may call; "*" for any
  std::vector<std::string> access_key;    ///< `id:secret`; with at least one, signatures are verified

  // Who is calling when the request does not say.
  std::string account = "123456789012";
  std::string region = "us-east-1";

  // State and chance.
  std::filesystem::path data_dir;     ///< empty: in memory only
  std::optional<std::uint64_t> seed;  ///< repeats a run; none: a new one each time
  std::string clock = "real";         ///< real | scaled=N | manual

  // Versions and aliases.
  std::string routing =
      "random";  ///< random | exact | sticky=header:NAME | sticky=context:POINTER | sticky=payload:POINTER
  std::string mapping_routing = "primary";  ///< primary | weighted: which version of an alias a mapping runs
  std::string omitted_routing_config = "clear";  ///< clear | keep: an alias update with FunctionVersion alone
  std::chrono::milliseconds activation_delay{0};  ///< how long Pending and InProgress last
  std::vector<std::string> endpoint;              ///< services elsewhere: `dynamodb=http://127.0.0.1:8000`
  std::filesystem::path ca_bundle;  ///< certificates that count beside the system's when it calls others
  std::string stream_throughput = "limited";  ///< limited | unlimited: a shard's records and bytes a second
  std::string otlp;                           ///< an OpenTelemetry collector: `http://127.0.0.1:4318`
  std::string trace_sampling = "aws";         ///< aws | all: of functions with active tracing
  std::string request_rates = "off";  ///< off | aws | control-plane=30,get-function=…,get-policy=…,invoke=…
  std::string quotas = "aws";  ///< aws | layers=…,environment=…,zipped=…,unzipped=…: of a function
  std::uint64_t code_storage_mb = 76800;  ///< of an account in a region
  bool enforce_permissions = false;       ///< resource policies decide who may invoke
  bool enforce_iam = false;               ///< policies decide what users, roles and functions may do
  bool record_unknown_types = false;      ///< of stacks: a resource of a type that is not there is no failure

  // Failing on purpose.
  std::filesystem::path faults;  ///< a YAML file of faults; empty: none

  // Running code.
  std::string isolation = "auto";          ///< auto | namespaces | none
  std::size_t concurrency = 1000;          ///< the account's limit
  std::size_t max_environments = 0;        ///< 0: as the machine's memory allows
  std::chrono::seconds idle_timeout{600};  ///< after which an idle environment ends
  bool freeze = true;                      ///< whether idle environments are stopped, as on Lambda
  std::size_t spare_runtimes = 2;          ///< interpreters started ahead, of each kind in use; 0: none
  bool strict_runtimes = false;            ///< refuse to run on a neighbouring interpreter version
  bool allow_retired_runtimes = false;     ///< take runtimes that AWS has retired
  std::vector<std::string> runtime_path;   ///< further interpreters: `python3.12=/opt/python/bin/python3.12`
  /// AWS's own clients in place of ours: `nodejs=/path/node_modules/aws-lambda-ric`
  std::vector<std::string> runtime_client;
  std::vector<std::string> hot_reload_root;  ///< folders that functions may run from as they lie there
  std::string engine = "auto";               ///< auto | docker | podman | none | the path of its socket
  std::string engine_network = "host";       ///< of its containers
  bool engine_pull = false;                  ///< fetches images that are not there
  std::vector<std::string> engine_runtime;   ///< `python3.12`, `python3.12=IMAGE`, `all`: in containers
  std::vector<std::string> image_root;       ///< folders that images on disk are taken from: `oci:/…`
  std::uint64_t image_size_mb = 10240;       ///< of an image on disk, unpacked
  bool log_functions = false;                ///< what functions write, on standard error
  bool plain_function_logs = false;          ///< without the function's name before each line; no option
  bool observe = true;  ///< logs and metrics of functions are kept; false: to see what that costs

  std::string log_level = "info";  ///< debug | info | warn | error | off
};

class Emulator {
 public:
  /// `emulator` is null when it could not start; `problem` then says why, in one line for a human.
  struct Started {
    std::unique_ptr<Emulator> emulator;
    std::string problem;
  };
  /// Returns when the endpoint answers.
  static Started start(EmulatorOptions options);
  /// Stops, as `stop` does.
  ~Emulator();
  Emulator(const Emulator&) = delete;
  Emulator& operator=(const Emulator&) = delete;

  /// `http://127.0.0.1:PORT`
  const std::string& endpoint() const noexcept;
  std::uint16_t port() const noexcept;
  /// Lets running invocations finish within `grace`, then ends everything: no process, no temporary file
  /// stays.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(2000));

 private:
  struct Running;
  explicit Emulator(std::unique_ptr<Running> running);
  std::unique_ptr<Running> running_;
};

}  // namespace aviary
