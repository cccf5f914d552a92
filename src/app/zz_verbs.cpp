#include "app/verbs.hpp"
namespace aviary::app {
int run_hidden_verb(int, char**) { return -1; }
int doctor(const EmulatorOptions&) { return 1; }
}  // namespace aviary::app
