package vigie.agent.expose;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.agent.metric.CollectorsConfig;
import vigie.agent.metric.NodeMetrics;
import vigie.agent.reader.Roots;
import vigie.base.net.Authority;
import vigie.base.net.Ports;
import vigie.base.time.Clock;

/** One web.config for node_exporter and for us: both must answer every client alike. */
class WebConfigIT {
  private static final String TLS = "tls_server_config: {cert_file: web.pem, key_file: web.key";

  @TempDir Path folder;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private Authority authority;
  private final List<Path> certificates = new ArrayList<>();
  private String hash;
  private String longHash;

  @BeforeEach
  void certificates() throws Exception {
    authority = new Authority(folder, "ca");
    authority.issue("web", "web", "DNS:localhost,IP:127.0.0.1");
    certificates.add(null);
    certificates.add(authority.issue("p1", "p1", "DNS:p1.example,IP:2001:db8::1"));
    certificates.add(authority.issue("p2", "p2", "DNS:p2.example,email:p2@example"));
    certificates.add(new Authority(folder, "other").issue("p3", "p3", "DNS:p1.example"));
    hash = BCrypt.withDefaults().hashToString(4, "sécret:x".toCharArray());
    longHash = BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(5, "y".repeat(71).toCharArray());
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "USERS",
        "TLS}",
        "TLS, max_version: TLS12}",
        "TLS, min_version: TLS13}",
        "TLS, max_version: TLS12, cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}\n"
            + "http_server_config: {http2: false}",
        "TLS, cipher_suites: [TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384]}\n"
            + "http_server_config: {http2: false}",
        "TLS, client_auth_type: NoClientCert}",
        "TLS, client_auth_type: RequestClientCert}",
        "TLS, client_auth_type: RequireAnyClientCert}",
        "TLS, client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.pem}",
        "TLS, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}",
        "TLS, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem,"
            + " client_allowed_sans: [p1.example]}",
        "TLS, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem,"
            + " client_allowed_sans: ['2001:db8::1']}",
        "TLS, client_auth_type: RequireAnyClientCert, client_allowed_sans: [p2@example]}",
        "TLS, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}\nUSERS",
        "TLS}\nUSERS\nhttp_server_config:\n  http2: false\n  headers:\n"
            + "    Strict-Transport-Security: max-age=60\n    X-Frame-Options: deny\n"
      })
  void givenOneFile_whenClientsOfAllKindsAsk_thenBothAnswerAlike(String text) throws Exception {
    Path file = write(text);
    try (Peer exporter = exporter(file, text.startsWith("TLS"));
        Served agent = served(file)) {
      assertThat(exporter.isAlive()).as(exporter.log()).isTrue();
      List<String> theirs = answers(port, text);
      List<String> ours = answers(agent.port(), text);
      assertThat(ours).isEqualTo(theirs);
      assertThat(String.join("\n", ours)).as("some come in").contains(" 200 ");
    }
  }

  @Test
  void givenRateLimit_whenAskedOften_thenBothRefuseTheSameOnes() throws Exception {
    Path file = write("rate_limit: {interval: 1h, burst: 5}\n");
    try (Peer exporter = exporter(file, false);
        Served agent = served(file)) {
      assertThat(exporter.isAlive()).as(exporter.log()).isTrue();
      List<String> ours = new ArrayList<>();
      for (int i = 0; i < 7; i++) {
        ours.add(answer("http", agent.port(), HttpClient.newHttpClient(), ""));
      }
      assertThat(ours.subList(0, 5)).allMatch(a -> a.startsWith("200"));
      assertThat(ours.subList(5, 7)).allMatch(a -> a.startsWith("429"));
      // Its start was awaited with requests that count.
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> answer("http", port, HttpClient.newHttpClient(), "").equals(ours.get(6)));
    }
  }

  @Test
  void givenTlsAndPasswords_whenPrometheusScrapesUs_thenUp() throws Exception {
    Path file =
        write("TLS, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem}\nUSERS");
    Files.writeString(folder.resolve("password"), "sécret:x");
    try (Served agent = served(file)) {
      Path config = folder.resolve("prometheus.yml");
      Files.writeString(
          config,
          """
          scrape_configs:
          - job_name: agent
            scheme: https
            scrape_interval: 1s
            basic_auth: {username: alice, password_file: password}
            tls_config: {ca_file: ca.pem, cert_file: p1.pem, key_file: p1.key}
            static_configs: [{targets: ["127.0.0.1:%d"]}]
          """
              .formatted(agent.port()));
      int prometheusPort = Ports.free();
      try (Peer prometheus =
          Peer.start(
              folder,
              "prometheus3",
              List.of(
                  "--config.file=" + config,
                  "--storage.tsdb.path=" + folder.resolve("data"),
                  "--web.listen-address=127.0.0.1:" + prometheusPort))) {
        await()
            .atMost(Duration.ofSeconds(60))
            .pollInterval(Duration.ofMillis(200))
            .ignoreExceptions()
            .until(() -> targets(prometheusPort).contains("\"health\":\"up\""));
        assertThat(prometheus.isAlive()).isTrue();
      }
    }
  }

  private static String targets(int port) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + port + "/api/v1/targets?state=active");
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
        .body();
  }

  private int port;

  private Path write(String text) throws IOException {
    Path file = folder.resolve("web.yml");
    String users = "basic_auth_users:\n  alice: " + hash + "\n  bob: " + longHash + "\n";
    Files.writeString(
        file, text.replace("TLS,", TLS + ",").replace("TLS}", TLS + "}").replace("USERS", users));
    return file;
  }

  private Peer exporter(Path file, boolean tls) throws IOException {
    port = Ports.free();
    Peer exporter =
        Peer.start(
            folder,
            "node_exporter3",
            List.of(
                "--web.listen-address=127.0.0.1:" + port,
                "--collector.disable-defaults",
                "--collector.time",
                "--web.config.file=" + file));
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(
            () -> {
              new Socket("127.0.0.1", port).close();
              return true;
            });
    return exporter;
  }

  private Served served(Path file) {
    return new Served(
        NodeMetrics.host(Roots.HOST, Clock.system(), threads, CollectorsConfig.DEFAULTS),
        threads,
        file);
  }

  /** What each kind of client is told. */
  private List<String> answers(int asked, String text)
      throws IOException, InterruptedException, GeneralSecurityException {
    List<String> logins =
        text.contains("USERS")
            ? List.of(
                "",
                "Basic " + base64("alice:sécret:x"),
                "basic " + base64("alice:sécret:x"),
                "Basic " + base64("alice:secret"),
                "Basic " + base64("carol:sécret:x"),
                "Basic " + base64("alice"),
                "Basic " + base64("bob:" + "y".repeat(71)),
                "Basic " + base64("bob:" + "y".repeat(100)),
                "Basic !",
                "Bearer x")
            : List.of("");
    List<String> all = new ArrayList<>();
    if (!text.startsWith("TLS")) {
      for (String login : logins) {
        all.add(login + " " + answer("http", asked, HttpClient.newHttpClient(), login));
      }
      return all;
    }
    all.add("plain " + plain(asked));
    for (Path certificate : certificates) {
      for (String version : List.of("TLSv1.2", "TLSv1.3")) {
        for (String login : logins) {
          HttpClient client = client(certificate, version);
          String who = version + " " + certificate + " " + login + " ";
          all.add(who + answer("https", asked, client, login));
        }
      }
    }
    return all;
  }

  private HttpClient client(@Nullable Path certificate, String version)
      throws IOException, GeneralSecurityException {
    SSLParameters parameters = new SSLParameters();
    parameters.setProtocols(new String[] {version});
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(60))
        .sslContext(authority.client(certificate))
        .sslParameters(parameters)
        .build();
  }

  private static String answer(String scheme, int port, HttpClient client, String login)
      throws InterruptedException {
    URI uri = URI.create(scheme + "://127.0.0.1:" + port + "/metrics");
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(60));
    if (!login.isEmpty()) {
      request.header("authorization", login);
    }
    try {
      HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
      return response.statusCode()
          + " "
          + response.headers().allValues("www-authenticate")
          + response.headers().allValues("strict-transport-security")
          + response.headers().allValues("x-frame-options")
          + (response.statusCode() == 200 ? "" : response.body());
    } catch (IOException e) {
      return "refused";
    }
  }

  /** The status line that plain HTTP gets. */
  private static String plain(int port) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nhost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      InputStream in = socket.getInputStream();
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .findFirst()
          .orElse("");
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
