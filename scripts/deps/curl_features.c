// Checks that a libcurl is the minimal one scripts/deps/curl.sh means to build; says what differs and fails.
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

int main(void) {
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  const int wanted = CURL_VERSION_SSL | CURL_VERSION_HTTP2 | CURL_VERSION_ASYNCHDNS | CURL_VERSION_LIBZ;
  int failures = 0;
  printf("%s\n", curl_version());
  for (const char *const *name = info->protocols; *name != NULL; ++name) {
    if (strcmp(*name, "http") != 0 && strcmp(*name, "https") != 0) {
      printf("unwanted protocol: %s\n", *name);
      ++failures;
    }
  }
  if ((info->features & wanted) != wanted) {
    printf("missing one of TLS, HTTP/2, asynchronous DNS, zlib: features are %#x\n", (unsigned)info->features);
    ++failures;
  }
  if (info->ares == NULL) {
    printf("the resolver is not c-ares\n");
    ++failures;
  }
  if (info->ssl_version == NULL || strncmp(info->ssl_version, "OpenSSL/", 8) != 0) {
    printf("the TLS library is not OpenSSL\n");
    ++failures;
  }
  if (info->cainfo != NULL || info->capath != NULL) {
    printf("a CA path is baked in: %s %s\n", info->cainfo ? info->cainfo : "", info->capath ? info->capath : "");
    ++failures;
  }
  return failures == 0 ? 0 : 1;
}
