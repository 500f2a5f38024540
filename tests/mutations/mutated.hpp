// Stands before the code of a file into which mutations were woven (tests/mutate).
#pragma once

#include <cstdlib>
#include <string_view>

// What is broken on purpose may look so.
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wimplicit-fallthrough"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wreturn-type"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wempty-body"
#pragma GCC diagnostic ignored "-Wunused"

namespace lbconverge {

inline bool is_mutation(std::string_view name) {
    const char* const now = std::getenv("LBCONVERGE_MUTATION");
    return now != nullptr && name == now;
}

}  // namespace lbconverge

#define LBCONVERGE_MUTATED(name)                                \
    ([] {                                                       \
        static const bool on = ::lbconverge::is_mutation(name); \
        return on;                                              \
    }())
