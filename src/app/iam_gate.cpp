#include "app/iam_gate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/parts.hpp"
#include "app/resource_policies.hpp"
#include "base/bounded_json.hpp"
#include "base/log.hpp"
#include "models/sns.hpp"
#include "services/iam/core/principal_policies.hpp"
#include "services/kinesis/core/shard_iterator.hpp"
#include "wire/query_string.hpp"

namespace aviary::app {
namespace {

constexpr ErrorShape missing_token{
    "MissingAuthenticationTokenException", 403, Fault::Sender, "message", false,
    "MissingAuthenticationToken"};
constexpr ErrorShape unknown_key{"UnrecognizedClientException", 403, Fault::Sender, "message", false,
                                 "InvalidClientTokenId"};
constexpr ErrorShape expired_token{"ExpiredTokenException", 403, Fault::Sender, "message", false,
                                   "ExpiredToken"};
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
constexpr ErrorShape s3_unknown_key{"InvalidAccessKeyId", 403, Fault::Sender, "message", false};
constexpr ErrorShape s3_invalid_token{"InvalidToken", 400, Fault::Sender, "message", false};
constexpr ErrorShape s3_expired_token{"ExpiredToken", 400, Fault::Sender, "message", false};

bool is_s3(const wire::Request& request) {
  const std::optional<wire::CredentialScope> scope = wire::credential_scope(request);
  return scope && scope->service == "s3";
}

AwsError unknown_key_error(const wire::Request& request) {
  if (is_s3(request))
    return {s3_unknown_key, "The AWS Access Key Id you provided does not exist in our records."};
  return {unknown_key, "The security token included in the request is invalid."};
}

/// As AWS makes them: `AKIA…` and `ASIA…`, twenty characters.
bool looks_issued(std::string_view id) {
  return id.size() == 20 && (id.starts_with("AKIA") || id.starts_with("ASIA")) &&
         std::ranges::all_of(id, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

bool is_account(std::string_view text) {
  return text.size() == 12 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string session_token(const wire::Request& request) {
  const std::string_view header = request.header("x-amz-security-token");
  if (!header.empty()) return std::string(header);
  return wire::query_value(request.query(), "X-Amz-Security-Token").value_or("");
}

/// Of an ARN, from 0: its region is the third, its account the fourth.
std::string field_of(std::string_view arn, int number) {
  for (; number > 0; --number) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    arn.remove_prefix(colon + 1);
  }
  return std::string(arn.substr(0, arn.find(':')));
}

std::string account_of(std::string_view arn) { return field_of(arn, 4); }

std::string last_name(std::string_view arn) { return std::string(arn.substr(arn.rfind('/') + 1)); }

std::string drawn(Random& random, std::string_view prefix, std::size_t size) {
  static constexpr std::string_view characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text(prefix);
  while (text.size() < size) text += characters[random.next() & 31];
  return text;
}

/// Links in mails and messages, which nobody signs.
bool needs_no_signature(const models::Service& service, std::string_view operation) {
  return service.id == "sns" && (operation == "ConfirmSubscription" || operation == "Unsubscribe");
}

AwsError refusal(const models::Service& service, const std::string& who, const iam::Demand& demand,
                 const std::string& reason) {
  return {service.id == "sns" ? models::sns::errors::AuthorizationErrorException : wire::errors::AccessDenied,
          fmt::format("User: {} is not authorized to perform: {} on resource: {} {}", who,
                      iam::spelled_action(demand.action),
                      iam::spelled_resource(demand.action, demand.resource), reason)};
}

const char* principal_type(iam::CallerKind kind) {
  switch (kind) {
    case iam::CallerKind::Root:
      return "Account";
    case iam::CallerKind::User:
      return "User";
    case iam::CallerKind::Session:
      return "AssumedRole";
    default:
      return "Anonymous";
  }
}

}  // namespace

IamGate::IamGate(Parts& parts, iam::Directory& directory, sts::Sessions& sessions)
    : parts_(parts),
      directory_(directory),
      sessions_(sessions),
      root_keys_(parse_access_keys(parts.options.access_key)) {}

std::optional<IamGate::Known> IamGate::find_user_key(std::string_view access_key_id) const {
  std::optional<Known> found;
  directory_.search("user", [&](const std::string& account, const std::string& name, const Json& user) {
    const auto keys = user.find("_keys");
    if (keys == user.end() || !keys->is_array()) return false;
    for (const Json& key : *keys) {
      if (key.value("AccessKeyId", std::string()) != access_key_id) continue;
      if (key.value("Status", std::string()) != "Active") return true;
      found = Known{.principal = {.kind = iam::CallerKind::User,
                                  .account = account,
                                  .arn = user.value("Arn", std::string())},
                    .id = user.value("UserId", std::string()),
                    .kind = "user",
                    .name = name,
                    .secret = key.value("_Secret", std::string())};
      return true;
    }
    return false;
  });
  return found;
}

std::optional<IamGate::Known> IamGate::find_key(std::string_view access_key_id) const {
  if (std::optional<Known> user = find_user_key(access_key_id)) return user;
  const sts::Session* session = sessions_.find(access_key_id);
  if (session == nullptr)
    if (const auto own = function_sessions_.find(access_key_id); own != function_sessions_.end())
      session = &own->second;
  if (session == nullptr) return std::nullopt;
  const bool of_root = session->arn.ends_with(":root");
  Known known{.principal = {.kind = !session->role_arn.empty() ? iam::CallerKind::Session
                                    : of_root                  ? iam::CallerKind::Root
                                                               : iam::CallerKind::User,
                            .account = session->account,
                            .arn = session->arn,
                            .role_arn = session->role_arn},
              .id = session->id,
              .kind = session->role_arn.empty() ? "user" : "role",
              .name = last_name(session->role_arn.empty() ? session->arn : session->role_arn),
              .secret = session->secret,
              .token = session->token,
              .expires = session->expires,
              .session = *session};
  return known;
}

Result<> IamGate::verify(const wire::Request& request, const std::string& access_key_id,
                         const Known& known) const {
  const bool s3 = is_s3(request);
  if (!known.token.empty() && session_token(request) != known.token) {
    if (s3) return AwsError(s3_invalid_token, "The provided token is malformed or otherwise invalid.");
    return unknown_key_error(request);
  }
  const double now = epoch_seconds(parts_.clock.now());
  if (known.expires != 0 && known.expires < now) {
    if (s3) return AwsError(s3_expired_token, "The provided token has expired.");
    return AwsError(expired_token, "The security token included in the request is expired");
  }
  // Whoever signs goes by the machine's clock, also where the emulator's is driven.
  return verify_signature(request, {{access_key_id, known.secret}}, host::machine_time());
}

Result<CallerIdentity> IamGate::identify(const wire::Request& request) {
  const std::optional<wire::CredentialScope> scope = wire::credential_scope(request);
  if (!scope) {
    if (!request.header("authorization").empty())
      if (const Result<> read = verify_signature(request, {}, host::machine_time()); !read)
        return read.error();
    return CallerIdentity{.account = parts_.options.account, .arn = {}, .id = {}, .access_key_id = {}};
  }
  const std::string& id = scope->access_key_id;
  const std::string account = is_account(id) ? id : parts_.options.account;
  CallerIdentity root{.account = account,
                      .arn = fmt::format("arn:aws:iam::{}:root", account),
                      .id = account,
                      .access_key_id = id};
  if (root_keys_.contains(id)) {
    if (const Result<> good = verify_signature(request, root_keys_, host::machine_time()); !good)
      return good.error();
    root.verified = true;
    return root;
  }
  if (const std::optional<Known> known = find_key(id)) {
    if (const Result<> good = verify(request, id, *known); !good) return good.error();
    return CallerIdentity{.account = known->principal.account,
                          .arn = known->principal.arn,
                          .id = known->id,
                          .access_key_id = id,
                          .verified = true};
  }
  if (!root_keys_.empty() || looks_issued(id)) return unknown_key_error(request);
  return root;
}

const Json* IamGate::role_named(const std::string& arn) {
  const Json* role = directory_.find(account_of(arn), "role", last_name(arn));
  return role != nullptr && role->value("Arn", std::string()) == arn ? role : nullptr;
}

iam::PolicySet IamGate::policies_of(const Known& known) {
  iam::PolicySet set;
  const std::string& account = known.principal.account;
  std::vector<std::string> unknown;
  if (known.kind == "user" || (known.kind == "role" && role_named(known.principal.role_arn) != nullptr)) {
    set.identity = iam::identity_policies(directory_, account, known.kind, known.name, &unknown);
    set.boundary = iam::boundary_of(directory_, account, known.kind, known.name);
  }
  for (const std::string& arn : unknown)
    if (warned_.insert(arn).second)
      log::warn("the document of {} is not known: it allows nothing under --enforce-iam", arn);
  if (known.session && !(known.session->policies.empty() && known.session->policy_arns.empty())) {
    set.session.emplace();
    for (const std::string& text : known.session->policies) set.session->push_back(parse_bounded<Json>(text));
    for (const std::string& arn : known.session->policy_arns)
      set.session->push_back(iam::policy_document(directory_, account, arn));
  }
  return set;
}

iam::ContextKeys IamGate::context_of(const Known& known, const wire::Request& request,
                                     const std::string& region) {
  const Instant now = parts_.clock.now();
  const iam::Principal& who = known.principal;
  iam::ContextKeys keys;
  const auto put = [&keys](const std::string& key, std::string value) {
    if (!value.empty()) keys[key] = {std::move(value)};
  };
  put("aws:PrincipalArn", who.role_arn.empty() ? who.arn : who.role_arn);
  put("aws:PrincipalAccount", who.kind == iam::CallerKind::Anonymous ? std::string() : who.account);
  put("aws:PrincipalType", principal_type(who.kind));
  put("aws:userid", known.id);
  if (who.kind == iam::CallerKind::User) put("aws:username", known.name);
  put("aws:CurrentTime", iso8601(now, 0));
  put("aws:EpochTime",
      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count()));
  put("aws:SecureTransport", "false");
  put("aws:ViaAWSService", "false");
  put("aws:PrincipalIsAWSService", "false");
  put("aws:SourceIp", "127.0.0.1");
  put("aws:UserAgent", std::string(request.header("user-agent")));
  put("aws:Referer", std::string(request.header("referer")));
  put("aws:RequestedRegion", region);
  if (!known.token.empty()) put("aws:MultiFactorAuthPresent", "false");
  if (const Json* entity = directory_.find(who.account, known.kind, known.name))
    for (const Json& tag : entity->value("Tags", Json::array()))
      put("aws:PrincipalTag/" + tag.value("Key", std::string()), tag.value("Value", std::string()));
  if (known.session)
    for (const auto& [key, value] : known.session->tags) put("aws:PrincipalTag/" + key, value);
  return keys;
}

Task<Json> IamGate::resource_policy(std::string account, std::string region, std::string action,
                                    std::string resource) {
  if (action == "sts:AssumeRole") {
    const Json* role = role_named(resource);
    if (role == nullptr) co_return Json();
    co_return parse_bounded<Json>(role->value("AssumeRolePolicyDocument", std::string()));
  }
  std::optional<ResourceQuestion> question = policy_question(resource);
  if (!question) co_return Json();
  if (std::string owner = account_of(resource); is_account(owner)) account = std::move(owner);
  if (std::string where = field_of(resource, 3); !where.empty()) region = std::move(where);
  auto asking = ask_service(parts_, std::move(account), std::move(region), std::move(*question));
  const Json text = co_await std::move(asking);
  if (!text.is_string()) co_return Json();
  co_return parse_bounded<Json>(text.get_ref<const std::string&>());
}

Task<std::string> IamGate::whole_name(const models::Service& service, const Call& call,
                                      std::string resource) {
  if (service.id == "iam" && resource.find(":iam::") != std::string::npos) {
    for (const char* kind : {"role", "user", "group"}) {
      if (resource.find(fmt::format(":{}/", kind)) == std::string::npos) continue;
      if (const Json* entity = directory_.find(account_of(resource), kind, last_name(resource)))
        co_return entity->value("Arn", resource);
    }
  }
  if (service.id == "s3") co_return access_point_resource(resource, call.region);
  if (service.id == "kinesis" && resource == "*" && call.input.contains("ShardIterator")) {
    const auto iterator = kinesis::ShardIterator::decode(call.input["ShardIterator"].get<std::string>());
    if (iterator)
      co_return fmt::format("arn:aws:kinesis:{}:{}:stream/{}", iterator->stream.scope.region,
                            iterator->stream.scope.account, iterator->stream.name);
  }
  std::optional<ResourceQuestion> question = name_question(service.id, call.input, resource);
  if (!question) co_return resource;
  auto asking = ask_service(parts_, call.account, call.region, std::move(*question));
  const Json answer = co_await std::move(asking);
  if (answer.is_string()) co_return answer.get<std::string>();
  if (answer.is_object())
    co_return fmt::format("arn:aws:codedeploy:{}:{}:deploymentgroup:{}/{}", call.region, call.account,
                          answer.value("applicationName", std::string()),
                          answer.value("deploymentGroupName", std::string()));
  co_return resource;
}

Task<Result<>> IamGate::authorize(const models::Service& service, const Call& call) {
  const std::string& caller = call.caller->arn;
  std::optional<Known> known = find_key(call.caller->access_key_id);
  const std::string_view operation = call.operation->name;
  if (caller.empty()) {
    if (needs_no_signature(service, operation)) co_return Result<>{};
    if (service.id != "s3") co_return AwsError(missing_token, "Missing Authentication Token");
    known.emplace();
  } else if (!known || known->principal.kind == iam::CallerKind::Root) {
    co_return Result<>{};
  }
  const iam::Place place{.account = call.account, .region = call.region, .caller = caller};
  std::vector<iam::Demand> demands = iam::demands_of(service, *call.operation, call.input, place);
  iam::PolicySet policies = policies_of(*known);
  iam::AccessRequest asked{
      .action = {}, .resource = {}, .context = context_of(*known, *call.http, call.region)};
  iam::add_request_keys(service, call.input, place, asked.context);
  std::string policy_of;  // the resource whose policy was read last
  for (iam::Demand& demand : demands) {
    auto naming = whole_name(service, call, demand.resource);
    demand.resource = co_await std::move(naming);
    asked.action = demand.action;
    asked.resource = demand.resource;
    if (!demand.passed_to.empty()) asked.context["iam:PassedToService"] = {demand.passed_to};
    const std::string owner = account_of(demand.resource);
    policies.other_account = is_account(owner) && owner != known->principal.account;
    policies.resource_decides = demand.action == "sts:AssumeRole";
    // All objects of a bucket have the same.
    const bool through = service.id == "s3" && demand.resource.find(":accesspoint/") != std::string::npos;
    const std::string holder = service.id == "s3" && !through
                                   ? demand.resource.substr(0, demand.resource.find('/'))
                                   : demand.resource;
    if (holder != policy_of || policies.resource_decides) {
      auto reading = resource_policy(call.account, call.region, demand.action, demand.resource);
      Json document = co_await std::move(reading);
      policies.resource.reset();
      if (document.is_object()) policies.resource = std::move(document);
      policy_of = holder;
    }
    const iam::Verdict verdict = iam::evaluate(policies, asked, known->principal);
    bool let_through = true;
    if (verdict.allowed && through) {
      auto asking = bucket_lets_through(call, *known, asked);
      let_through = co_await std::move(asking);
    }
    if (verdict.allowed && let_through) continue;
    if (!let_through) co_return AwsError(wire::errors::AccessDenied, "Access Denied");
    if (caller.empty()) co_return AwsError(wire::errors::AccessDenied, "Access Denied");
    co_return refusal(service, caller, demand, iam::reason_of(verdict, iam::spelled_action(demand.action)));
  }
  co_return Result<>{};
}

Task<Result<>> IamGate::may(const wire::Request& request, std::string action, std::string resource,
                            iam::ContextKeys keys) {
  const Result<CallerIdentity> who = identify(request);
  if (!who) co_return who.error();
  if (who->arn.empty()) co_return AwsError(missing_token, "Missing Authentication Token");
  const std::optional<Known> known = find_key(who->access_key_id);
  if (!known || known->principal.kind == iam::CallerKind::Root) co_return Result<>{};
  const std::optional<wire::CredentialScope> scope = wire::credential_scope(request);
  const std::string region = scope ? scope->region : parts_.options.region;
  iam::PolicySet policies = policies_of(*known);
  iam::AccessRequest asked{
      .action = std::move(action), .resource = resource, .context = context_of(*known, request, region)};
  asked.context.merge(keys);
  policies.other_account = account_of(resource) != known->principal.account;
  auto reading = resource_policy(who->account, region, asked.action, std::move(resource));
  Json document = co_await std::move(reading);
  if (document.is_object()) policies.resource = std::move(document);
  const iam::Verdict verdict = iam::evaluate(policies, asked, known->principal);
  if (verdict.allowed) co_return Result<>{};
  co_return AwsError(wire::errors::AccessDenied,
                     fmt::format("User: {} is not authorized to perform: {} on resource: {} {}", who->arn,
                                 asked.action, asked.resource, iam::reason_of(verdict, asked.action)));
}

execution::FunctionKeys IamGate::function_keys(const lambda::Version& version) {
  const std::string& role = version.configuration->role;
  std::string& id = function_key_ids_[version.function_arn() + ' ' + role];
  if (id.empty()) {
    id = drawn(parts_.identity_ids, "ASIA", 20);
    const std::string account = account_of(role);
    function_sessions_[id] = {.account = account,
                              .arn = fmt::format("arn:aws:sts::{}:assumed-role/{}/{}", account,
                                                 last_name(role), version.function_name),
                              .id = version.function_name,
                              .role_arn = role,
                              .secret = drawn(parts_.identity_ids, "", 40),
                              .token = drawn(parts_.identity_ids, "", 180)};
  }
  sts::Session& session = function_sessions_[id];
  if (const Json* found = role_named(role)) {
    session.id = fmt::format("{}:{}", found->value("RoleId", std::string()), version.function_name);
  } else if (warned_.insert(role).second) {
    log::warn("{} runs as {}, which is not there: under --enforce-iam it may do nothing",
              version.function_name, role);
  }
  return {.access_key_id = id, .secret = session.secret, .session_token = session.token};
}

}  // namespace aviary::app
