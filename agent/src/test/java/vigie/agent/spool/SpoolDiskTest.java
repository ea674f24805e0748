package vigie.agent.spool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.agent.event.Event;
import vigie.agent.event.EventType;
import vigie.agent.event.Severity;
import vigie.base.config.ConfigException;
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
}
