#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <vector>

#include "app/operation_notes.hpp"
#include "app/verbs.hpp"
#include "models/apigateway.hpp"
#include "models/apigatewayv2.hpp"
#include "models/cloudformation.hpp"
#include "models/cloudwatch.hpp"
#include "models/codedeploy.hpp"
#include "models/ecr.hpp"
#include "models/events.hpp"
#include "models/iam.hpp"
#include "models/kinesis.hpp"
#include "models/lambda.hpp"
#include "models/logs.hpp"
#include "models/s3.hpp"
#include "models/s3control.hpp"
#include "models/secretsmanager.hpp"
#include "models/sns.hpp"
#include "models/sqs.hpp"
#include "models/ssm.hpp"
#include "models/sts.hpp"
#include "services/apigateway/api/http_service.hpp"
#include "services/apigateway/api/rest_service.hpp"
#include "services/cloudformation/api/cloudformation_service.hpp"
#include "services/cloudwatch/api/cloudwatch_service.hpp"
#include "services/codedeploy/api/codedeploy_service.hpp"
#include "services/ecr/api/ecr_service.hpp"
#include "services/events/api/events_service.hpp"
#include "services/iam/api/iam_service.hpp"
#include "services/kinesis/api/kinesis_service.hpp"
#include "services/lambda/api/lambda_service.hpp"
#include "services/logs/api/logs_service.hpp"
#include "services/s3/api/control_service.hpp"
#include "services/s3/api/s3_service.hpp"
#include "services/secretsmanager/api/secretsmanager_service.hpp"
#include "services/sns/api/sns_service.hpp"
#include "services/sqs/api/sqs_service.hpp"
#include "services/ssm/api/ssm_service.hpp"
#include "services/sts/api/sts_service.hpp"

namespace aviary::app {
namespace {

struct Row {
  const models::Service* model;
  std::vector<std::string_view> supported;
  std::vector<std::string_view> refused{};  ///< not for what is emulated here; they say so
  bool only_supported = false;              ///< of a service that is there for a small part
};

std::vector<Row> rows() {
  return {{&models::apigateway::service, apigateway::RestApiService::implemented_operations()},
          {&models::apigatewayv2::service, apigateway::HttpApiService::implemented_operations()},
          {&models::cloudformation::service, cloudformation::CloudFormationService::implemented_operations()},
          {&models::cloudwatch::service, cloudwatch::CloudWatchService::implemented_operations()},
          {&models::codedeploy::service, codedeploy::CodeDeployService::implemented_operations(),
           codedeploy::CodeDeployService::refused_operations()},
          {&models::ecr::service, ecr::EcrService::implemented_operations(), {}, true},
          {&models::events::service, events::EventsService::implemented_operations()},
          {&models::iam::service, iam::IamService::implemented_operations()},
          {&models::kinesis::service, kinesis::KinesisService::implemented_operations()},
          {&models::lambda::service, lambda::LambdaService::implemented_operations()},
          {&models::logs::service, logs::LogsService::implemented_operations()},
          {&models::s3::service, s3::S3Service::implemented_operations()},
          {&models::s3control::service, s3::ControlService::implemented_operations(), {}, true},
          {&models::secretsmanager::service, secretsmanager::SecretsManagerService::implemented_operations()},
          {&models::sns::service, sns::SnsService::implemented_operations()},
          {&models::sqs::service, sqs::SqsService::implemented_operations()},
          {&models::ssm::service, ssm::SsmService::implemented_operations(), {}, true},
          {&models::sts::service, sts::StsService::implemented_operations()}};
}

}  // namespace

int print_operations() {
  for (const Row& row : rows()) {
    fmt::print("### {}: {} of {} operations\n\n| operation | |\n|---|---|\n", row.model->id,
               row.supported.size(), row.model->operations.size());
    for (const models::Operation& operation : row.model->operations) {
      const bool there = std::ranges::find(row.supported, operation.name) != row.supported.end();
      if (row.only_supported && !there) continue;
      const bool refused = std::ranges::find(row.refused, operation.name) != row.refused.end();
      const std::string_view note = operation_note(row.model->id, operation.name);
      fmt::print("| `{}` | {} |\n", operation.name,
                 there     ? (note.empty() ? "yes" : note)
                 : refused ? "refused: not for Lambda"
                           : "answers 501");
    }
    if (row.only_supported) fmt::print("| all others | answer 501 |\n");
    fmt::print("\n");
  }
  return 0;
}

}  // namespace aviary::app
