package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A real systemd with the units of {@code src/test/resources/systemd}, apart from the machine's
 * own, with a bus below its folder as {@code /run/dbus/system_bus_socket}. Needs root; see {@code
 * start.sh} there.
 */
public final class OwnSystemd implements AutoCloseable {
  private static final Path FILES = Path.of("src/test/resources/systemd").toAbsolutePath();
  private static final Path JOURNAL_UNITS =
      Path.of("src/test/resources/journal/units").toAbsolutePath();
  private static final int NOT_HERE = 77;

  private final Process process;
  private final Path folder;

  private OwnSystemd(Process process, Path folder) {
    this.process = process;
    this.folder = folder;
  }

  /** Starts it and waits for its bus; ends the test as skipped where the machine allows none. */
  public static OwnSystemd start(Path folder) throws IOException {
    copy(FILES, folder);
    return run(folder);
  }

  /**
   * The same with a journald of its own, which writes below the folder, and with the units of
   * {@code src/test/resources/journal/units} instead of the others. A {@code FOLDER} in these is
   * replaced.
   */
  public static OwnSystemd startWithJournal(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("var/log/journal"));
    copy(FILES, folder);
    copy(JOURNAL_UNITS, folder.resolve("units"));
    try (Stream<Path> units = Files.list(folder.resolve("units"))) {
      for (Path unit : units.toList()) {
        Files.writeString(
            unit, Files.readString(unit).replace("FOLDER", folder.toRealPath().toString()));
      }
    }
    return run(folder);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path copy = to.resolve(from.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(
              file, copy, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  private static OwnSystemd run(Path folder) throws IOException {
    Path peers = Path.of(System.getProperty("vigie.root", ".."), "target/peers");
    for (String name : List.of("systemd", "systemd-journald", "dbus-daemon", "node_exporter3")) {
      assertThat(peers.resolve("bin").resolve(name))
          .as("%s is missing; get it with: deploy/peers.sh install target/peers", name)
          .exists();
    }
    Path log = folder.resolve("start.log");
    Process process =
        new ProcessBuilder(
                folder.resolve("start.sh").toString(), peers.toString(), folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    OwnSystemd systemd = new OwnSystemd(process, folder);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> !process.isAlive() || Files.exists(systemd.bus()));
    boolean alive = process.isAlive();
    assumeTrue(alive || process.exitValue() != NOT_HERE, () -> read(log));
    assertThat(alive).as(read(log)).isTrue();
    return systemd;
  }

  private static String read(Path log) {
    try {
      return "no systemd of its own: " + Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  Path bus() {
    return folder.resolve("run/dbus/system_bus_socket");
  }

  /** Ends when its input does. */
  @Override
  public void close() throws IOException, InterruptedException {
    process.getOutputStream().close();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).as("systemd and all it started end").isTrue();
  }
}
