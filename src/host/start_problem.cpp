#include "host/start_problem.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace aviary::host {

void throw_exception_from_error(const StartProblem& problem, const boost::source_location& where) {
  throw std::logic_error(
      fmt::format("unchecked start problem at {}:{}: {}", where.file_name(), where.line(), problem.text));
}

}  // namespace aviary::host
