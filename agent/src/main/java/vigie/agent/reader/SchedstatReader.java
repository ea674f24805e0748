package vigie.agent.reader;

import java.io.IOException;
import java.util.Arrays;

/**
 * /proc/schedstat: how long tasks ran on each processor and waited for it. Source: the kernel's
 * Documentation/scheduler/sched-stats.rst.
 */
public final class SchedstatReader implements AutoCloseable {
  private static final int MAX_CPUS = 8192;
  private static final double NANOS = 1e9;

  private final KernelFile file;
  private int[] cpus = new int[8];
  private double[] values = new double[24];
  private int count;

  public SchedstatReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("schedstat"));
  }

  /**
   * Reads anew.
   *
   * @throws NoDataException where this kernel does not tell
   * @throws IOException when the file is there and cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.readOrNoData();
    count = 0;
    while (in.line() && count < MAX_CPUS) {
      if (!in.field() || !in.startsWith("cpu")) {
        continue;
      }
      int cpu = in.digitsAfter(3);
      if (cpu < 0) {
        continue;
      }
      in.fieldAfter(5); // six numbers about calls of the scheduler stand before those told
      add(cpu, in.number(), in.number(), in.number());
    }
  }

  private void add(int cpu, double runningNanos, double waitingNanos, double timeslices) {
    if (count == cpus.length) {
      cpus = Arrays.copyOf(cpus, count * 2);
      values = Arrays.copyOf(values, count * 6);
    }
    cpus[count] = cpu;
    values[count * 3] = runningNanos / NANOS;
    values[count * 3 + 1] = waitingNanos / NANOS;
    values[count * 3 + 2] = timeslices;
    count++;
  }

  public int count() {
    return count;
  }

  public int cpu(int index) {
    return cpus[index];
  }

  public double runningSeconds(int index) {
    return values[index * 3];
  }

  public double waitingSeconds(int index) {
    return values[index * 3 + 1];
  }

  public double timeslices(int index) {
    return values[index * 3 + 2];
  }

  @Override
  public void close() {
    file.close();
  }
}
