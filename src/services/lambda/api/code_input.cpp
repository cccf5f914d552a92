#include <fmt/format.h>

#include <unordered_map>

#include "models/lambda.hpp"
#include "services/lambda/api/input.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/errors.hpp"

/// Where a function's code comes from, and every reason to refuse it.
namespace aviary::lambda {
namespace {

/// What AWS Signer adds to a package.
constexpr std::string_view signature_file = "META-INF/aws_signer_signature_v1.0.SF";

/// LocalStack's convention: this name stands for no bucket.
constexpr std::string_view hot_reload_bucket = "hot-reload";

/// How much larger than its content a package may be: what cannot be compressed, and the names of many files.
constexpr std::uint64_t zip_overhead = 32U << 20U;

/// Looks for the signature in what passes.
class SignatureSought final : public BodySource {
 public:
  explicit SignatureSought(std::shared_ptr<BodySource> from) : from_(std::move(from)) {}

  Task<BodyPiece> next() override {
    auto taking = from_->next();
    BodyPiece piece = co_await std::move(taking);
    if (!found_) {
      // It may lie across two pieces.
      seen_ += piece.bytes;
      found_ = seen_.find(signature_file) != std::string::npos;
      if (seen_.size() > signature_file.size()) seen_.erase(0, seen_.size() - signature_file.size());
    }
    co_return piece;
  }
  bool found() const noexcept { return found_; }

 private:
  std::shared_ptr<BodySource> from_;
  std::string seen_;  ///< the last bytes
  bool found_ = false;
};

AwsError unzipped_too_large(const Quotas& quotas) {
  return invalid_parameter(fmt::format("Unzipped size must be smaller than {} bytes", quotas.unzipped_bytes));
}

}  // namespace

Task<Result<CodeHandle>> LambdaService::load_code(Scope caller, Json members, std::string signing_config,
                                                  bool* is_signed) {
  const bool has_zip = find_member(members, "ZipFile") != nullptr;
  const bool has_bucket =
      find_member(members, "S3Bucket") != nullptr || find_member(members, "S3Key") != nullptr;
  const Scope home = caller;
  if (!has_zip && text_of(members, "S3Bucket") == hot_reload_bucket) {
    const Result<> deployable = check_signature(home, signing_config, false);
    if (!deployable) co_return deployable.error();
    co_return live_folder(members);
  }
  std::string zip;
  if (has_zip) {
    if (has_bucket) {
      co_return invalid_parameter(
          "Please do not provide other FunctionCode parameters when providing a ZipFile.");
    }
    zip = std::move(members["ZipFile"].get_ref<std::string&>());
    if (zip.empty()) co_return invalid_parameter("Uploaded file must be a non-empty zip");
    if (zip.size() > options_.quotas.zipped_bytes) {
      co_return AwsError(
          models::lambda::errors::RequestEntityTooLargeException,
          fmt::format("Zipped size must be smaller than {} bytes", options_.quotas.zipped_bytes));
    }
  } else if (has_bucket) {
    Task<CodeSource::Fetched> fetching = code_source_->fetch(
        std::move(caller), text_of(members, "S3Bucket"), text_of(members, "S3Key"),
        text_of(members, "S3ObjectVersion"), options_.quotas.unzipped_bytes + zip_overhead);
    CodeSource::Fetched fetched = co_await std::move(fetching);
    if (fetched.problem && fetched.problem->code == "EntityTooLarge")
      co_return unzipped_too_large(options_.quotas);
    if (fetched.problem) {
      co_return invalid_parameter(
          fmt::format("Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
                      fetched.problem->code, fetched.problem->message));
    }
    if (fetched.source) {
      const auto watched = std::make_shared<SignatureSought>(std::move(fetched.source));
      auto taking = codes_.take(watched);
      CodeStore::Result<CodeHandle> stored = co_await std::move(taking);
      if (is_signed != nullptr) *is_signed = watched->found();
      const Result<> deployable =
          signing_config.empty() ? Result<>() : check_signature(home, signing_config, watched->found());
      if (!deployable) co_return deployable.error();
      co_return checked(std::move(stored));
    }
    zip = std::move(fetched.bytes);
  } else {
    co_return invalid_parameter("Please provide a source for function code.");
  }
  // Names in a zip's directory are never compressed.
  const auto carries_signature = [&zip] { return zip.find(signature_file) != std::string::npos; };
  if (is_signed != nullptr) *is_signed = carries_signature();
  if (!signing_config.empty()) {
    const Result<> deployable = check_signature(home, signing_config, carries_signature());
    if (!deployable) co_return deployable.error();
  }
  CodeStore::Result<CodeHandle> stored = co_await codes_.store(std::move(zip));
  co_return checked(std::move(stored));
}

Result<CodeHandle> LambdaService::live_folder(const Json& members) const {
  if (!live_folders_) return invalid_parameter("There is no hot reload here.");
  if (find_member(members, "S3ObjectVersion"))
    return invalid_parameter("Hot reload runs a folder as it is: it has no S3ObjectVersion.");
  const std::string& path = text_of(members, "S3Key");
  const LiveFolders::Result<std::filesystem::path> folder = live_folders_->find(path);
  if (!folder) return invalid_parameter(folder.error().text);
  // As it was named: a link in it may point to another folder tomorrow.
  return live_code(std::filesystem::path(path).lexically_normal());
}

Task<Result<CodeHandle>> LambdaService::pack(CodeHandle live) {
  if (!live_folders_) co_return service_failure("There is no hot reload here.");
  auto packing = live_folders_->pack(live->folder);
  LiveFolders::Result<std::string> packed = co_await std::move(packing);
  if (!packed) co_return invalid_parameter(packed.error().text);
  CodeStore::Result<CodeHandle> stored = co_await codes_.store(std::move(*packed));
  if (!stored && stored.error() == CodeProblem::UnsafePath)
    co_return invalid_parameter("A version cannot keep a link that leaves the folder.");
  co_return checked(std::move(stored));
}

Result<> LambdaService::check_code_storage(const Scope& scope, std::uint64_t more) const {
  if (store_.code_bytes(scope) + layers_.code_bytes(scope) + more <= options_.code_storage) return {};
  return AwsError(models::lambda::errors::CodeStorageExceededException, "Code storage limit exceeded.");
}

Result<CodeHandle> LambdaService::checked(CodeStore::Result<CodeHandle> stored) const {
  if (stored) return std::move(*stored);
  switch (stored.error()) {
    case CodeProblem::NotAZip:
    case CodeProblem::UnsafePath:
      return invalid_parameter(
          "Could not unzip uploaded file. Please check your file, then try to upload again.");
    case CodeProblem::Empty:
      return invalid_parameter("Uploaded file must be a non-empty zip");
    case CodeProblem::TooLarge:
      return unzipped_too_large(options_.quotas);
    case CodeProblem::Gone:
    case CodeProblem::Disk:
      break;
  }
  return service_failure("The code package could not be stored.");
}

Result<std::vector<CodeHandle>> LambdaService::load_layers(const Scope& caller,
                                                           const Configuration& configuration) {
  std::vector<CodeHandle> layers;
  if (configuration.layer_arns.size() > options_.quotas.layers) {
    return invalid_parameter(fmt::format("Cannot reference more than {} layers.", options_.quotas.layers));
  }
  std::unordered_map<std::string_view, std::string_view> seen;
  for (const std::string& arn : configuration.layer_arns) {
    const std::string_view unversioned = std::string_view(arn).substr(0, arn.rfind(':'));
    const LayerReference reference = parse_layer_reference(arn, caller);
    const bool own = reference.home.account == caller.account;
    if (own && reference.home.region != caller.region) {
      return invalid_parameter(fmt::format(
          "Layers are not in the same region as the function. Layers are expected to be in region {}.",
          caller.region));
    }
    CodeHandle layer = layer_source_->find(caller, arn);
    if (!layer) {
      // Whether another account has it is not for the caller to know.
      const bool of_others = !own && !reference.home.account.empty();
      if (of_others) return layer_access_denied(caller, "lambda:GetLayerVersion", arn);
      return invalid_parameter(no_such_layer_version(arn));
    }
    if (const auto [other, is_new] = seen.emplace(unversioned, arn); !is_new) {
      return invalid_parameter(fmt::format(
          "Two different versions of the same layer are not allowed to be referenced in the same function. "
          "{} and {} are versions of the same layer.",
          other->second, arn));
    }
    layers.push_back(std::move(layer));
  }
  return layers;
}

/// Lambda's limit is on the code and its layers together.
Result<> check_unzipped_size(const Contents& contents, const Quotas& quotas) {
  std::uint64_t total = contents.code ? contents.code->unzipped_size : 0;
  for (const CodeHandle& layer : contents.layers) total += layer->unzipped_size;
  if (total > quotas.unzipped_bytes) return unzipped_too_large(quotas);
  return {};
}

}  // namespace aviary::lambda
