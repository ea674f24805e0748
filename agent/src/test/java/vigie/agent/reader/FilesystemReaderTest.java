package vigie.agent.reader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.reader.FilesystemReader.Filesystem;
import vigie.base.time.ManualClock;

class FilesystemReaderTest {
  private static final String TABLE =
      """
      27 1 254:0 / / rw,relatime - ext4 /dev/vda rw
      30 27 0:40 / /srv/my\\040files ro,nosuid shared:7 master:2 - nfs4 nas:/x rw,vers=4
      31 27 0:41 / /data rw - ext4 /dev/vdb ro,errors=continue
      32 27 0:41 / /data rw - ext4 /dev/vdb ro,errors=continue
      35 27 0:50 / /run/x rw - tmpfs tmpfs rw
      36 35 0:51 / /run/x ro - tmpfs tmpfs ro
      broken line
      33 27 0:42 / - x
      34 27 0:43 / /not\\000apath rw - ext4 /dev/vdc rw
      """;

  @TempDir Path folder;
  private final ExecutorService threads =
      new ThreadPoolExecutor(0, 2, 1, TimeUnit.MINUTES, new SynchronousQueue<>());
  private final ManualClock clock = new ManualClock();
  private final CountDownLatch answers = new CountDownLatch(1);
  private final InodeReader noInodes =
      new InodeReader(List.of("/no/such/program"), clock, Runnable::run);

  @BeforeEach
  void writeTable() throws IOException {
    Files.createDirectories(folder.resolve("1"));
    Files.writeString(folder.resolve("1/mountinfo"), TABLE);
  }

  @AfterEach
  void stop() {
    answers.countDown();
    threads.shutdownNow();
  }

  @Test
  void givenMountTable_whenRead_thenEachMountOnceWithItsSizes() throws IOException {
    FilesystemReader reader = reader(path -> new Sizes(100), Duration.ofSeconds(10));

    reader.read();

    assertThat(reader.filesystems())
        .extracting(Filesystem::mount)
        .containsExactly(
            new Mount("/dev/vda", "254:0", "/", "ext4", false),
            new Mount("nas:/x", "0:40", "/srv/my files", "nfs4", true),
            new Mount("/dev/vdb", "0:41", "/data", "ext4", true),
            new Mount("tmpfs", "0:51", "/run/x", "tmpfs", true));
    assertThat(reader.filesystems()).allMatch(f -> f.sizeBytes() == 100 && f.error().isEmpty());
    assertThat(reader.filesystems()).allMatch(f -> Double.isNaN(f.files()));
  }

  @Test
  void givenMountThatHangs_whenRead_thenItIsAnErrorAndTheOthersComeNextTime() throws IOException {
    FilesystemReader reader = reader(this::hangingNfs, Duration.ofMillis(300));

    reader.read();

    assertThat(reader.filesystems().get(0).sizeBytes()).isEqualTo(100);
    assertThat(reader.filesystems().get(1).error()).isEqualTo("mountpoint timeout");
    assertThat(reader.filesystems().get(1).hanging()).isTrue();
    assertThat(reader.filesystems().get(2).error()).isEqualTo("mountpoint timeout");
    assertThat(reader.filesystems().get(2).hanging()).isFalse();

    reader.read();

    assertThat(reader.filesystems().get(1).error()).isEqualTo("mountpoint timeout");
    assertThat(reader.filesystems().get(2).sizeBytes()).isEqualTo(100);

    answers.countDown();
    await().until(() -> !reader.filesystems().get(1).hanging());
    reader.read();

    assertThat(reader.filesystems()).allMatch(f -> f.sizeBytes() == 100 && f.error().isEmpty());
  }

  @Test
  void givenMountThatMayNotBeSeen_whenRead_thenItsReason() throws IOException {
    Statfs statfs =
        path -> {
          throw new AccessDeniedException(path.toString());
        };
    FilesystemReader reader = reader(statfs, Duration.ofSeconds(10));

    reader.read();

    assertThat(reader.filesystems()).allMatch(f -> f.error().equals("permission denied"));
    assertThat(reader.filesystems()).allMatch(f -> Double.isNaN(f.sizeBytes()));
  }

  @Test
  void givenMountThatTheKernelRefuses_whenRead_thenItsReasonAsNodeExporterWritesIt()
      throws IOException {
    Statfs statfs =
        path -> {
          throw new FileSystemException(path.toString(), null, "Stale file handle");
        };
    FilesystemReader reader = reader(statfs, Duration.ofSeconds(10));

    reader.read();

    assertThat(reader.filesystems()).allMatch(f -> f.error().equals("stale file handle"));
  }

  @Test
  void givenMountWhoseReadingThrowsAnError_whenRead_thenItFailsAndIsReadAgain() throws IOException {
    AtomicBoolean once = new AtomicBoolean();
    Statfs statfs =
        path -> {
          if (once.compareAndSet(false, true)) {
            throw new StackOverflowError();
          }
          return new Sizes(100);
        };
    FilesystemReader reader = reader(statfs, Duration.ofSeconds(10));

    reader.read();
    assertThat(reader.filesystems().get(0).error()).isEqualTo("StackOverflowError");
    assertThat(reader.filesystems().get(1).sizeBytes()).isEqualTo(100);
    reader.read();

    assertThat(reader.filesystems()).allMatch(f -> f.sizeBytes() == 100);
  }

  @Test
  void givenNoThreadLeft_whenRead_thenAnErrorAtOnce() throws IOException {
    FilesystemReader reader =
        new FilesystemReader(
            new Roots(folder, folder, Path.of("/")),
            mount -> true,
            path -> new Sizes(100),
            noInodes,
            task -> {
              throw new java.util.concurrent.RejectedExecutionException();
            },
            Duration.ofSeconds(10));

    reader.read();

    assertThat(reader.filesystems()).allMatch(f -> f.error().equals("no thread"));
  }

  @Test
  void givenStatProgram_whenRead_thenFilesAreCountedAndOnlyOnceAMinute() throws IOException {
    Path runs = folder.resolve("runs");
    List<String> command =
        List.of("sh", "-c", "echo x >> " + runs + "; printf '9 8\\n7 6\\n5 4\\n3 2\\n'");
    // On this thread: the pool's two may both be still on their way back from the last reading.
    FilesystemReader reader =
        new FilesystemReader(
            new Roots(folder, folder, Path.of("/")),
            mount -> true,
            path -> new Sizes(100),
            new InodeReader(command, clock, Runnable::run),
            Runnable::run,
            Duration.ofSeconds(10));

    reader.read();
    reader.read();
    clock.advance(Duration.ofSeconds(59));
    reader.read();

    assertThat(reader.filesystems().get(1).files()).isEqualTo(7);
    assertThat(reader.filesystems().get(1).filesFree()).isEqualTo(6);
    assertThat(Files.readAllLines(runs)).hasSize(1);
    clock.advance(Duration.ofSeconds(2));
    reader.read();
    assertThat(Files.readAllLines(runs)).hasSize(2);
  }

  @Test
  void givenRootElsewhere_whenRead_thenMountPointsAreAsTheMachineSeesThem() throws IOException {
    Path host = Path.of("/host");
    String table =
        "27 1 254:0 / /host rw - ext4 /dev/vda rw\n28 1 8:1 / /host/boot rw - vfat /dev/sda1 rw\n";

    List<Mount> mounts = Mount.parse(table, host.toString(), mount -> true);

    assertThat(mounts).extracting(Mount::mountPoint).containsExactly("/", "/boot");
    assertThat(new Roots(folder, folder, host).inRoot("/boot").normalize())
        .isEqualTo(Path.of("/host/boot"));
  }

  private Statfs.Volume hangingNfs(Path path) {
    if (path.toString().contains("my files")) {
      try {
        answers.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
    return new Sizes(100);
  }

  private FilesystemReader reader(Statfs statfs, Duration limit) {
    return reader(statfs, limit, noInodes);
  }

  private FilesystemReader reader(Statfs statfs, Duration limit, InodeReader inodes) {
    Roots roots = new Roots(folder, folder, Path.of("/"));
    return new FilesystemReader(roots, mount -> true, statfs, inodes, threads, limit);
  }

  private record Sizes(long size) implements Statfs.Volume {
    @Override
    public long free() {
      return size / 2;
    }

    @Override
    public long available() {
      return size / 4;
    }
  }
}
