#include <fmt/format.h>

#include <stdexcept>

#include "ports/code_store.hpp"
#include "ports/images.hpp"
#include "ports/live_folders.hpp"
#include "ports/sandbox.hpp"

namespace aviary {

void throw_exception_from_error(CodeProblem problem, const boost::source_location& where) {
  throw std::logic_error(fmt::format("unchecked code store result at {}:{}: {}", where.file_name(),
                                     where.line(), static_cast<int>(problem)));
}

void throw_exception_from_error(const LaunchProblem& problem, const boost::source_location& where) {
  throw std::logic_error(fmt::format("unchecked launch result at {}:{}: {}: errno {}", where.file_name(),
                                     where.line(), problem.step, problem.error_number));
}

void throw_exception_from_error(const FolderProblem& problem, const boost::source_location& where) {
  throw std::logic_error(
      fmt::format("unchecked folder result at {}:{}: {}", where.file_name(), where.line(), problem.text));
}

void throw_exception_from_error(const ImageProblem& problem, const boost::source_location& where) {
  throw std::logic_error(
      fmt::format("unchecked image result at {}:{}: {}", where.file_name(), where.line(), problem.text));
}

}  // namespace aviary
