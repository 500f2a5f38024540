// Any text as a snapshot, as diff --against reads it. One that is read is written, and that is read as the same.
#include "show.hpp"

#include "lbconverge/plan/ledger.hpp"

#include <cstdlib>
#include <string>

using namespace lbconverge::cli;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto first = parse_snapshot("s.json", std::string(reinterpret_cast<const char*>(data), size));
    if (!first) return 0;
    const std::string text = snapshot_of(*first->observed, first->ledger, "lb1");
    const auto second = parse_snapshot("s.json", text);
    if (!second) std::abort();
    if (snapshot_of(*second->observed, second->ledger, "lb1") != text) std::abort();
    (void)toml_of(*first->observed);
    return 0;
}
