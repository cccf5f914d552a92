#include "base/result.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace aviary {

void throw_exception_from_error(const AwsError& error, const boost::source_location& where) {
  throw std::logic_error(fmt::format("unchecked result at {}:{}: {}: {}", where.file_name(), where.line(),
                                     error.shape->code, error.message));
}

}  // namespace aviary
