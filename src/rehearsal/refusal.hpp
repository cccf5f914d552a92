#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace aviary::rehearsal {

/// Why something that a person asked for cannot be done, in words for that person.
struct Refusal {
  std::string message;
};
[[noreturn]] void throw_exception_from_error(const Refusal& refusal, const boost::source_location& where);

template <class T>
using Checked = boost::system::result<T, Refusal>;

/// For values that a refusal could be made of too, as texts and documents.
template <class T>
Checked<T> accepted(T value) {
  return {boost::system::in_place_value, std::move(value)};
}

}  // namespace aviary::rehearsal
