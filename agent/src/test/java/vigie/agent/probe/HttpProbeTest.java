package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.net.Ports;

/** Against the JDK's own web server, and raw sockets where that is too well behaved. */
class HttpProbeTest {
  private final ProbeHarness probes = new ProbeHarness();

  @AfterEach
  void close() throws Exception {
    probes.close();
  }

  private static Module http(String yaml) {
    return ProbeHarness.module("http", yaml);
  }

  private static void answer(HttpExchange exchange, int code, byte[] body) throws IOException {
    exchange.getRequestBody().transferTo(OutputStream.nullOutputStream());
    exchange.sendResponseHeaders(code, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private String serve() throws IOException {
    return serve(HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 50));
  }

  private String serve(HttpServer server) {
    server.createContext(
        "/",
        exchange -> {
          String path = exchange.getRequestURI().getPath();
          exchange.getResponseHeaders().set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT");
          if (path.startsWith("/status/")) {
            answer(exchange, Integer.parseInt(path.substring(8)), bytes("down"));
          } else if (path.startsWith("/to/")) {
            exchange.getResponseHeaders().set("Location", exchange.getRequestURI().getQuery());
            answer(exchange, Integer.parseInt(path.substring(4)), new byte[0]);
          } else if (path.equals("/echo")) {
            answer(exchange, 200, bytes(echo(exchange)));
          } else if (path.equals("/gzip")) {
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (OutputStream out = new GZIPOutputStream(packed)) {
              out.write(bytes("hello ".repeat(1000)));
            }
            answer(exchange, 200, packed.toByteArray());
          } else if (path.equals("/deflate")) {
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (OutputStream out = new DeflaterOutputStream(packed)) {
              out.write(bytes("hello"));
            }
            answer(exchange, 200, packed.toByteArray());
          } else if (path.equals("/chunked")) {
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(bytes("one two"));
            exchange.close();
          } else {
            answer(exchange, 200, bytes("hello"));
          }
        });
    server.setExecutor(probes.threads);
    server.start();
    probes.open.add(() -> server.stop(0));
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private static String echo(HttpExchange exchange) throws IOException {
    StringBuilder out = new StringBuilder(exchange.getRequestMethod());
    exchange
        .getRequestHeaders()
        .forEach((name, values) -> out.append('\n').append(name).append(": ").append(values));
    return out.append('\n')
        .append(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8))
        .toString();
  }

  @Test
  void givenAnswer_whenRun_thenUpAndMeasuredAsBlackboxExporterDoes() throws IOException {
    probes.run(http("{}"), serve() + "/");
    probes.up();
    assertThat(probes.value("probe_http_status_code")).isEqualTo(200);
    assertThat(probes.value("probe_http_content_length")).isEqualTo(5);
    assertThat(probes.value("probe_http_uncompressed_body_length")).isEqualTo(5);
    assertThat(probes.value("probe_http_version")).isEqualTo(1.1);
    assertThat(probes.value("probe_http_ssl")).isZero();
    assertThat(probes.value("probe_http_redirects")).isZero();
    assertThat(probes.value("probe_failed_due_to_regex")).isZero();
    assertThat(probes.value("probe_http_last_modified_timestamp_seconds")).isEqualTo(1767225600);
    for (String phase : new String[] {"resolve", "connect", "tls", "processing", "transfer"}) {
      assertThat(probes.value("probe_http_duration_seconds", phase)).isZero();
    }
    assertThat(probes.steps).contains("answered 200 OK in HTTP/1.1", "body of 5 bytes");
  }

  @Test
  void givenChunkedAnswer_whenRun_thenItsLengthIsNotKnownBefore() throws IOException {
    probes.run(http("{}"), serve() + "/chunked");
    probes.up();
    assertThat(probes.value("probe_http_content_length")).isEqualTo(-1);
    assertThat(probes.value("probe_http_uncompressed_body_length")).isEqualTo(7);
  }

  @Test
  void givenNothingListening_whenRun_thenRefusedAndZeros() throws IOException {
    probes.run(http("{}"), "127.0.0.1:" + Ports.refusing());
    assertThat(probes.reason()).isEqualTo("connection refused");
    assertThat(probes.value("probe_http_status_code")).isZero();
    assertThat(probes.value("probe_http_version")).isZero();
    assertThat(probes.value("probe_http_duration_seconds", "transfer")).isZero();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "{}; /status/503; answered 503 Service Unavailable, expected 200-299",
        "{valid_status_codes: [200, 301]}; /status/404;"
            + " answered 404 Not Found, expected 200 or 301",
        "{valid_http_versions: [HTTP/2.0]}; /; answered in HTTP/1.1, expected HTTP/2.0",
        "{fail_if_not_ssl: true}; /; answered without TLS, and fail_if_not_ssl is set",
        "{fail_if_body_matches_regexp: ['h.l']}; /; body matches \"h.l\" with \"hel\"",
        "{fail_if_body_not_matches_regexp: [bye]}; /;"
            + " body does not match \"bye\", it is \"hello\"",
        "{fail_if_header_matches: [{header: date, regexp: GMT}]}; /; header date ",
        "{fail_if_header_not_matches: [{header: X-Own, regexp: '1'}]}; /;"
            + " the answer lacks the header X-Own",
        "{body_size_limit: 4B}; /; body is larger than 4 bytes (body_size_limit)",
        "{compression: gzip}; /; body is not compressed with gzip: ",
        "{follow_redirects: false}; /to/302?/; answered 302 ",
        "{}; /to/302?ftp://x/; redirected to ftp://x/, which is no URL to follow"
      },
      delimiter = ';')
  void givenAnswer_whenNotAsWanted_thenReason(String yaml, String path, String reason)
      throws IOException {
    probes.run(http(yaml), serve() + path);
    assertThat(probes.reason()).startsWith(reason);
    assertThat(probes.value("probe_failed_due_to_regex"))
        .isEqualTo(yaml.contains("fail_if_body") || yaml.contains("fail_if_header") ? 1 : 0);
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "{valid_status_codes: [404]}; /status/404",
        "{fail_if_body_not_matches_regexp: ['^hello$'], fail_if_body_matches_regexp: [x]}; /",
        "{fail_if_header_matches: [{header: X-Own, regexp: x, allow_missing: true}]}; /",
        "{fail_if_header_not_matches: [{header: Content-Length, regexp: '^5$'}]}; /",
        "{compression: gzip, fail_if_body_not_matches_regexp: ['^(hello ){1000}$']}; /gzip",
        "{compression: deflate, fail_if_body_not_matches_regexp: ['^hello$']}; /deflate",
        "{follow_redirects: false, valid_status_codes: [302]}; /to/302?/x",
        "{body_size_limit: 5B, valid_http_versions: [HTTP/1.1]}; /",
        "{method: HEAD}; /",
        "{enable_http2: false, fail_if_ssl: true}; /"
      },
      delimiter = ';')
  void givenAnswer_whenAsWanted_thenUp(String yaml, String path) throws IOException {
    probes.run(http(yaml), serve() + path);
    probes.up();
  }

  @Test
  void givenGzip_whenUnpacked_thenBothLengths() throws IOException {
    probes.run(http("{compression: gzip}"), serve() + "/gzip");
    probes.up();
    assertThat(probes.value("probe_http_uncompressed_body_length")).isEqualTo(6000);
    assertThat(probes.value("probe_http_content_length")).isBetween(20.0, 200.0);
  }

  @Test
  void givenRedirect_whenFollowed_thenCountedAndTheLastAnswerCounts() throws IOException {
    probes.run(http("{}"), serve() + "/to/301?../x/./y");
    probes.up();
    assertThat(probes.value("probe_http_redirects")).isEqualTo(1);
    assertThat(probes.value("probe_http_status_code")).isEqualTo(200);
    assertThat(probes.steps)
        .anySatisfy(step -> assertThat(step).startsWith("GET http://127").endsWith("/x/y"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://a b/", "http://[::1/", "http:"})
  void givenRedirectToWhatIsNoUrl_whenFollowed_thenDownAtOnceWithIt(String location)
      throws IOException {
    String target =
        probes.serve(
            peer ->
                peer.getOutputStream()
                    .write(bytes("HTTP/1.1 302 Found\r\nLocation: " + location + "\r\n\r\n")));
    probes.run(http("{}"), "http://" + target + "/");
    assertThat(probes.reason()).startsWith("redirected to ").endsWith("which is no URL to follow");
  }

  @Test
  void givenLongBody_whenAnExpressionLooksAtAllOfIt_thenReason() throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 50);
    server.createContext("/", exchange -> answer(exchange, 200, new byte[100_000]));
    server.start();
    probes.open.add(() -> server.stop(0));
    probes.run(
        http("{fail_if_body_not_matches_regexp: ['hello']}"),
        "http://127.0.0.1:" + server.getAddress().getPort() + "/");
    assertThat(probes.reason()).startsWith("body does not match \"hello\"");
  }

  @Test
  void givenRedirectToItself_whenTenAreFollowed_thenDown() throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 50);
    server.createContext(
        "/loop",
        exchange -> {
          exchange.getResponseHeaders().set("Location", "/loop");
          answer(exchange, 302, new byte[0]);
        });
    String base = serve(server);
    probes.run(http("{}"), base + "/loop");
    assertThat(probes.reason())
        .isEqualTo(
            "redirected more than 10 times, at last to /loop; redirected to " + base + "/loop");
    assertThat(probes.value("probe_http_redirects")).isEqualTo(11);
    assertThat(probes.value("probe_http_status_code")).isEqualTo(302);
  }

  @ParameterizedTest
  @CsvSource({"302, GET, false", "303, GET, false", "307, POST, true", "308, POST, true"})
  void givenPost_whenRedirected_thenMethodAsGoHasIt(int code, String method, boolean body)
      throws IOException {
    probes.run(
        http(
            "{method: POST, body: sent, fail_if_body_not_matches_regexp: ['^"
                + method
                + "', "
                + (body ? "sent" : "'\\n$'")
                + "]}"),
        serve() + "/to/" + code + "?/echo");
    probes.up();
  }

  @Test
  void givenHeadersAndAuthorization_whenSent_thenThePeerSeesThem(@TempDir Path folder)
      throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "pass\n");
    Path file = Files.writeString(folder.resolve("body"), "from a file");
    probes.run(
        http(
            "{method: put, headers: {X-One: '1', host: own.example}, http_headers: {X-Two: {files:"
                + " ["
                + secret
                + "]}}, basic_auth: {username: user, password_file: "
                + secret
                + "}, body_file: "
                + file
                + ", fail_if_body_not_matches_regexp: ['^PUT', 'X-one: .1', 'X-two: .pass', 'Host:"
                + " .own.example', 'Authorization: .Basic dXNlcjpwYXNz', 'from a file',"
                + " 'User-agent: .Vigie', 'Content-length: .11']}"),
        serve() + "/echo");
    probes.up();
  }

  @Test
  void givenAuthorization_whenRedirectedElsewhere_thenItStaysHere() throws IOException {
    String elsewhere = serve().replace("127.0.0.1", "localhost");
    Module module =
        http(
            "{http_headers: {Authorization: {values: [Bearer x]}},"
                + " fail_if_body_matches_regexp: [Authorization]}");
    probes.run(module, serve() + "/to/302?" + elsewhere + "/echo");
    probes.up();
    probes.run(module, serve() + "/to/302?/echo");
    assertThat(probes.reason()).startsWith("body matches \"Authorization\"");
  }

  @Test
  void givenSecretFileThatLacks_whenRun_thenDownWithItsName() throws IOException {
    probes.run(http("{bearer_token_file: /no/such}"), serve() + "/");
    assertThat(probes.reason()).contains("/no/such: no such file");
  }

  @Test
  void givenTlsServer_whenRun_thenItsCertificateIsMeasured(@TempDir Path folder)
      throws IOException {
    Certificates certificates = new Certificates(folder);
    SSLContext context = certificates.server("dns:localhost", "-1d", 10);
    HttpsServer server = HttpsServer.create(new InetSocketAddress("127.0.0.1", 0), 50);
    server.setHttpsConfigurator(new HttpsConfigurator(context));
    String base = serve(server).replace("http://127.0.0.1", "https://localhost");
    Module module =
        http("{fail_if_not_ssl: true, tls_config: {ca_file: " + certificates.ca() + "}}");
    probes.run(module, base + "/");
    probes.up();
    assertThat(probes.value("probe_http_ssl")).isEqualTo(1);
    assertThat(probes.labels("probe_tls_version_info")).containsExactly("TLS 1.3");
    assertThat(probes.labels("probe_tls_cipher_info")).hasSize(1);
    assertThat(probes.value("probe_ssl_last_chain_expiry_timestamp_seconds")).isPositive();
    probes.run(module, base.replace("localhost", "127.0.0.1") + "/");
    assertThat(probes.reason()).isEqualTo("certificate is for localhost, not for 127.0.0.1");
    assertThat(probes.value("probe_http_ssl")).isZero();
    probes.run(http("{fail_if_ssl: true, tls_config: {insecure_skip_verify: true}}"), base + "/");
    assertThat(probes.reason()).isEqualTo("answered over TLS, and fail_if_ssl is set");
    probes.run(module, serve() + "/to/302?" + base + "/x");
    probes.up();
    assertThat(probes.value("probe_http_ssl")).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "'SSH-2.0-OpenSSH\r\n', the answer is not HTTP",
    "'', the peer closed the connection without an answer",
    "'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc',"
        + " the peer closed the connection after 3 bytes of the body"
  })
  void givenStrangePeer_whenRun_thenReason(String bytes, String reason) throws IOException {
    String target =
        probes.serve(
            socket -> {
              socket.getInputStream().read(new byte[4096]);
              socket.getOutputStream().write(bytes(bytes));
            });
    probes.run(http("{}"), target);
    assertThat(probes.reason()).startsWith(reason);
  }

  @Test
  void givenInterimAnswer_whenTheRealOneFollows_thenThatCounts() throws IOException {
    String target =
        probes.serve(
            socket -> {
              socket.getInputStream().read(new byte[4096]);
              socket
                  .getOutputStream()
                  .write(bytes("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 200 OK\r\n\r\nabc"));
            });
    probes.run(http("{}"), target);
    probes.up();
    assertThat(probes.value("probe_http_version")).isEqualTo(1);
    assertThat(probes.value("probe_http_content_length")).isEqualTo(-1);
    assertThat(probes.value("probe_http_uncompressed_body_length")).isEqualTo(3);
  }

  @Test
  void givenPeerThatSaysNothing_whenTimeoutIsOver_thenPhaseIsTold() throws IOException {
    probes.run(http("{}"), slow(""), "GET");
    probes.clock.advance(Duration.ofSeconds(2));
    assertThat(probes.reason()).isEqualTo("timeout after 2s while waiting for the answer");
  }

  @Test
  void givenHalfAnAnswer_whenTimeoutIsOver_thenPhaseIsTold() throws IOException {
    probes.run(http("{}"), slow("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), "answered");
    probes.clock.advance(Duration.ofSeconds(2));
    assertThat(probes.reason()).isEqualTo("timeout after 2s in the middle of the answer");
  }

  private String slow(String text) throws IOException {
    return probes.serve(
        socket -> {
          socket.getInputStream().read(new byte[4096]);
          socket.getOutputStream().write(bytes(text));
          socket.getInputStream().read();
        });
  }

  @ParameterizedTest
  @CsvSource({
    "'{oauth2: {client_id: a}}', OAuth 2 is not built in",
    "'{fail_if_body_json_matches_cel: \"body.a == 1\"}', CEL is not built in",
    "'{proxy_url: \"http://proxy:3128\"}', probing through a proxy is not built in",
    "'{enable_http3: true}', probes speak HTTP/1.1",
    "'{compression: br}', 'is not one of gzip, deflate, identity'",
    "'{body: a, body_file: b}', exclude each other",
    "'{basic_auth: {username: a}, bearer_token_file: b}', exclude each other",
    "'{method: \"G T\"}', is no HTTP method",
    "'{headers: {\"a b\": c}}', is no name of a header",
    "'{fail_if_header_matches: [{header: a}]}', 'key \"regexp\" is missing'",
    "'{valid_status_code: [200]}', did you mean"
  })
  void givenWrongSetting_whenRead_thenFault(String yaml, String fault) {
    assertThat(ProbeHarness.faults("http", yaml)).anySatisfy(f -> assertThat(f).contains(fault));
  }

  @ParameterizedTest
  @CsvSource({
    "http://a/b/c?q, ../d, http://a/d",
    "http://a/b/c, '?x=1', http://a/b/c?x=1",
    "http://a:81/b, //c/d, http://c/d",
    "https://a, /x y, https://a/x%20y",
    "https://[::1]:8443/a, b#c, https://[::1]:8443/b",
    "host:8080/x, https://b, https://b/",
    "http://a/b/, ./c/.., http://a/b/"
  })
  void givenLocation_whenFollowed_thenResolved(String base, String location, String url) {
    assertThat(HttpUrl.parse(base).follow(location)).hasToString(url);
  }

  @ParameterizedTest
  @CsvSource({"ftp://a", "http://", "http://:80/", "http://a:x/", "http://u:p@a/", "http://a:0/"})
  void givenNoUrl_whenParsed_thenRefused(String url) {
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> HttpUrl.parse(url))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
