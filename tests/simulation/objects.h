#pragma once

#include <string>
#include <vector>

#include "engine/ports.h"
#include "model/manifest.h"
#include "model/object.h"

// What releases of the simulation consist of; all of it is in namespace "default".
namespace instantexec::simulation {

[[nodiscard]] model::Object config(const std::string& name, const std::string& value);
[[nodiscard]] model::Object secret(const std::string& name, const std::string& value);
// A Service that is ready at once, or one that waits for an address which nobody gives it.
[[nodiscard]] model::Object gate(bool open);
// Pods of an image "…:crash" or "…:does-not-exist" never become ready.
[[nodiscard]] model::Object deployment(const std::string& name, const std::string& image, int replicas = 1);
[[nodiscard]] model::Object stateful_set(const std::string& name, const std::string& image);
// A definition of the kind Widget, and one of them.
[[nodiscard]] model::Object definition();
[[nodiscard]] model::Object widget();
[[nodiscard]] std::vector<model::Manifest> manifests(const std::vector<model::Object>& objects);

// Whether a release of these objects cannot become healthy.
[[nodiscard]] bool fails(const std::vector<model::Object>& objects);
// What tells one state of such an object from another, for people.
[[nodiscard]] std::string value_of(const model::Object& object);
// "Kind/namespace/name".
[[nodiscard]] std::string key_of(const model::ObjectRef& ref);
// Somebody else's forced server-side apply.
[[nodiscard]] engine::Request apply_by(const std::string& manager, model::Object object);

}  // namespace instantexec::simulation
