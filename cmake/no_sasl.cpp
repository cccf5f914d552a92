// librdkafka's archive names Cyrus SASL for Kerberos alone, which event source mappings do not know: PLAIN
// and SCRAM are its own. So its place is taken, and the binary needs no library with plug-ins.
extern "C" {

constexpr int ok = 0;
constexpr int no_mechanism = -4;

int sasl_client_init(const void*) { return ok; }
int sasl_client_new(const char*, const char*, const char*, const char*, const void*, unsigned, void**) {
  return no_mechanism;
}
int sasl_client_start(void*, const char*, void**, const char**, unsigned*, const char**) {
  return no_mechanism;
}
int sasl_client_step(void*, const char*, unsigned, void**, const char**, unsigned*) { return no_mechanism; }
void sasl_dispose(void**) {}
const char* sasl_errdetail(void*) { return "Kerberos is not built in"; }
const char* sasl_errstring(int, const char*, const char**) { return "Kerberos is not built in"; }
int sasl_getprop(void*, int, const void**) { return no_mechanism; }
int sasl_listmech(void*, const char*, const char*, const char*, const char*, const char**, unsigned*, int*) {
  return no_mechanism;
}
}
