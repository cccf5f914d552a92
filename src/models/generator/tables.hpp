#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace aviary::models {

struct Tables {
  std::string header;
  std::string source;
};

/// C++ text of the tables of one service, all of it constant-initialised. `model` is a distilled model with
/// its overlay merged in. Throws on a model that names what it does not have.
Tables generate(const nlohmann::ordered_json& model);

}  // namespace aviary::models
