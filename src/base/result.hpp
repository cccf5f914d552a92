#pragma once

#include <boost/system/result.hpp>

#include "base/aws_error.hpp"

namespace aviary {

/// Taking the value of a failed result without looking first is a bug, hence an exception.
[[noreturn]] void throw_exception_from_error(const AwsError& error, const boost::source_location& where);

/// A value, or the error that the caller of the API shall see.
template <class T = void>
using Result = boost::system::result<T, AwsError>;

}  // namespace aviary
