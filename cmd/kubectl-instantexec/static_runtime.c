// Linked into the static release only. A static glibc offers name services and dlopen by loading shared libraries of
// exactly its own version at run time, which a program for any Linux must not depend on. Host names are resolved by
// c-ares, and OpenSSL needs no loadable module; both libraries still refer to the functions below from paths that are
// never taken. With these definitions the machinery stays out of the binary, and such a path fails cleanly.
// scripts/check_hardening.sh verifies that nothing of it is left.
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

int getaddrinfo(const char *restrict name, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict result) {
  (void)name, (void)service, (void)hints;
  *result = NULL;
  return EAI_FAIL;
}

void freeaddrinfo(struct addrinfo *list) { (void)list; }

const char *gai_strerror(int code) {
  (void)code;
  return "the system resolver is not part of this program";
}

int getnameinfo(const struct sockaddr *restrict address, socklen_t address_size, char *restrict host,
                socklen_t host_size, char *restrict service, socklen_t service_size, int flags) {
  (void)address, (void)address_size, (void)host, (void)host_size, (void)service, (void)service_size, (void)flags;
  return EAI_FAIL;
}

struct hostent *gethostbyname(const char *name) {
  (void)name;
  return NULL;
}

struct servent *getservbyname(const char *name, const char *protocol) {
  (void)name, (void)protocol;
  return NULL;
}

int getservbyname_r(const char *name, const char *protocol, struct servent *entry, char *buffer, size_t size,
                    struct servent **result) {
  (void)name, (void)protocol, (void)entry, (void)buffer, (void)size;
  *result = NULL;
  return ENOENT;
}

int getservbyport_r(int port, const char *protocol, struct servent *entry, char *buffer, size_t size,
                    struct servent **result) {
  (void)port, (void)protocol, (void)entry, (void)buffer, (void)size;
  *result = NULL;
  return ENOENT;
}

void *dlopen(const char *file, int mode) {
  (void)file, (void)mode;
  return NULL;
}

int dlclose(void *handle) {
  (void)handle;
  return 0;
}

void *dlsym(void *restrict handle, const char *restrict name) {
  (void)handle, (void)name;
  return NULL;
}

char *dlerror(void) {
  static char message[] = "loadable modules are not part of this program";
  return message;
}

int dladdr(const void *address, void *info) {
  (void)address, (void)info;
  return 0;
}
