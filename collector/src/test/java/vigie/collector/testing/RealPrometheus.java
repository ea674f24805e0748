package vigie.collector.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import org.awaitility.core.ConditionTimeoutException;
import vigie.base.net.Ports;
import vigie.base.remotewrite.WriteRequest;

/** The real Prometheus 3 on the loopback, over blocks that promtool makes. */
public final class RealPrometheus implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final HttpClient http = HttpClient.newHttpClient();
  private final Process process;
  private final int port;

  private RealPrometheus(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts it in a folder of its own, with what stands in its configuration, and waits for it. */
  public static RealPrometheus start(Path folder, String configuration, String... more)
      throws IOException {
    return startAt(Ports.free(), folder, configuration, more);
  }

  /** As {@link #start}, where its own configuration or somebody else's names the port. */
  public static RealPrometheus startAt(int port, Path folder, String configuration, String... more)
      throws IOException {
    Files.createDirectories(folder);
    Path config = Files.writeString(folder.resolve("prometheus.yml"), configuration);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("data"),
                "--storage.tsdb.retention.time=100y",
                "--web.listen-address=127.0.0.1:" + port));
    arguments.addAll(List.of(more));
    RealPrometheus prometheus = new RealPrometheus(run(folder, "prometheus3", arguments), port);
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .pollInterval(Duration.ofMillis(100))
          .ignoreExceptions()
          .until(() -> prometheus.send("GET", "/-/ready", "").body().contains("Ready"));
      return prometheus;
    } catch (ConditionTimeoutException e) {
      prometheus.process.destroyForcibly();
      throw new AssertionError(Files.readString(folder.resolve("prometheus3.log")), e);
    }
  }

  /** Makes blocks out of samples in OpenMetrics, where {@link #start} in this folder finds them. */
  public static void blocks(Path folder, Path samples) throws IOException, InterruptedException {
    Process promtool =
        run(
            folder,
            "promtool",
            List.of(
                "tsdb",
                "create-blocks-from",
                "openmetrics",
                samples.toString(),
                folder.resolve("data").toString()));
    assertThat(promtool.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(promtool.exitValue()).as(Files.readString(folder.resolve("promtool.log"))).isZero();
  }

  public boolean alive() {
    return process.isAlive();
  }

  /** SIGKILL, and waits until it is gone. */
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  public String url() {
    return "http://127.0.0.1:" + port;
  }

  /**
   * Sends samples by remote write; it must have been started with {@code
   * --web.enable-remote-write-receiver}.
   *
   * @param body as {@code WriteRequest} makes it
   */
  public void write(byte[] body) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url() + "/api/v1/write"))
            .timeout(Duration.ofSeconds(60))
            .POST(HttpRequest.BodyPublishers.ofByteArray(body));
    WriteRequest.HEADERS.forEach(request::header);
    HttpResponse<String> answer = http.send(request.build(), BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(204);
  }

  /** The answer to a form in a POST, errors too. */
  public JsonNode ask(String path, String... parameters) throws IOException, InterruptedException {
    return JSON.readTree(send("POST", path, form(parameters)).body());
  }

  /**
   * The answer to a GET.
   *
   * @param path and query
   */
  public JsonNode get(String path) throws IOException, InterruptedException {
    return JSON.readTree(send("GET", path, "").body());
  }

  /** Names and values in turn, as a form or the query of a URL has them. */
  public static String form(String... parameters) {
    StringJoiner form = new StringJoiner("&");
    for (int i = 0; i < parameters.length; i += 2) {
      form.add(parameters[i] + "=" + URLEncoder.encode(parameters[i + 1], StandardCharsets.UTF_8));
    }
    return form.toString();
  }

  private HttpResponse<String> send(String method, String path, String form)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(URI.create(url() + path))
            .timeout(Duration.ofSeconds(60))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .method(method, HttpRequest.BodyPublishers.ofString(form))
            .build(),
        BodyHandlers.ofString());
  }

  private static Process run(Path folder, String name, List<String> arguments) throws IOException {
    Path program = Path.of(System.getProperty("vigie.root", ".."), "target/peers/bin", name);
    assertThat(program)
        .as("%s is missing; get it with: deploy/peers.sh install target/peers", program)
        .exists();
    List<String> command = new ArrayList<>(List.of(program.toString()));
    command.addAll(arguments);
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve(name + ".log").toFile())
        .start();
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}
