// The clusters that are simulated: what elections can differ in. Only for tests.
#pragma once

#include "lbconverge/config/document.hpp"
#include "lbconverge/sim/simulation.hpp"
#include "support/text.hpp"

#include <string>
#include <utility>
#include <vector>

namespace lbconverge::test {

struct Cluster {
    std::string name;
    std::string toml;
};
/// Short ones for tests; the example of the repository is the first.
std::vector<Cluster> clusters(const std::string& source_directory);

/// The configurations of those that stand for election; the file must be free of errors.
std::vector<node::ConfigPtr> electors(const Cluster& cluster);

}  // namespace lbconverge::test
