#include "services/cloudformation/core/identity_steps.hpp"

/// AWS::IAM::ServerCertificate and VirtualMFADevice.
namespace aviary::cloudformation {
namespace {

/// From one list of tags to another.
Steps credential_tags(const char* what, const char* key, const Existing& existing, const Json& wanted) {
  Steps steps;
  if (!differs(existing.properties, wanted, "Tags")) return steps;
  const Json after = list_of(wanted, "Tags");
  Json gone = Json::array();
  for (const Json& tag : list_of(existing.properties, "Tags"))
    if (std::ranges::none_of(after, [&](const Json& each) { return each["Key"] == tag["Key"]; }))
      gone.push_back(tag["Key"]);
  const std::string& id = existing.physical_id;
  if (!gone.empty()) steps.push_back(iam_call(std::string("Untag") + what, {{key, id}, {"TagKeys", gone}}));
  if (!after.empty()) steps.push_back(iam_call(std::string("Tag") + what, {{key, id}, {"Tags", after}}));
  return steps;
}

Steps create_certificate(const Context& context, const Json& properties) {
  Json input{{"ServerCertificateName", context.name(properties, "ServerCertificateName", 128)}};
  copy_properties(properties, input, {"Path", "CertificateBody", "CertificateChain", "PrivateKey", "Tags"});
  return {iam_call("UploadServerCertificate", std::move(input))};
}
Made made_certificate(const Context&, const Json&, const std::vector<Json>& outputs) {
  const Json metadata = outputs[0].value("ServerCertificateMetadata", Json::object());
  return {metadata.value("ServerCertificateName", ""), {{"Arn", metadata.value("Arn", "")}}};
}
Steps update_certificate(const Context&, const Existing& existing, const Json& wanted) {
  Steps steps;
  if (differs(existing.properties, wanted, "Path"))
    steps.push_back(iam_call("UpdateServerCertificate", {{"ServerCertificateName", existing.physical_id},
                                                         {"NewPath", wanted.value("Path", "/")}}));
  append_steps(steps, credential_tags("ServerCertificate", "ServerCertificateName", existing, wanted));
  return steps;
}
Steps remove_certificate(const Context&, const Existing& existing) {
  return {iam_removal("DeleteServerCertificate", {{"ServerCertificateName", existing.physical_id}})};
}

/// Its `Users` get it when somebody enables it with two of its codes: no template has these.
Steps create_device(const Context& context, const Json& properties) {
  Json input{{"VirtualMFADeviceName", context.name(properties, "VirtualMfaDeviceName", 226)}};
  copy_properties(properties, input, {"Path", "Tags"});
  return {iam_call("CreateVirtualMFADevice", std::move(input))};
}
Made made_device(const Context&, const Json&, const std::vector<Json>& outputs) {
  const std::string serial = outputs[0].value("VirtualMFADevice", Json::object()).value("SerialNumber", "");
  return {serial, {{"SerialNumber", serial}}};
}
Steps update_device(const Context&, const Existing& existing, const Json& wanted) {
  return credential_tags("MFADevice", "SerialNumber", existing, wanted);
}
Steps remove_device(const Context&, const Existing& existing) {
  return {iam_removal("DeactivateMFADevice", {{"SerialNumber", existing.physical_id}}),
          iam_removal("DeleteVirtualMFADevice", {{"SerialNumber", existing.physical_id}})};
}

}  // namespace

std::span<const ResourceType> credential_types() {
  static const ResourceType types[] = {
      {"AWS::IAM::ServerCertificate",
       {"ServerCertificateName", "CertificateBody", "CertificateChain", "PrivateKey"},
       create_certificate,
       made_certificate,
       update_certificate,
       remove_certificate},
      {"AWS::IAM::VirtualMFADevice",
       {"VirtualMfaDeviceName", "Path"},
       create_device,
       made_device,
       update_device,
       remove_device},
  };
  return types;
}

}  // namespace aviary::cloudformation
