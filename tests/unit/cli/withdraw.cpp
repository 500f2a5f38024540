#include "withdraw.hpp"

#include "unit/plan/planning.hpp"

#include <doctest/doctest.h>

namespace lbconverge::cli {

using kinds::Address;
using test::key;
using test::Node;

TEST_CASE("without a good file a node gives up what hangs on an election, and nothing else") {
    Node node({.config = {}, .election = {}});
    const Address::Facts ours{.protocol = Address::protocol_tag};
    node.put<Address>("192.0.2.1/24 eth0");
    node.put<Address>("192.0.2.20/32 eth0", {}, ours);
    node.put<Address>("192.0.2.21/32 eth0");  // without our mark, but claimed
    node.put<Address>("192.0.2.22/32 eth0");  // somebody else's
    node.put<Address>("192.0.2.30/32 eth0", {}, ours);
    node.put<Address>("192.0.2.40/32 lo", {.scope = Scope::host}, ours);
    node.ledger.get<Address>() = {{.key = key<Address>("192.0.2.21/32 eth0")}};
    node.ledger.file.vips = {{*IpAddress::parse("192.0.2.20"), "LB"}, {*IpAddress::parse("192.0.2.30"), ""}};

    const LeftBehind left = left_behind(node.observed, node.ledger);
    const plan::Task task = withdrawal_of(left);
    const plan::Plan plan =
        plan::plan_for(task, plan::desired_for(task, node.observed.facts),
                       std::make_shared<const kinds::Observed>(node.observed), node.ledger, node.now, task.avoid);
    CHECK(test::done_text(plan) ==
          "withdraw delete address 192.0.2.20/32 eth0 (misplaced)\n"
          "withdraw delete address 192.0.2.21/32 eth0 (misplaced)\n");
}

}  // namespace lbconverge::cli
