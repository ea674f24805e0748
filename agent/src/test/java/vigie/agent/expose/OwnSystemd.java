package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
  private static final int NOT_HERE = 77;

  private final Process process;
  private final Path folder;

  private OwnSystemd(Process process, Path folder) {
    this.process = process;
    this.folder = folder;
  }

  /** Starts it and waits for its bus; ends the test as skipped where the machine allows none. */
  public static OwnSystemd start(Path folder) throws IOException {
    Path peers = Path.of(System.getProperty("vigie.root", ".."), "target/peers");
    for (String name : List.of("systemd", "dbus-daemon", "node_exporter3")) {
      assertThat(peers.resolve("bin").resolve(name))
          .as("%s is missing; get it with: deploy/peers.sh install target/peers", name)
          .exists();
    }
    try (Stream<Path> files = Files.walk(FILES)) {
      for (Path file : files.toList()) {
        Path copy = folder.resolve(FILES.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
        }
      }
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
