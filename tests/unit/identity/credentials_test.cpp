// Certificates of servers, and virtual MFA devices with their codes.
#include "services/iam/api/iam_service.hpp"
#include "services/iam/core/one_time_codes.hpp"
#include "support/service_calls.hpp"

namespace aviary {
namespace {

// Made for this test: a certificate of ten years, its key, and the key of another.
const std::string own_certificate = R"(-----BEGIN CERTIFICATE-----
MIIBfTCCASOgAwIBAgIUTImroz06qfnIzwdUx+MjB4VfGcwwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MB4XDTI2MTEyODA5NTcyMFoXDTM2MTEyNTA5
NTcyMFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0CAQYIKoZIzj0D
AQcDQgAEFowa33EkiZaISjH1ugQeTc7j9ynBohvFKeN5yjn7ZtIgVwwtb1/I+aSU
ih6h/NJaIYNnjVMvs88Xm0u6vJqiXKNTMFEwHQYDVR0OBBYEFLX5Ol2VH2+zotyd
WPKZ/jpbSXqWMB8GA1UdIwQYMBaAFLX5Ol2VH2+zotydWPKZ/jpbSXqWMA8GA1Ud
EwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgObAQaUyFQiJhfWgEY5Fj1IAQ
2nmVP5sZRNQWWJWUNXECIQDthsx0Na0Gm2tcyqa3WLZ4ri5aB9k8Ji10tIbShlHM
MA==
-----END CERTIFICATE-----
)";
const std::string own_key = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQfSIjyu2nvaWUO66
S6Hf37GzbX2ynASrz9mdsutk8ZuhRANCAAQWjBrfcSSJlohKMfW6BB5NzuP3KcGi
G8Up43nKOftm0iBXDC1vX8j5pJSKHqH80lohg2eNUy+zzxebS7q8mqJc
-----END PRIVATE KEY-----
)";
const std::string other_key = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjLF5MyUOHe/AMz2s
ZPhFjQ5o8chw4tDZHR7ONG6IRvehRANCAATS8G4272lyX120lgkTXOOwdgVMlNT1
jw5nTQT1ZPrJzc0N18XqfYW+a9HjK1crd9qtCSxqn+pMHb7GDmlVno9I
-----END PRIVATE KEY-----
)";
constexpr double own_expiry = 2111219840;

class Credentials : public testing::ServiceCalls {
 protected:
  Service& subject() override { return iam; }
  Json uploaded(const std::string& key = own_key) {
    return {{"ServerCertificateName", "web"},
            {"Path", "/site/"},
            {"CertificateBody", own_certificate},
            {"PrivateKey", key}};
  }
  std::string code(std::int64_t later = 0) const {
    return iam::one_time_code(seed, iam::code_step(clock.now()) + later);
  }
  Json codes(std::int64_t later = 0) const {
    return {{"UserName", "u"},
            {"SerialNumber", serial},
            {"AuthenticationCode1", code(later - 1)},
            {"AuthenticationCode2", code(later)}};
  }
  void make_device() {
    ok("CreateUser", {{"UserName", "u"}});
    const Json made = ok("CreateVirtualMFADevice", {{"VirtualMFADeviceName", "phone"}})["VirtualMFADevice"];
    seed = made["Base32StringSeed"];
    serial = made["SerialNumber"];
  }

  SeededRandom ids{1, "identities"};
  iam::IamService iam{{.ids = ids, .journal = journal}};
  std::string seed;
  std::string serial;
};

TEST_F(Credentials, CodesAreThoseOfTheStandard) {
  // RFC 6238, appendix B, the last six digits.
  const std::string secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
  EXPECT_EQ(iam::one_time_code(secret, 59 / 30), "287082");
  EXPECT_EQ(iam::one_time_code(secret, 1111111109 / 30), "081804");
  EXPECT_EQ(iam::one_time_code(secret, 20000000000 / 30), "353130");
}

TEST_F(Credentials, CertificatesAreRead) {
  const Json made = ok("UploadServerCertificate", uploaded())["ServerCertificateMetadata"];
  EXPECT_EQ(made["Arn"], "arn:aws:iam::123456789012:server-certificate/site/web");
  EXPECT_EQ(made["Expiration"], own_expiry);
  EXPECT_EQ(error("UploadServerCertificate", uploaded()),
            "EntityAlreadyExistsException: The Server Certificate with name web already exists.");
  EXPECT_EQ(error("UploadServerCertificate", uploaded(other_key)),
            "KeyPairMismatchException: The private key does not match the certificate.");
  EXPECT_EQ(error("UploadServerCertificate", uploaded("no key")),
            "MalformedCertificateException: Unable to parse key. Please ensure the key is in PEM format.");
  Json input = uploaded();
  input["CertificateBody"] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  EXPECT_TRUE(error("UploadServerCertificate", input).starts_with("MalformedCertificateException"));
  input = uploaded();
  input["CertificateChain"] = own_key;
  EXPECT_TRUE(error("UploadServerCertificate", input).starts_with("MalformedCertificateException"));
  ok("UpdateServerCertificate", {{"ServerCertificateName", "web"}, {"NewServerCertificateName", "shop"}});
  ok("TagServerCertificate", {{"ServerCertificateName", "shop"}, {"Tags", {{{"Key", "a"}, {"Value", "b"}}}}});
  iam::IamService next{{.ids = ids, .journal = journal}};
  next.restore();
  const Json shown =
      ok(next, "GetServerCertificate", {{"ServerCertificateName", "shop"}})["ServerCertificate"];
  EXPECT_EQ(shown["CertificateBody"], own_certificate);
  EXPECT_EQ(shown["Tags"][0]["Value"], "b");
  EXPECT_EQ(shown.dump().find("PRIVATE"), std::string::npos);
  EXPECT_EQ(ok("ListServerCertificates", {{"PathPrefix", "/other/"}})["ServerCertificateMetadataList"].size(),
            0U);
  EXPECT_EQ(ok("ListServerCertificates", Json::object())["ServerCertificateMetadataList"].size(), 1U);
  ok("DeleteServerCertificate", {{"ServerCertificateName", "shop"}});
  EXPECT_EQ(error("DeleteServerCertificate", {{"ServerCertificateName", "shop"}}),
            "NoSuchEntityException: The Server Certificate with name shop cannot be found.");
}

TEST_F(Credentials, ADeviceIsEnabledByTwoOfItsCodes) {
  make_device();
  EXPECT_EQ(serial, "arn:aws:iam::123456789012:mfa/phone");
  EXPECT_EQ(seed.size(), 64U);
  Json wrong = codes();
  std::swap(wrong["AuthenticationCode1"], wrong["AuthenticationCode2"]);
  const std::string refused =
      "InvalidAuthenticationCodeException: Authentication code for device is not valid";
  EXPECT_EQ(error("EnableMFADevice", wrong), refused);
  EXPECT_EQ(error("EnableMFADevice", codes(20)), refused);
  ok("EnableMFADevice", codes());
  EXPECT_EQ(ok("ListMFADevices", {{"UserName", "u"}})["MFADevices"][0]["SerialNumber"], serial);
  EXPECT_EQ(ok("GetMFADevice", {{"SerialNumber", serial}})["UserName"], "u");
  EXPECT_EQ(ok("ListVirtualMFADevices", {{"AssignmentStatus", "Unassigned"}})["VirtualMFADevices"].size(),
            0U);
  const Json listed = ok("ListVirtualMFADevices", Json::object())["VirtualMFADevices"][0];
  EXPECT_EQ(listed["User"]["UserName"], "u");
  EXPECT_FALSE(listed.contains("Base32StringSeed"));
  // A clock that is ten minutes off can be put right.
  ok("ResyncMFADevice", codes(20));
  EXPECT_EQ(error("ResyncMFADevice", codes(500)), refused);
  EXPECT_EQ(error("EnableMFADevice", codes()), "EntityAlreadyExistsException: MFA Device is already in use.");
  EXPECT_EQ(error("DeleteUser", {{"UserName", "u"}}),
            "DeleteConflictException: Cannot delete entity, must delete MFA device first.");
  EXPECT_EQ(error("DeleteVirtualMFADevice", {{"SerialNumber", serial}}),
            "DeleteConflictException: MFA VirtualDevice in use. Must deactivate first.");
  ok("DeactivateMFADevice", {{"UserName", "u"}, {"SerialNumber", serial}});
  EXPECT_EQ(ok("ListMFADevices", {{"UserName", "u"}})["MFADevices"].size(), 0U);
  ok("DeleteVirtualMFADevice", {{"SerialNumber", serial}});
  ok("DeleteUser", {{"UserName", "u"}});
  EXPECT_EQ(journal.records(), 0U);
}

TEST_F(Credentials, CodesGoByTheClock) {
  make_device();
  const Json then = codes();
  clock.advance(std::chrono::minutes(10));
  EXPECT_TRUE(error("EnableMFADevice", then).starts_with("InvalidAuthenticationCodeException"));
  ok("EnableMFADevice", codes());
}

}  // namespace
}  // namespace aviary
