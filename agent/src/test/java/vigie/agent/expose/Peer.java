package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program of others that the tests compare with or are read by, ended with the test. */
final class Peer implements AutoCloseable {
  private final Process process;
  private final Path log;

  private Peer(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** Starts it; its output goes to a file that a failing test quotes. */
  static Peer start(Path folder, String name, List<String> arguments) throws IOException {
    return start(folder, name, arguments, Map.of());
  }

  /** The same, with these variables more in its environment. */
  static Peer start(
      Path folder, String name, List<String> arguments, Map<String, String> environment)
      throws IOException {
    Path log = folder.resolve(name + ".log");
    List<String> command = new ArrayList<>(List.of(program(name)));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    return new Peer(builder.redirectOutput(log.toFile()).start(), log);
  }

  /** Runs it to its end with {@code input} and gives what it printed, on either stream. */
  static String run(Path folder, String name, String input, String... arguments)
      throws IOException, InterruptedException {
    File in = folder.resolve(name + ".in").toFile();
    Files.writeString(in.toPath(), input);
    List<String> command = new ArrayList<>(List.of(program(name)));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    Process process = builder.redirectInput(in).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return output;
  }

  private static String program(String name) {
    Path path = Path.of(System.getProperty("vigie.root", ".."), "target/peers/bin", name);
    assertThat(path)
        .as("%s is missing; get it with: deploy/peers.sh install target/peers", path)
        .exists();
    return path.toString();
  }

  /** What it printed so far. */
  String log() throws IOException {
    return Files.readString(log);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroy);
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
