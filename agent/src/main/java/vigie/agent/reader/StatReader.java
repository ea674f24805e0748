package vigie.agent.reader;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * /proc/stat: what each processor spent its time on, and the kernel's totals since boot. Source:
 * proc_stat(5).
 */
public final class StatReader implements AutoCloseable {
  /** The columns of a processor's line, in the kernel's order. */
  public static final int USER = 0,
      NICE = 1,
      SYSTEM = 2,
      IDLE = 3,
      IOWAIT = 4,
      IRQ = 5,
      SOFTIRQ = 6,
      STEAL = 7,
      GUEST = 8,
      GUEST_NICE = 9;

  private static final int COLUMNS = 10;

  /** What {@link #softirqs} counts, in the kernel's order. Source: include/linux/interrupt.h. */
  public static final List<String> SOFTIRQS =
      List.of(
          "hi",
          "timer",
          "net_tx",
          "net_rx",
          "block",
          "block_iopoll",
          "tasklet",
          "sched",
          "hrtimer",
          "rcu");

  /**
   * USER_HZ: the unit in which the kernel shows times to programs, 100 on all that Java runs on.
   */
  private static final double TICKS_PER_SECOND = 100;

  private static final int MAX_CPUS = 8192;

  private final KernelFile file;
  private int[] cpus = new int[8];
  private double[] seconds = new double[8 * COLUMNS];
  private int count;
  private double bootTime;
  private double contextSwitches;
  private double interrupts;
  private double forks;
  private double running;
  private double blocked;
  private final double[] softirqs = new double[SOFTIRQS.size()];

  public StatReader(Roots roots) {
    file = new KernelFile(roots.procfs().resolve("stat"));
  }

  /**
   * Reads anew.
   *
   * @throws IOException when /proc/stat cannot be read
   */
  public void read() throws IOException {
    Bytes in = file.read();
    count = 0;
    bootTime = contextSwitches = interrupts = forks = running = blocked = Double.NaN;
    Arrays.fill(softirqs, Double.NaN);
    while (in.line()) {
      if (!in.field()) {
        continue;
      }
      if (in.startsWith("cpu")) {
        int cpu = in.digitsAfter(3);
        if (cpu >= 0 && cpu < MAX_CPUS && count < MAX_CPUS) {
          add(cpu, in);
        }
      } else if (in.is("intr")) {
        interrupts = in.number();
      } else if (in.is("ctxt")) {
        contextSwitches = in.number();
      } else if (in.is("btime")) {
        bootTime = in.number();
      } else if (in.is("processes")) {
        forks = in.number();
      } else if (in.is("procs_running")) {
        running = in.number();
      } else if (in.is("procs_blocked")) {
        blocked = in.number();
      } else if (in.is("softirq")) {
        in.field(); // all of them
        for (int i = 0; i < softirqs.length; i++) {
          softirqs[i] = in.number();
        }
      }
    }
  }

  private void add(int cpu, Bytes in) {
    if (count == cpus.length) {
      cpus = Arrays.copyOf(cpus, count * 2);
      seconds = Arrays.copyOf(seconds, count * 2 * COLUMNS);
    }
    cpus[count] = cpu;
    for (int column = 0; column < COLUMNS; column++) {
      seconds[count * COLUMNS + column] = in.number() / TICKS_PER_SECOND;
    }
    count++;
  }

  /** How many processors are on line. */
  public int count() {
    return count;
  }

  /** The kernel's number of the processor at {@code index}. */
  public int cpu(int index) {
    return cpus[index];
  }

  /** Seconds since boot that the processor at {@code index} spent so; NaN where not told. */
  public double seconds(int index, int column) {
    return seconds[index * COLUMNS + column];
  }

  /** When the machine started, in seconds since the epoch. */
  public double bootTime() {
    return bootTime;
  }

  public double contextSwitches() {
    return contextSwitches;
  }

  public double interrupts() {
    return interrupts;
  }

  /** Processes and threads made since boot. */
  public double forks() {
    return forks;
  }

  public double running() {
    return running;
  }

  /** Processes that wait for a disk. */
  public double blocked() {
    return blocked;
  }

  /** Times that the soft interrupt at an index of {@link #SOFTIRQS} ran since boot. */
  public double softirqs(int index) {
    return softirqs[index];
  }

  @Override
  public void close() {
    file.close();
  }
}
