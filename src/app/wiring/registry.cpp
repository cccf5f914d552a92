#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/ecr/api/ecr_service.hpp"

namespace aviary::app {

void add_registry(Parts& parts) {
  auto ecr = std::make_unique<ecr::EcrService>(ecr::EcrDependencies{.journal = *parts.journal});
  parts.add(*ecr);
  parts.others.push_back(std::move(ecr));
}

}  // namespace aviary::app
