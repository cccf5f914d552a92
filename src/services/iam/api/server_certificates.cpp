#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"
#include "services/iam/core/certificate.hpp"

/// Certificates of servers, by name. Nothing serves with them here, so that their keys are read but not kept.
namespace aviary::iam {
namespace {

constexpr const char* certificate_kind = "server-certificate";
constexpr std::size_t most_certificates = 20;

AwsError certificate_exists(const std::string& name) {
  return {models::iam::errors::EntityAlreadyExistsException,
          fmt::format("The Server Certificate with name {} already exists.", name)};
}

std::string certificate_arn(const std::string& account, const Json& certificate) {
  return fmt::format("arn:aws:iam::{}:server-certificate{}{}", account, iam_text(certificate, "Path"),
                     iam_text(certificate, "ServerCertificateName"));
}

Json metadata_of(const Json& certificate) {
  Json out = Json::object();
  for (const char* member :
       {"Path", "ServerCertificateName", "ServerCertificateId", "Arn", "UploadDate", "Expiration"})
    out[member] = certificate[member];
  return out;
}

}  // namespace

Result<Json*> IamService::certificate_of(const Call& call) {
  const std::string name = iam_text(call.input, "ServerCertificateName");
  Json* found = directory_.find(call.account, certificate_kind, name);
  if (found == nullptr)
    return no_such_entity(fmt::format("The Server Certificate with name {} cannot be found.", name));
  return found;
}

Result<Reply> IamService::upload_server_certificate(Call& call) {
  const std::string name = iam_text(call.input, "ServerCertificateName");
  const auto read =
      read_certificate(iam_text(call.input, "CertificateBody"), iam_text(call.input, "PrivateKey"),
                       iam_text(call.input, "CertificateChain"));
  if (const auto* problem = std::get_if<CertificateProblem>(&read))
    return AwsError(problem->mismatch ? models::iam::errors::KeyPairMismatchException
                                      : models::iam::errors::MalformedCertificateException,
                    problem->text);
  if (directory_.find(call.account, certificate_kind, name) != nullptr) return certificate_exists(name);
  if (directory_.all(call.account, certificate_kind).size() >= most_certificates)
    return AwsError(models::iam::errors::LimitExceededException,
                    "Cannot exceed quota for ServerCertificatesPerAccount: 20");
  Json certificate{{"Path", call.input.value("Path", "/")},
                   {"ServerCertificateName", name},
                   {"ServerCertificateId", new_id("ASCA")},
                   {"UploadDate", whole_epoch_seconds(call.now)},
                   {"Expiration", whole_epoch_seconds(std::get<Certificate>(read).expires)}};
  certificate["Arn"] = certificate_arn(call.account, certificate);
  for (const char* member : {"CertificateBody", "CertificateChain", "Tags"})
    if (call.input.contains(member)) certificate[member] = call.input[member];
  Reply reply;
  reply.output["ServerCertificateMetadata"] = metadata_of(certificate);
  if (certificate.contains("Tags")) reply.output["Tags"] = certificate["Tags"];
  directory_.put(call.account, certificate_kind, name, std::move(certificate));
  return reply;
}

Result<Reply> IamService::get_server_certificate(Call& call) {
  const Result<Json*> found = certificate_of(call);
  if (!found) return found.error();
  Json shown{{"ServerCertificateMetadata", metadata_of(**found)}};
  for (const char* member : {"CertificateBody", "CertificateChain", "Tags"})
    if ((*found)->contains(member)) shown[member] = (**found)[member];
  Reply reply;
  reply.output["ServerCertificate"] = std::move(shown);
  return reply;
}

Result<Reply> IamService::list_server_certificates(Call& call) {
  const std::string prefix = call.input.value("PathPrefix", "/");
  Reply reply;
  reply.output["IsTruncated"] = false;
  Json& rows = reply.output["ServerCertificateMetadataList"] = Json::array();
  for (const auto& [name, certificate] : directory_.all(call.account, certificate_kind))
    if (iam_text(certificate, "Path").starts_with(prefix)) rows.push_back(metadata_of(certificate));
  return reply;
}

Result<Reply> IamService::update_server_certificate(Call& call) {
  const Result<Json*> found = certificate_of(call);
  if (!found) return found.error();
  const std::string name = iam_text(call.input, "ServerCertificateName");
  const std::string wanted = call.input.value("NewServerCertificateName", name);
  if (wanted != name && directory_.find(call.account, certificate_kind, wanted) != nullptr)
    return certificate_exists(wanted);
  Json certificate = **found;
  certificate["ServerCertificateName"] = wanted;
  if (call.input.contains("NewPath")) certificate["Path"] = call.input["NewPath"];
  certificate["Arn"] = certificate_arn(call.account, certificate);
  if (wanted != name) directory_.erase(call.account, certificate_kind, name);
  directory_.put(call.account, certificate_kind, wanted, std::move(certificate));
  return Reply{};
}

Result<Reply> IamService::delete_server_certificate(Call& call) {
  const Result<Json*> found = certificate_of(call);
  if (!found) return found.error();
  directory_.erase(call.account, certificate_kind, iam_text(call.input, "ServerCertificateName"));
  return Reply{};
}

}  // namespace aviary::iam
