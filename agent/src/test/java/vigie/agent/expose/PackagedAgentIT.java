package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Authority;
import vigie.base.net.Pem;
import vigie.base.net.Ports;

/** The packaged program behind TLS and passwords, and pushing to the real Prometheus. */
class PackagedAgentIT {
  private static final Path PROGRAM =
      Path.of(System.getProperty("vigie.root", ".."), "agent/target/dist/bin/agent");
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String CHANGED_OK =
      "vigie_web_config_last_reload_successful{server=\"http\"} ";

  @TempDir Path folder;
  private int port;
  private Path output;
  private @Nullable Process agent;

  @BeforeEach
  void ports() throws IOException {
    port = Ports.free();
    output = folder.resolve("output");
  }

  @AfterEach
  void end() {
    if (agent != null) {
      agent.destroyForcibly();
    }
  }

  @Test
  void givenTlsAndPasswords_whenFilesChangeWhileItRuns_thenGoodOnesCountAndWrongOnesDoNot()
      throws Exception {
    Authority authority = new Authority(folder, "ca");
    Path certificate = authority.issue("web", "web", "IP:127.0.0.1");
    Path web = folder.resolve("web.yml");
    String tls = "tls_server_config: {cert_file: web.pem, key_file: web.key}\n";
    String good = tls + "basic_auth_users:\n  alice: " + hash("first") + "\n";
    Files.writeString(web, good);
    start("web_config_file: web.yml\n");
    awaitStatus(authority, "first", 200);
    assertThat(status(authority, "wrong")).isEqualTo(401);
    assertThat(status(authority, null)).isEqualTo(401);

    authority.issue("web", "web", "IP:127.0.0.1,DNS:exchanged");
    Certificate exchanged = Pem.certificates(Files.readString(certificate)).get(0);
    await().atMost(PATIENCE).until(() -> shown(authority).equals(exchanged));

    Files.writeString(web, good + "basic_auth_user: {}\n");
    await().atMost(PATIENCE).until(() -> metrics(authority, "first").contains(CHANGED_OK + "0"));
    assertThat(Files.readString(output)).contains("unknown key \\\"basic_auth_user\\\"");
    assertThat(status(authority, "wrong")).isEqualTo(401);

    Files.writeString(web, tls + "basic_auth_users:\n  alice: " + hash("second") + "\n");
    awaitStatus(authority, "second", 200);
    assertThat(status(authority, "first")).isEqualTo(401);
    assertThat(metrics(authority, "second")).contains(CHANGED_OK + "1");
    assertThat(Files.readString(output)).doesNotContain("$2", "second");
  }

  @Test
  void givenPush_whenTerminated_thenItsSeriesEndInPrometheusAtOnce() throws Exception {
    int prometheusPort = Ports.free();
    Files.writeString(folder.resolve("prometheus.yml"), "");
    try (Peer prometheus =
        Peer.start(
            folder,
            "prometheus3",
            List.of(
                "--config.file=" + folder.resolve("prometheus.yml"),
                "--storage.tsdb.path=" + folder.resolve("data"),
                "--web.enable-remote-write-receiver",
                "--web.listen-address=127.0.0.1:" + prometheusPort))) {
      Process running =
          start(
              "push: {url: 'http://127.0.0.1:"
                  + prometheusPort
                  + "/api/v1/write', every: 1s, labels: {job: node}}\n");
      String series = "{node=\"p1\",job=\"node\",__name__=~\"node_load1|vigie_build_info\"}";
      String count = "count(" + series + ")";
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> query(prometheusPort, count).contains(",\"2\"]"));

      running.destroy();

      assertThat(running.waitFor(60, TimeUnit.SECONDS)).as(log()).isTrue();
      assertThat(running.exitValue()).isZero();
      // Without markers they would go on for Prometheus's five minutes.
      assertThat(query(prometheusPort, series)).as(log()).contains("\"result\":[]");
      assertThat(query(prometheusPort, "count_over_time(" + series + "[5m])"))
          .contains("\"node\":\"p1\"");
      assertThat(prometheus.isAlive()).isTrue();
    }
  }

  private Process start(String more) throws IOException {
    assertThat(PROGRAM).as("built by mvn -Pfast package").isExecutable();
    Path config = folder.resolve("agent.yaml");
    Files.writeString(
        config,
        "node: p1\nlisten: 127.0.0.1:"
            + port
            + "\ncollector: relp://127.0.0.1:"
            + Ports.refusing()
            + "\nspool: {path: spool}\n"
            + more);
    Process process =
        new ProcessBuilder(
                PROGRAM.toAbsolutePath().normalize().toString(),
                "run",
                "--config",
                config.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    agent = process;
    return process;
  }

  private String log() throws IOException {
    return Files.readString(output);
  }

  private static String hash(String password) {
    return BCrypt.withDefaults().hashToString(4, password.toCharArray());
  }

  private void awaitStatus(Authority authority, String password, int wanted) {
    await().atMost(PATIENCE).ignoreExceptions().until(() -> status(authority, password) == wanted);
  }

  private int status(Authority authority, @Nullable String password) throws Exception {
    return client(authority).send(request(password), BodyHandlers.discarding()).statusCode();
  }

  private String metrics(Authority authority, String password) throws Exception {
    return client(authority).send(request(password), BodyHandlers.ofString()).body();
  }

  /** The certificate that a new connection is shown. */
  private Certificate shown(Authority authority) throws Exception {
    return client(authority)
        .send(request("first"), BodyHandlers.discarding())
        .sslSession()
        .orElseThrow()
        .getPeerCertificates()[0];
  }

  /** Each has a connection of its own. */
  private static HttpClient client(Authority authority) throws Exception {
    return HttpClient.newBuilder().sslContext(authority.client(null)).build();
  }

  private HttpRequest request(@Nullable String password) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/metrics"))
            .timeout(Duration.ofSeconds(60));
    if (password != null) {
      byte[] login = ("alice:" + password).getBytes(StandardCharsets.UTF_8);
      request.header("authorization", "Basic " + Base64.getEncoder().encodeToString(login));
    }
    return request.build();
  }

  private static String query(int port, String query) throws Exception {
    String encoded = URLEncoder.encode(query, StandardCharsets.UTF_8);
    URI uri = URI.create("http://127.0.0.1:" + port + "/api/v1/query?query=" + encoded);
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60)).build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }
}
