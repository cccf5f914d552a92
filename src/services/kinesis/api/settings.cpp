#include <fmt/format.h>

#include "services/kinesis/api/input.hpp"
#include "services/kinesis/api/kinesis_service.hpp"

namespace aviary::kinesis {
namespace {

constexpr int hours_at_least = 24;
constexpr int hours_at_most = 8760;

constexpr const char* all_metrics[] = {"IncomingBytes",
                                       "IncomingRecords",
                                       "IteratorAgeMilliseconds",
                                       "OutgoingBytes",
                                       "OutgoingRecords",
                                       "ReadProvisionedThroughputExceeded",
                                       "WriteProvisionedThroughputExceeded"};

}  // namespace

Result<Reply> KinesisService::retention(Call& call, bool longer) {
  const Result<Stream*> found = active_stream(call);
  if (!found) return found.error();
  Stream& stream = **found;
  const int hours = number_of(call.input, "RetentionPeriodHours").value_or(0);
  if (hours < hours_at_least)
    return invalid_argument(fmt::format(
        "Minimum allowed retention period is 24 hours. Requested retention period ({} hours) is too short.",
        hours));
  if (hours > hours_at_most)
    return invalid_argument(fmt::format(
        "Maximum allowed retention period is 8760 hours. Requested retention period ({} hours) is too long.",
        hours));
  if (longer && hours < stream.retention_hours)
    return invalid_argument(
        fmt::format("Requested retention period ({} hours) for stream {} can not be shorter than existing "
                    "retention period ({} hours). Use DecreaseRetentionPeriod API.",
                    hours, stream.id.name, stream.retention_hours));
  if (!longer && hours > stream.retention_hours)
    return invalid_argument(
        fmt::format("Requested retention period ({} hours) for stream {} can not be longer than existing "
                    "retention period ({} hours). Use IncreaseRetentionPeriod API.",
                    hours, stream.id.name, stream.retention_hours));
  stream.retention_hours = hours;
  streams_.updating(stream, call.now);
  return Reply{};
}

Result<Reply> KinesisService::increase_stream_retention_period(Call& call) { return retention(call, true); }
Result<Reply> KinesisService::decrease_stream_retention_period(Call& call) { return retention(call, false); }

Result<Reply> KinesisService::update_stream_mode(Call& call) {
  const Result<Stream*> stream = active_stream(call);
  if (!stream) return stream.error();
  const bool on_demand = text_of(call.input.at("StreamModeDetails"), "StreamMode") == "ON_DEMAND";
  (*stream)->on_demand = on_demand;
  if (!on_demand)
    (*stream)->warm_throughput.reset();
  else if (const auto warm = number_of(call.input, "WarmThroughputMiBps"))
    (*stream)->warm_throughput = warm;
  streams_.updating(**stream, call.now);
  return Reply{};
}

Result<Reply> KinesisService::update_max_record_size(Call& call) {
  const Result<Stream*> stream = active_stream(call);
  if (!stream) return stream.error();
  (*stream)->maximum_record_kib = number_of(call.input, "MaxRecordSizeInKiB").value_or(1024);
  streams_.updating(**stream, call.now);
  return Reply{};
}

Result<Reply> KinesisService::update_stream_warm_throughput(Call& call) {
  const Result<Stream*> found = active_stream(call);
  if (!found) return found.error();
  Stream& stream = **found;
  if (!stream.on_demand)
    return validation(fmt::format("Request is invalid. Stream {} under account {} is in Provisioned mode.",
                                  stream.id.name, stream.id.scope.account));
  stream.warm_throughput = number_of(call.input, "WarmThroughputMiBps");
  streams_.updating(stream, call.now);
  return Reply{
      .output = {{"StreamARN", stream.arn()},
                 {"StreamName", stream.id.name},
                 {"WarmThroughput",
                  {{"TargetMiBps", *stream.warm_throughput}, {"CurrentMiBps", *stream.warm_throughput}}}}};
}

/// Recorded and shown: data lies here as everything else does.
Result<Reply> KinesisService::start_stream_encryption(Call& call) {
  const Result<Stream*> stream = active_stream(call);
  if (!stream) return stream.error();
  if (text_of(call.input, "EncryptionType") != "KMS")
    return invalid_argument("The only valid value for EncryptionType is KMS.");
  (*stream)->key_id = text_of(call.input, "KeyId");
  streams_.updating(**stream, call.now);
  return Reply{};
}

Result<Reply> KinesisService::stop_stream_encryption(Call& call) {
  const Result<Stream*> stream = active_stream(call);
  if (!stream) return stream.error();
  if (text_of(call.input, "EncryptionType") != "KMS")
    return invalid_argument("The only valid value for EncryptionType is KMS.");
  (*stream)->key_id.clear();
  streams_.updating(**stream, call.now);
  return Reply{};
}

Result<Reply> KinesisService::monitoring(Call& call, bool enable) {
  const Result<Stream*> found = active_stream(call);
  if (!found) return found.error();
  Stream& stream = **found;
  const std::set<std::string> before = stream.monitored;
  for (const std::string& name : texts_of(call.input, "ShardLevelMetrics")) {
    for (const char* metric : all_metrics) {
      if (name != "ALL" && name != metric) continue;
      if (enable)
        stream.monitored.insert(metric);
      else
        stream.monitored.erase(metric);
    }
  }
  streams_.updating(stream, call.now);
  return Reply{.output = {{"StreamName", stream.id.name},
                          {"StreamARN", stream.arn()},
                          {"CurrentShardLevelMetrics", before},
                          {"DesiredShardLevelMetrics", stream.monitored}}};
}

Result<Reply> KinesisService::enable_enhanced_monitoring(Call& call) { return monitoring(call, true); }
Result<Reply> KinesisService::disable_enhanced_monitoring(Call& call) { return monitoring(call, false); }

}  // namespace aviary::kinesis
