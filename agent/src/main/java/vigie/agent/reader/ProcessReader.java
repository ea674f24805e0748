package vigie.agent.reader;

import java.io.IOException;

/** /proc/self: what this process uses. Source: proc_pid_stat(5), proc_pid_status(5). */
public final class ProcessReader implements AutoCloseable {
  private static final double TICKS_PER_SECOND = 100;

  /** The kernel's RLIM_INFINITY, 2⁶⁴ - 1, as a double. */
  private static final double UNLIMITED = 0x1p64;

  private final Roots roots;
  private final KernelFile stat;
  private final KernelFile status;
  private final String fdFolder;
  private double cpuSeconds;
  private double startSeconds;
  private double residentBytes;
  private double virtualBytes;
  private double openFiles;
  private double maxFiles = Double.NaN;
  private double maxVirtualBytes = Double.NaN;
  private double bootTime = Double.NaN;
  private boolean begun;

  public ProcessReader(Roots roots) {
    this.roots = roots;
    stat = new KernelFile(roots.procfs().resolve("self/stat"));
    status = new KernelFile(roots.procfs().resolve("self/status"));
    fdFolder = roots.procfs() + "/self/fd";
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/self cannot be read
   */
  public void read() throws IOException {
    if (!begun) {
      readOnce();
      begun = true;
    }
    readStat();
    readStatus();
    openFiles = SmallFiles.count(fdFolder);
  }

  private void readOnce() throws IOException {
    try (StatReader kernel = new StatReader(roots);
        KernelFile limits = new KernelFile(roots.procfs().resolve("self/limits"))) {
      kernel.read();
      bootTime = kernel.bootTime();
      Bytes in = limits.read();
      while (in.line()) {
        if (!in.field() || !in.is("Max") || !in.field()) {
          continue;
        }
        if (in.is("open") && in.field()) {
          maxFiles = in.number();
        } else if (in.is("address") && in.field()) {
          double limit = in.number();
          maxVirtualBytes = Double.isNaN(limit) ? UNLIMITED : limit;
        }
      }
    }
  }

  private void readStat() throws IOException {
    Bytes in = stat.read();
    cpuSeconds = startSeconds = Double.NaN;
    // The name in parentheses may hold anything, parentheses too.
    if (in.line() && in.fieldBefore(')', true)) {
      for (int field = 3; field < 14; field++) {
        in.field();
      }
      cpuSeconds = (in.number() + in.number()) / TICKS_PER_SECOND;
      for (int field = 16; field < 22; field++) {
        in.field();
      }
      startSeconds = bootTime + in.number() / TICKS_PER_SECOND;
    }
  }

  private void readStatus() throws IOException {
    Bytes in = status.read();
    residentBytes = virtualBytes = Double.NaN;
    while (in.line()) {
      if (!in.field()) {
        continue;
      }
      if (in.is("VmSize:")) {
        virtualBytes = in.number() * 1024;
      } else if (in.is("VmRSS:")) {
        residentBytes = in.number() * 1024;
      }
    }
  }

  /** Processor time since the start, of programs and kernel together. */
  public double cpuSeconds() {
    return cpuSeconds;
  }

  /** When the process started, in seconds since the epoch. */
  public double startSeconds() {
    return startSeconds;
  }

  public double residentBytes() {
    return residentBytes;
  }

  public double virtualBytes() {
    return virtualBytes;
  }

  /** What the address space may grow to; 2⁶⁴ where nothing limits it. */
  public double maxVirtualBytes() {
    return maxVirtualBytes;
  }

  public double openFiles() {
    return openFiles;
  }

  public double maxFiles() {
    return maxFiles;
  }

  @Override
  public void close() {
    stat.close();
    status.close();
  }
}
