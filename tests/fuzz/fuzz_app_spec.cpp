// Any text as an AppSpec file: it is refused, or what it says can be written down and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "services/codedeploy/core/app_spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aviary::codedeploy;
  const auto spec = parse_app_spec(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!spec) {
    if (spec.error().message.empty()) std::abort();
    return 0;
  }
  AppSpec plain = *spec;
  plain.before_hook.clear();
  plain.after_hook.clear();
  const auto again = parse_app_spec(write_app_spec(plain));
  if (!again || *again != plain) std::abort();
  return 0;
}
