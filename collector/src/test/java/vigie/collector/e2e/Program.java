package vigie.collector.e2e;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A packaged program as a process of its own, its output in a file. Ended by its process id. */
final class Program implements AutoCloseable {
  static final Path ROOT = Path.of(System.getProperty("vigie.root"));
  private static final HttpClient HTTP =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  private final Path log;
  private final List<String> command;
  private final Map<String, String> environment;
  private Process process;

  private Program(Path log, Map<String, String> environment, List<String> command)
      throws IOException {
    this.log = log;
    this.command = command;
    this.environment = environment;
    start();
  }

  /** The agent or collector as packaged by this build. */
  static Program start(Path log, Map<String, String> environment, String name, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(bin(name).toString()));
    command.addAll(List.of(arguments));
    return new Program(log, environment, command);
  }

  /** Any command. */
  static Program command(Path log, List<String> command) throws IOException {
    return new Program(log, Map.of(), command);
  }

  static Path bin(String name) {
    Path bin = ROOT.resolve(name + "/target/dist/bin/" + name);
    if (!Files.isExecutable(bin)) {
      throw new AssertionError(bin + " is missing; run: mvn -Pfast package");
    }
    return bin;
  }

  static Path peer(String name) {
    Path bin = ROOT.resolve("target/peers/bin/" + name);
    if (!Files.isExecutable(bin)) {
      throw new AssertionError(bin + " is missing; run: deploy/peers.sh install target/peers");
    }
    return bin;
  }

  /** Starts it once more, after it was ended. */
  void start() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.redirectInput(new File("/dev/null"));
    builder
        .environment()
        .keySet()
        .removeIf(key -> key.startsWith("DISCORD_") || key.startsWith("VIGIE_"));
    builder.environment().putAll(environment);
    process = builder.start();
  }

  long pid() {
    return process.pid();
  }

  boolean alive() {
    return process.isAlive();
  }

  /** SIGKILL, and waits until it is gone. */
  void kill() {
    process.destroyForcibly();
    await();
  }

  /** SIGTERM; gives the exit code. */
  int stop() {
    process.destroy();
    return await();
  }

  /**
   * SIGTERM to what it started, which ends it too: for a tracer, which would not hand the signal
   * on.
   */
  int stopChildren() {
    process.descendants().forEach(ProcessHandle::destroy);
    return await();
  }

  /** Waits for the end; gives the exit code. */
  int await() {
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError(command + " did not end within 60 s; its log:\n" + log());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  String log() {
    try {
      return Files.exists(log) ? Files.readString(log) : "";
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void close() {
    // A traced program outlives its tracer.
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    if (process.isAlive()) {
      process.destroyForcibly();
      await();
    }
  }

  /** The body of a 200 answer; {@code ""} for anything else. */
  static String get(String url) {
    try {
      HttpResponse<String> answer =
          HTTP.send(
              HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(10)).build(),
              HttpResponse.BodyHandlers.ofString());
      return answer.statusCode() == 200 ? answer.body() : "";
    } catch (IOException e) {
      return "";
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
