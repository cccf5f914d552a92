#pragma once

#include "base/json.hpp"

namespace aviary::s3 {

/// Whether a policy lets everybody in: it allows something to `*`, and no condition names who or where from.
/// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
bool is_public_policy(const Json& policy);

/// Whether a block of public access, which may be null, refuses public policies.
bool blocks_public_policy(const Json* block);

}  // namespace aviary::s3
