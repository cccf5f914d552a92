#pragma once

#include <cstddef>

#include "base/result.hpp"
#include "wire/message.hpp"

namespace aviary::wire {

/// Whether the body came compressed by its sender: SDKs do so with operations that the model allows it for
/// (CloudWatch's PutMetricData, from 10 KB on). Only for RPC protocols; to S3 the header is but a property of
/// the object.
bool is_compressed(const Request& request);

/// Puts the plain body in its place. The signature covers the compressed one. SerializationException if it is
/// no gzip, RequestEntityTooLarge if more than `most` bytes come out of it.
Result<> decompress(Request& request, std::size_t most);

}  // namespace aviary::wire
