package vigie.agent.reader;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mounted file systems and their sizes. A file system that does not answer (a file server that
 * is gone) costs one reading the time limit, and one thread of the executor until it answers; from
 * then on it is told as an error without being asked. One thread at a time.
 */
public final class FilesystemReader implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(FilesystemReader.class);

  private final KernelFile ofInit;
  private final KernelFile ofSelf;
  private final Roots roots;
  private final Predicate<Mount> wanted;
  private final Statfs statfs;
  private final InodeReader inodes;
  private final Executor executor;
  private final long limitNanos;
  private byte[] lastTable = new byte[0];
  private List<Filesystem> filesystems = List.of();

  /**
   * @param wanted which mounts are asked for their sizes and told
   * @param executor runs what may hang; it may refuse
   * @param limit how long one reading waits
   */
  public FilesystemReader(
      Roots roots,
      Predicate<Mount> wanted,
      Statfs statfs,
      InodeReader inodes,
      Executor executor,
      Duration limit) {
    this.ofInit = new KernelFile(roots.procfs().resolve("1/mountinfo"));
    this.ofSelf = new KernelFile(roots.procfs().resolve("self/mountinfo"));
    this.roots = roots;
    this.wanted = wanted;
    this.statfs = statfs;
    this.inodes = inodes;
    this.executor = executor;
    this.limitNanos = limit.toNanos();
  }

  /**
   * Reads anew.
   *
   * @throws IOException when there is no mount table to read
   */
  public void read() throws IOException {
    readTable();
    Sweep sweep = new Sweep(filesystems);
    try {
      executor.execute(sweep);
    } catch (RejectedExecutionException busy) {
      sweep.giveUp("no thread");
      return;
    }
    if (!sweep.await(limitNanos)) {
      sweep.giveUp("mountpoint timeout");
    }
    inodes.read(filesystems);
  }

  private void readTable() throws IOException {
    Bytes table;
    try {
      // Process 1 sees the machine's mounts, where this process may have its own (systemd, Docker).
      table = ofInit.read();
    } catch (IOException notAllowed) {
      table = ofSelf.read();
    }
    if (Arrays.equals(table.data, 0, table.length(), lastTable, 0, lastTable.length)) {
      return;
    }
    lastTable = Arrays.copyOf(table.data, table.length());
    String text = new String(lastTable, StandardCharsets.UTF_8);
    List<Filesystem> next = new ArrayList<>();
    for (Mount mount : Mount.parse(text, roots.rootfs().toString(), wanted)) {
      try {
        next.add(known(mount));
      } catch (InvalidPathException notInThisLocale) {
        log.warn(
            "mount point left out: its name needs another LC_ALL, such as C.UTF-8 mountpoint={}",
            mount.mountPoint());
      }
    }
    filesystems = List.copyOf(next);
  }

  /** Keeps what is known of a mount that stays, above all that it hangs. */
  private Filesystem known(Mount mount) {
    for (Filesystem filesystem : filesystems) {
      if (filesystem.mount.equals(mount)) {
        return filesystem;
      }
    }
    return new Filesystem(mount, roots);
  }

  /** The file systems, overwritten by the next reading. */
  public List<Filesystem> filesystems() {
    return filesystems;
  }

  @Override
  public void close() {
    ofInit.close();
    ofSelf.close();
  }

  /** One pass over the file systems on a thread that may be left behind. */
  private final class Sweep implements Runnable {
    private final List<Filesystem> todo;
    private final CountDownLatch done = new CountDownLatch(1);
    private int ended; // guarded by this, as what follows
    private boolean asking;
    private boolean abandoned;

    Sweep(List<Filesystem> todo) {
      this.todo = todo;
    }

    @Override
    public void run() {
      for (Filesystem filesystem : todo) {
        if (!begin(filesystem)) {
          continue;
        }
        Reading reading = filesystem.ask(statfs);
        if (!end(filesystem, reading)) {
          return;
        }
      }
      done.countDown();
    }

    private synchronized boolean begin(Filesystem filesystem) {
      if (abandoned || filesystem.hanging) {
        ended++;
        return false;
      }
      asking = true;
      return true;
    }

    private synchronized boolean end(Filesystem filesystem, Reading reading) {
      if (abandoned) {
        filesystem.hanging = false;
        return false;
      }
      ended++;
      asking = false;
      filesystem.reading = reading;
      return true;
    }

    boolean await(long nanos) {
      try {
        return done.await(nanos, TimeUnit.NANOSECONDS);
      } catch (InterruptedException stopping) {
        Thread.currentThread().interrupt();
        return false;
      }
    }

    /** What is being asked hangs; what was not asked yet has no sizes this time. */
    synchronized void giveUp(String reason) {
      abandoned = true;
      for (int i = ended; i < todo.size(); i++) {
        Filesystem filesystem = todo.get(i);
        filesystem.hanging |= asking && i == ended;
        filesystem.reading = Reading.failed(reason);
      }
    }
  }

  /** What one file system answered. */
  private record Reading(double size, double free, double available, String error) {
    static final Reading NONE = failed("not read");

    static Reading failed(String error) {
      return new Reading(Double.NaN, Double.NaN, Double.NaN, error);
    }
  }

  /** A mounted file system. */
  public static final class Filesystem {
    private final Mount mount;
    private final Path path;
    private volatile Statfs.@Nullable Volume volume;
    private volatile boolean hanging;
    private volatile Reading reading = Reading.NONE;
    private volatile double files = Double.NaN;
    private volatile double filesFree = Double.NaN;

    Filesystem(Mount mount, Roots roots) {
      this.mount = mount;
      this.path = roots.inRoot(mount.mountPoint()).normalize();
    }

    private Reading ask(Statfs statfs) {
      try {
        Statfs.Volume open = volume;
        if (open == null) {
          open = statfs.open(path);
          volume = open;
        }
        return new Reading(open.size(), open.free(), open.available(), "");
      } catch (IOException | RuntimeException | Error failed) {
        // An Error too: a thread that died of it would leave the mount hanging for ever.
        volume = null;
        return Reading.failed(reason(failed));
      }
    }

    /**
     * A few words, the kernel's as node_exporter writes them, that stay the same while the fault
     * does: they become a label.
     */
    private static String reason(Throwable failed) {
      if (failed instanceof AccessDeniedException) {
        return "permission denied";
      } else if (failed instanceof NoSuchFileException) {
        return "no such file or directory";
      } else if (failed instanceof FileSystemException refused && refused.getReason() != null) {
        String reason = refused.getReason();
        return reason.substring(0, 1).toLowerCase(Locale.ROOT) + reason.substring(1);
      }
      return failed.getClass().getSimpleName();
    }

    void files(double total, double free) {
      files = total;
      filesFree = free;
    }

    public Mount mount() {
      return mount;
    }

    Path path() {
      return path;
    }

    boolean hanging() {
      return hanging;
    }

    /** Why there are no sizes: empty when there are, else a few words. */
    public String error() {
      return reading.error;
    }

    public double sizeBytes() {
      return reading.size;
    }

    public double freeBytes() {
      return reading.free;
    }

    public double availableBytes() {
      return reading.available;
    }

    /** How many files there can be, up to a minute old; NaN while unknown. */
    public double files() {
      return files;
    }

    public double filesFree() {
      return filesFree;
    }
  }
}
