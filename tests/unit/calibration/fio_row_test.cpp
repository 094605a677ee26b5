#include "models/calibration/fio_row.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace labtwin::calibration {
namespace {

double num_drives(const std::string& device, const std::string& drive_class) {
  const MeasurementTable table = MeasurementTable::from_csv(
      CsvTable::from_text("rows.csv", "device,class,interface,rw,bs_bytes,iodepth,numjobs,iops\n" + device + "," + drive_class +
                                          ",PCIe,randread,4096,1,1,1\n"));
  return read_fio_rows(table).at(0).num_drives;
}

TEST(FioRow, CountsTheDrivesThatItsDeviceNames) {
  EXPECT_EQ(num_drives("8x Samsung 980 PRO 1TB", "nvme"), 8.0);
  EXPECT_EQ(num_drives("Samsung 980 PRO 1TB", "nvme"), 1.0);
  EXPECT_EQ(num_drives("970 EVO", "nvme"), 1.0);
  EXPECT_EQ(num_drives("500GB HDD", "hdd"), 1.0);
  // The prior of arrays is of whole arrays.
  EXPECT_EQ(num_drives("3x Crucial MX200 RAID0", "raid"), 1.0);
}

std::vector<FioRow> scheduled_rows(const std::string& rows) {
  return read_fio_rows(MeasurementTable::from_csv(
      CsvTable::from_text("rows.csv", "device,class,interface,rw,bs_bytes,iodepth,numjobs,iops,series,note,split\n" + rows)));
}

TEST(FioRow, ReadsTheSchedulerFromTheSettingsInItsNote) {
  const auto rows = scheduled_rows("980,nvme,PCIe,randread,4096,1,1,1,s,fig-2;sched=kyber;ndev=1,fit\n");
  EXPECT_EQ(rows.at(0).scheduler, "kyber");
  EXPECT_EQ(rows.at(0).unit, "s") << "one scheduler makes one unit";
}

TEST(FioRow, PartsASeriesThatWasFittedUnderSeveralSchedulers) {
  const auto rows = scheduled_rows(
      "980,nvme,PCIe,randread,4096,1,1,1,s,sched=none,fit\n"
      "980,nvme,PCIe,randread,4096,1,1,1,s,sched=bfq,fit\n"
      "980,nvme,PCIe,randread,4096,2,1,1,s,sched=none,held_out\n"
      "980,nvme,PCIe,randread,4096,2,1,1,s,sched=kyber,held_out\n");
  EXPECT_NE(rows.at(0).unit, rows.at(1).unit);
  EXPECT_EQ(rows.at(2).unit, rows.at(0).unit);
  EXPECT_EQ(rows.at(3).unit, rows.at(1).unit) << "a scheduler that was not fitted goes with the first that was";
}

}  // namespace
}  // namespace labtwin::calibration
