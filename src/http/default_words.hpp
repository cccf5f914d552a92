#pragma once

#include "http/server.hpp"

namespace aviary::http {

/// What is said to a refused request when nobody else has words for it: AWS's general form.
wire::Response default_words(const Refused& refused);

}  // namespace aviary::http
