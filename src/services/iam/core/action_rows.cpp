#include <array>

#include "services/iam/core/action_map.hpp"

/// The services' actions where they are not simply named as operations are. Object storage is in
/// action_rows_s3.cpp.
namespace aviary::iam {

extern const ServiceActions s3_actions;
extern const ServiceActions s3control_actions;
extern const ServiceActions ssm_actions;

namespace {

constexpr std::string_view all = "*";

constexpr std::array lambda_rows{
    ActionRow{"Invoke", "InvokeFunction"},
    ActionRow{"InvokeAsync", "InvokeFunction"},
    ActionRow{"InvokeWithResponseStream", "InvokeFunction"},
    ActionRow{"GetLayerVersionByArn", "GetLayerVersion", "{Arn}"},
    ActionRow{"CreateEventSourceMapping", "", all},
    ActionRow{"ListEventSourceMappings", "", all},
    ActionRow{"ListLayerVersions", "", all},
    ActionRow{"CreateFunction", "iam:PassRole", "{Role}"},
    ActionRow{"CreateFunction", "lambda:GetLayerVersion", "{Layers}"},
    ActionRow{"UpdateFunctionConfiguration", "iam:PassRole", "{Role}"},
    ActionRow{"UpdateFunctionConfiguration", "lambda:GetLayerVersion", "{Layers}"},
    ActionRow{"CreateCapacityProvider", "iam:PassRole",
              "{PermissionsConfig.CapacityProviderOperatorRoleArn}"},
};
constexpr std::array<std::string_view, 9> lambda_resources{
    "{DurableExecutionArn}",
    "{FunctionName|function}",
    "arn:aws:lambda:{$region}:{$account}:layer:{LayerName}:{VersionNumber}",
    "arn:aws:lambda:{$region}:{$account}:layer:{LayerName}",
    "arn:aws:lambda:{$region}:{$account}:event-source-mapping:{UUID}",
    "{CodeSigningConfigArn}",
    "arn:aws:lambda:{$region}:{$account}:capacity-provider:{CapacityProviderName}",
    "{Resource}",
    "{Arn}",
};
constexpr std::array lambda_keys{
    KeyRow{"lambda:FunctionArn", "{FunctionName|function}"},
    KeyRow{"lambda:Layer", "{Layers}"},
    KeyRow{"lambda:Principal", "{Principal}"},
    KeyRow{"lambda:FunctionUrlAuthType", "{FunctionUrlAuthType}"},
    KeyRow{"lambda:FunctionUrlAuthType", "{AuthType}"},
    KeyRow{"lambda:CodeSigningConfigArn", "{CodeSigningConfigArn}"},
};

constexpr std::array sqs_rows{
    ActionRow{"SendMessageBatch", "SendMessage"},
    ActionRow{"DeleteMessageBatch", "DeleteMessage"},
    ActionRow{"ChangeMessageVisibilityBatch", "ChangeMessageVisibility"},
};
constexpr std::array<std::string_view, 4> sqs_resources{
    "arn:aws:sqs:{$region}:{QueueUrl|queue}",
    "arn:aws:sqs:{$region}:{QueueOwnerAWSAccountId}:{QueueName}",
    "arn:aws:sqs:{$region}:{$account}:{QueueName}",
    "{SourceArn}",
};

constexpr std::array sns_rows{
    ActionRow{"PublishBatch", "Publish"},
    ActionRow{"CreatePlatformApplication", "", "arn:aws:sns:{$region}:{$account}:app/{Platform}/{Name}"},
};
constexpr std::array<std::string_view, 7> sns_resources{
    "{TopicArn}",
    "{TargetArn}",
    "{SubscriptionArn|topic}",
    "{ResourceArn}",
    "{PlatformApplicationArn}",
    "{EndpointArn}",
    "arn:aws:sns:{$region}:{$account}:{Name}",
};
constexpr std::array sns_keys{KeyRow{"sns:Protocol", "{Protocol}"}, KeyRow{"sns:Endpoint", "{Endpoint}"}};

constexpr std::string_view named_rule = "arn:aws:events:{$region}:{$account}:rule/{EventBusName|rule}{Name}";
constexpr std::string_view rule_of_targets =
    "arn:aws:events:{$region}:{$account}:rule/{EventBusName|rule}{Rule}";
constexpr std::string_view named_bus = "arn:aws:events:{$region}:{$account}:event-bus/{Name|bus}";
constexpr std::string_view bus_of_policy = "arn:aws:events:{$region}:{$account}:event-bus/{EventBusName|bus}";
constexpr std::string_view connection = "arn:aws:events:{$region}:{$account}:connection/{Name}/*";
constexpr std::string_view destination = "arn:aws:events:{$region}:{$account}:api-destination/{Name}/*";
constexpr std::string_view endpoint = "arn:aws:events:{$region}:{$account}:endpoint/{Name}";
constexpr std::array events_rows{
    ActionRow{"PutRule", "", named_rule},
    ActionRow{"DeleteRule", "", named_rule},
    ActionRow{"DescribeRule", "", named_rule},
    ActionRow{"EnableRule", "", named_rule},
    ActionRow{"DisableRule", "", named_rule},
    ActionRow{"PutRule", "iam:PassRole", "{RoleArn}"},
    ActionRow{"PutTargets", "", rule_of_targets},
    ActionRow{"PutTargets", "iam:PassRole", "{Targets.RoleArn}"},
    ActionRow{"RemoveTargets", "", rule_of_targets},
    ActionRow{"ListTargetsByRule", "", rule_of_targets},
    ActionRow{"ListRules", "", all},
    ActionRow{"ListRuleNamesByTarget", "", all},
    ActionRow{"PutEvents", "", "arn:aws:events:{$region}:{$account}:event-bus/{Entries.EventBusName|bus}"},
    ActionRow{"CreateEventBus", "", named_bus},
    ActionRow{"UpdateEventBus", "", named_bus},
    ActionRow{"DeleteEventBus", "", named_bus},
    ActionRow{"DescribeEventBus", "", named_bus},
    ActionRow{"PutPermission", "", bus_of_policy},
    ActionRow{"RemovePermission", "", bus_of_policy},
    ActionRow{"CreateConnection", "", connection},
    ActionRow{"UpdateConnection", "", connection},
    ActionRow{"DeleteConnection", "", connection},
    ActionRow{"DescribeConnection", "", connection},
    ActionRow{"DeauthorizeConnection", "", connection},
    ActionRow{"CreateApiDestination", "", destination},
    ActionRow{"UpdateApiDestination", "", destination},
    ActionRow{"DeleteApiDestination", "", destination},
    ActionRow{"DescribeApiDestination", "", destination},
    ActionRow{"CreateEndpoint", "", endpoint},
    ActionRow{"UpdateEndpoint", "", endpoint},
    ActionRow{"DeleteEndpoint", "", endpoint},
    ActionRow{"DescribeEndpoint", "", endpoint},
};
constexpr std::array<std::string_view, 4> events_resources{
    "arn:aws:events:{$region}:{$account}:archive/{ArchiveName}",
    "arn:aws:events:{$region}:{$account}:replay/{ReplayName}",
    "{ResourceARN}",
    "arn:aws:events:{$region}::event-source/{Name}",
};
constexpr std::array events_keys{
    KeyRow{"events:source", "{Entries.Source}"},
    KeyRow{"events:detail-type", "{Entries.DetailType}"},
    KeyRow{"events:TargetArn", "{Targets.Arn}"},
};

constexpr std::array<std::string_view, 4> kinesis_resources{
    "{ConsumerARN}",
    "{StreamARN}",
    "arn:aws:kinesis:{$region}:{$account}:stream/{StreamName}",
    "{ResourceARN}",
};

constexpr std::string_view log_destination =
    "arn:aws:logs:{$region}:{$account}:destination:{destinationName}";
constexpr std::string_view delivery_source = "arn:aws:logs:{$region}:{$account}:delivery-source:{name}";
constexpr std::string_view delivery_destination =
    "arn:aws:logs:{$region}:{$account}:delivery-destination:{name}";
constexpr std::string_view delivery = "arn:aws:logs:{$region}:{$account}:delivery:{id}";
constexpr std::array logs_rows{
    ActionRow{"DescribeLogGroups", "", "arn:aws:logs:{$region}:{$account}:log-group::log-stream:"},
    ActionRow{"PutDestination", "", log_destination},
    ActionRow{"PutDestination", "iam:PassRole", "{roleArn}"},
    ActionRow{"PutSubscriptionFilter", "iam:PassRole", "{roleArn}"},
    ActionRow{"PutDeliverySource", "", delivery_source},
    ActionRow{"GetDeliverySource", "", delivery_source},
    ActionRow{"DeleteDeliverySource", "", delivery_source},
    ActionRow{"PutDeliveryDestination", "", delivery_destination},
    ActionRow{"GetDeliveryDestination", "", delivery_destination},
    ActionRow{"DeleteDeliveryDestination", "", delivery_destination},
    ActionRow{"CreateDelivery", "", "arn:aws:logs:{$region}:{$account}:delivery-source:{deliverySourceName}"},
    ActionRow{"CreateDelivery", "logs:CreateDelivery", "{deliveryDestinationArn}"},
    ActionRow{"GetDelivery", "", delivery},
    ActionRow{"DeleteDelivery", "", delivery},
    ActionRow{"UpdateDeliveryConfiguration", "", delivery},
    ActionRow{"CreateLogAnomalyDetector", "", "{logGroupArnList}"},
    ActionRow{"ListLogAnomalyDetectors", "", all},
};
constexpr std::array<std::string_view, 8> logs_resources{
    "arn:aws:logs:{$region}:{$account}:log-group:{logGroupName}:log-stream:{logStreamName|maybe}",
    "arn:aws:logs:{$region}:{$account}:log-group:{logGroupIdentifier}:log-stream:{logStreamName|maybe}",
    "arn:aws:logs:{$region}:{$account}:log-group:{logGroupNames}:log-stream:",
    "arn:aws:logs:{$region}:{$account}:log-group:{logGroupIdentifiers}:log-stream:",
    "{resourceArn}",
    "arn:aws:logs:{$region}:{$account}:destination:{destinationName}",
    "arn:aws:logs:{$region}:{$account}:delivery-destination:{deliveryDestinationName}",
    "{anomalyDetectorArn}",
};

constexpr std::array secret_rows{
    ActionRow{"BatchGetSecretValue", "", all},
    ActionRow{"BatchGetSecretValue", "secretsmanager:GetSecretValue",
              "arn:aws:secretsmanager:{$region}:{$account}:secret:{SecretIdList}"},
};
constexpr std::array<std::string_view, 2> secret_resources{
    "arn:aws:secretsmanager:{$region}:{$account}:secret:{SecretId}",
    "arn:aws:secretsmanager:{$region}:{$account}:secret:{Name}",
};
constexpr std::array secret_keys{
    KeyRow{"secretsmanager:SecretId", "{SecretId}"},
    KeyRow{"secretsmanager:Name", "{Name}"},
    KeyRow{"secretsmanager:VersionStage", "{VersionStage}"},
    KeyRow{"secretsmanager:VersionId", "{VersionId}"},
};

constexpr std::array cloudwatch_rows{
    ActionRow{"GetMetricStream", "", "arn:aws:cloudwatch:{$region}:{$account}:metric-stream/{Name}"},
    ActionRow{"PutMetricStream", "", "arn:aws:cloudwatch:{$region}:{$account}:metric-stream/{Name}"},
    ActionRow{"DeleteMetricStream", "", "arn:aws:cloudwatch:{$region}:{$account}:metric-stream/{Name}"},
    ActionRow{"DescribeAlarmsForMetric", "", all},
};
constexpr std::array<std::string_view, 6> cloudwatch_resources{
    "arn:aws:cloudwatch:{$region}:{$account}:alarm:{AlarmName}",
    "arn:aws:cloudwatch:{$region}:{$account}:alarm:{AlarmNames}",
    "arn:aws:cloudwatch::{$account}:dashboard/{DashboardName}",
    "arn:aws:cloudwatch::{$account}:dashboard/{DashboardNames}",
    "{ResourceARN}",
    "arn:aws:cloudwatch:{$region}:{$account}:insight-rule/{RuleName}",
};
constexpr std::array cloudwatch_keys{KeyRow{"cloudwatch:namespace", "{Namespace}"}};

constexpr std::array codedeploy_rows{
    ActionRow{"CreateDeploymentGroup", "iam:PassRole", "{serviceRoleArn}"},
    ActionRow{"UpdateDeploymentGroup", "iam:PassRole", "{serviceRoleArn}"},
};
constexpr std::array<std::string_view, 7> codedeploy_resources{
    "arn:aws:codedeploy:{$region}:{$account}:deploymentgroup:{applicationName}/{deploymentGroupName}",
    "arn:aws:codedeploy:{$region}:{$account}:deploymentgroup:{applicationName}/{deploymentGroupNames}",
    "arn:aws:codedeploy:{$region}:{$account}:deploymentgroup:{applicationName}/{currentDeploymentGroupName}",
    "arn:aws:codedeploy:{$region}:{$account}:application:{applicationName}",
    "arn:aws:codedeploy:{$region}:{$account}:application:{applicationNames}",
    "arn:aws:codedeploy:{$region}:{$account}:deploymentconfig:{deploymentConfigName}",
    "{ResourceArn}",
};

constexpr std::array stack_rows{
    ActionRow{"CreateStack", "iam:PassRole", "{RoleARN}"},
    ActionRow{"UpdateStack", "iam:PassRole", "{RoleARN}"},
    ActionRow{"DeleteStack", "iam:PassRole", "{RoleARN}"},
    ActionRow{"CreateChangeSet", "iam:PassRole", "{RoleARN}"},
    ActionRow{"ContinueUpdateRollback", "iam:PassRole", "{RoleARN}"},
    ActionRow{"RollbackStack", "iam:PassRole", "{RoleARN}"},
};
constexpr std::array<std::string_view, 3> stack_resources{
    "{StackName|stack}",
    "arn:aws:cloudformation:{$region}:{$account}:stackset/{StackSetName}:*",
    "{ChangeSetName}",
};
constexpr std::array stack_keys{
    KeyRow{"cloudformation:RoleArn", "{RoleARN}"},
    KeyRow{"cloudformation:TemplateUrl", "{TemplateURL}"},
    KeyRow{"cloudformation:ChangeSetName", "{ChangeSetName}"},
};

constexpr std::array<std::string_view, 3> ecr_resources{
    "arn:aws:ecr:{$region}:{$account}:repository/{repositoryName}",
    "arn:aws:ecr:{$region}:{$account}:repository/{repositoryNames}",
    "{resourceArn}",
};

constexpr std::string_view user_or_self = "{$caller}";
constexpr std::array iam_rows{
    ActionRow{"GetUser", "", "arn:aws:iam::{$account}:user{Path|slash}{UserName}", "UserName"},
    ActionRow{"GetUser", "", user_or_self},
    ActionRow{"CreateAccessKey", "", "arn:aws:iam::{$account}:user{Path|slash}{UserName}", "UserName"},
    ActionRow{"CreateAccessKey", "", user_or_self},
    ActionRow{"ListAccessKeys", "", "arn:aws:iam::{$account}:user{Path|slash}{UserName}", "UserName"},
    ActionRow{"ListAccessKeys", "", user_or_self},
    ActionRow{"DeleteAccessKey", "", "arn:aws:iam::{$account}:user{Path|slash}{UserName}", "UserName"},
    ActionRow{"DeleteAccessKey", "", user_or_self},
    ActionRow{"ChangePassword", "", user_or_self},
    ActionRow{"ListUsers", "", "arn:aws:iam::{$account}:user/"},
    ActionRow{"ListRoles", "", "arn:aws:iam::{$account}:role/"},
    ActionRow{"ListGroups", "", "arn:aws:iam::{$account}:group/"},
    ActionRow{"ListPolicies", "", "arn:aws:iam::{$account}:policy/"},
    ActionRow{"ListInstanceProfiles", "", "arn:aws:iam::{$account}:instance-profile/"},
    ActionRow{"CreateVirtualMFADevice", "", "arn:aws:iam::{$account}:mfa{Path|slash}{VirtualMFADeviceName}"},
    ActionRow{"EnableMFADevice", "", "arn:aws:iam::{$account}:user{Path|slash}{UserName}"},
    ActionRow{"ResyncMFADevice", "", "arn:aws:iam::{$account}:user{Path|slash}{UserName}"},
    ActionRow{"DeactivateMFADevice", "", "arn:aws:iam::{$account}:user{Path|slash}{UserName}", "UserName"},
    ActionRow{"DeactivateMFADevice", "", user_or_self},
    ActionRow{"ListMFADevices", "", "arn:aws:iam::{$account}:user{Path|slash}{UserName}", "UserName"},
    ActionRow{"ListMFADevices", "", user_or_self},
    ActionRow{"ListVirtualMFADevices", "", "arn:aws:iam::{$account}:mfa/*"},
    ActionRow{"ListServerCertificates", "", "arn:aws:iam::{$account}:server-certificate/*"},
    ActionRow{"CreateServiceLinkedRole", "",
              "arn:aws:iam::{$account}:role/aws-service-role/{AWSServiceName}/*"},
};
constexpr std::array<std::string_view, 12> iam_resources{
    "arn:aws:iam::{$account}:instance-profile{Path|slash}{InstanceProfileName}",
    "arn:aws:iam::{$account}:role{Path|slash}{RoleName}",
    "arn:aws:iam::{$account}:group{Path|slash}{GroupName}",
    "arn:aws:iam::{$account}:user{Path|slash}{UserName}",
    "{PolicyArn}",
    "arn:aws:iam::{$account}:policy{Path|slash}{PolicyName}",
    "{OpenIDConnectProviderArn}",
    "{SAMLProviderArn}",
    "arn:aws:iam::{$account}:server-certificate/{ServerCertificateName}",
    "{SerialNumber}",
    "{PolicySourceArn}",
    "{Arn}",
};
constexpr std::array iam_keys{
    KeyRow{"iam:PolicyARN", "{PolicyArn}"},
    KeyRow{"iam:PermissionsBoundary", "{PermissionsBoundary}"},
};

constexpr std::array sts_rows{
    ActionRow{"GetCallerIdentity", "-"},
    ActionRow{"GetSessionToken", "-"},
    ActionRow{"GetFederationToken", "", "arn:aws:sts::{$account}:federated-user/{Name}"},
};
constexpr std::array<std::string_view, 1> sts_resources{"{RoleArn}"};
constexpr std::array sts_keys{
    KeyRow{"sts:ExternalId", "{ExternalId}"},
    KeyRow{"sts:RoleSessionName", "{RoleSessionName}"},
    KeyRow{"sts:SourceIdentity", "{SourceIdentity}"},
};

}  // namespace

std::span<const ServiceActions> service_actions() {
  static const std::array services{
      ServiceActions{"lambda", "lambda", lambda_rows, lambda_resources, lambda_keys},
      ServiceActions{"sqs", "sqs", sqs_rows, sqs_resources},
      ServiceActions{"sns", "sns", sns_rows, sns_resources, sns_keys},
      ServiceActions{"events", "events", events_rows, events_resources, events_keys},
      ServiceActions{"kinesis", "kinesis", {}, kinesis_resources},
      ServiceActions{"logs", "logs", logs_rows, logs_resources},
      ServiceActions{"secretsmanager", "secretsmanager", secret_rows, secret_resources, secret_keys},
      ServiceActions{"cloudwatch", "cloudwatch", cloudwatch_rows, cloudwatch_resources, cloudwatch_keys},
      ServiceActions{"codedeploy", "codedeploy", codedeploy_rows, codedeploy_resources},
      ServiceActions{"cloudformation", "cloudformation", stack_rows, stack_resources, stack_keys},
      ServiceActions{"ecr", "ecr", {}, ecr_resources},
      ServiceActions{"iam", "iam", iam_rows, iam_resources, iam_keys},
      ServiceActions{"sts", "sts", sts_rows, sts_resources, sts_keys},
      ServiceActions{.service = "apigateway", .prefix = "apigateway", .by_path = true},
      ServiceActions{.service = "apigatewayv2", .prefix = "apigateway", .by_path = true},
      s3_actions,
      ssm_actions,
      s3control_actions,
  };
  return services;
}

}  // namespace aviary::iam
