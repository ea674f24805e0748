package vigie.collector.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.net.Authority;
import vigie.base.net.Ports;
import vigie.base.time.Clock;

/**
 * The configurations in deploy/nginx and deploy/apache, in the real programs, before the packaged
 * collector: only addresses, ports and paths of files are others.
 */
class ReverseProxyIT {
  // htpasswd -nbB anna secret; ben's is the same.
  private static final String USERS =
      """
      anna:$2y$05$TDxhX2U4LAVtGPmC9tM3VO9gnkZ6AiZQP5IkwKNeLnz5HTb0qOfMe
      ben:$2y$05$TDxhX2U4LAVtGPmC9tM3VO9gnkZ6AiZQP5IkwKNeLnz5HTb0qOfMe
      """;

  private static final String SILENCE =
      """
      {"matchers": [{"name": "node", "value": "p9", "isRegex": false}], "comment": "new disk",
       "createdBy": "somebody", "startsAt": "%s", "endsAt": "%s"}
      """;

  @TempDir static Path dir;
  private static Fleet fleet;
  private static Authority authority;
  private static HttpClient client;

  @BeforeAll
  static void start() throws Exception {
    // The servers' workers are other users.
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
    authority = new Authority(dir, "ca");
    authority.issue("proxy", "localhost", "DNS:localhost");
    Files.writeString(dir.resolve("htpasswd"), USERS);
    Files.createDirectory(dir.resolve("html"));
    client = HttpClient.newBuilder().sslContext(authority.client(null)).build();
    fleet = new Fleet(dir);
    // As docs/deploy.md has it.
    Files.writeString(
        dir.resolve("collector.yaml"),
        """
        external_url: https://lookout.example/vigie/
        web:
          operators: [anna]
          proxy: {user_header: X-Forwarded-User, from: [127.0.0.1]}
        """,
        StandardOpenOption.APPEND);
    fleet.startCollector();
  }

  @AfterAll
  static void stop() throws IOException {
    fleet.close();
  }

  /** The file as shipped, with what a test cannot have put otherwise. */
  private static String shipped(String file, int port) throws IOException {
    return Files.readString(Program.ROOT.resolve("deploy/" + file))
        .replace("127.0.0.1:9337", "127.0.0.1:" + fleet.httpPort)
        // Without any, nginx would listen on port 80 of all addresses.
        .replace("listen [::]:80;", "")
        .replace("listen 80;", "listen 127.0.0.1:" + Ports.free() + ";")
        .replace("listen [::]:443 ssl http2;", "")
        .replace("listen 443 ssl http2;", "listen 127.0.0.1:" + port + " ssl http2;")
        .replace("<VirtualHost *:443>", "<VirtualHost 127.0.0.1:" + port + ">")
        .replace("lookout.example", "localhost")
        .replaceAll(
            "/etc/letsencrypt/live/[^/]*/fullchain.pem", dir.resolve("proxy.pem").toString())
        .replaceAll("/etc/letsencrypt/live/[^/]*/privkey.pem", dir.resolve("proxy.key").toString())
        .replaceAll("/etc/[a-z0-9]+/vigie.htpasswd", dir.resolve("htpasswd").toString());
  }

  private static Program proxy(String name, int port) throws IOException {
    Path config = dir.resolve(name + ".conf");
    if (name.equals("nginx")) {
      // The first server would take port 80.
      String site =
          shipped("nginx/vigie.conf", port).replaceFirst("(?s)\\nserver \\{.*?\\n}\\n", "");
      Files.writeString(
          config,
          """
          daemon off;
          pid %1$s/nginx.pid;
          error_log stderr;
          events {}
          http {
            access_log off;
            client_body_temp_path %1$s/body;
            proxy_temp_path %1$s/proxy;
            fastcgi_temp_path %1$s/fastcgi;
            uwsgi_temp_path %1$s/uwsgi;
            scgi_temp_path %1$s/scgi;
          %2$s}
          """
              .formatted(dir, site));
      return Program.command(
          dir.resolve("nginx.log"),
          List.of(Program.peer("nginx").toString(), "-e", "stderr", "-c", config.toString()));
    }
    Path modules =
        Program.peer("apache2")
            .toRealPath()
            .getParent()
            .resolveSibling("web/usr/lib/apache2/modules");
    StringBuilder loads = new StringBuilder();
    for (String module :
        List.of(
            "mpm_event",
            "alias",
            "auth_basic",
            "authn_core",
            "authn_file",
            "authz_core",
            "authz_user",
            "headers",
            "proxy",
            "proxy_http",
            "ssl")) {
      loads.append("LoadModule %s_module %s/mod_%s.so\n".formatted(module, modules, module));
    }
    Files.writeString(
        config,
        """
        %sServerRoot %s
        DefaultRuntimeDir %2$s
        PidFile %2$s/apache.pid
        ServerName localhost
        Listen 127.0.0.1:%d
        ErrorLog /dev/stderr
        User nobody
        Group nogroup
        %s"""
            .formatted(loads, dir, port, shipped("apache/vigie.conf", port)));
    return Program.command(
        dir.resolve("apache2.log"),
        List.of(Program.peer("apache2").toString(), "-DFOREGROUND", "-f", config.toString()));
  }

  private static HttpRequest.Builder request(int port, String path, boolean known) {
    return known
        ? requestOf("anna", port, path)
        : HttpRequest.newBuilder(URI.create("https://localhost:" + port + path));
  }

  private static HttpRequest.Builder requestOf(String user, int port, String path) {
    byte[] basic = (user + ":secret").getBytes(StandardCharsets.UTF_8);
    return request(port, path, false)
        .header("authorization", "Basic " + Base64.getEncoder().encodeToString(basic));
  }

  private static int status(int port, String path, boolean known) throws Exception {
    return client.send(request(port, path, known).build(), BodyHandlers.discarding()).statusCode();
  }

  @ParameterizedTest
  @ValueSource(strings = {"nginx", "apache2"})
  void givenProxyWithASubPath_whenAsked_thenPasswordPathsAndStreamsAreRight(String name)
      throws Exception {
    int port = Ports.free();
    try (Program proxy = proxy(name, port)) {
      fleet.awaitOrTell(
          name + " to answer: " + proxy.log(),
          () -> {
            assertThat(proxy.alive()).as(proxy.log()).isTrue();
            try {
              return status(port, "/vigie/-/healthy", false) == 200;
            } catch (IOException e) {
              return false;
            }
          });
      assertThat(status(port, "/vigie/api/v1/query?query=1", false)).isEqualTo(401);
      assertThat(status(port, "/vigie/api/v1/query?query=1", true)).isEqualTo(200);
      assertThat(status(port, "/vigie/", true)).isEqualTo(200);
      assertThat(status(port, "/vigie/-/ready", false)).isEqualTo(401);
      assertThat(status(port, "/", true)).isNotEqualTo(200);
      HttpResponse<Void> slash =
          client.send(request(port, "/vigie", false).build(), BodyHandlers.discarding());
      assertThat(slash.statusCode()).isEqualTo(301);
      assertThat(slash.headers().firstValue("location").orElse("")).endsWith("/vigie/");
      // What is asked for in the body, with a name that has to stay escaped in the path.
      HttpResponse<String> posted =
          client.send(
              request(port, "/vigie/api/v1/query", true)
                  .header("content-type", "application/x-www-form-urlencoded")
                  .POST(HttpRequest.BodyPublishers.ofString("query=1%2B2"))
                  .build(),
              BodyHandlers.ofString());
      assertThat(posted.body()).contains("\"3\"");
      names(port);
      streams(port);
    }
  }

  /** Whom the proxy has asked for a password has that name and its role, whatever they say. */
  private static void names(int port) throws Exception {
    JsonNode anna = me("anna", port);
    assertThat(anna.path("user").asText()).isEqualTo("anna");
    assertThat(anna.path("role").asText()).isEqualTo("operator");
    assertThat(anna.path("signIn").asText()).isEqualTo("proxy");
    JsonNode ben = me("ben", port);
    assertThat(ben.path("user").asText()).isEqualTo("ben");
    assertThat(ben.path("role").asText()).isEqualTo("viewer");

    assertThat(silence("anna", port, "-").statusCode()).isEqualTo(403);
    assertThat(silence("ben", port, ben.path("csrf").asText()).statusCode()).isEqualTo(403);
    HttpResponse<String> made = silence("anna", port, anna.path("csrf").asText());
    assertThat(made.statusCode()).as(made.body()).isEqualTo(200);
    String id = new ObjectMapper().readTree(made.body()).path("silenceID").asText();
    assertThat(fleet.ask("/api/v2/silence/" + id).path("createdBy").asText()).isEqualTo("anna");
  }

  private static JsonNode me(String user, int port) throws Exception {
    HttpResponse<String> answer =
        client.send(
            requestOf(user, port, "/vigie/api/vigie/me")
                .header("x-forwarded-user", "somebody")
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return new ObjectMapper().readTree(answer.body());
  }

  private static HttpResponse<String> silence(String user, int port, String token)
      throws Exception {
    Instant now = Instant.ofEpochMilli(Clock.system().millis());
    return client.send(
        requestOf(user, port, "/vigie/api/v2/silences")
            .header("content-type", "application/json")
            .header("x-vigie-csrf", token)
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    SILENCE.formatted(now, now.plus(Duration.ofHours(1)))))
            .build(),
        BodyHandlers.ofString());
  }

  /** An event that comes while a stream is open is there at once, not when a buffer is full. */
  private static void streams(int port) throws Exception {
    HttpResponse<InputStream> stream =
        client.send(
            request(port, "/vigie/api/vigie/events/stream", true).build(),
            BodyHandlers.ofInputStream());
    assertThat(stream.statusCode()).isEqualTo(200);
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
      // The first comment: the stream is open before the event is made.
      lines.readLine();
      CompletableFuture<String> first =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  String line = lines.readLine();
                  while (line != null && !line.startsWith("data:")) {
                    line = lines.readLine();
                  }
                  return String.valueOf(line);
                } catch (IOException e) {
                  return e.toString();
                }
              });
      fleet.startAgent();
      assertThat(first.get(60, TimeUnit.SECONDS)).contains("\"node\":\"p1\"");
      fleet.agent.close();
    }
  }
}
