#include "app/iam_gate.hpp"
#include "app/parts.hpp"

/// S3's access points under `--enforce-iam`: what the caller may is asked of the point, and then of its
/// bucket.
namespace aviary::app {
namespace {

constexpr std::string_view access_point_mark = ":accesspoint/";

}  // namespace

std::string IamGate::access_point_resource(const std::string& resource, const std::string& region) const {
  constexpr std::string_view of_bucket = "arn:aws:s3:::";
  std::size_t end = std::string::npos;
  std::string name;
  if (resource.starts_with(of_bucket)) {
    end = resource.find('/');
    name = resource.substr(of_bucket.size(), end == std::string::npos ? end : end - of_bucket.size());
  } else if (const std::size_t mark = resource.find(access_point_mark); mark != std::string::npos) {
    end = resource.find('/', mark + access_point_mark.size());
    name = resource.substr(0, end);
  }
  const s3::AccessPoint* point = name.empty() ? nullptr : parts_.s3->access_point(name, region);
  if (point == nullptr) return resource;
  if (end == std::string::npos) return point->arn();
  const std::string rest = resource.substr(end);
  return point->arn() + (rest.starts_with("/object/") ? rest : "/object" + rest);
}

Task<bool> IamGate::bucket_lets_through(const Call& call, const Known& known, iam::AccessRequest asked) {
  // Behind the point's name, which may begin as an object's place does.
  const std::size_t name = asked.resource.find(access_point_mark);
  const std::size_t mark =
      name == std::string::npos ? name : asked.resource.find('/', name + access_point_mark.size());
  const s3::AccessPoint* point = parts_.s3->access_point(asked.resource.substr(0, mark), call.region);
  if (point == nullptr) co_return false;
  asked.context["s3:DataAccessPointArn"] = {point->arn()};
  asked.context["s3:DataAccessPointAccount"] = {point->account};
  asked.context["s3:AccessPointNetworkOrigin"] = {point->vpc.empty() ? "Internet" : "VPC"};
  iam::PolicySet policies;
  // The caller's own policies have been asked, of the access point.
  policies.identity.push_back(
      Json::parse(R"({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})"));
  policies.other_account = point->bucket_account != known.principal.account;
  asked.resource =
      "arn:aws:s3:::" + point->bucket +
      (mark == std::string::npos ? std::string()
                                 : asked.resource.substr(mark + std::string_view("/object").size()));
  auto reading = resource_policy(call.account, call.region, asked.action, asked.resource);
  Json document = co_await std::move(reading);
  if (document.is_object()) policies.resource = std::move(document);
  co_return iam::evaluate(policies, asked, known.principal).allowed;
}

}  // namespace aviary::app
