#include "services/cloudformation/core/inline_code.hpp"

#include <cstdint>
#include <vector>

#include "base/checksums.hpp"

namespace aviary::cloudformation {
namespace {

void append_number(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

/// What a local header and a directory entry have in common: stored, 1980-01-01, sizes.
void append_facts(std::string& out, std::string_view name, std::string_view content) {
  append_number(out, 20, 2);
  append_number(out, 0x800, 2);  // the name is UTF-8
  append_number(out, 0, 2);
  append_number(out, 0, 2);
  append_number(out, 0x21, 2);
  const std::string sum = crc32(content);
  out.append(sum.rbegin(), sum.rend());
  append_number(out, content.size(), 4);
  append_number(out, content.size(), 4);
  append_number(out, name.size(), 2);
  append_number(out, 0, 2);
}

constexpr std::string_view python_response_module = R"py(import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(event["ResponseURL"], data=json.dumps(body).encode(), method="PUT",
                                     headers={"Content-Type": ""})
    try:
        with urllib.request.urlopen(request) as answer:
            print("Status code:", answer.status)
    except Exception as problem:
        print("send(..) failed executing the request:", problem)
)py";

constexpr std::string_view node_response_module = R"js("use strict";
exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";
exports.send = (event, context, responseStatus, responseData, physicalResourceId, noEcho) => new Promise((resolve) => {
  const body = JSON.stringify({
    Status: responseStatus,
    Reason: `See the details in CloudWatch Log Stream: ${context.logStreamName}`,
    PhysicalResourceId: physicalResourceId || context.logStreamName,
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    NoEcho: noEcho || false,
    Data: responseData,
  });
  const done = () => {
    if (context.done) context.done();
    resolve();
  };
  const url = new URL(event.ResponseURL);
  const options = { method: "PUT", headers: { "content-type": "", "content-length": Buffer.byteLength(body) } };
  const request = require(url.protocol === "https:" ? "https" : "http").request(url, options, (answer) => {
    answer.resume();
    answer.on("end", done);
  });
  request.on("error", (problem) => {
    console.log("send(..) failed executing the request: " + problem);
    done();
  });
  request.end(body);
});
)js";

}  // namespace

std::string zip_of(std::span<const ZipEntry> entries) {
  std::string out;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const std::size_t at = out.size();
    out += "PK\x03\x04";
    append_facts(out, entry.name, entry.content);
    out += entry.name;
    out += entry.content;
    directory += "PK\x01\x02";
    append_number(directory, 0x0314, 2);  // made by a Unix
    append_facts(directory, entry.name, entry.content);
    append_number(directory, 0, 6);
    append_number(directory, 0100644U << 16, 4);
    append_number(directory, at, 4);
    directory += entry.name;
  }
  const std::size_t begin = out.size();
  out += directory;
  out += "PK\x05\x06";
  append_number(out, 0, 4);
  append_number(out, entries.size(), 2);
  append_number(out, entries.size(), 2);
  append_number(out, directory.size(), 4);
  append_number(out, begin, 4);
  append_number(out, 0, 2);
  return out;
}

std::string zip_of(std::string_view name, std::string_view content) {
  const ZipEntry entry{name, content};
  return zip_of({&entry, 1});
}

std::string_view inline_file_name(std::string_view runtime) {
  if (runtime.starts_with("python")) return "index.py";
  if (runtime.starts_with("nodejs")) return "index.js";
  if (runtime.starts_with("ruby")) return "index.rb";
  return {};
}

std::string inline_package(std::string_view runtime, std::string_view source) {
  const std::string_view file = inline_file_name(runtime);
  if (file.empty()) return {};
  std::vector<ZipEntry> entries{{file, source}};
  // CloudFormation puts its module beside inline code, and only there.
  // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
  if (runtime.starts_with("python") && source.find("cfnresponse") != std::string_view::npos)
    entries.push_back({"cfnresponse.py", python_response_module});
  if (runtime.starts_with("nodejs") && source.find("cfn-response") != std::string_view::npos)
    entries.push_back({"node_modules/cfn-response/index.js", node_response_module});
  return zip_of(entries);
}

}  // namespace aviary::cloudformation
