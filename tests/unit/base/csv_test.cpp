#include "models/base/csv.hpp"

#include <gtest/gtest.h>

#include <string>

namespace labtwin {
namespace {

CsvTable table_of(std::string text) {
  return CsvTable::from_text("t.csv", std::move(text));
}

std::string error_of(std::string text) {
  try {
    static_cast<void>(table_of(std::move(text)));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(CsvTable, ReadsNamedColumnsAndNumbers) {
  const CsvTable table = table_of("name,iops\nfast,1.5e5\nslow,\n");
  EXPECT_EQ(table.num_rows(), 2U);
  EXPECT_EQ(table.cell(0, table.column("name")), "fast");
  EXPECT_EQ(table.number(0, table.column("iops")), 150000.0);
  EXPECT_EQ(table.number(1, table.column("iops")), std::nullopt);
  EXPECT_EQ(table.find_column("latency"), std::nullopt);
}

TEST(CsvTable, FollowsRfc4180) {
  const CsvTable table = table_of("\xef\xbb\xbfx,\"y, z\"\r\n\"a \"\"b\"\"\",\"two\nlines\"\r\n\r\nlast,\"\"");
  EXPECT_EQ(table.columns(), (std::vector<std::string>{"x", "y, z"}));
  ASSERT_EQ(table.num_rows(), 2U);
  EXPECT_EQ(table.cell(0, 0), "a \"b\"");
  EXPECT_EQ(table.cell(0, 1), "two\nlines");
  EXPECT_EQ(table.cell(1, 0), "last");
  EXPECT_EQ(table.cell(1, 1), "");
  EXPECT_EQ(table.line(0), 2U);
  EXPECT_EQ(table.line(1), 5U);
}

TEST(CsvTable, SaysWhereItIsNoTable) {
  EXPECT_EQ(error_of(""), "t.csv:1:1: has no header line");
  EXPECT_EQ(error_of("a,b,a\n"), "t.csv:1:1: two columns are named \"a\"");
  EXPECT_EQ(error_of("a,b\n1,2\n1\n1,2,3\n"),
            "t.csv:3:1: has 1 cells where the header has 2\nt.csv:4:1: has 3 cells where the header has 2");
  EXPECT_EQ(error_of("a\n\"b\n"), "t.csv:2:1: a quote is never closed");
  EXPECT_EQ(error_of("a\n\"b\"c\n"), "t.csv:2:1: text follows a closing quote");
}

TEST(CsvTable, SaysWhichCellOrColumnIsWrong) {
  const CsvTable table = table_of("latency_us\nfast\n1e999\n");
  for (std::size_t row : {0U, 1U}) EXPECT_THROW(static_cast<void>(table.number(row, 0)), ConfigError);
  EXPECT_EQ(table.diagnostic(0, 0, "must be a number").text(), "t.csv:2:1: latency_us = \"fast\": must be a number");
  try {
    static_cast<void>(table.column("latency_s"));
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(), "t.csv:1:1: has no column \"latency_s\" (did you mean \"latency_us\"?)");
  }
}

TEST(CsvTable, CellsSurviveMovesAndCopies) {
  CsvTable first = table_of("a\nx\n\"\"\"\"\n");
  const CsvTable copy = first;
  const CsvTable moved = std::move(first);
  EXPECT_EQ(copy.cell(0, 0), "x");
  EXPECT_EQ(moved.cell(1, 0), "\"");
}

}  // namespace
}  // namespace labtwin
