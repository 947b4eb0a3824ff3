#include "engine/record_error.h"

#include "engine/errors.h"

namespace instantexec::engine {

Error record_error(const Response& response, const std::string& otherwise) {
  Error out = response.error ? *response.error : make_error(errors::kWriteFailed, otherwise);
  if (!refused_outright(response)) return out;
  out.code = &errors::kRecordRefused;
  // Our records are valid, so a word about fields of Secrets would lead nowhere; one about rights or webhooks
  // helps.
  if (response.http_status != 403 && !response.passing) out.hint.clear();
  return out;
}

}  // namespace instantexec::engine
