#include "services/sts/api/sts_service.hpp"

#include <fmt/format.h>

#include "base/bounded_json.hpp"
#include "base/encoding.hpp"
#include "gateway/authorizer.hpp"
#include "models/sts.hpp"

namespace aviary::sts {
namespace {

std::string sts_text(const Json& input, const char* name) { return input.value(name, std::string()); }

std::string letters_and_digits(Random& ids, std::size_t count) {
  static constexpr std::string_view characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string out;
  while (out.size() < count) out += characters[ids.next() & 31];
  return out;
}

AwsError validation_error(std::string text) { return {wire::errors::ValidationException, std::move(text)}; }

}  // namespace

/// Which member answers which operation.
OperationTable<StsService> StsService::operations() {
  using S = StsService;
  static constexpr OperationTable<S>::Entry entries[] = {
      {"AssumeRole", &S::assume_role},
      {"GetAccessKeyInfo", &S::get_access_key_info},
      {"GetCallerIdentity", &S::get_caller_identity},
      {"GetSessionToken", &S::get_session_token},
  };
  return {models::sts::service, "STS", entries};
}

StsService::StsService(StsDependencies d) : ids_(d.ids), sessions_(d.sessions) {}

void StsService::restore() {
  if (sessions_ != nullptr) sessions_->restore();
}

void StsService::reset() {
  if (sessions_ != nullptr) sessions_->clear();
}

void StsService::keep(const Call& call, const Json& credentials, Session session) {
  if (sessions_ == nullptr) return;
  session.secret = credentials["SecretAccessKey"];
  session.token = credentials["SessionToken"];
  session.expires = credentials["Expiration"];
  sessions_->keep(credentials["AccessKeyId"], std::move(session), call.now);
}

Json StsService::credentials(const Call& call, std::int64_t default_seconds) {
  const std::int64_t seconds = call.input.value("DurationSeconds", default_seconds);
  const std::string token = letters_and_digits(ids_, 180);
  return {{"AccessKeyId", "ASIA" + letters_and_digits(ids_, 16)},
          {"SecretAccessKey", letters_and_digits(ids_, 40)},
          {"SessionToken", token},
          {"Expiration", epoch_seconds(call.now) + static_cast<double>(seconds)}};
}

Result<Reply> StsService::assume_role(Call& call) {
  // arn:aws:iam::123456789012:role/path/name
  const std::string arn = sts_text(call.input, "RoleArn");
  std::vector<std::string> parts;
  std::size_t at = 0;
  while (parts.size() < 5) {
    const std::size_t colon = arn.find(':', at);
    if (colon == std::string::npos) break;
    parts.push_back(arn.substr(at, colon - at));
    at = colon + 1;
  }
  const std::string resource = arn.substr(at);
  if (parts.size() < 5 || parts[0] != "arn" || parts[2] != "iam" || !resource.starts_with("role/"))
    return validation_error(fmt::format("{} is invalid", arn));
  const std::string role = resource.substr(resource.rfind('/') + 1);
  const std::string name = sts_text(call.input, "RoleSessionName");
  if (const std::string policy = sts_text(call.input, "Policy");
      !policy.empty() && !parse_bounded<Json>(policy).is_object())
    return AwsError(models::sts::errors::MalformedPolicyDocumentException,
                    "The policy is not in the valid JSON format.");
  Reply reply;
  reply.output["Credentials"] = credentials(call, 3600);
  reply.output["AssumedRoleUser"] = {
      {"AssumedRoleId", fmt::format("AROA{}:{}", hex_encode(sha256(arn)).substr(0, 17), name)},
      {"Arn", fmt::format("arn:{}:sts::{}:assumed-role/{}/{}", parts[1], parts[4], role, name)}};
  if (const std::string source = sts_text(call.input, "SourceIdentity"); !source.empty())
    reply.output["SourceIdentity"] = source;
  Session session{.account = parts[4],
                  .arn = reply.output["AssumedRoleUser"]["Arn"],
                  .id = reply.output["AssumedRoleUser"]["AssumedRoleId"],
                  .role_arn = arn};
  if (call.input.contains("Policy")) session.policies.push_back(sts_text(call.input, "Policy"));
  for (const Json& each : call.input.value("PolicyArns", Json::array()))
    session.policy_arns.push_back(each.value("arn", std::string()));
  for (const Json& tag : call.input.value("Tags", Json::array()))
    session.tags[tag.value("Key", std::string())] = tag.value("Value", std::string());
  keep(call, reply.output["Credentials"], std::move(session));
  return reply;
}

Result<Reply> StsService::get_access_key_info(Call& call) {
  Reply reply;
  reply.output["Account"] = call.account;
  return reply;
}

Result<Reply> StsService::get_caller_identity(Call& call) {
  Reply reply;
  if (call.caller != nullptr && !call.caller->arn.empty()) {
    reply.output = {
        {"UserId", call.caller->id}, {"Account", call.caller->account}, {"Arn", call.caller->arn}};
    return reply;
  }
  reply.output = {{"UserId", call.account},
                  {"Account", call.account},
                  {"Arn", fmt::format("arn:aws:iam::{}:root", call.account)}};
  return reply;
}

Result<Reply> StsService::get_session_token(Call& call) {
  Reply reply;
  reply.output["Credentials"] = credentials(call, 43200);
  if (call.caller != nullptr)
    keep(call, reply.output["Credentials"],
         {.account = call.caller->account, .arn = call.caller->arn, .id = call.caller->id});
  return reply;
}

}  // namespace aviary::sts
