#pragma once

#include <cstddef>

#include "base/json.hpp"
#include "services/sns/core/topic.hpp"

namespace aviary::sns {

/// `MessageAttributes` of a message, or what SNS says of the first that is wrong. That each has a `DataType`
/// is the model's, and seen to before.
Result<Attributes> read_message_attributes(const Json& document);

/// What they count of the 256 KiB of a message.
std::size_t size_of(const Attributes& attributes);

}  // namespace aviary::sns
