// Encodes documents given on standard input, for make_cases.py: botocore then says what it reads in them.
#include <iostream>
#include <iterator>

#include "models/lambda.hpp"
#include "wire/protocol.hpp"

int main() {
  using namespace aviary;
  const std::string text{std::istreambuf_iterator<char>(std::cin), {}};
  const Json job = Json::parse(text);
  const models::Service* const services[] = {&models::lambda::service};
  for (const models::Service* service : services) {
    if (service->id != job.at("service").get<std::string>()) continue;
    const wire::Codec& codec = *wire::codec_for(service->protocols.front());
    Json answers = Json::array();
    for (const Json& one : job.at("cases")) {
      const models::Operation* operation = service->find_operation(one.at("operation").get<std::string>());
      const wire::Response response =
          codec.encode(*operation, one.at("document"), one.at("payload").get<std::string>(), 0);
      Json headers = Json::object();
      for (const auto& [name, value] : response.headers) headers[name] = value;
      answers.push_back({{"status", response.status}, {"headers", headers}, {"body", response.body}});
    }
    std::cout << answers.dump();
    return 0;
  }
  std::cerr << "unknown service\n";
  return 1;
}
