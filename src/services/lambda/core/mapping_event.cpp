#include "services/lambda/core/mapping_event.hpp"

namespace aviary::lambda {

std::string dumped(const OrderedJson& document) {
  return document.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace aviary::lambda
