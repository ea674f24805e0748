package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import vigie.base.net.Ports;

/** An emulated machine with Debian and systemd, on a disk that outlives its power. */
final class BootedDebian implements AutoCloseable {
  /** An interpreter of instructions, beside whatever else this machine does. */
  static final Duration PATIENCE = Duration.ofMinutes(10);

  private static final Path DEBIAN = Program.ROOT.resolve("target/debian");
  private static final int SHELL = 7000;

  private final int shellPort = Ports.free();
  private final Program machine;

  /**
   * Switches it on.
   *
   * @param app comes into the guest as {@code /app}
   * @param port of the host's loopback, given to the guest's 9100
   */
  BootedDebian(Path dir, Path app, int port) throws IOException {
    assertThat(DEBIAN.resolve("done"))
        .as("run: deploy/debian.sh setup target/debian")
        .isRegularFile();
    machine =
        Program.command(
            dir.resolve("console.log"),
            List.of(
                Program.ROOT.resolve("deploy/debian.sh").toString(),
                "boot",
                DEBIAN.toString(),
                dir.resolve("disk").toString(),
                app.toString(),
                "-f",
                shellPort + ":" + SHELL,
                "-f",
                port + ":9100"));
  }

  /** Switches it on again, after {@link #cut} or a power-off. */
  void start() throws IOException {
    machine.start();
  }

  /** Pulls its plug. */
  void cut() {
    machine.kill();
  }

  boolean alive() {
    return machine.alive();
  }

  /** What a script of bash prints, run as root; waits for the machine where it is still booting. */
  String run(String script) {
    List<String> said = new ArrayList<>();
    tell(
        "an answer of the guest's shell",
        () -> {
          String answer = ask(script + "\necho \"status $?\"\n");
          said.add(answer);
          return answer.contains("status ");
        });
    return said.get(said.size() - 1);
  }

  /** As {@link #run}, once, with an answer that the machine's end may cut off. */
  String ask(String script) {
    try (Socket socket = new Socket("127.0.0.1", shellPort)) {
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket.getOutputStream().write(script.getBytes(StandardCharsets.UTF_8));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException notUp) {
      return "";
    }
  }

  /** A shell that is kept, to ask for the time without starting a process. */
  Watch watch() throws IOException {
    return new Watch(new Socket("127.0.0.1", shellPort));
  }

  void tell(String what, Callable<Boolean> condition) {
    await(what)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              assertThat(machine.alive()).as("the machine ended:\n" + machine.log()).isTrue();
              return condition.call();
            });
  }

  @Override
  public void close() {
    machine.close();
  }

  /** The guest's clock. */
  static final class Watch implements AutoCloseable {
    private final Socket socket;

    private Watch(Socket socket) {
      this.socket = socket;
    }

    Instant now() throws IOException {
      socket.getOutputStream().write("echo $EPOCHREALTIME\n".getBytes(StandardCharsets.US_ASCII));
      StringBuilder line = new StringBuilder();
      for (int c = socket.getInputStream().read(); c != '\n'; c = socket.getInputStream().read()) {
        if (c < 0) {
          throw new IOException("the guest's shell ended");
        }
        line.append((char) c);
      }
      int dot = line.indexOf(".");
      return Instant.ofEpochSecond(
          Long.parseLong(line.substring(0, dot)), Long.parseLong(line.substring(dot + 1)) * 1000);
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
