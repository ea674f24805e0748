package vigie.agent.reader;

import org.jspecify.annotations.Nullable;

/** Control groups of version 1: a tree for each controller, of which some may lack a group. */
final class CgroupFiles1 implements CgroupFiles {
  private static final int CPU_ACCOUNT = 0,
      CPU = 1,
      MEMORY = 2,
      MEMORY_STAT = 3,
      MEMORY_LIMIT = 4,
      OOM = 5,
      IO_BYTES = 6,
      IO_COUNTS = 7,
      PIDS = 8;
  private static final String[] CONTROLLERS = {
    "cpuacct", "cpu", "memory", "memory", "memory", "memory", "blkio", "blkio", "pids", "pids"
  };
  private static final String[] FILES = {
    "cpuacct.stat",
    "cpu.stat",
    "memory.usage_in_bytes",
    "memory.stat",
    "memory.limit_in_bytes",
    "memory.oom_control",
    "blkio.throttle.io_service_bytes_recursive",
    "blkio.throttle.io_serviced_recursive",
    "pids.current",
    "pids.max"
  };

  /** USER_HZ, the same on all of Java's architectures. */
  private static final double TICKS_PER_SECOND = 100;

  /** "No limit" is the largest multiple of the page size, whatever that is. */
  private static final double NO_LIMIT = 0x7fff_ffff_0000_0000L;

  private final String root;
  private final String walked;

  /**
   * @param walked the controller in whose tree the groups are looked for
   */
  CgroupFiles1(String root, String walked) {
    this.root = root + "/";
    this.walked = walked;
  }

  @Override
  public String folder() {
    return root + walked;
  }

  @Override
  public String[] paths(String group) {
    String[] paths = new String[FILES.length];
    for (int i = 0; i < FILES.length; i++) {
      paths[i] = root + CONTROLLERS[i] + group + "/" + FILES[i];
    }
    return paths;
  }

  @Override
  public void take(int file, @Nullable Bytes text, double[] values) {
    if (text == null) {
      return;
    } else if (file == CPU_ACCOUNT) {
      takeCpu(text, values);
    } else if (file == CPU) {
      takeThrottling(text, values);
    } else if (file == MEMORY) {
      values[CgroupReader.MEMORY] = text.number();
    } else if (file == MEMORY_STAT) {
      double idle = CgroupFiles.number(text, "total_inactive_file");
      values[CgroupReader.WORKING_SET] = Math.max(0, values[CgroupReader.MEMORY] - idle);
    } else if (file == MEMORY_LIMIT) {
      double limit = text.number();
      values[CgroupReader.MEMORY_LIMIT] = limit >= NO_LIMIT ? Double.NaN : limit;
    } else if (file == OOM) {
      values[CgroupReader.OOM_KILLS] = CgroupFiles.number(text, "oom_kill");
    } else if (file == IO_BYTES) {
      takeIo(text, values, CgroupReader.READ_BYTES, CgroupReader.WRITTEN_BYTES);
    } else if (file == IO_COUNTS) {
      takeIo(text, values, CgroupReader.READS, CgroupReader.WRITES);
    } else {
      values[file == PIDS ? CgroupReader.PIDS : CgroupReader.PIDS_LIMIT] = text.number();
    }
  }

  private static void takeCpu(Bytes text, double[] values) {
    do {
      text.field();
      if (text.is("user")) {
        values[CgroupReader.CPU_USER] = text.number() / TICKS_PER_SECOND;
      } else if (text.is("system")) {
        values[CgroupReader.CPU_SYSTEM] = text.number() / TICKS_PER_SECOND;
      }
    } while (text.line());
  }

  private static void takeThrottling(Bytes text, double[] values) {
    do {
      text.field();
      if (text.is("nr_periods")) {
        values[CgroupReader.PERIODS] = text.number();
      } else if (text.is("nr_throttled")) {
        values[CgroupReader.THROTTLED_PERIODS] = text.number();
      } else if (text.is("throttled_time")) {
        values[CgroupReader.THROTTLED_SECONDS] = text.number() / 1e9;
      }
    } while (text.line());
  }

  /** {@code 8:0 Read 1}, {@code 8:0 Write 2} and others for each device; {@code Total 3}. */
  private static void takeIo(Bytes text, double[] values, int reads, int writes) {
    if (text.length() == SmallFiles.MAX_BYTES) {
      return; // Cut: see version 2.
    }
    values[reads] = 0;
    values[writes] = 0;
    do {
      text.field(); // the device
      if (text.field()) {
        int number = text.is("Read") ? reads : text.is("Write") ? writes : -1;
        if (number >= 0) {
          values[number] += text.number();
        }
      }
    } while (text.line());
  }
}
