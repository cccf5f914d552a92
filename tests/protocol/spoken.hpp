#pragma once

#include <string_view>

#include "models/cloudwatch.hpp"
#include "models/events.hpp"
#include "models/kinesis.hpp"
#include "models/lambda.hpp"
#include "models/sns.hpp"
#include "models/sqs.hpp"
#include "wire/aws_cbor_codec.hpp"
#include "wire/protocol.hpp"

/// The services that there are cases of, and how they are spoken to.
namespace aviary::wire {

inline const models::Service* const case_services[] = {&models::lambda::service, &models::cloudwatch::service,
                                                       &models::sqs::service,    &models::sns::service,
                                                       &models::events::service, &models::kinesis::service};

struct Spoken {
  const models::Service* service;
  models::Protocol protocol;
  const char* name;  ///< in the files' names
  /// How many operations the oracle's model has for it; 0: all.
  std::size_t operations = 0;

  const Codec& codec() const {
    if (std::string_view(name) != "aws-cbor") return *codec_for(protocol);
    Request request;
    request.headers.emplace_back("Content-Type", "application/x-amz-cbor-1.1");
    return *codec_of({.service = service, .protocol = protocol}, request);
  }
  AnswerContext context() const { return {.service = service, .request_id = "id-of-the-request"}; }
};

inline const Spoken spoken_protocols[] = {
    {&models::lambda::service, models::Protocol::RestJson, "rest-json"},
    {&models::cloudwatch::service, models::Protocol::RpcV2Cbor, "rpc-v2-cbor"},
    {&models::cloudwatch::service, models::Protocol::AwsJson10, "aws-json-1.0"},
    {&models::cloudwatch::service, models::Protocol::Query, "query"},
    {&models::sqs::service, models::Protocol::AwsJson10, "aws-json-1.0"},
    {&models::sqs::service, models::Protocol::Query, "query", 20},  // the three of move tasks came later
    {&models::sns::service, models::Protocol::Query, "query"},
    {&models::events::service, models::Protocol::AwsJson11, "aws-json-1.1"},
    {&models::kinesis::service, models::Protocol::AwsJson11, "aws-json-1.1"},
    {&models::kinesis::service, models::Protocol::AwsJson11, "aws-cbor"},
};

}  // namespace aviary::wire
