// Encodes documents given on standard input, for make_cases.py: botocore then says what it reads in them.
#include <algorithm>
#include <iostream>
#include <iterator>

#include "base/encoding.hpp"
#include "models/cloudwatch.hpp"
#include "models/lambda.hpp"
#include "wire/protocol.hpp"

int main() {
  using namespace aviary;
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const Json job = Json::parse(text);
  const models::Service* const services[] = {&models::lambda::service, &models::cloudwatch::service};
  const std::pair<const char*, models::Protocol> protocols[] = {{"rest-json", models::Protocol::RestJson},
                                                                {"aws-json-1.0", models::Protocol::AwsJson10},
                                                                {"aws-json-1.1", models::Protocol::AwsJson11},
                                                                {"query", models::Protocol::Query},
                                                                {"rpc-v2-cbor", models::Protocol::RpcV2Cbor}};
  for (const models::Service* service : services) {
    if (service->id != job.at("service").get<std::string>()) continue;
    const auto spoken = std::ranges::find(protocols, job.at("protocol").get<std::string>(),
                                          [](const auto& row) { return std::string(row.first); });
    const wire::Codec& codec = *wire::codec_for(spoken->second);
    const wire::AnswerContext context{.service = service, .request_id = "id-of-the-request"};
    Json answers = Json::array();
    for (const Json& one : job.at("cases")) {
      const models::Operation* operation = service->find_operation(one.at("operation").get<std::string>());
      const wire::Response response =
          codec.encode(*operation, one.at("document"), one.at("payload").get<std::string>(), 0, context);
      Json headers = Json::object();
      for (const auto& [name, value] : response.headers) headers[name] = value;
      answers.push_back(
          {{"status", response.status}, {"headers", headers}, {"body64", base64_encode(response.body)}});
    }
    std::cout << answers.dump();
    return 0;
  }
  std::cerr << "unknown service\n";
  return 1;
}
