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

class Parser {
 public:
  Parser()
      : app_("Aviary: a Lambda-compatible emulator. Rehearse a deployment end to end, with real code.",
             "aviary") {
    app_.set_version_flag("--version", std::string("aviary ") + version);
    app_.set_config("--config", "", "Read options from this file (TOML or INI; keys are the options' names)")
        ->envname("AVIARY_CONFIG");
    app_.require_subcommand(0, 1);
    app_.fallthrough();
    app_.add_subcommand("serve", "Run the emulator (what happens without a verb, too)")->fallthrough();
    app_.add_subcommand("doctor", "Say what this machine can do, which runtimes it has, what to install")
        ->fallthrough();
    app_.add_subcommand("operations", "Print the table of supported operations, as Markdown")->fallthrough();
    add_invoke();
    app_.add_subcommand("clients", "Write the runtime clients into a folder, to attach a debugger with")
        ->fallthrough()
        ->add_option("FOLDER", clients_folder_, "Made if it is not there")
        ->required();
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
    options_.data_dir = raw_.data_dir;
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
        "Milliseconds that functions stay Pending and InProgress, and streams CREATING and UPDATING")
        ->check(whole_number_problem);
    add_flag("--enforce-permissions", options_.enforce_permissions,
             "Let resource policies decide who may invoke");
    add_list("--endpoint", options_.endpoint,
             "A service that is elsewhere, polled by event source mappings: dynamodb=http://127.0.0.1:8000");
    add("--stream-throughput", options_.stream_throughput,
        "What a shard takes and gives in a second: limited, as on AWS, or unlimited")
        ->check(CLI::IsMember({"limited", "unlimited"}));
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
    add_list("--runtime-path", options_.runtime_path,
             "An interpreter to use: python3.12=/opt/python/bin/python3.12");
    add_list(
        "--hot-reload-root", options_.hot_reload_root,
        "A folder that functions may run from as it lies there: S3Bucket=hot-reload,S3Key=/path/below/it");
    add_flag("--log-functions", options_.log_functions, "Print what functions write");
  }

  CLI::App app_;
  EmulatorOptions options_;
  InvokeOptions invoke_;
  std::string clients_folder_;
  Raw raw_;
  CLI::Option* seed_ = nullptr;
};

}  // namespace

CommandLine parse_command_line(int argc, char** argv) { return Parser().parse(argc, argv); }

std::string help_text() { return Parser().help(); }

}  // namespace aviary::app
