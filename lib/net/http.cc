#include "net/http.h"

#include "base/text.h"

namespace instantexec::net {

std::string_view HttpResponse::header(std::string_view name) const {
  const std::string wanted = to_lower(name);
  for (const Header& header : headers) {
    if (to_lower(header.name) == wanted) return header.value;
  }
  return {};
}

std::vector<std::string_view> HttpResponse::all_headers(std::string_view name) const {
  const std::string wanted = to_lower(name);
  std::vector<std::string_view> out;
  for (const Header& header : headers) {
    if (to_lower(header.name) == wanted) out.push_back(header.value);
  }
  return out;
}

std::string HttpResponse::media_type() const {
  const std::string_view value = header("Content-Type");
  return to_lower(trim(value.substr(0, value.find(';'))));
}

}  // namespace instantexec::net
