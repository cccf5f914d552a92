#include <fmt/format.h>

#include "services/lambda/api/lambda_service.hpp"
#include "services/lambda/core/errors.hpp"

/// Images that lie on disk, and every reason to refuse one. What an engine knows is looked for when it runs.
namespace aviary::lambda {
namespace {

/// AWS's words first (seen with ECR, e.g. github.com/aws/aws-sdk-go/issues/3736), then what is wrong here.
AwsError image_refusal(const std::string& uri, const ImageProblem& problem) {
  switch (problem.why) {
    case ImageProblem::Why::Off:
    case ImageProblem::Why::NotThere:
      return invalid_parameter(
          fmt::format("Source image {} does not exist. Provide a valid source image. {}", uri, problem.text));
    case ImageProblem::Why::Unsupported:
      return invalid_parameter(
          fmt::format("The image manifest, config or layer media type for the source image {} is not "
                      "supported. {}",
                      uri, problem.text));
    case ImageProblem::Why::Broken:
    case ImageProblem::Why::TooLarge:
      return invalid_parameter(
          fmt::format("Source image {} is not valid. Provide a valid source image. {}", uri, problem.text));
    case ImageProblem::Why::Disk:
      break;
  }
  return service_failure("The image could not be stored: " + problem.text);
}

}  // namespace

Task<Result<CodeHandle>> LambdaService::take_image(std::string image_uri, std::string architecture) {
  if (!images_)
    co_return image_refusal(image_uri, {ImageProblem::Why::Off, "There are no images on disk here."});
  auto taking = images_->take(image_uri, std::move(architecture));
  ImageStore::Result<CodeHandle> taken = co_await std::move(taking);
  if (!taken) co_return image_refusal(image_uri, taken.error());
  co_return std::move(*taken);
}

}  // namespace aviary::lambda
