package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.ConfigException;
import vigie.base.config.Faults;
import vigie.base.net.Authority;
import vigie.base.remotewrite.WriteRequest;

/** A whole collector that takes pushed samples: from whom, and what it then knows. */
class CollectorRemoteWriteTest {
  @TempDir Path dir;
  private Collector collector;

  private void start(String yaml) throws Exception {
    Path file =
        Files.writeString(
            dir.resolve("collector.yaml"), "storage: {path: data}\n" + yaml.stripIndent());
    collector = Collector.start(Optional.of(file), load(file));
  }

  private static CollectorConfig load(Path file) {
    return CollectorConfig.load(Optional.of(file), Map.of(), new Faults());
  }

  @AfterEach
  void stop() {
    if (collector != null) {
      collector.close();
    }
  }

  /** The status that the push of one sign of life is answered with. */
  private int push(HttpClient client, String scheme, String node, String login) throws Exception {
    WriteRequest body = new WriteRequest();
    Map<String, String> labels =
        Map.of("__name__", "vigie_build_info", "node", node, "instance", node, "job", "agent");
    body.add(WriteRequest.labels(new TreeMap<>(labels)), 1, Instant.now().toEpochMilli());
    HttpRequest.Builder request =
        HttpRequest.newBuilder(
                URI.create(
                    scheme + "://127.0.0.1:" + collector.remoteWritePort() + "/api/v1/write"))
            .POST(BodyPublishers.ofByteArray(body.take()));
    WriteRequest.HEADERS.forEach(request::header);
    if (!login.isEmpty()) {
      byte[] bytes = login.getBytes(StandardCharsets.UTF_8);
      request.header("authorization", "Basic " + Base64.getEncoder().encodeToString(bytes));
    }
    return client.send(request.build(), BodyHandlers.discarding()).statusCode();
  }

  private String ask(String path) throws Exception {
    URI url = URI.create("http://127.0.0.1:" + collector.httpPort() + path);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(url).build(), BodyHandlers.ofString())
        .body();
  }

  @Test
  void givenLoopbackWithoutMore_whenPushed_thenTheNodeIsUpAndItsSamplesAreFound() throws Exception {
    start("listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0', remote_write: '127.0.0.1:0'}");
    assertThat(push(HttpClient.newHttpClient(), "http", "p1", "")).isEqualTo(204);
    assertThat(ask("/api/vigie/nodes")).contains("\"p1\"").contains("\"up\"");
    assertThat(ask("/api/v1/query?query=vigie_build_info")).contains("\"node\":\"p1\"");
    assertThat(ask("/metrics"))
        .contains("vigie_remotewrite_samples_total 1", "vigie_remotewrite_requests_total{");
    URI other = URI.create("http://127.0.0.1:" + collector.remoteWritePort() + "/api/v1/query");
    assertThat(
            HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(other).build(), BodyHandlers.discarding())
                .statusCode())
        .isEqualTo(404);
  }

  @Test
  void givenUsers_whenPushed_thenWithThePasswordOnly() throws Exception {
    String hash = BCrypt.withDefaults().hashToString(4, "secret".toCharArray());
    Files.writeString(dir.resolve("push.yml"), "basic_auth_users: {p1: '" + hash + "'}\n");
    start(
        """
        listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0', remote_write: '0.0.0.0:0'}
        remote_write_web_config_file: push.yml
        """);
    HttpClient client = HttpClient.newHttpClient();
    assertThat(push(client, "http", "p1", "")).isEqualTo(401);
    assertThat(push(client, "http", "p1", "p1:wrong")).isEqualTo(401);
    assertThat(push(client, "http", "p1", "p1:secret")).isEqualTo(204);
  }

  @Test
  void givenCertificates_whenPushed_thenEachSpeaksForItsOwnNodeUnlessItIsARelay() throws Exception {
    Authority authority = new Authority(dir, "ca");
    authority.issue("server", "server", "DNS:localhost,IP:127.0.0.1");
    start(
        """
        listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0', relp_tls: false, remote_write: '0.0.0.0:0'}
        tls: {cert_file: server.pem, key_file: server.key, client_ca_file: ca.pem, relays: [relay]}
        """);
    HttpClient stranger = HttpClient.newBuilder().sslContext(authority.client(null)).build();
    assertThatThrownBy(() -> push(stranger, "https", "p1", ""))
        .isInstanceOfAny(SSLException.class, java.io.IOException.class);
    Path own = authority.issue("p1", "p1", "DNS:p1");
    HttpClient p1 = HttpClient.newBuilder().sslContext(authority.client(own)).build();
    assertThat(push(p1, "https", "p1", "")).isEqualTo(204);
    assertThat(push(p1, "https", "p2", "")).isEqualTo(400);
    Path passing = authority.issue("relay", "relay", "DNS:relay");
    HttpClient relay = HttpClient.newBuilder().sslContext(authority.client(passing)).build();
    assertThat(push(relay, "https", "p3", "")).isEqualTo(204);
    assertThat(ask("/api/vigie/nodes")).contains("\"p1\"", "\"p3\"").doesNotContain("\"p2\"");
  }

  @Test
  void givenNothingThatTellsWhoPushes_whenListeningBeyondLoopback_thenRefused() throws Exception {
    Path file = dir.resolve("collector.yaml");
    Files.writeString(file, "listen: {remote_write: true}\n");
    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            file + ":1:10: remote_write beyond loopback must know who pushes: set tls:");
    Files.writeString(dir.resolve("open.yml"), "rate_limit: {interval: 1s, burst: 5}\n");
    Files.writeString(
        file, "listen: {remote_write: ':9338'}\nremote_write_web_config_file: open.yml\n");
    assertThatThrownBy(() -> load(file)).hasMessageContaining("beyond loopback");
    Files.writeString(file, "listen: {remote_write: nowhere}\n");
    assertThatThrownBy(() -> load(file)).hasMessageContaining("true or false");
    Files.writeString(file, "{}\n");
    assertThat(load(file).remoteWrite()).isEmpty();
    Files.writeString(file, "listen: {remote_write: '[::1]:1'}\n");
    assertThat(load(file).remoteWrite()).isPresent();
  }
}
