// `aviary assert`: sentences judged by a running server, for CI.
#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "app/junit.hpp"
#include "app/remote.hpp"
#include "app/verbs.hpp"
#include "rehearsal/assertion.hpp"

namespace aviary::app {
namespace {

/// One sentence a line; blank lines and what begins with `#` are left out.
void read_sentences(std::istream& from, std::vector<std::string>& sentences) {
  std::string line;
  while (std::getline(from, line)) {
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos && line[first] != '#')
      sentences.push_back(line.substr(first, line.find_last_not_of(" \t\r") - first + 1));
  }
}

void print_result(const Json& result) {
  const std::string sentence = result.value("assertion", std::string());
  if (result.contains("problem"))
    fmt::print("error  {}\n       {}\n", sentence, result["problem"].get<std::string>());
  else
    fmt::print("{}  {}\n       {}\n", result.value("holds", false) ? "ok   " : "FAILS", sentence,
               result.value("found", std::string()));
}

}  // namespace

int assert_verb(const ServerVerbs& wanted) {
  std::vector<std::string> sentences = wanted.assertion.sentences;
  if (const std::string& path = wanted.assertion.file; path == "-") {
    read_sentences(std::cin, sentences);
  } else if (!path.empty()) {
    std::ifstream file(path);
    if (!file) {
      fmt::print(stderr, "aviary: {} cannot be read\n", path);
      return 2;
    }
    read_sentences(file, sentences);
  }
  if (sentences.empty()) {
    fmt::print(stderr, "aviary: nothing is asserted. What is understood:\n{}\n",
               rehearsal::understood_sentences());
    return 2;
  }
  Remote server(wanted.endpoint);
  const Remote::Answer answer =
      server.request("POST", "/_aviary/assert", Json{{"assertions", std::move(sentences)}});
  if (!answer.body.is_object() || !answer.body.contains("results")) {
    fmt::print(stderr, "aviary: {}\n", answer.problem);
    return 2;
  }
  const Json& results = answer.body["results"];
  for (const Json& result : results) print_result(result);
  if (const std::string& path = wanted.assertion.junit; !path.empty()) {
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << junit_report(results);
    file.close();
    if (!file) {
      fmt::print(stderr, "aviary: {} cannot be written\n", path);
      return 2;
    }
  }
  if (answer.good()) return 0;
  return answer.status == 409 ? 1 : 2;
}

}  // namespace aviary::app
