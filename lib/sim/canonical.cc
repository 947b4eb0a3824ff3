#include "sim/canonical.h"

#include <array>
#include <optional>
#include <utility>

#include "sim/merge.h"

namespace instantexec::sim {
namespace {

using model::Json;

__extension__ using Wide = __int128;

// Quantities are kept in units of 10^-9, the finest the API knows.
constexpr int kNano = 9;

struct Suffix {
  std::string_view text;
  int base;  // 10 or 2
  int exponent;
};
constexpr std::array<Suffix, 15> kSuffixes = {{{"Ki", 2, 10},
                                               {"Mi", 2, 20},
                                               {"Gi", 2, 30},
                                               {"Ti", 2, 40},
                                               {"Pi", 2, 50},
                                               {"Ei", 2, 60},
                                               {"n", 10, -9},
                                               {"u", 10, -6},
                                               {"m", 10, -3},
                                               {"k", 10, 3},
                                               {"M", 10, 6},
                                               {"G", 10, 9},
                                               {"T", 10, 12},
                                               {"P", 10, 15},
                                               {"E", 10, 18}}};

constexpr Wide kLimit = static_cast<Wide>(1) << 120;

struct Number {
  Wide nano = 0;
  bool binary = false;
};

std::optional<Wide> scaled(Wide value, int base, int exponent) {
  for (; exponent > 0; --exponent) {
    value *= base;
    if (value > kLimit) return std::nullopt;
  }
  for (; exponent < 0; ++exponent) value = (value + base - 1) / base;  // the server rounds up
  return value;
}

std::optional<Number> parse(std::string_view text) {
  Suffix suffix{"", 10, 0};
  for (const Suffix& candidate : kSuffixes) {
    if (text.ends_with(candidate.text)) {
      suffix = candidate;
      break;
    }
  }
  text.remove_suffix(suffix.text.size());
  if (text.starts_with('+')) text.remove_prefix(1);
  Wide digits = 0;
  int fraction = -1;  // digits behind the point
  for (const char c : text) {
    if (c == '.' && fraction < 0) {
      fraction = 0;
      continue;
    }
    if (c < '0' || c > '9' || digits > kLimit / 16) return std::nullopt;
    digits = digits * 10 + (c - '0');
    if (fraction >= 0) ++fraction;
  }
  if (text.empty() || text == ".") return std::nullopt;
  auto value = scaled(digits, suffix.base, suffix.exponent > 0 ? suffix.exponent : 0);
  if (value)
    value = scaled(*value, 10,
                   kNano - (fraction > 0 ? fraction : 0) + (suffix.exponent < 0 ? suffix.exponent : 0));
  if (!value) return std::nullopt;
  return Number{*value, suffix.base == 2};
}

std::string print(Wide value) {
  std::string out;
  for (; value > 0; value /= 10)
    out.insert(out.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
  return out.empty() ? "0" : out;
}

std::string in_binary(Wide whole) {
  constexpr std::array<std::string_view, 7> kNames = {"", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
  std::size_t step = 0;
  while (step + 1 < kNames.size() && whole > 0 && whole % 1024 == 0) {
    whole /= 1024;
    ++step;
  }
  return print(whole) + std::string(kNames[step]);
}

std::string in_decimal(Wide nano) {
  constexpr std::array<std::string_view, 10> kNames = {"n", "u", "m", "", "k", "M", "G", "T", "P", "E"};
  if (nano == 0) return "0";
  std::size_t step = 0;
  while (step + 1 < kNames.size() && nano % 1000 == 0) {
    nano /= 1000;
    ++step;
  }
  return print(nano) + std::string(kNames[step]);
}

Json zero_of(const Type& type) {
  switch (type.shape) {
    case Shape::kStruct:
      return Json::object();
    case Shape::kScalar:
      if (type.scalar == Scalar::kString) return "";
      if (type.scalar == Scalar::kInteger) return 0;
      if (type.scalar == Scalar::kBoolean) return false;
      return {};
    default:
      return {};
  }
}

void tidy(Json& value, const Type& type);

void tidy_fields(Json& value, const Type& type) {
  for (auto it = value.begin(); it != value.end();) {
    const Type* inner = type.shape == Shape::kMap ? type.element : type.field(it.key());
    if (inner != nullptr) tidy(*it, *inner);
    const bool container = inner != nullptr && inner->shape != Shape::kStruct && inner->shape != Shape::kAny;
    if (it->is_null() || (container && it->is_structured() && it->empty())) {
      it = value.erase(it);
    } else {
      ++it;
    }
  }
  for (const std::string& name : type.always) {
    if (value.contains(name)) continue;
    Json zero = zero_of(*type.field(name));
    if (zero.is_null()) continue;
    tidy(zero, *type.field(name));
    value[name] = std::move(zero);
  }
}

void tidy(Json& value, const Type& type) {
  if (value.is_object() && (type.shape == Shape::kStruct || type.shape == Shape::kMap)) {
    tidy_fields(value, type);
  } else if (value.is_array() && type.element != nullptr) {
    for (Json& item : value) tidy(item, *type.element);
  } else if (type.shape == Shape::kScalar && type.scalar == Scalar::kQuantity) {
    if (value.is_string()) value = canonical_quantity(value.get_ref<const std::string&>());
    if (value.is_number()) value = canonical_quantity(value.dump());
  }
}

}  // namespace

std::string canonical_quantity(std::string_view text) {
  const auto number = parse(text);
  if (!number) return std::string(text);
  constexpr Wide kOne = 1'000'000'000;
  if (number->binary && number->nano % kOne == 0 && number->nano / kOne >= 1024)
    return in_binary(number->nano / kOne);
  return in_decimal(number->nano);
}

void canonicalise(Json& object, const Type& type) {
  if (type.always.empty() && type.name.empty()) {
    drop_nulls(object);
  } else {
    tidy(object, type);
  }
}

}  // namespace instantexec::sim
