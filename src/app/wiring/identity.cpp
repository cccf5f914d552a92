#include "app/parts.hpp"
#include "app/wiring/wiring.hpp"
#include "services/iam/api/iam_service.hpp"
#include "services/sts/api/sts_service.hpp"

namespace aviary::app {

void add_identity(Parts& parts) {
  const bool enforce = parts.options.enforce_iam;
  if (enforce) parts.sessions = std::make_unique<sts::Sessions>(*parts.journal);
  auto sts = std::make_unique<sts::StsService>(
      sts::StsDependencies{.ids = parts.identity_ids, .sessions = parts.sessions.get()});
  auto iam = std::make_unique<iam::IamService>(
      iam::IamDependencies{.ids = parts.identity_ids, .journal = *parts.journal});
  if (enforce) {
    parts.iam_gate = std::make_unique<IamGate>(parts, iam->directory(), *parts.sessions);
    parts.gateway->enforce(*parts.iam_gate);
  }
  for (Service* service : {static_cast<Service*>(sts.get()), static_cast<Service*>(iam.get())})
    parts.add(*service);
  parts.others.push_back(std::move(sts));
  parts.others.push_back(std::move(iam));
}

}  // namespace aviary::app
