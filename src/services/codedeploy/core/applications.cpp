#include "services/codedeploy/core/applications.hpp"

#include "base/encoding.hpp"
#include "services/codedeploy/core/revision.hpp"

namespace aviary::codedeploy {
namespace {

std::int64_t stored_moment(Instant at) { return at.time_since_epoch().count(); }
Json stored_moment(const std::optional<Instant>& at) { return at ? Json(stored_moment(*at)) : Json(nullptr); }
Instant read_moment(const Json& at) { return Instant(Duration(at.get<std::int64_t>())); }

Json to_record(const Group& group) {
  return {{"id", group.id},
          {"name", group.name},
          {"config", group.config},
          {"role", group.role},
          {"triggers", group.triggers},
          {"alarms", group.alarms},
          {"auto_rollback", group.auto_rollback},
          {"outdated_strategy", group.outdated_strategy},
          {"target_revision", group.target_revision},
          {"last_attempted", group.last_attempted},
          {"last_successful", group.last_successful},
          {"first_order", group.first_order},
          {"tags", group.tags}};
}

Group to_group(const Json& record) {
  return {.id = record.at("id"),
          .name = record.at("name"),
          .config = record.at("config"),
          .role = record.at("role"),
          .triggers = record.at("triggers"),
          .alarms = record.at("alarms"),
          .auto_rollback = record.at("auto_rollback"),
          .outdated_strategy = record.at("outdated_strategy"),
          .target_revision = record.at("target_revision"),
          .last_attempted = record.at("last_attempted"),
          .last_successful = record.at("last_successful"),
          .first_order = record.at("first_order"),
          .tags = record.at("tags").get<Tags>()};
}

std::string record_key(const Application& application, const Revision& revision) {
  return application.id + "/" + hex_encode(sha256(revision_key(revision.location)));
}

}  // namespace

Applications::Applications(Journal& journal)
    : application_records_(journal, "codedeploy_applications"),
      group_records_(journal, "codedeploy_groups"),
      revision_records_(journal, "codedeploy_revisions") {}

const Applications::ByName& Applications::in(const Scope& scope) const {
  static const ByName none;
  const auto found = scopes_.find(scope);
  return found == scopes_.end() ? none : found->second;
}

const Application* Applications::find(const Scope& scope, std::string_view name) const {
  const ByName& all = in(scope);
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

const Group* Applications::find_group(const Scope& scope, std::string_view application,
                                      std::string_view group) const {
  const Application* owner = find(scope, application);
  if (!owner) return nullptr;
  const auto found = owner->groups.find(group);
  return found == owner->groups.end() ? nullptr : &found->second;
}

Application* Applications::find_own(const Scope& scope, std::string_view name) {
  const auto found = scopes_.find(scope);
  if (found == scopes_.end()) return nullptr;
  const auto application = found->second.find(name);
  return application == found->second.end() ? nullptr : &application->second;
}

void Applications::save(const Application& application) {
  application_records_.save(application.id, Json{{"id", application.id},
                                                 {"name", application.name},
                                                 {"account", application.scope.account},
                                                 {"region", application.scope.region},
                                                 {"created", stored_moment(application.created)},
                                                 {"tags", application.tags}});
}

void Applications::save(const Application& application, const Group& group) {
  group_records_.save(application.id + "/" + group.id, to_record(group));
}

void Applications::save(const Application& application, const Revision& revision) {
  revision_records_.save(record_key(application, revision),
                         Json{{"location", revision.location},
                              {"description", revision.description},
                              {"registered", stored_moment(revision.registered)},
                              {"first_used", stored_moment(revision.first_used)},
                              {"last_used", stored_moment(revision.last_used)},
                              {"groups", revision.groups}});
}

void Applications::add(Application application) {
  save(application);
  std::string name = application.name;
  scopes_[application.scope].insert_or_assign(std::move(name), std::move(application));
}

void Applications::rename(const Scope& scope, std::string_view name, const std::string& new_name) {
  ByName& all = scopes_[scope];
  const auto found = all.find(name);
  if (found == all.end()) return;
  auto node = all.extract(found);
  node.key() = new_name;
  node.mapped().name = new_name;
  save(all.insert(std::move(node)).position->second);
}

void Applications::erase(const Scope& scope, std::string_view name) {
  ByName& all = scopes_[scope];
  const auto found = all.find(name);
  if (found == all.end()) return;
  const Application& application = found->second;
  for (const auto& [group_name, group] : application.groups)
    group_records_.erase(application.id + "/" + group.id);
  for (const auto& [key, revision] : application.revisions)
    revision_records_.erase(record_key(application, revision));
  application_records_.erase(application.id);
  all.erase(found);
}

void Applications::set_tags(const Scope& scope, std::string_view name, Tags tags) {
  Application* application = find_own(scope, name);
  if (!application) return;
  application->tags = std::move(tags);
  save(*application);
}

void Applications::put_group(const Scope& scope, std::string_view application, Group group) {
  Application* owner = find_own(scope, application);
  if (!owner) return;
  std::string name = group.name;
  save(*owner, owner->groups.insert_or_assign(std::move(name), std::move(group)).first->second);
}

void Applications::rename_group(const Scope& scope, std::string_view application, std::string_view group,
                                const std::string& new_name) {
  Application* owner = find_own(scope, application);
  if (!owner) return;
  const auto found = owner->groups.find(group);
  if (found == owner->groups.end()) return;
  auto node = owner->groups.extract(found);
  const std::string old_name = node.key();
  node.key() = new_name;
  node.mapped().name = new_name;
  save(*owner, owner->groups.insert(std::move(node)).position->second);
  for (auto& [key, revision] : owner->revisions) {
    if (revision.groups.erase(old_name) == 0) continue;
    revision.groups.insert(new_name);
    save(*owner, revision);
  }
}

void Applications::erase_group(const Scope& scope, std::string_view application, std::string_view group) {
  Application* owner = find_own(scope, application);
  if (!owner) return;
  const auto found = owner->groups.find(group);
  if (found == owner->groups.end()) return;
  group_records_.erase(owner->id + "/" + found->second.id);
  for (auto& [key, revision] : owner->revisions)
    if (revision.groups.erase(found->first) > 0) save(*owner, revision);
  owner->groups.erase(found);
}

void Applications::put_revision(const Scope& scope, std::string_view application, Revision revision) {
  Application* owner = find_own(scope, application);
  if (!owner) return;
  std::string key = revision_key(revision.location);
  save(*owner, owner->revisions.insert_or_assign(std::move(key), std::move(revision)).first->second);
}

bool Applications::uses_config(const Scope& scope, std::string_view config) const {
  for (const auto& [name, application] : in(scope))
    for (const auto& [group_name, group] : application.groups)
      if (group.config == config) return true;
  return false;
}

void Applications::restore() {
  std::map<std::string, Application*, std::less<>> by_id;
  application_records_.load([this, &by_id](std::string_view id, const Json& record) {
    Application application{.id = std::string(id),
                            .name = record.at("name"),
                            .scope = {record.at("account"), record.at("region")},
                            .created = read_moment(record.at("created")),
                            .tags = record.at("tags").get<Tags>()};
    std::string name = application.name;
    ByName& all = scopes_[application.scope];
    by_id[std::string(id)] = &all.insert_or_assign(std::move(name), std::move(application)).first->second;
  });
  const auto owner_of = [&by_id](std::string_view key) {
    const auto found = by_id.find(key.substr(0, key.find('/')));
    return found == by_id.end() ? nullptr : found->second;
  };
  group_records_.load([&owner_of](std::string_view key, const Json& record) {
    if (Application* owner = owner_of(key)) {
      Group group = to_group(record);
      std::string name = group.name;
      owner->groups.insert_or_assign(std::move(name), std::move(group));
    }
  });
  revision_records_.load([&owner_of](std::string_view key, const Json& record) {
    if (Application* owner = owner_of(key)) {
      Revision revision{.location = record.at("location"),
                        .description = record.at("description"),
                        .registered = read_moment(record.at("registered"))};
      if (!record.at("first_used").is_null()) revision.first_used = read_moment(record.at("first_used"));
      if (!record.at("last_used").is_null()) revision.last_used = read_moment(record.at("last_used"));
      revision.groups = record.at("groups").get<std::set<std::string>>();
      std::string by = revision_key(revision.location);
      owner->revisions.insert_or_assign(std::move(by), std::move(revision));
    }
  });
}

std::size_t Applications::size() const {
  std::size_t count = 0;
  for (const auto& [scope, all] : scopes_) count += all.size();
  return count;
}

std::size_t Applications::groups() const {
  std::size_t count = 0;
  for (const auto& [scope, all] : scopes_)
    for (const auto& [name, application] : all) count += application.groups.size();
  return count;
}

}  // namespace aviary::codedeploy
