#include "lbconverge/model/table_code.hpp"

#include <doctest/doctest.h>

#include <string>

namespace lbconverge {

namespace {

struct Letter {
    using Key = int;
    using Value = char;
};
using Letters = Table<Letter, std::string>;

/// "1a 2b", in the order of the table; the note is the value, doubled.
std::string text_of(const Letters& table) {
    std::string text;
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (i != 0) text += ' ';
        text += std::to_string(table.row(i).key) + table.row(i).value;
        CHECK(table.note(i) == std::string(2, table.row(i).value));
    }
    return text;
}

/// A finished table of rows with these keys, valued a, b, c … in the order of adding.
Letters finished(std::initializer_list<int> keys) {
    Letters table;
    char value = 'a';
    for (const int key : keys) {
        table.add(key, value, std::string(2, value));
        ++value;
    }
    table.finish();
    return table;
}

}  // namespace

TEST_CASE("a finished table is in the order of its keys, each row with its note") {
    CHECK(text_of(finished({})).empty());
    CHECK(text_of(finished({7})) == "7a");
    CHECK(text_of(finished({1, 2, 3})) == "1a 2b 3c");
    CHECK(text_of(finished({3, 1, 2})) == "1b 2c 3a");
}

TEST_CASE("descending runs, as the kernel dumps its lists, are put in order") {
    CHECK(text_of(finished({3, 2, 1})) == "1c 2b 3a");
    CHECK(text_of(finished({2, 1, 4, 3, 6, 5})) == "1b 2a 3d 4c 5f 6e");
    CHECK(text_of(finished({5, 4, 2, 1, 3})) == "1d 2c 3e 4b 5a");
}

TEST_CASE("of rows with equal keys the first one stays, wherever they stand") {
    CHECK(text_of(finished({1, 1})) == "1a");
    CHECK(text_of(finished({2, 1, 2})) == "1b 2a");
    CHECK(text_of(finished({3, 2, 2, 1})) == "1d 2b 3a");
    CHECK(text_of(finished({1, 2, 3, 1, 2, 3})) == "1a 2b 3c");
}

TEST_CASE("rows are found by their key") {
    const Letters table = finished({10, 30, 20});
    CHECK(table.find(10) == 0);
    CHECK(table.find(20) == 1);
    CHECK(table.find(30) == 2);
    CHECK(table.find(15) == Letters::npos);
    CHECK(table.find(99) == Letters::npos);
    CHECK(Letters().find(1) == Letters::npos);
}

TEST_CASE("rows are put and erased in their place") {
    Letters table = finished({1, 3});
    table.put(2, 'x', "xx");
    CHECK(text_of(table) == "1a 2x 3b");
    table.put(3, 'y', "yy");
    CHECK(text_of(table) == "1a 2x 3y");
    table.erase(1);
    table.erase(7);
    CHECK(text_of(table) == "2x 3y");
}

}  // namespace lbconverge
