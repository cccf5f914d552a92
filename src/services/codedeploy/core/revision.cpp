#include "services/codedeploy/core/revision.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.hpp"
#include "models/codedeploy.hpp"

namespace aviary::codedeploy {
namespace {

AwsError invalid_revision(std::string text) {
  return AwsError(models::codedeploy::errors::InvalidRevisionException, std::move(text));
}

/// The member of the text: older callers send type String, newer ones AppSpecContent; both mean the same.
const char* text_member(const std::string& type) {
  return type == "String" ? "string" : type == "AppSpecContent" ? "appSpecContent" : nullptr;
}

std::string member_text(const Json& part, const char* name) {
  const auto found = part.find(name);
  return found != part.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

Result<Json> checked_text(const std::string& type, const char* member, const Json& location) {
  const auto part = location.find(member);
  const bool there = part != location.end() && part->is_object();
  const std::string content = there ? member_text(*part, "content") : std::string();
  const std::string given = there ? lower_case(member_text(*part, "sha256")) : std::string();
  if (content.empty() && given.empty())
    return invalid_revision(fmt::format(
        "A revision of type {} needs {} with the AppSpec file's text as its content.", type, member));
  Json checked{{"revisionType", type}, {member, Json::object()}};
  if (!content.empty()) {
    const std::string digest = hex_encode(sha256(content));
    if (!given.empty() && given != digest)
      return invalid_revision(
          fmt::format("The revision's sha256 is {}, that of its content is {}.", given, digest));
    checked[member] = {{"content", content}, {"sha256", digest}};
  } else {
    checked[member] = {{"sha256", given}};
  }
  return checked;
}

Result<Json> checked_object(const Json& location) {
  const auto part = location.find("s3Location");
  if (part == location.end() || !part->is_object() || member_text(*part, "bucket").empty() ||
      member_text(*part, "key").empty())
    return invalid_revision("A revision of type S3 needs s3Location with bucket and key.");
  const std::string bundle = member_text(*part, "bundleType");
  if (!bundle.empty() && bundle != "YAML" && bundle != "JSON")
    return invalid_revision(fmt::format(
        "The bundleType is '{}': the revision of a Lambda deployment is an AppSpec file, YAML or JSON.",
        bundle));
  Json object = Json::object();
  for (const char* name : {"bucket", "key", "bundleType", "version", "eTag"})
    if (std::string text = member_text(*part, name); !text.empty()) object[name] = std::move(text);
  return Json{{"revisionType", "S3"}, {"s3Location", std::move(object)}};
}

}  // namespace

Result<Json> checked_revision(const Json& location) {
  const std::string type = member_text(location, "revisionType");
  if (const char* member = text_member(type)) return checked_text(type, member, location);
  if (type == "S3") return checked_object(location);
  if (type == "GitHub")  // measured at AWS
    return invalid_revision("Revision type: GitHub is not supported under compute platform: LAMBDA");
  if (type.empty())
    return invalid_revision("The revision has no revisionType: it must be String, AppSpecContent or S3.");
  return invalid_revision(
      fmt::format("The revisionType is '{}': it must be String, AppSpecContent or S3.", type));
}

std::string revision_key(const Json& location) {
  const std::string type = member_text(location, "revisionType");
  if (const char* member = text_member(type)) return "text:" + member_text(location.at(member), "sha256");
  const Json& object = location.at("s3Location");
  return Json{member_text(object, "bucket"), member_text(object, "key"), member_text(object, "version"),
              member_text(object, "eTag")}
      .dump();
}

const std::string& revision_text(const Json& location) {
  static const std::string none;
  const char* member = text_member(member_text(location, "revisionType"));
  if (!member) return none;
  const Json& part = location.at(member);
  const auto content = part.find("content");
  return content == part.end() ? none : content->get_ref<const std::string&>();
}

}  // namespace aviary::codedeploy
