#include "format.hpp"

#include <fmt/args.h>

namespace lbconverge::cli {

std::string put_together(std::string_view pattern, std::initializer_list<Piece> pieces) {
    fmt::dynamic_format_arg_store<fmt::format_context> values;
    for (const Piece& each : pieces) {
        std::visit([&](const auto& value) { values.push_back(value); }, each.value_);
    }
    return fmt::vformat(fmt::string_view(pattern.data(), pattern.size()), values);
}

}  // namespace lbconverge::cli
