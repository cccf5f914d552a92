#include "rehearsal/refusal.hpp"

#include <stdexcept>

namespace aviary::rehearsal {

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::logic_error("a refused result was used: " + refusal.message);
}

}  // namespace aviary::rehearsal
