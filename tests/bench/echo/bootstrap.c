/* The smallest function that Lambda could run: provided.al2023, answers each event with itself.
 *
 * One connection to the Runtime API. Per invoke one read and one write: the answer to an event and the question for
 * the next one leave in the same packet (HTTP pipelining), and the two answers to them usually arrive in one or two
 * reads. So what a benchmark with it measures is the emulator, not the function.
 *
 * HOLD_SECONDS, if it is set, is how long it keeps each event: for measuring many environments at once.
 *
 *   cc -O2 -static -o bootstrap bootstrap.c
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { buffer_bytes = 8 * 1024 * 1024 };

static char in[buffer_bytes];
static size_t filled;

static void die(const char *why) {
  perror(why);
  exit(1);
}

static int connect_to(const char *api) {
  char host[64];
  const char *colon = strrchr(api, ':');
  if (colon == NULL || (size_t)(colon - api) >= sizeof host) exit(2);
  memcpy(host, api, (size_t)(colon - api));
  host[colon - api] = '\0';
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(colon + 1))};
  if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &where.sin_addr) != 1) exit(2);
  const int connection = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(connection, (struct sockaddr *)&where, sizeof where) != 0) die("connect");
  const int on = 1;
  setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return connection;
}

static void read_more(int connection) {
  if (filled == sizeof in - 1) exit(3);
  const ssize_t count = read(connection, in + filled, sizeof in - 1 - filled);
  if (count <= 0) exit(count == 0 ? 0 : 1);
  filled += (size_t)count;
  in[filled] = '\0';
}

/* The value of a header of the head that starts at `at`; `name` with its colon. */
static const char *field(const char *at, const char *end, const char *name) {
  const size_t length = strlen(name);
  for (const char *line = strstr(at, "\r\n"); line != NULL && line < end; line = strstr(line + 2, "\r\n"))
    if (strncasecmp(line + 2, name, length) == 0) {
      const char *value = line + 2 + length;
      while (*value == ' ') ++value;
      return value;
    }
  return NULL;
}

/* Reads one answer, which starts at `at`. Sets where its body is and returns the offset behind it. */
static size_t read_answer(int connection, size_t at, size_t *body, size_t *size) {
  char *end;
  while (filled <= at || (end = strstr(in + at, "\r\n\r\n")) == NULL) read_more(connection);
  const char *length = field(in + at, end, "content-length:");
  *body = (size_t)(end + 4 - in);
  *size = length == NULL ? 0 : strtoul(length, NULL, 10);
  while (filled < *body + *size) read_more(connection);
  return *body + *size;
}

static void write_all(int connection, struct iovec *parts, int count) {
  while (count > 0) {
    ssize_t written = writev(connection, parts, count);
    if (written < 0) die("write");
    while (count > 0 && (size_t)written >= parts->iov_len) {
      written -= (ssize_t)parts->iov_len;
      ++parts;
      --count;
    }
    if (count > 0) {
      parts->iov_base = (char *)parts->iov_base + written;
      parts->iov_len -= (size_t)written;
    }
  }
}

int main(void) {
  const char *api = getenv("AWS_LAMBDA_RUNTIME_API");
  if (api == NULL) {
    fputs("AWS_LAMBDA_RUNTIME_API is not set\n", stderr);
    return 2;
  }
  const int connection = connect_to(api);
  char next[256];
  const int next_size =
      snprintf(next, sizeof next, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: %s\r\n\r\n", api);
  struct iovec first = {next, (size_t)next_size};
  write_all(connection, &first, 1);

  for (int answers_before = 0;; answers_before = 1) {
    size_t body, size, at = 0;
    if (answers_before) at = read_answer(connection, 0, &body, &size); /* the 202 to the last response */
    const size_t event = at;
    const size_t behind = read_answer(connection, event, &body, &size);
    const char *id = field(in + event, in + body, "lambda-runtime-aws-request-id:");
    if (id == NULL) return 4;
    if (getenv("HOLD_SECONDS") != NULL) sleep((unsigned)atoi(getenv("HOLD_SECONDS")));
    char head[512];
    const int head_size =
        snprintf(head, sizeof head,
                 "POST /2018-06-01/runtime/invocation/%.*s/response HTTP/1.1\r\nHost: %s\r\n"
                 "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                 (int)strcspn(id, "\r\n"), id, api, size);
    struct iovec parts[] = {{head, (size_t)head_size}, {in + body, size}, {next, (size_t)next_size}};
    write_all(connection, parts, 3);
    memmove(in, in + behind, filled - behind);
    filled -= behind;
    in[filled] = '\0';
  }
}
