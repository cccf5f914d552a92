#include <algorithm>

#include "gateway/authorizer.hpp"
#include "services/iam/api/iam_service.hpp"
#include "services/iam/api/principal_kind.hpp"
#include "services/iam/core/one_time_codes.hpp"

/// Virtual MFA devices, by their serial numbers, which are ARNs. Their codes go by the emulator's clock.
namespace aviary::iam {
namespace {

constexpr const char* device_kind = "mfa-device";
constexpr std::size_t most_devices_of_user = 8;
// How far a device's clock may be off, in half minutes: when it is enabled, and when it is put right.
constexpr std::int64_t off_at_most = 2;
constexpr std::int64_t resynchronized_at_most = 120;

AwsError wrong_codes() {
  return {models::iam::errors::InvalidAuthenticationCodeException,
          "Authentication code for device is not valid"};
}

AwsError no_such_device(const std::string& serial) {
  return no_such_entity(fmt::format("VirtualMFADevice with serial number {} doesn't exist.", serial));
}

Json enabled_device(const Json& device) {
  return {{"UserName", iam_text(device, "_user")},
          {"SerialNumber", iam_text(device, "SerialNumber")},
          {"EnableDate", device["EnableDate"]}};
}

}  // namespace

Result<Json*> IamService::mfa_device_of(const Call& call) {
  const std::string serial = iam_text(call.input, "SerialNumber");
  Json* found = directory_.find(call.account, device_kind, serial);
  if (found == nullptr) return no_such_device(serial);
  return found;
}

/// The device that the named user has.
Result<Json*> IamService::mfa_device_of_user(const Call& call) {
  const std::string user = iam_text(call.input, "UserName");
  if (!user.empty() && directory_.find(call.account, "user", user) == nullptr)
    return no_such_entity(fmt::format("The user with name {} cannot be found.", user));
  const Result<Json*> found = mfa_device_of(call);
  if (!found) return found.error();
  const std::string owner = iam_text(**found, "_user");
  if (owner.empty() || (!user.empty() && owner != user))
    return no_such_entity(
        fmt::format("Device with serial number {} doesn't exist.", iam_text(call.input, "SerialNumber")));
  return found;
}

bool IamService::has_mfa_device(const std::string& account, const std::string& user) {
  return std::ranges::any_of(directory_.all(account, device_kind),
                             [&](const auto& each) { return iam_text(each.second, "_user") == user; });
}

Result<Reply> IamService::create_virtual_mfa_device(Call& call) {
  constexpr std::size_t seed_characters = 64;
  const std::string serial =
      fmt::format("arn:aws:iam::{}:mfa{}{}", call.account, call.input.value("Path", "/"),
                  iam_text(call.input, "VirtualMFADeviceName"));
  if (directory_.find(call.account, device_kind, serial) != nullptr)
    return AwsError(models::iam::errors::EntityAlreadyExistsException,
                    "MFADevice entity at the same path and name already exists.");
  static constexpr std::string_view characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string seed;
  while (seed.size() < seed_characters) seed += characters[ids_.next() & 31U];
  Json device{{"SerialNumber", serial}, {"_seed", seed}};
  if (call.input.contains("Tags")) device["Tags"] = call.input["Tags"];
  Reply reply;
  reply.output["VirtualMFADevice"] = sent(device);
  reply.output["VirtualMFADevice"]["Base32StringSeed"] = seed;
  directory_.put(call.account, device_kind, serial, std::move(device));
  return reply;
}

Result<Reply> IamService::enable_mfa_device(Call& call) {
  const std::string user = iam_text(call.input, "UserName");
  if (directory_.find(call.account, "user", user) == nullptr)
    return no_such_entity(fmt::format("The user with name {} cannot be found.", user));
  const Result<Json*> found = mfa_device_of(call);
  if (!found) return found.error();
  Json& device = **found;
  if (!iam_text(device, "_user").empty())
    return AwsError(models::iam::errors::EntityAlreadyExistsException, "MFA Device is already in use.");
  const auto devices =
      std::ranges::count_if(directory_.all(call.account, device_kind),
                            [&](const auto& each) { return iam_text(each.second, "_user") == user; });
  if (static_cast<std::size_t>(devices) >= most_devices_of_user)
    return AwsError(models::iam::errors::LimitExceededException,
                    "Cannot exceed quota for MFADevicesPerUser: 8");
  const auto drift = clock_of_device(iam_text(device, "_seed"), iam_text(call.input, "AuthenticationCode1"),
                                     iam_text(call.input, "AuthenticationCode2"), call.now, off_at_most);
  if (!drift) return wrong_codes();
  device["_user"] = user;
  device["_drift"] = *drift;
  device["EnableDate"] = whole_epoch_seconds(call.now);
  directory_.save(call.account, device_kind, iam_text(device, "SerialNumber"));
  return Reply{};
}

Result<Reply> IamService::resync_mfa_device(Call& call) {
  const Result<Json*> found = mfa_device_of_user(call);
  if (!found) return found.error();
  Json& device = **found;
  const auto drift =
      clock_of_device(iam_text(device, "_seed"), iam_text(call.input, "AuthenticationCode1"),
                      iam_text(call.input, "AuthenticationCode2"), call.now, resynchronized_at_most);
  if (!drift) return wrong_codes();
  device["_drift"] = *drift;
  directory_.save(call.account, device_kind, iam_text(device, "SerialNumber"));
  return Reply{};
}

Result<Reply> IamService::deactivate_mfa_device(Call& call) {
  const Result<Json*> found = mfa_device_of_user(call);
  if (!found) return found.error();
  for (const char* member : {"_user", "_drift", "EnableDate"}) (*found)->erase(member);
  directory_.save(call.account, device_kind, iam_text(call.input, "SerialNumber"));
  return Reply{};
}

Result<Reply> IamService::get_mfa_device(Call& call) {
  const Result<Json*> found = mfa_device_of_user(call);
  if (!found) return found.error();
  Reply reply;
  reply.output = enabled_device(**found);
  return reply;
}

Result<Reply> IamService::list_mfa_devices(Call& call) {
  std::string user = iam_text(call.input, "UserName");
  const std::string_view caller = call.caller != nullptr ? std::string_view(call.caller->arn) : "";
  if (user.empty() && caller.find(":user/") != std::string_view::npos)
    user = caller.substr(caller.rfind('/') + 1);
  if (!user.empty() && directory_.find(call.account, "user", user) == nullptr)
    return no_such_entity(fmt::format("The user with name {} cannot be found.", user));
  Reply reply;
  reply.output["IsTruncated"] = false;
  Json& rows = reply.output["MFADevices"] = Json::array();
  for (const auto& [serial, device] : directory_.all(call.account, device_kind))
    if (!user.empty() && iam_text(device, "_user") == user) rows.push_back(enabled_device(device));
  return reply;
}

Result<Reply> IamService::list_virtual_mfa_devices(Call& call) {
  const std::string wanted = call.input.value("AssignmentStatus", "Any");
  Reply reply;
  reply.output["IsTruncated"] = false;
  Json& rows = reply.output["VirtualMFADevices"] = Json::array();
  for (const auto& [serial, device] : directory_.all(call.account, device_kind)) {
    const std::string user = iam_text(device, "_user");
    if ((wanted == "Assigned" && user.empty()) || (wanted == "Unassigned" && !user.empty())) continue;
    Json row = sent(device);
    row.erase("Tags");
    if (const Json* owner = user.empty() ? nullptr : directory_.find(call.account, "user", user))
      row["User"] = sent(*owner);
    rows.push_back(std::move(row));
  }
  return reply;
}

Result<Reply> IamService::delete_virtual_mfa_device(Call& call) {
  const Result<Json*> found = mfa_device_of(call);
  if (!found) return found.error();
  if (!iam_text(**found, "_user").empty())
    return AwsError(models::iam::errors::DeleteConflictException,
                    "MFA VirtualDevice in use. Must deactivate first.");
  directory_.erase(call.account, device_kind, iam_text(call.input, "SerialNumber"));
  return Reply{};
}

}  // namespace aviary::iam
