#include "lbconverge/model/exit.hpp"

#include <doctest/doctest.h>

namespace lbconverge {

TEST_CASE("an apply in parts ends with 3 if one has changed something and one could not be done, in either order") {
    CHECK(exit_of_parts(exit_good, exit_good, true) == exit_good);
    CHECK(exit_of_parts(exit_good, exit_kernel_lacks, true) == exit_not_converged);
    CHECK(exit_of_parts(exit_kernel_lacks, exit_good, true) == exit_not_converged);
    CHECK(exit_of_parts(exit_good, exit_kernel_lacks, false) == exit_kernel_lacks);
    CHECK(exit_of_parts(exit_kernel_lacks, exit_good, false) == exit_kernel_lacks);
}

}  // namespace lbconverge
