package vigie.agent.reader;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import vigie.agent.reader.FilesystemReader.Filesystem;
import vigie.base.time.Clock;

/**
 * How many files a file system can hold and has left. Java cannot ask the kernel for these two, and
 * no file under /proc or /sys tells them, so {@code stat -f} of the system is run for all mounts
 * together: at most once a minute, only while somebody reads, never waited for. Without that
 * program the two numbers are missing.
 */
public final class InodeReader {
  private static final Duration PERIOD = Duration.ofMinutes(1);
  private static final int MAX_MOUNTS = 200;

  private final List<String> command;
  private final Clock clock;
  private final Executor executor;
  private final AtomicBoolean busy = new AtomicBoolean();
  private boolean begunOnce;
  private long begun;

  /**
   * @param command prints two numbers a line, files and free files, for each path appended to it
   * @param executor runs the waiting for it; it may refuse
   */
  public InodeReader(List<String> command, Clock clock, Executor executor) {
    this.command = List.copyOf(command);
    this.clock = clock;
    this.executor = executor;
  }

  /** By the system's own {@code stat}, of coreutils or busybox. */
  public static InodeReader host(Clock clock, Executor executor) {
    return new InodeReader(List.of("stat", "-f", "-c", "%c %d", "--"), clock, executor);
  }

  /**
   * Starts a refresh of the file systems' numbers when they are old and none is under way. One
   * thread at a time.
   */
  void read(List<Filesystem> filesystems) {
    long now = clock.nanos();
    if (begunOnce && now - begun < PERIOD.toNanos()) {
      return;
    }
    List<Filesystem> asked = new ArrayList<>();
    for (Filesystem filesystem : filesystems) {
      if (filesystem.error().isEmpty() && asked.size() < MAX_MOUNTS) {
        asked.add(filesystem);
      }
    }
    if (asked.isEmpty() || !busy.compareAndSet(false, true)) {
      return;
    }
    begun = now;
    begunOnce = true;
    try {
      executor.execute(
          () -> {
            try {
              refresh(asked);
            } finally {
              busy.set(false);
            }
          });
    } catch (RejectedExecutionException full) {
      busy.set(false);
    }
  }

  private void refresh(List<Filesystem> asked) {
    List<String> line = new ArrayList<>(command);
    asked.forEach(filesystem -> line.add(filesystem.path().toString()));
    try {
      Program program = Program.run(line, false);
      if (program.exit() == 0) {
        take(asked, program.text());
      }
    } catch (IOException noSuchProgram) {
      // The numbers of the last run stay.
    }
  }

  private static void take(List<Filesystem> asked, String text) {
    String[] lines = text.split("\n", MAX_MOUNTS + 2);
    if (lines.length != asked.size() + 1) { // the last is what follows the last line end
      return;
    }
    for (int i = 0; i < asked.size(); i++) {
      Bytes bytes = new Bytes(0);
      bytes.data = lines[i].getBytes(StandardCharsets.US_ASCII);
      bytes.reset(bytes.data.length);
      bytes.line();
      asked.get(i).files(bytes.number(), bytes.number());
    }
  }
}
