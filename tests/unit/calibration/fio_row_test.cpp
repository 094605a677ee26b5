#include "models/calibration/fio_row.hpp"

#include <gtest/gtest.h>

#include <string>

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

}  // namespace
}  // namespace labtwin::calibration
