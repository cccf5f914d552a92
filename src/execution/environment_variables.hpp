#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "execution/options.hpp"
#include "ports/sandbox.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::execution {

using Variables = std::vector<std::pair<std::string, std::string>>;

/// What belongs to one environment rather than to the version.
struct VariableContext {
  std::string_view runtime_api;  ///< host:port
  std::string_view log_group{};
  std::string_view log_stream{};
  std::string_view base_url{};  ///< AWS_ENDPOINT_URL; empty: not set
  std::string_view initialization_type = "on-demand";
  std::optional<FunctionKeys> keys{};  ///< nothing: the account's
  /// AWS_LAMBDA_MAX_CONCURRENCY: how many invocations a process takes side by side; 0: not set.
  std::size_t side_by_side = 0;
};

/// The whole environment of a runtime process: Lambda's own variables as recorded from AWS, then what the
/// catalog's runtime adds, then the user's. The user's win, except over the reserved ones.
Variables process_variables(const lambda::Version& version, const RuntimeCommand& command,
                            const VariableContext& context);

/// What an extension gets of them: not what is about the runtime [execution contract, section 2].
Variables extension_variables(const lambda::Version& version, const VariableContext& context);

/// What a process outside of a sandbox needs of them: not what is about the sandbox's own file system, unless
/// the function's configuration sets it.
Variables attached_variables(const lambda::Version& version, const VariableContext& context);

/// What an image's process gets: the image's own, under what Lambda says and the function's configuration.
/// `handler`: what the image is told to run, the first of its command.
Variables image_variables(const lambda::Version& version, const Variables& of_image, std::string_view handler,
                          const VariableContext& context);

/// Of the version's role, if the options know of such.
std::optional<FunctionKeys> keys_of(const Options& options, const lambda::Version& version);

/// Names that a function's configuration cannot set.
bool reserved_variable(std::string_view name) noexcept;

/// `provided`, `provided.al2`, `provided.al2023`: the package brings its own bootstrap.
bool custom_runtime(std::string_view runtime) noexcept;

/// `python:3.13`, `nodejs:20`, `provided:al2023`: how INIT_START spells a runtime, without the build number.
std::string runtime_label(std::string_view runtime);

}  // namespace aviary::execution
