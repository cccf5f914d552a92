#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/secretsmanager/api/secretsmanager_service.hpp"
#include "services/ssm/api/ssm_service.hpp"

namespace aviary::app {

void add_parameters(Parts& parts) {
  auto ssm = std::make_unique<ssm::SsmService>(ssm::SsmDependencies{.journal = *parts.journal});
  auto secrets = std::make_unique<secretsmanager::SecretsManagerService>(
      secretsmanager::SecretsManagerDependencies{.ids = parts.secret_ids, .journal = *parts.journal});
  for (Service* service : {static_cast<Service*>(ssm.get()), static_cast<Service*>(secrets.get())})
    parts.add(*service);
  parts.others.push_back(std::move(ssm));
  parts.others.push_back(std::move(secrets));
}

}  // namespace aviary::app
