#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/iam/api/iam_service.hpp"
#include "services/sts/api/sts_service.hpp"

namespace aviary::app {

void add_identity(Parts& parts) {
  auto sts = std::make_unique<sts::StsService>(sts::StsDependencies{.ids = parts.identity_ids});
  auto iam = std::make_unique<iam::IamService>(
      iam::IamDependencies{.ids = parts.identity_ids, .journal = *parts.journal});
  for (Service* service : {static_cast<Service*>(sts.get()), static_cast<Service*>(iam.get())})
    parts.add(*service);
  parts.others.push_back(std::move(sts));
  parts.others.push_back(std::move(iam));
}

}  // namespace aviary::app
