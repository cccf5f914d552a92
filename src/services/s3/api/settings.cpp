#include <algorithm>

#include "base/bounded_json.hpp"
#include "services/s3/api/input.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/s3/core/errors.hpp"
#include "services/s3/core/notification.hpp"
#include "services/s3/core/public_policy.hpp"
#include "wire/protocol.hpp"

/// What a bucket is told and tells again. Of these, notifications are acted upon; the others are recorded:
/// what they would do at AWS (expire objects, allow origins, refuse callers) does not happen here.
namespace aviary::s3 {
namespace {

namespace errors = models::s3::errors;

/// How a setting reads while nobody has put it.
struct Setting {
  std::string_view operation;  ///< without `Put`, `Get`, `Delete`
  const char* name;
  const char* put_member;    ///< the input's payload
  const char* get_member;    ///< the output's payload; null: the document's members are the output's own
  const ErrorShape* absent;  ///< null: `otherwise`
  const char* absent_text = "";
  const char* otherwise = "{}";
};

constexpr Setting settings[] = {
    {"BucketAccelerateConfiguration", "accelerate", "AccelerateConfiguration", nullptr, nullptr},
    {"BucketCors", "cors", "CORSConfiguration", nullptr, &errors::NoSuchCORSConfiguration,
     "The CORS configuration does not exist"},
    {"BucketEncryption", "encryption", "ServerSideEncryptionConfiguration",
     "ServerSideEncryptionConfiguration", nullptr, "",
     R"({"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"},"BucketKeyEnabled":false}]})"},
    {"BucketLifecycle", "lifecycle", "LifecycleConfiguration", nullptr, &errors::NoSuchLifecycleConfiguration,
     "The lifecycle configuration does not exist"},
    {"BucketLifecycleConfiguration", "lifecycle", "LifecycleConfiguration", nullptr,
     &errors::NoSuchLifecycleConfiguration, "The lifecycle configuration does not exist"},
    {"BucketLogging", "logging", "BucketLoggingStatus", nullptr, nullptr},
    {"BucketNotificationConfiguration", "notification", "NotificationConfiguration", nullptr, nullptr},
    {"BucketOwnershipControls", "ownership", "OwnershipControls", "OwnershipControls", nullptr, "",
     R"({"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]})"},
    {"BucketPolicy", "policy", "Policy", "Policy", &errors::NoSuchBucketPolicy,
     "The bucket policy does not exist"},
    {"BucketRequestPayment", "payment", "RequestPaymentConfiguration", nullptr, nullptr, "",
     R"({"Payer":"BucketOwner"})"},
    {"BucketTagging", "tagging", "Tagging", nullptr, &errors::NoSuchTagSet, "The TagSet does not exist"},
    {"BucketWebsite", "website", "WebsiteConfiguration", nullptr, &errors::NoSuchWebsiteConfiguration,
     "The specified bucket does not have a website configuration"},
    {"PublicAccessBlock", "public-access", "PublicAccessBlockConfiguration", "PublicAccessBlockConfiguration",
     &errors::NoSuchPublicAccessBlockConfiguration, "The public access block configuration was not found"},
};

const Setting& setting_of(std::string_view operation, std::size_t verb) {
  return *std::ranges::find(settings, operation.substr(verb), &Setting::operation);
}

}  // namespace

Result<Reply> S3Service::put_setting(Call& call) {
  const Setting& setting = setting_of(call.operation->name, 3);
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  Json document;
  if (std::string_view(setting.name) == "policy") {
    if (parse_bounded<Json>(call.payload).is_discarded())
      return AwsError(wire::errors::ValidationException,
                      "Policies must be valid JSON and the first byte must be '{'");
    const auto block = (*bucket)->settings.find("public-access");
    if (is_public_policy(Json::parse(call.payload)) &&
        (blocks_public_policy(points_.account_block((*bucket)->account)) ||
         (block != (*bucket)->settings.end() && blocks_public_policy(&block->second))))
      return AwsError(wire::errors::AccessDenied, "Access Denied");
    document = call.payload;
  } else if (const Json* given = find_member(call.input, setting.put_member)) {
    document = *given;
  } else {
    return AwsError(errors::MissingRequestBodyError, "Request Body is empty");
  }
  if (std::string_view(setting.name) == "tagging") {
    const Result<Tags> tags = tags_of(document.value("TagSet", Json::array()));
    if (!tags) return tags.error();
  }
  if (std::string_view(setting.name) == "notification") {
    for (const std::string& target : targets_of(document))
      if (events_ != nullptr && !events_->exists(target)) {
        AwsError error =
            invalid_argument("Unable to validate the following destination configurations", target,
                             "The destination does not exist or nothing takes in what is sent to it");
        return error;
      }
    // What is not named gets a name, which events carry.
    for (auto& [kind, list] : document.items())
      if (list.is_array())
        for (Json& each : list)
          if (text_of(each, "Id").empty()) each["Id"] = ids_.uuid();
  }
  (*bucket)->settings[setting.name] = std::move(document);
  store_.save(**bucket);
  Reply reply;
  if (std::string_view(setting.name) == "policy" || std::string_view(setting.name) == "tagging")
    reply.status = 204;
  return reply;
}

Result<Reply> S3Service::get_setting(Call& call) {
  const Setting& setting = setting_of(call.operation->name, 3);
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  const auto found = (*bucket)->settings.find(setting.name);
  Json document;
  if (found != (*bucket)->settings.end()) {
    document = found->second;
  } else if (setting.absent != nullptr) {
    AwsError error(*setting.absent, setting.absent_text);
    error.members = {{"BucketName", (*bucket)->name}};
    return error;
  } else {
    document = Json::parse(setting.otherwise);
  }
  Reply reply;
  if (std::string_view(setting.name) == "policy") {
    reply.payload = document.get<std::string>();
    reply.headers.emplace_back("Content-Type", "application/json");
  } else if (setting.get_member != nullptr) {
    reply.output[setting.get_member] = std::move(document);
  } else {
    reply.output = std::move(document);
  }
  return reply;
}

Result<Reply> S3Service::delete_setting(Call& call) {
  const Setting& setting = setting_of(call.operation->name, 6);
  const Result<Bucket*> bucket = bucket_of(call);
  if (!bucket) return bucket.error();
  (*bucket)->settings.erase(setting.name);
  store_.save(**bucket);
  Reply reply;
  reply.status = 204;
  return reply;
}

}  // namespace aviary::s3
