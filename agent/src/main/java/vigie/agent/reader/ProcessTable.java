package vigie.agent.reader;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The processes of this host: one pass over {@code /proc/PID/stat}, the rest only of those that are
 * asked for it. Safe for all threads. Source: proc_pid_stat(5), proc_pid_cmdline(5),
 * proc_pid_status(5).
 */
public final class ProcessTable {
  /** More than any machine runs that a Pi's agent is made for; what is beyond is not seen. */
  private static final int MOST = 65_536;

  private static final double TICKS_PER_SECOND = 100;

  private final String procfs;
  private final KernelFile kernel;
  private final SmallFiles files = new SmallFiles();
  private double bootTime = Double.NaN;

  public ProcessTable(Roots roots) {
    procfs = roots.procfs().toString();
    kernel = new KernelFile(roots.procfs().resolve("stat"));
  }

  /**
   * The processes as they are now, in no order.
   *
   * @throws IOException when there is no /proc to read
   */
  public synchronized List<Entry> read() throws IOException {
    readBootTime();
    String[] names = new File(procfs).list();
    if (names == null) {
      throw new IOException(procfs + " cannot be listed");
    }
    List<Entry> all = new ArrayList<>(names.length);
    for (String name : names) {
      int pid = pid(name);
      Entry process = pid > 0 && all.size() < MOST ? process(pid) : null;
      if (process != null) {
        all.add(process);
      }
    }
    return all;
  }

  /** One process as it is now, or null if there is none of that number. */
  public synchronized @Nullable Entry read(int pid) throws IOException {
    readBootTime();
    return process(pid);
  }

  /**
   * The same process as it is now, by one file; null if it has ended, or is another program by now.
   */
  public synchronized @Nullable Entry again(Entry before) {
    Entry now = process(before.pid);
    return now != null
            && now.startTicks == before.startTicks
            && now.name.equals(before.name)
            && !now.isEnded()
        ? now
        : null;
  }

  /** Anew each time: it moves when the clock is set. */
  private void readBootTime() throws IOException {
    try (kernel) {
      Bytes in = kernel.read();
      while (in.line()) {
        if (in.field() && in.is("btime")) {
          bootTime = in.number();
          return;
        }
      }
    }
  }

  private static int pid(String name) {
    int pid = 0;
    for (int i = 0; i < name.length(); i++) {
      int digit = name.charAt(i) - '0';
      if (digit < 0 || digit > 9 || pid > 100_000_000) {
        return 0;
      }
      pid = pid * 10 + digit;
    }
    return pid;
  }

  private @Nullable Entry process(int pid) {
    Bytes in = files.open(procfs + "/" + pid + "/stat");
    // The name in parentheses may hold anything, parentheses too.
    if (in == null || !in.fieldBefore('(', false) || !in.fieldBefore(')', true)) {
      return null; // it has just ended
    }
    String name = in.text();
    char state = in.field() ? in.text().charAt(0) : '?';
    skip(in, 3, 13);
    double cpuSeconds = (in.number() + in.number()) / TICKS_PER_SECOND;
    skip(in, 15, 21);
    return new Entry(this, pid, name, state, cpuSeconds, in.number());
  }

  /** From the field that was taken to the one before the next wanted. */
  private static void skip(Bytes in, int taken, int last) {
    for (int field = taken; field < last; field++) {
      in.field();
    }
  }

  private synchronized String commandLine(int pid) {
    Bytes in = files.open(procfs + "/" + pid + "/cmdline");
    if (in == null) {
      return "";
    }
    int length = in.length();
    while (length > 0 && in.data[length - 1] == 0) {
      length--;
    }
    return new String(in.data, 0, length, StandardCharsets.UTF_8);
  }

  private synchronized double resident(int pid) {
    Bytes in = files.open(procfs + "/" + pid + "/status");
    if (in == null) {
      return Double.NaN;
    }
    do {
      if (in.field() && in.is("VmRSS:")) {
        return in.number() * 1024;
      }
    } while (in.line());
    return 0; // a thread of the kernel has no memory of its own
  }

  /** A process as it was when it was read; what is asked for later may be gone. */
  public static final class Entry {
    private final ProcessTable table;
    private final int pid;
    private final String name;
    private final char state;
    private final double cpuSeconds;
    private final double startTicks;
    private final double startSeconds;
    private @Nullable String arguments; // guarded by this

    Entry(
        ProcessTable table,
        int pid,
        String name,
        char state,
        double cpuSeconds,
        double startTicks) {
      this.table = table;
      this.pid = pid;
      this.name = name;
      this.state = state;
      this.cpuSeconds = cpuSeconds;
      this.startTicks = startTicks;
      this.startSeconds = table.bootTime + startTicks / TICKS_PER_SECOND;
    }

    public int pid() {
      return pid;
    }

    /** The kernel's name for it, at most 15 bytes: {@code ps}'s comm. */
    public String name() {
      return name;
    }

    /** {@code R}, {@code S}, {@code D}, … as {@code ps} shows them. */
    public char state() {
      return state;
    }

    /** Whether it has ended and only its parent has not taken note yet. */
    public boolean isEnded() {
      return state == 'Z' || state == 'X' || state == 'x';
    }

    /** Processor time since its start, of programs and kernel together. */
    public double cpuSeconds() {
      return cpuSeconds;
    }

    /** When it started, in seconds since the epoch, after the present setting of the clock. */
    public double startSeconds() {
      return startSeconds;
    }

    /**
     * The arguments with a space between them, at most 4 KiB; empty for the kernel's threads and
     * for a process that has ended.
     */
    public String commandLine() {
      return arguments().replace('\0', ' ');
    }

    /**
     * What its first argument calls the program, without folders: {@code nginx} of {@code
     * /usr/sbin/nginx} and of {@code nginx: worker process}; empty where there is none.
     */
    public String program() {
      String first = arguments();
      int end = 0;
      while (end < first.length() && first.charAt(end) > ' ') {
        end++;
      }
      first = first.substring(0, end);
      first = first.substring(first.lastIndexOf('/') + 1);
      return first.endsWith(":") ? first.substring(0, first.length() - 1) : first;
    }

    private synchronized String arguments() {
      String known = arguments;
      if (known == null) {
        known = table.commandLine(pid);
        arguments = known;
      }
      return known;
    }

    /** NaN when it has ended. */
    public double residentBytes() {
      return table.resident(pid);
    }

    /** How many files it has open; NaN for another user's process, unless we are root. */
    public double openFiles() {
      return SmallFiles.count(table.procfs + "/" + pid + "/fd");
    }

    /** Its folder in /proc, which belongs to the user it runs as. */
    public File folder() {
      return new File(table.procfs, Integer.toString(pid));
    }

    /** {@code nginx (process 812)}. */
    @Override
    public String toString() {
      return name + " (process " + pid + ")";
    }
  }
}
