#pragma once

#include <boost/system/result.hpp>
#include <string>

namespace aviary::host {

/// Why the server cannot start on what it was given: one sentence for the person at the terminal, which says
/// what to do about it.
struct StartProblem {
  std::string text;
};

/// Required by `boost::system::result`; asking a failed result for its value is a bug.
[[noreturn]] void throw_exception_from_error(const StartProblem& problem,
                                             const boost::source_location& where);

template <class T>
using Started = boost::system::result<T, StartProblem>;

}  // namespace aviary::host
