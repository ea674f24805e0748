package vigie.agent.reader;

import java.io.File;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * /proc/PID/stat and /proc/PID/task/TID/stat: how many processes and threads there are in each
 * state. Reads a file for each thread of the machine. Source: proc_pid_stat(5).
 */
public final class ProcessesReader {
  private static final int MAX_THREADS = 200_000;

  private final String folder;
  private final SmallFiles files = new SmallFiles();
  private final Map<String, Integer> processes = new TreeMap<>();
  private final Map<String, Integer> threads = new TreeMap<>();
  private int processCount;
  private double threadCount;
  private int filesRead;

  public ProcessesReader(Roots roots) {
    folder = roots.procfs().toString();
  }

  /**
   * Reads anew. Processes that end meanwhile are left out.
   *
   * @throws IOException when /proc cannot be listed, or there are more than 200,000 threads
   */
  public void read() throws IOException {
    processes.clear();
    threads.clear();
    processCount = 0;
    threadCount = 0;
    filesRead = 0;
    String[] names = new File(folder).list();
    if (names == null) {
      throw new IOException("cannot list " + folder);
    }
    for (String name : names) {
      if (isNumber(name)) {
        readProcess(folder + "/" + name);
      }
    }
  }

  private void readProcess(String path) throws IOException {
    Bytes in = stat(path + "/stat");
    if (in == null) {
      return;
    }
    String state = in.text();
    double count = in.fieldAfter(16) ? in.takenNumber() : Double.NaN; // the twentieth
    processCount++;
    processes.merge(state, 1, Integer::sum);
    threadCount += Double.isNaN(count) ? 0 : count;
    String[] tasks = count > 1 ? new File(path + "/task").list() : null;
    if (tasks == null) {
      threads.merge(state, 1, Integer::sum);
      return;
    }
    for (String task : tasks) {
      Bytes thread = stat(path + "/task/" + task + "/stat");
      if (thread != null) {
        threads.merge(thread.text(), 1, Integer::sum);
      }
    }
  }

  /** The line with the state taken; null when the process has ended. */
  private @Nullable Bytes stat(String path) throws IOException {
    if (++filesRead > MAX_THREADS) {
      throw new IOException("more than " + MAX_THREADS + " threads in " + folder);
    }
    Bytes in = files.open(path);
    // The name in parentheses may hold anything, parentheses too.
    return in != null && in.fieldBefore(')', true) && in.field() ? in : null;
  }

  private static boolean isNumber(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) < '0' || name.charAt(i) > '9') {
        return false;
      }
    }
    return !name.isEmpty();
  }

  /** How many processes are in each state, by the kernel's letter. */
  public Map<String, Integer> processStates() {
    return processes;
  }

  /** How many threads are in each state, by the kernel's letter. */
  public Map<String, Integer> threadStates() {
    return threads;
  }

  public int processes() {
    return processCount;
  }

  public double threads() {
    return threadCount;
  }
}
