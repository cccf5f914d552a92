#include "services/sqs/core/scope.hpp"

#include <fmt/format.h>

namespace aviary::sqs {

std::string queue_arn(const QueueId& id) {
  return fmt::format("arn:aws:sqs:{}:{}:{}", id.scope.region, id.scope.account, id.name);
}

QueueId parse_queue_arn(std::string_view arn) {
  std::string_view parts[6];
  std::size_t count = 0;
  for (; count < 6; ++count) {
    const std::size_t colon = count < 5 ? arn.find(':') : std::string_view::npos;
    parts[count] = arn.substr(0, colon);
    if (colon == std::string_view::npos) {
      ++count;
      break;
    }
    arn.remove_prefix(colon + 1);
  }
  if (count != 6 || parts[0] != "arn" || parts[2] != "sqs" || parts[5].find(':') != std::string_view::npos)
    return {};
  return {.scope = {.account = std::string(parts[4]), .region = std::string(parts[3])},
          .name = std::string(parts[5])};
}

}  // namespace aviary::sqs
