#include "app/runtime_images.hpp"

#include "execution/environment_variables.hpp"

namespace aviary::app {

std::string image_for_runtime(const std::vector<std::string>& runtimes, std::string_view runtime) {
  for (const std::string& given : runtimes) {
    const std::string_view text = given;
    const auto equals = text.find('=');
    if (const std::string_view name = text.substr(0, equals); name != runtime && name != "all") continue;
    return equals == std::string_view::npos ? "public.ecr.aws/lambda/" + execution::runtime_label(runtime)
                                            : std::string(text.substr(equals + 1));
  }
  return {};
}

}  // namespace aviary::app
