package vigie.agent.spool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.base.config.ConfigException;
import vigie.base.segment.DataFile;
import vigie.base.segment.FileLayer;
import vigie.base.segment.SmallDisk;
import vigie.base.time.ManualClock;

/** The spool on real disks, in real processes. */
class SpoolDiskTest {
  private static final int ROUNDS = Integer.getInteger("vigie.kill.rounds", 8);
  @TempDir Path folder;
  @TempDir Path work;

  static Spool open(Path path, ManualClock clock) {
    return Spool.open(
        new SpoolConfig(path, 8 << 20, Duration.ofDays(7)),
        new Host("p1", "boot", "machine", "", List.of(), Path.of("/none")),
        clock,
        clock,
        Runnable::run,
        FileLayer.disk(),
        new SimpleMeterRegistry());
  }

  static Event event(EventType type, String text) {
    return new Event(new ManualClock().now(), Severity.ERROR, type, Map.of(), text);
  }

  private static String text(SpoolRecord record) {
    String line = new String(record.data(), UTF_8);
    return line.substring(line.lastIndexOf(']') + 2);
  }

  @Test
  void givenProcessKilledAtRandom_whenReopened_thenAllThatAcceptReturnedForIsThereOnce()
      throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    TreeMap<Long, String> collector = new TreeMap<>();
    for (int round = 0; round < ROUNDS; round++) {
      List<String> accepted = acceptedUntilKilled(round, 1 + random.nextInt(400));
      try (Spool spool = open(folder, new ManualClock())) {
        take(spool, collector);
      }
      Set<String> arrived = new HashSet<>(collector.values());
      assertThat(arrived).as("round %d, seed %d", round, seed).containsAll(accepted);
      assertThat(arrived).hasSameSizeAs(collector.keySet());
    }
    assertThat(collector.lastKey()).isEqualTo(collector.size());
  }

  private static void take(Spool spool, Map<Long, String> collector) {
    List<SpoolRecord> records = spool.read(spool.acknowledged(), 500, 1 << 20);
    while (!records.isEmpty()) {
      for (SpoolRecord record : records) {
        String text = text(record);
        String known = collector.putIfAbsent(record.seq(), text);
        assertThat(text).isEqualTo(known == null ? text : known);
        spool.acknowledge(record.seq());
      }
      records = spool.read(spool.acknowledged(), 500, 1 << 20);
    }
  }

  private List<String> acceptedUntilKilled(int round, int most) throws Exception {
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                EndlessSpooler.class.getName(),
                folder.toString(),
                Integer.toString(round))
            .redirectError(work.resolve("child.log").toFile())
            .start();
    List<String> accepted = new ArrayList<>();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(child.getInputStream(), UTF_8))) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        accepted.add(line);
        if (accepted.size() == 1) {
          assertThatThrownBy(() -> open(folder, new ManualClock()))
              .isInstanceOf(ConfigException.class)
              .hasMessage(
                  "spool %s is held by process %d; stop it or set another spool.path"
                      .formatted(folder, child.pid()));
        }
        if (accepted.size() == most) {
          child.toHandle().destroyForcibly(); // leaves what it wrote readable
        }
      }
    } finally {
      child.toHandle().destroyForcibly();
      child.waitFor();
    }
    assertThat(accepted)
        .as("what the child wrote: %s", Files.readString(work.resolve("child.log")))
        .hasSizeGreaterThanOrEqualTo(most);
    // The last line may have been cut by the kill.
    return accepted.subList(0, accepted.size() - 1);
  }

  @Test
  void givenManyThreads_whenTheyAcceptUrgentEvents_thenAllArriveInEachOnesOrder() throws Exception {
    int threads = 8;
    int each = 50;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try (Spool spool = open(folder, new ManualClock())) {
      List<Future<?>> ends = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int own = thread;
        ends.add(
            pool.submit(
                () -> {
                  for (int i = 0; i < each; i++) {
                    spool.accept(event(EventType.PROBE_DOWN, own + " " + i));
                  }
                }));
      }
      for (Future<?> end : ends) {
        end.get();
      }
      List<String> texts =
          spool.read(0, 10_000, 1 << 24).stream().map(SpoolDiskTest::text).toList();
      assertThat(texts).hasSize(threads * each);
      for (int thread = 0; thread < threads; thread++) {
        String own = thread + " ";
        List<String> wanted = new ArrayList<>();
        for (int i = 0; i < each; i++) {
          wanted.add(own + i);
        }
        assertThat(texts.stream().filter(text -> text.startsWith(own))).isEqualTo(wanted);
      }
    } finally {
      pool.shutdownNow();
    }
  }

  @Test
  void givenFullDisk_whenRoomIsMade_thenNothingTakenIsLostAndItGoesOn() throws Exception {
    try (SmallDisk disk = SmallDisk.mount(256)) {
      Path ballast = disk.path().resolve("ballast");
      Files.write(ballast, new byte[100 << 10]);
      try (Spool spool = open(disk.path().resolve("spool"), new ManualClock())) {
        int taken = 0;
        try {
          while (taken < 10_000) {
            spool.accept(event(EventType.PROBE_DOWN, "event " + taken));
            taken++;
          }
        } catch (UncheckedIOException e) {
          assertThat(e).hasMessageContaining("No space left on device");
        }
        assertThat(taken).isBetween(1, 9_999);
        assertThatThrownBy(() -> spool.accept(event(EventType.PROBE_DOWN, "refused")))
            .isInstanceOf(UncheckedIOException.class);
        Files.delete(ballast);
        spool.accept(event(EventType.PROBE_DOWN, "event " + taken));
        List<SpoolRecord> records = spool.read(0, 10_000, 1 << 24);
        assertThat(records).hasSize(taken + 1);
        assertThat(text(records.get(taken))).isEqualTo("event " + taken);
      }
    }
  }

  /**
   * How long that takes is printed; what matters is that one segment is read, however full it is.
   */
  @Test
  void givenFullSpool_whenReopenedAfterAKill_thenOnlyTheLastSegmentIsReadThrough() {
    SpoolConfig config = new SpoolConfig(folder, 64 << 20, Duration.ofDays(7));
    CountingFiles counting = new CountingFiles();
    try (Spool spool = open(config, FileLayer.disk())) {
      String text = "x".repeat(8000);
      while (spool.acknowledged() == 0) { // the first to go
        spool.accept(event(EventType.PROBE_SLOW, text));
      }
    }
    long before = System.nanoTime();
    try (Spool spool = open(config, counting)) {
      long millis = (System.nanoTime() - before) / 1_000_000;
      long waiting = spool.last() - spool.acknowledged();
      System.out.println(
          "a spool of 64 MiB with "
              + waiting
              + " events is open after "
              + millis
              + " ms, "
              + counting.bytes.get() / 1024
              + " KiB read");
      assertThat(waiting).isGreaterThan(5000);
    }
    // The last segment three times (its end, its mark, its places), of each other 64 KiB.
    assertThat(counting.bytes.get()).isLessThan(3 * (1 << 20) + 80L * (64 << 10));
  }

  private static Spool open(SpoolConfig config, FileLayer files) {
    ManualClock clock = new ManualClock();
    return Spool.open(
        config,
        new Host("p1", "boot", "machine", "", List.of(), Path.of("/none")),
        clock,
        clock,
        Runnable::run,
        files,
        new SimpleMeterRegistry());
  }

  @Test
  void givenFolderThatCannotBeMade_whenOpened_thenTheMessageSaysWhatToDo() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> open(file.resolve("spool"), new ManualClock()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("cannot open spool " + file.resolve("spool") + " as user ")
        .hasMessageEndingWith("or set another spool.path");
  }

  @Test
  void givenSpoolOfANewerVersion_whenOpened_thenRefusedByName() throws IOException {
    try (Spool spool = open(folder, new ManualClock())) {
      spool.accept(event(EventType.PROBE_DOWN, "one"));
    }
    Path identity = folder.resolve("identity");
    Files.writeString(identity, Files.readString(identity).replace("identity 1", "identity 2"));
    assertThatThrownBy(() -> open(folder, new ManualClock()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(identity + " has version 2");
  }

  @Test
  void givenFixture_whenHostIsRead_thenEachFactIsFound() throws IOException {
    Path sys = Files.createDirectories(folder.resolve("sys/class/net"));
    device(sys.resolve("eth0"), "b8:27:eb:00:00:01", "0");
    device(sys.resolve("veth1"), "02:00:00:00:00:09", "3");
    Files.createDirectories(folder.resolve("proc/sys/kernel/random"));
    Files.writeString(folder.resolve("proc/sys/kernel/random/boot_id"), "boot-id\n");
    Files.writeString(
        folder.resolve("proc/cpuinfo"), "processor\t: 0\n\nSerial\t\t: 00000000a1b2c3d4\n");
    Files.createDirectories(folder.resolve("etc"));
    Files.writeString(folder.resolve("etc/machine-id"), "0123\n");
    Host host = Host.read("p1", folder.resolve("proc"), folder.resolve("sys"), folder);
    assertThat(host)
        .isEqualTo(
            new Host(
                "p1",
                "boot-id",
                "0123",
                "00000000a1b2c3d4",
                List.of("b8:27:eb:00:00:01"),
                folder.resolve("run/systemd/timesync/synchronized"),
                folder.resolve("proc/uptime")));
    Path nowhere = folder.resolve("nowhere");
    assertThat(Host.read("p1", nowhere, nowhere, nowhere).machineId()).isEmpty();
  }

  private static void device(Path device, String address, String assigned) throws IOException {
    Files.createDirectories(device.resolve("device"));
    Files.writeString(device.resolve("address"), address + "\n");
    Files.writeString(device.resolve("addr_assign_type"), assigned + "\n");
  }

  /** The disk, with a count of what is read. */
  private static final class CountingFiles implements FileLayer {
    private final FileLayer disk = FileLayer.disk();
    private final AtomicLong bytes = new AtomicLong();

    @Override
    public void createFolders(Path folder) throws IOException {
      disk.createFolders(folder);
    }

    @Override
    public List<String> list(Path folder) throws IOException {
      return disk.list(folder);
    }

    @Override
    public DataFile create(Path file) throws IOException {
      return new Counting(disk.create(file));
    }

    @Override
    public DataFile open(Path file) throws IOException {
      return new Counting(disk.open(file));
    }

    @Override
    public DataFile openToRead(Path file) throws IOException {
      return new Counting(disk.openToRead(file));
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
      disk.rename(from, to);
    }

    @Override
    public void delete(Path file) throws IOException {
      disk.delete(file);
    }

    @Override
    public void syncFolder(Path folder) throws IOException {
      disk.syncFolder(folder);
    }

    @Override
    public Closeable lock(Path folder) throws IOException {
      return disk.lock(folder);
    }

    private final class Counting implements DataFile {
      private final DataFile file;

      Counting(DataFile file) {
        this.file = file;
      }

      @Override
      public long sizeBytes() throws IOException {
        return file.sizeBytes();
      }

      @Override
      public int read(ByteBuffer into, long position) throws IOException {
        int read = file.read(into, position);
        bytes.addAndGet(read);
        return read;
      }

      @Override
      public void write(ByteBuffer from, long position) throws IOException {
        file.write(from, position);
      }

      @Override
      public void truncate(long sizeBytes) throws IOException {
        file.truncate(sizeBytes);
      }

      @Override
      public void sync() throws IOException {
        file.sync();
      }

      @Override
      public void close() throws IOException {
        file.close();
      }
    }
  }
}
