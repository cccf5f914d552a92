#include "models/logs.hpp"
#include "services/logs/api/input.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/logs/core/destination.hpp"
#include "services/logs/core/errors.hpp"

namespace aviary::logs {
namespace {

constexpr std::size_t most_tags = 50;

std::map<std::string, std::string> with(const LogGroup& group, const Json& input) {
  std::map<std::string, std::string> tags = group.tags;
  for (const auto& [key, value] : input.at("tags").items()) tags[key] = value.get<std::string>();
  return tags;
}

}  // namespace

/// The tags of what `resourceArn` names: a group, or one of the kinds that are kept as documents.
class LogsService::Tagged {
 public:
  static Result<Tagged> find(LogsService& service, const Call& call) {
    const std::string& arn = text_of(call.input, "resourceArn");
    if (!arn.starts_with("arn:")) return invalid_parameter("Invalid ARN: " + arn);
    Tagged tagged(service, scope_of(call));
    if (ScopedDocuments<Scope>* documents = service.documents_of(arn)) {
      tagged.id_ = arn.substr(arn.rfind(':') + 1);
      const Json* found = documents->find(tagged.scope_, tagged.id_);
      if (found == nullptr) return not_found("The specified resource does not exist.");
      tagged.documents_ = documents;
      tagged.tags = found->value("tags", Tags());
      return tagged;
    }
    tagged.group_ = service.store_.find_group(tagged.scope_, name_in(arn));
    if (tagged.group_ == nullptr) return not_found("The specified resource does not exist.");
    tagged.tags = tagged.group_->tags;
    return tagged;
  }
  void save() {
    if (documents_ != nullptr) {
      Json document = *documents_->find(scope_, id_);
      document["tags"] = tags;
      if (tags.empty()) document.erase("tags");
      documents_->put(scope_, id_, std::move(document));
    } else {
      group_->tags = tags;
      service_->store_.save(*group_);
    }
  }

  using Tags = std::map<std::string, std::string>;
  Tags tags;

 private:
  Tagged(LogsService& service, Scope scope) : service_(&service), scope_(std::move(scope)) {}

  LogsService* service_;
  Scope scope_;
  LogGroup* group_ = nullptr;
  ScopedDocuments<Scope>* documents_ = nullptr;
  std::string id_;
};

ScopedDocuments<Scope>* LogsService::documents_of(std::string_view arn) {
  const std::string resource = parse_arn(arn).resource;
  const std::pair<std::string_view, ScopedDocuments<Scope>*> kinds[] = {
      {"destination:", &destinations_},
      {"delivery-source:", &delivery_sources_},
      {"delivery-destination:", &delivery_destinations_},
      {"delivery:", &deliveries_},
      {"anomaly-detector:", &anomaly_detectors_}};
  for (const auto& [mark, documents] : kinds)
    if (resource.starts_with(mark)) return documents;
  return nullptr;
}

Result<Reply> LogsService::tag_resource(Call& call) {
  Result<Tagged> tagged = Tagged::find(*this, call);
  if (!tagged) return tagged.error();
  for (const auto& [key, value] : call.input.at("tags").items()) tagged->tags[key] = value.get<std::string>();
  if (tagged->tags.size() > most_tags)
    return AwsError(models::logs::errors::TooManyTagsException, "A resource can have no more than 50 tags.");
  tagged->save();
  return Reply{};
}

Result<Reply> LogsService::untag_resource(Call& call) {
  Result<Tagged> tagged = Tagged::find(*this, call);
  if (!tagged) return tagged.error();
  for (const Json& key : call.input.at("tagKeys")) tagged->tags.erase(key.get_ref<const std::string&>());
  tagged->save();
  return Reply{};
}

Result<Reply> LogsService::list_tags_for_resource(Call& call) {
  const Result<Tagged> tagged = Tagged::find(*this, call);
  if (!tagged) return tagged.error();
  return Reply{.output = {{"tags", tagged->tags}}};
}

Result<Reply> LogsService::tag_log_group(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  std::map<std::string, std::string> tags = with(**group, call.input);
  if (tags.size() > most_tags) return invalid_parameter("A resource can have no more than 50 tags.");
  (*group)->tags = std::move(tags);
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::untag_log_group(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  for (const Json& key : call.input.at("tags")) (*group)->tags.erase(key.get_ref<const std::string&>());
  store_.save(**group);
  return Reply{};
}

Result<Reply> LogsService::list_tags_log_group(Call& call) {
  const Result<LogGroup*> group = group_of(store_, call);
  if (!group) return group.error();
  return Reply{.output = {{"tags", (*group)->tags}}};
}

}  // namespace aviary::logs
