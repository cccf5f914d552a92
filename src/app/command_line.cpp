#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "app/version.hpp"

namespace aviary::app {
namespace {

/// `--data-dir` is `AVIARY_DATA_DIR` in the environment and `data-dir` in the configuration file.
std::string environment_name(std::string option) {
  option.erase(0, option.find_first_not_of('-'));
  std::string name = "AVIARY_";
  for (const char c : option)
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

/// The values that the library cannot bind to the option structure directly.
struct Raw {
  std::string data_dir;
  std::string faults;
  std::string ca_bundle;
  std::uint64_t seed = 0;
  std::uint64_t activation_delay_ms = 0;
  std::uint64_t idle_timeout_s = 600;
  bool no_freeze = false;
  bool no_observe = false;
};

/// CLI11 reads -1 into an unsigned number without a word.
std::string whole_number_problem(const std::string& text) {
  const bool good =
      !text.empty() && text.size() <= 19 &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return good ? std::string() : std::string("a whole number, 0 or more, is wanted");
}

/// Regions go into ARNs and host names.
std::string region_problem(const std::string& text) {
  const bool good =
      !text.empty() && text.size() <= 32 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
      });
  return good ? std::string()
              : std::string("a region is made of small letters, digits and hyphens, as us-east-1");
}

/// What a wrong command line is answered with. A word that is no verb, or a verb too few: it says which there
/// are.
std::string explain(const CLI::App* app, const CLI::Error& error) {
  const CLI::App* place = app;
  while (!place->get_subcommands().empty()) place = place->get_subcommands().front();
  std::string verbs;
  for (const CLI::App* verb : place->get_subcommands([](const CLI::App*) { return true; }))
    verbs += (verbs.empty() ? "" : ", ") + verb->get_name();
  const std::vector<std::string> rest = app->remaining(true);
  const bool word = std::any_of(rest.begin(), rest.end(), [](const std::string& text) {
    return !text.empty() && !text.starts_with('-');
  });
  std::string text = std::string(error.what()) + '\n';
  if (error.get_name() == "ConfigError")
    text = "The configuration file has something that is no option: " + text;
  if (!verbs.empty() && (word || error.get_name() == "RequiredError"))
    text += "Verbs of " + place->get_name() + ": " + verbs + '\n';
  return text + "Run with --help for more information.\n";
}

class Parser {
 public:
  Parser()
      : app_("Aviary: a Lambda-compatible emulator. Rehearse a deployment end to end, with real code.",
             "aviary") {
    app_.set_version_flag("--version", std::string("aviary ") + version);
    app_.set_config("--config", "", "Read options from this file (TOML or INI; keys are the options' names)")
        ->envname("AVIARY_CONFIG");
    app_.allow_config_extras(CLI::config_extras_mode::error);
    app_.failure_message(explain);
    app_.require_subcommand(0, 1);
    app_.fallthrough();
    add_serve();
    app_.add_subcommand("doctor", "Say what this machine can do, which runtimes it has, what to install")
        ->fallthrough();
    app_.add_subcommand("operations", "Print the table of supported operations, as Markdown")->fallthrough();
    add_invoke();
    app_.add_subcommand("clients", "Write the runtime clients into a folder, to attach a debugger with")
        ->fallthrough()
        ->add_option("FOLDER", clients_folder_, "Made if it is not there")
        ->required();
    server_verbs();
    listening();
    identity();
    state();
    lambda();
    execution();
    add("--log-level", options_.log_level, "debug, info, warn, error or off")
        ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
  }

  CommandLine parse(int argc, char** argv) {
    CommandLine parsed;
    try {
      std::vector<std::string> arguments = with_environment(argc, argv);
      std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants a list
      app_.parse(std::move(arguments));
    } catch (const CLI::ParseError& outcome) {
      parsed.verb = Verb::None;
      parsed.exit_code = app_.exit(outcome) == 0 ? 0 : 2;
      return parsed;
    }
    if (app_.got_subcommand("doctor")) parsed.verb = Verb::Doctor;
    if (app_.got_subcommand("operations")) parsed.verb = Verb::Operations;
    if (app_.got_subcommand("invoke")) parsed.verb = Verb::Invoke;
    if (app_.got_subcommand("clients")) parsed.verb = Verb::Clients;
    parsed.invoke = invoke_;
    parsed.folder = clients_folder_;
    if (app_.got_subcommand("assert")) parsed.verb = Verb::Assert;
    if (app_.got_subcommand("prune")) parsed.verb = Verb::Prune;
    if (app_.got_subcommand("deploy")) parsed.verb = Verb::Deploy;
    if (app_.get_option("--account")->count() != 0) server_.deploy.account = options_.account;
    if (app_.get_option("--region")->count() != 0) server_.deploy.region = options_.region;
    parsed.serve_template = serve_template_;
    if (const auto* canary = app_.get_subcommand("canary"); canary->parsed()) {
      parsed.verb = Verb::Canary;
      server_.canary.what = canary->get_subcommands().front()->get_name();
    }
    parsed.server = server_;
    options_.data_dir = raw_.data_dir;
    options_.faults = raw_.faults;
    options_.ca_bundle = raw_.ca_bundle;
    if (seed_->count() != 0) options_.seed = raw_.seed;
    options_.activation_delay = std::chrono::milliseconds(raw_.activation_delay_ms);
    options_.idle_timeout = std::chrono::seconds(raw_.idle_timeout_s);
    options_.freeze = !raw_.no_freeze;
    options_.observe = !raw_.no_observe;
    parsed.options = options_;
    return parsed;
  }

  std::string help() const { return app_.help(); }

 private:
  /// The arguments, and behind them what the environment says of options that they do not name. CLI11 itself
  /// would ask the environment last, after the configuration file, and too late to learn of `AVIARY_CONFIG`.
  std::vector<std::string> with_environment(int argc, char** argv) const {
    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    const std::size_t given = arguments.size();
    for (const CLI::Option* option : app_.get_options()) {
      const char* value =
          option->get_envname().empty() ? nullptr : std::getenv(option->get_envname().c_str());
      if (value == nullptr || *value == '\0') continue;
      const std::string name = "--" + option->get_lnames().front();
      const bool named = std::any_of(
          arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(given),
          [&](const std::string& argument) { return argument == name || argument.starts_with(name + '='); });
      if (!named) arguments.push_back(name + '=' + value);
    }
    return arguments;
  }

  template <class T>
  CLI::Option* add(const std::string& name, T& value, const std::string& text) {
    return app_.add_option(name, value, text)->envname(environment_name(name))->capture_default_str();
  }
  CLI::Option* add_list(const std::string& name, std::vector<std::string>& values, const std::string& text) {
    return app_.add_option(name, values, text)
        ->envname(environment_name(name))
        ->delimiter(',')
        ->allow_extra_args(false);
  }
  CLI::Option* add_flag(const std::string& name, bool& value, const std::string& text) {
    return app_.add_flag(name, value, text)->envname(environment_name(name));
  }

  static void add_deployment(CLI::App* verb, DeployOptions& wanted) {
    verb->add_option("--stack-name", wanted.stack_name, "Else the name of the template's folder");
    verb->add_option("--parameter", wanted.parameters, "NAME=value, as often as there are some")
        ->allow_extra_args(false);
    verb->add_flag("--build", wanted.build,
                   "Install what requirements.txt (pip) and package.json (npm) ask for, into a copy");
    verb->add_flag("--watch", wanted.watch, "Deploy again whenever the template or its code has changed");
  }
  void add_serve() {
    CLI::App* verb = app_.add_subcommand("serve", "Run the emulator (what happens without a verb, too)");
    verb->fallthrough();
    CLI::Option* file =
        verb->add_option("--template", serve_template_.file,
                         "Start with this template's stack deployed, code as it lies in its folder");
    add_deployment(verb, serve_template_);
    for (CLI::Option* option : verb->get_options())
      if (option->check_lname("stack-name") || option->check_lname("parameter") ||
          option->check_lname("watch") || option->check_lname("build"))
        option->needs(file);
  }
  void add_invoke() {
    CLI::App* verb = app_.add_subcommand("invoke", "Run a handler once, without any deployment");
    verb->fallthrough();
    verb->add_option("FILE", invoke_.file, "The source, program, zip or jar to run")->required();
    verb->add_option("EVENT", invoke_.event, "JSON text, @FILE, or - for standard input; without it {}");
    verb->add_option("--handler", invoke_.handler, "What to run; else what the file exports as handler");
    verb->add_option("--runtime", invoke_.runtime, "As python3.12; else by the file's name");
    verb->add_option("--folder", invoke_.folder,
                     "What becomes /var/task; else the file's folder, for Node.js that of package.json");
    verb->add_option("--env", invoke_.env, "NAME=value, as often as there are some")->allow_extra_args(false);
    verb->add_option("--timeout", invoke_.timeout, "Seconds")
        ->check(CLI::Range(1, 900))
        ->capture_default_str();
    verb->add_option("--memory", invoke_.memory, "MB")->check(CLI::Range(128, 10240))->capture_default_str();
  }
  /// Verbs that talk to a server that runs already.
  CLI::App* server_verb(CLI::App& parent, const std::string& name, const std::string& text) {
    CLI::App* verb = parent.add_subcommand(name, text);
    verb->fallthrough();
    verb->add_option("--endpoint", server_.endpoint,
                     "The server's address; AWS_ENDPOINT_URL, or http://127.0.0.1:4566, if it is not given");
    return verb;
  }
  void server_verbs() {
    CLI::App* assertion =
        server_verb(app_, "assert", "Judge what a rehearsal has shown; 0 when all of it holds");
    assertion->add_option("sentence", server_.assertion.sentences,
                          "As 'prod sent between 8 and 12 % to version 6'; without one, what is understood");
    assertion->add_option("--file", server_.assertion.file, "Sentences, one a line; - is the standard input");
    assertion->add_option("--junit", server_.assertion.junit, "Write a JUnit report to this file");

    CLI::App* canary = app_.add_subcommand("canary", "Start, watch, promote, or roll back a canary");
    canary->fallthrough();
    canary->require_subcommand(1);
    const auto of_alias = [this](CLI::App* verb) {
      verb->add_option("place", server_.canary.place, "FUNCTION:ALIAS, or a deployment's id")->required();
      return verb;
    };
    CLI::App* start =
        of_alias(server_verb(*canary, "start", "Send a part of the traffic to another version"));
    start->add_option("--to", server_.canary.to, "The version")->required();
    start->add_option("--config", server_.canary.config, "As Canary10Percent5Minutes, or one of your own");
    start->add_option("--alarm", server_.canary.alarms, "An alarm that takes it back; may be repeated")
        ->allow_extra_args(false);
    start->add_option("--before-hook", server_.canary.before_hook,
                      "A function that decides before traffic moves");
    start->add_option("--after-hook", server_.canary.after_hook,
                      "A function that decides after it has moved");
    CLI::App* watch =
        of_alias(server_verb(*canary, "watch", "Show the versions side by side until it is over"));
    watch->add_option("--interval", server_.canary.interval, "Seconds between two looks")
        ->check(CLI::Range(0.05, 3600.0));
    watch->add_flag("--once", server_.canary.once, "Look once");
    of_alias(server_verb(*canary, "promote", "All of the traffic to the new version, now"));
    of_alias(server_verb(*canary, "rollback", "All of the traffic back to the old version, now"));

    CLI::App* deploy = server_verb(app_, "deploy", "Deploy a template and its code to a running server");
    deploy->add_option("TEMPLATE", server_.deploy.file, "Else template.yaml, template.yml or template.json");
    add_deployment(deploy, server_.deploy);

    CLI::App* prune = server_verb(app_, "prune", "Delete old versions that nothing names");
    prune->add_option("function", server_.prune.function, "Of which function");
    prune->add_flag("--all", server_.prune.all, "Of all functions");
    prune->add_option("--keep", server_.prune.keep, "Keep the newest so many")->check(whole_number_problem);
    prune->add_option("--days", server_.prune.days, "Keep what was published within so many days")
        ->check(whole_number_problem);
    prune->add_flag("--dry-run", server_.prune.dry_run, "Only say what would go");
  }

  void listening() {
    options_.port = 4566;
    add("--port", options_.port, "Port to listen on; 0 picks a free one")->check(CLI::Range(0, 65535));
    add("--address", options_.address,
        "Address to listen on; anything but loopback lets others run code here");
    add_list("--allow-host", options_.allow_host,
             "A name that a request's Host may have beside local ones; * for any");
    add_list("--allow-origin", options_.allow_origin, "An origin whose web pages may call; * for any");
    add_list("--access-key", options_.access_key,
             "id:secret; with at least one, every request's signature is verified");
  }
  void identity() {
    add("--account", options_.account, "Account of callers whose access key id is not an account number")
        ->check([](const std::string& text) {
          const bool good = text.size() == 12 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
                              return std::isdigit(c) != 0;
                            });
          return good ? std::string() : std::string("an account number has 12 digits");
        });
    add("--region", options_.region, "Region of callers that name none")->check(region_problem);
  }
  void state() {
    add("--data-dir", raw_.data_dir, "Keep state in this folder; without it state is in memory");
    add("--faults", raw_.faults, "A YAML file of faults: invocations that fail on purpose");
    seed_ = add("--seed", raw_.seed, "Seed of every random choice, to repeat a run");
    seed_->check(whole_number_problem);
    add("--clock", options_.clock, "real, scaled=N (N emulated seconds a second) or manual")
        ->check([](const std::string& text) {
          const bool good = text == "real" || text == "manual" ||
                            (text.starts_with("scaled=") && std::atof(text.c_str() + 7) > 0);
          return good ? std::string() : std::string("the clock is real, scaled=N or manual");
        });
  }
  void lambda() {
    add("--routing", options_.routing,
        "How an alias draws: random, exact, or sticky=header:NAME, sticky=context:POINTER, "
        "sticky=payload:POINTER")
        ->check([](const std::string& text) {
          const bool good = text == "random" || text == "exact" || text.starts_with("sticky=header:") ||
                            text.starts_with("sticky=context:") || text.starts_with("sticky=payload:");
          return good ? std::string()
                      : std::string(
                            "routing is random, exact or sticky=header:, sticky=context:, sticky=payload:");
        });
    add("--omitted-routing-config", options_.omitted_routing_config,
        "What an alias update with FunctionVersion alone does to the weights: clear or keep")
        ->check(CLI::IsMember({"clear", "keep"}));
    add("--mapping-routing", options_.mapping_routing,
        "Which version of an alias an event source mapping runs: primary, as on AWS, or weighted")
        ->check(CLI::IsMember({"primary", "weighted"}));
    add("--activation-delay", raw_.activation_delay_ms,
        "Milliseconds that functions stay Pending and InProgress, streams CREATING and UPDATING, and event "
        "source mappings on their way")
        ->check(whole_number_problem);
    add_flag("--enforce-permissions", options_.enforce_permissions,
             "Let resource policies decide who may invoke");
    add_flag("--enforce-iam", options_.enforce_iam,
             "Let IAM's policies decide what users, roles and functions may do");
    add_flag("--record-unknown-types", options_.record_unknown_types,
             "Record resources of types that Aviary does not have, with a warning, instead of failing their "
             "stack");
    add("--otlp", options_.otlp,
        "Send traces to this OpenTelemetry collector, by OTLP over HTTP: http://127.0.0.1:4318");
    add("--trace-sampling", options_.trace_sampling,
        "What is traced of functions with active tracing: aws (one a second and 5 %) or all")
        ->check(CLI::IsMember({"aws", "all"}));
    add_list("--endpoint", options_.endpoint,
             "A service that is elsewhere, polled by event source mappings: dynamodb=http://127.0.0.1:8000");
    add("--ca-bundle", raw_.ca_bundle,
        "A file of certificates, PEM, that are trusted beside the system's in https calls to other servers");
    add("--stream-throughput", options_.stream_throughput,
        "What a shard takes and gives in a second: limited, as on AWS, or unlimited")
        ->check(CLI::IsMember({"limited", "unlimited"}));
    add("--request-rates", options_.request_rates,
        "Requests a second that Lambda takes: off, aws, or as aws,control-plane=30,invoke=20");
    add("--quotas", options_.quotas,
        "What a function may be made of: aws, or as layers=8,environment=16,zipped=20,unzipped=500 (KB, MB), "
        "and "
        "how many versions may be on a capacity provider: provider-versions=200");
    add("--code-storage", options_.code_storage_mb, "Megabytes of code packages of an account in a region")
        ->check(CLI::Range(1, 1000000000));
    add("--concurrency", options_.concurrency, "Concurrent executions of an account")
        ->check(CLI::Range(1, 1000000));
  }
  void execution() {
    add("--isolation", options_.isolation, "auto, namespaces, or none (plain processes)")
        ->check(CLI::IsMember({"auto", "namespaces", "none"}));
    add("--max-environments", options_.max_environments,
        "Execution environments at once; 0: as memory allows")
        ->check(whole_number_problem);
    add("--idle-timeout", raw_.idle_timeout_s, "Seconds after which an idle environment ends")
        ->check(whole_number_problem);
    add_flag("--no-freeze", raw_.no_freeze, "Let background work of idle environments go on");
    add_flag("--no-observe", raw_.no_observe,
             "Keep neither logs nor metrics of functions, to measure what they cost");
    add("--spare-runtimes", options_.spare_runtimes,
        "Interpreters kept started ahead of cold starts, of each kind that functions use; 0: none")
        ->check(CLI::Range(0, 8));
    add_flag("--strict-runtimes", options_.strict_runtimes,
             "Refuse to run on a neighbouring interpreter version");
    add_flag(
        "--allow-retired-runtimes", options_.allow_retired_runtimes,
        "Take runtimes that AWS has retired, such as provided or nodejs14.x, as nearly as they run here");
    add_list("--runtime-path", options_.runtime_path,
             "An interpreter to use: python3.12=/opt/python/bin/python3.12");
    add_list("--runtime-client", options_.runtime_client,
             "AWS's own runtime client instead of ours: nodejs=/path/node_modules/aws-lambda-ric");
    add_list(
        "--hot-reload-root", options_.hot_reload_root,
        "A folder that functions may run from as it lies there: S3Bucket=hot-reload,S3Key=/path/below/it");
    add("--engine", options_.engine,
        "Who runs images from a registry: auto, docker, podman, none, or the path of an engine's socket")
        ->check([](const std::string& text) {
          const bool good = text == "auto" || text == "docker" || text == "podman" || text == "none" ||
                            text.starts_with('/');
          return good ? std::string()
                      : std::string("the engine is auto, docker, podman, none or the path of a socket");
        });
    add("--engine-network", options_.engine_network,
        "The network of its containers, from which this server's loopback address is reached");
    add_flag("--engine-pull", options_.engine_pull, "Let the engine fetch images that are not there");
    add_list("--engine-runtime", options_.engine_runtime,
             "Packages that run in containers: python3.12 (in AWS's base image), python3.12=IMAGE, or all");
    add_list("--image-root", options_.image_root,
             "A folder that images on disk (OCI layouts) are taken from: ImageUri=oci:/path/below/it:tag");
    add("--image-size", options_.image_size_mb, "Megabytes of an image on disk, unpacked")
        ->check(CLI::Range(1, 10240));
    add_flag("--log-functions", options_.log_functions, "Print what functions write");
  }

  CLI::App app_;
  EmulatorOptions options_;
  InvokeOptions invoke_;
  DeployOptions serve_template_;
  std::string clients_folder_;
  Raw raw_;
  ServerVerbs server_;
  CLI::Option* seed_ = nullptr;
};

}  // namespace

CommandLine parse_command_line(int argc, char** argv) { return Parser().parse(argc, argv); }

std::string help_text() { return Parser().help(); }

}  // namespace aviary::app
