package vigie.collector.receive.relp;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** The real rsyslogd with a configuration of the test's, in a folder of the test's. */
public final class Rsyslogd implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Path PEERS = Path.of(System.getProperty("vigie.root"), "target/peers");

  private final Process process;
  private final Path log;

  private Rsyslogd(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Starts it; does not wait until it listens. */
  public static Rsyslogd start(Path folder, String config) throws IOException {
    Path program = PEERS.resolve("bin/rsyslogd");
    if (!Files.isExecutable(program)) {
      throw new AssertionError(
          "rsyslogd is not there; get it by: deploy/peers.sh install target/peers");
    }
    Path file = folder.resolve("rsyslog.conf");
    Path log = folder.resolve("rsyslogd.log");
    Files.writeString(file, "global(workDirectory=\"" + folder + "\")\n" + config);
    Process process =
        new ProcessBuilder(
                program.toString(),
                "-n",
                "-f",
                file.toString(),
                "-i",
                folder.resolve("rsyslogd.pid").toString(),
                "-M",
                Files.readString(PEERS.resolve("rsyslog-modules")).strip())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    return new Rsyslogd(process, log);
  }

  /** Waits until somebody takes connections there. */
  public static void awaitPort(int port) {
    await()
        .atMost(PATIENCE)
        .ignoreExceptions()
        .until(
            () -> {
              new Socket("localhost", port).close();
              return true;
            });
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** What it wrote itself, for the message of a failed test. */
  public String log() {
    try {
      return "rsyslogd said: " + Files.readString(log);
    } catch (IOException e) {
      return "rsyslogd said nothing";
    }
  }

  /** SIGTERM, as systemd stops it. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  /** SIGKILL, and waits until it is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }
}
