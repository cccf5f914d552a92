#pragma once

#include "services/s3/core/bucket.hpp"

/// State as it lies in the journal.
namespace aviary::s3 {

Json bucket_record(const Bucket& bucket);
Bucket bucket_from(const Json& record);
Json object_record(const ObjectVersion& version);
ObjectVersion object_from(const Json& record, BodyStore& bodies);
Json upload_record(const Upload& upload);
Upload upload_from(const Json& record, BodyStore& bodies);

}  // namespace aviary::s3
