package vigie.agent.reader;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Control groups of version 2: one tree, microseconds, {@code max} for no limit. */
final class CgroupFiles2 implements CgroupFiles {
  private static final int CPU = 0,
      MEMORY = 1,
      MEMORY_STAT = 2,
      MEMORY_MAX = 3,
      MEMORY_EVENTS = 4,
      IO = 5,
      PIDS = 6,
      PIDS_MAX = 7,
      CPU_PRESSURE = 8,
      MEMORY_PRESSURE = 9;
  private static final String[] FILES = {
    "cpu.stat",
    "memory.current",
    "memory.stat",
    "memory.max",
    "memory.events",
    "io.stat",
    "pids.current",
    "pids.max",
    "cpu.pressure",
    "memory.pressure",
    "io.pressure"
  };

  private final String folder;
  private final int count;

  CgroupFiles2(String folder, boolean pressure) {
    this.folder = folder;
    count = pressure ? FILES.length : CPU_PRESSURE;
  }

  @Override
  public String folder() {
    return folder;
  }

  @Override
  public String[] paths(String group) {
    String[] paths = Arrays.copyOf(FILES, count);
    for (int i = 0; i < count; i++) {
      paths[i] = folder + group + "/" + FILES[i];
    }
    return paths;
  }

  @Override
  public void take(int file, @Nullable Bytes text, double[] values) {
    if (file == IO) {
      takeIo(text, values);
    } else if (text == null) {
      return;
    } else if (file == CPU) {
      takeCpu(text, values);
    } else if (file == MEMORY) {
      values[CgroupReader.MEMORY] = text.number();
    } else if (file == MEMORY_STAT) {
      double idle = CgroupFiles.number(text, "inactive_file");
      values[CgroupReader.WORKING_SET] = Math.max(0, values[CgroupReader.MEMORY] - idle);
    } else if (file == MEMORY_MAX) {
      values[CgroupReader.MEMORY_LIMIT] = text.number();
    } else if (file == MEMORY_EVENTS) {
      values[CgroupReader.OOM_KILLS] = CgroupFiles.number(text, "oom_kill");
    } else if (file == PIDS) {
      values[CgroupReader.PIDS] = text.number();
    } else if (file == PIDS_MAX) {
      values[CgroupReader.PIDS_LIMIT] = text.number();
    } else if (file == CPU_PRESSURE) {
      // All tasks waiting for a processor while none runs cannot be: "full" is 0 there.
      takePressure(text, values, CgroupReader.CPU_SOME, -1);
    } else if (file == MEMORY_PRESSURE) {
      takePressure(text, values, CgroupReader.MEMORY_SOME, CgroupReader.MEMORY_FULL);
    } else {
      takePressure(text, values, CgroupReader.IO_SOME, CgroupReader.IO_FULL);
    }
  }

  private static void takeCpu(Bytes text, double[] values) {
    do {
      text.field();
      if (text.is("user_usec")) {
        values[CgroupReader.CPU_USER] = text.number() / 1e6;
      } else if (text.is("system_usec")) {
        values[CgroupReader.CPU_SYSTEM] = text.number() / 1e6;
      } else if (text.is("nr_periods")) {
        values[CgroupReader.PERIODS] = text.number();
      } else if (text.is("nr_throttled")) {
        values[CgroupReader.THROTTLED_PERIODS] = text.number();
      } else if (text.is("throttled_usec")) {
        values[CgroupReader.THROTTLED_SECONDS] = text.number() / 1e6;
      }
    } while (text.line());
  }

  /** {@code 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0}, empty before the first. */
  private static void takeIo(@Nullable Bytes text, double[] values) {
    Arrays.fill(values, CgroupReader.READ_BYTES, CgroupReader.WRITES + 1, 0);
    if (text == null) {
      return;
    }
    if (text.length() == SmallFiles.MAX_BYTES) {
      // Cut: a sum over fewer devices than the last time would look like a counter that fell.
      Arrays.fill(values, CgroupReader.READ_BYTES, CgroupReader.WRITES + 1, Double.NaN);
      return;
    }
    do {
      text.field();
      while (text.fieldBefore('=', false)) {
        int number = ioNumber(text);
        double value = text.number();
        if (number >= 0) {
          values[number] += value;
        }
      }
    } while (text.line());
  }

  private static int ioNumber(Bytes text) {
    if (text.is("rbytes")) {
      return CgroupReader.READ_BYTES;
    } else if (text.is("wbytes")) {
      return CgroupReader.WRITTEN_BYTES;
    } else if (text.is("rios")) {
      return CgroupReader.READS;
    }
    return text.is("wios") ? CgroupReader.WRITES : -1;
  }

  /** {@code some avg10=0.00 avg60=0.00 avg300=0.00 total=0}, in microseconds. */
  private static void takePressure(Bytes text, double[] values, int some, int full) {
    do {
      int number = text.field() && text.is("some") ? some : text.is("full") ? full : -1;
      if (number >= 0 && text.fieldBefore('=', true)) {
        values[number] = text.number() / 1e6;
      }
    } while (text.line());
  }
}
