#include "services/codedeploy/core/revision.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/codedeploy.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/codedeploy/api/input.hpp"
#include "services/codedeploy/core/app_spec.hpp"
#include "services/codedeploy/core/errors.hpp"

namespace aviary::codedeploy {
namespace {

namespace rows = models::codedeploy::errors;

constexpr std::size_t longest_description = 256;

Json render_revision_info(const Revision& revision) {
  Json info{{"registerTime", epoch_seconds(revision.registered)}, {"deploymentGroups", revision.groups}};
  if (!revision.description.empty()) info["description"] = revision.description;
  if (revision.first_used) info["firstUsedTime"] = epoch_seconds(*revision.first_used);
  if (revision.last_used) info["lastUsedTime"] = epoch_seconds(*revision.last_used);
  return info;
}

/// The location that an input names, checked.
Result<Json> location_in(const Json& input) {
  const Json* location = find_member(input, "revision");
  if (!location) return AwsError(rows::RevisionRequiredException, "Revision is missing");
  return checked_revision(*location);
}

struct RevisionOrder {
  std::string by;
  bool descending = false;

  std::optional<Instant> key(const Revision& revision) const {
    if (by == "firstUsedTime") return revision.first_used;
    if (by == "lastUsedTime") return revision.last_used;
    return revision.registered;
  }
};

Result<RevisionOrder> order_in(const Json& input) {
  RevisionOrder order{.by = text_of(input, "sortBy")};
  const std::string& direction = text_of(input, "sortOrder");
  if (!order.by.empty() && order.by != "registerTime" && order.by != "firstUsedTime" &&
      order.by != "lastUsedTime")
    return AwsError(rows::InvalidSortByException, fmt::format("The sort key {} is not valid", order.by));
  if (!direction.empty() && direction != "ascending" && direction != "descending")
    return AwsError(rows::InvalidSortOrderException,
                    fmt::format("The sort order {} is not valid", direction));
  order.descending = direction == "descending";
  return order;
}

struct RevisionFilter {
  std::string bucket;
  std::string prefix;
  std::string deployed;  ///< include, exclude, ignore (or empty)

  bool passes(const Revision& revision) const {
    if (!bucket.empty()) {
      const Json* object = find_member(revision.location, "s3Location");
      if (!object || text_of(*object, "bucket") != bucket || !text_of(*object, "key").starts_with(prefix))
        return false;
    }
    if (deployed == "include") return !revision.groups.empty();
    if (deployed == "exclude") return revision.groups.empty();
    return true;
  }
};

Result<RevisionFilter> filter_in(const Json& input) {
  RevisionFilter filter{.bucket = text_of(input, "s3Bucket"),
                        .prefix = text_of(input, "s3KeyPrefix"),
                        .deployed = text_of(input, "deployed")};
  if (!filter.prefix.empty() && filter.bucket.empty())
    return AwsError(rows::BucketNameFilterRequiredException, "A key prefix needs a bucket name");
  if (!filter.deployed.empty() && filter.deployed != "include" && filter.deployed != "exclude" &&
      filter.deployed != "ignore")
    return AwsError(rows::InvalidDeployedStateFilterException,
                    fmt::format("The deployed state filter {} is not valid", filter.deployed));
  return filter;
}

}  // namespace

Result<Reply> CodeDeployService::register_application_revision(Call& call) {
  const std::string& name = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(name); !valid) return valid.error();
  const Scope scope = scope_of(call);
  const Application* application = applications_.find(scope, name);
  if (!application) return application_not_found(name);
  Result<Json> location = location_in(call.input);
  if (!location) return location.error();
  const std::string& description = text_of(call.input, "description");
  if (description.size() > longest_description)
    return AwsError(rows::DescriptionTooLongException,
                    fmt::format("A description has at most {} characters", longest_description));
  if (const std::string& text = revision_text(*location); !text.empty())
    if (const Result<AppSpec> spec = parse_app_spec(text); !spec) return spec.error();
  Revision revision{.location = *location, .description = description, .registered = call.now};
  if (const auto known = application->revisions.find(revision_key(*location));
      known != application->revisions.end()) {
    revision = known->second;
    if (!description.empty()) revision.description = description;
  }
  applications_.put_revision(scope, name, std::move(revision));
  return Reply{};
}

Result<Reply> CodeDeployService::get_application_revision(Call& call) {
  const std::string& name = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(name); !valid) return valid.error();
  const Application* application = applications_.find(scope_of(call), name);
  if (!application) return application_not_found(name);
  const Result<Json> location = location_in(call.input);
  if (!location) return location.error();
  const auto found = application->revisions.find(revision_key(*location));
  if (found == application->revisions.end())
    return AwsError(rows::RevisionDoesNotExistException,
                    fmt::format("The application {} has no such revision", name));
  return Reply{.output = {{"applicationName", name},
                          {"revision", found->second.location},
                          {"revisionInfo", render_revision_info(found->second)}}};
}

Result<Reply> CodeDeployService::batch_get_application_revisions(Call& call) {
  const std::string& name = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(name); !valid) return valid.error();
  const Application* application = applications_.find(scope_of(call), name);
  if (!application) return application_not_found(name);
  const Json* wanted = find_member(call.input, "revisions");
  if (!wanted || wanted->empty()) return AwsError(rows::RevisionRequiredException, "Revision is missing");
  if (wanted->size() > 25)  // API reference
    return AwsError(rows::BatchLimitExceededException, "A batch has at most 25 revisions");
  Reply reply;
  reply.output["applicationName"] = name;
  Json& list = reply.output["revisions"] = Json::array();
  std::size_t missing = 0;
  for (const Json& one : *wanted) {
    const Result<Json> location = checked_revision(one);
    if (!location) return location.error();
    const auto found = application->revisions.find(revision_key(*location));
    if (found == application->revisions.end()) {
      ++missing;
      continue;
    }
    list.push_back({{"revisionLocation", found->second.location},
                    {"genericRevisionInfo", render_revision_info(found->second)}});
  }
  if (missing > 0)
    reply.output["errorMessage"] =
        fmt::format("The application {} has no such revision ({} of {})", name, missing, wanted->size());
  return reply;
}

Result<Reply> CodeDeployService::list_application_revisions(Call& call) {
  const std::string& name = text_of(call.input, "applicationName");
  if (auto valid = check_application_name(name); !valid) return valid.error();
  const Application* application = applications_.find(scope_of(call), name);
  if (!application) return application_not_found(name);
  const Result<RevisionOrder> order = order_in(call.input);
  if (!order) return order.error();
  const Result<RevisionFilter> filter = filter_in(call.input);
  if (!filter) return filter.error();
  std::vector<const std::pair<const std::string, Revision>*> found;
  for (const auto& entry : application->revisions)
    if (filter->passes(entry.second)) found.push_back(&entry);
  std::ranges::stable_sort(found, [&order](const auto* left, const auto* right) {
    const auto a = order->key(left->second);
    const auto b = order->key(right->second);
    return order->descending ? b < a : a < b;
  });
  std::vector<std::string> keys;
  for (const auto* entry : found) keys.push_back(entry->first);
  Result<Reply> reply = page_of(keys, text_of(call.input, "nextToken"), "revisions", false);
  if (reply)
    for (Json& key : reply->output["revisions"])
      key = application->revisions.find(key.get<std::string>())->second.location;
  return reply;
}

}  // namespace aviary::codedeploy
