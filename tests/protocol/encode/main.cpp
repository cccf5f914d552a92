// Encodes documents given on standard input, for make_cases.py: botocore then says what it reads in them.
#include <algorithm>
#include <iostream>
#include <iterator>

#include "base/encoding.hpp"
#include "protocol/spoken.hpp"

namespace {

using namespace aviary;

Json described(const wire::Response& response) {
  Json headers = Json::object();
  for (const auto& [name, value] : response.headers) headers[name] = value;
  return {{"status", response.status}, {"headers", headers}, {"body64", base64_encode(response.body)}};
}

/// A case has an `operation` and a `document`, or an `error` and a `message`.
wire::Response encoded(const wire::Spoken& spoken, const Json& one) {
  if (const auto code = one.find("error"); code != one.end()) {
    const auto shape = std::ranges::find(spoken.service->errors, code->get<std::string>(),
                                         [](const ErrorShape* each) { return std::string(each->code); });
    return spoken.codec().encode_error({**shape, one.at("message")}, spoken.context());
  }
  const models::Operation* operation = spoken.service->find_operation(one.at("operation").get<std::string>());
  return spoken.codec().encode(*operation, one.at("document"), one.at("payload").get<std::string>(), 0,
                               spoken.context());
}

}  // namespace

int main() {
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const Json job = Json::parse(text);
  for (const wire::Spoken& spoken : wire::spoken_protocols) {
    if (spoken.service->id != job.at("service").get<std::string>()) continue;
    if (spoken.name != job.at("protocol").get<std::string>()) continue;
    Json answers = Json::array();
    for (const Json& one : job.at("cases")) answers.push_back(described(encoded(spoken, one)));
    std::cout << answers.dump();
    return 0;
  }
  std::cerr << "not spoken\n";
  return 1;
}
