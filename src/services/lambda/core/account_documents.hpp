#pragma once

#include "ports/scoped_documents.hpp"
#include "services/lambda/core/version.hpp"

namespace aviary::lambda {

/// What belongs to an account rather than to a function: code-signing configurations, capacity providers.
using AccountDocuments = ScopedDocuments<Scope>;

}  // namespace aviary::lambda
