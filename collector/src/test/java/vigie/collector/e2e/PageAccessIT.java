package vigie.collector.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.net.Ports;

/**
 * Who may do what on the page, in a real Chromium before a packaged collector that asks for a
 * password: a viewer, an operator, pages of other origins, and all of it behind a proxy.
 */
@EnabledIfSystemProperty(
    named = "vigie.page",
    matches = "true",
    disabledReason = "needs Chromium: mvn -Ppage verify")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PageAccessIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final String BASIC =
      "Basic " + Base64.getEncoder().encodeToString("anna:secret".getBytes(UTF_8));

  /** Asks by hand for all that changes something, with the token that the page would send. */
  private static final String TRY_ALL =
      """
      const [id, done] = arguments;
      (async () => {
        const {csrf} = await (await fetch('api/vigie/me', {headers: {'X-Vigie-CSRF': '-'}})).json();
        const silence = {matchers: [{name: 'node', value: 'p1', isRegex: false, isEqual: true}], comment: 'c',
          startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 3600e3).toISOString()};
        const asked = [
          ['POST', `api/vigie/alerts/${id}/ack`, {by: 'ben'}], ['DELETE', `api/vigie/alerts/${id}/ack`],
          ['POST', `api/vigie/alerts/${id}/notes`, {kind: 'note', text: 'n'}],
          ['POST', 'api/v2/silences', silence], ['DELETE', 'api/v2/silence/00000000-0000-0000-0000-000000000000'],
          ['POST', 'api/v2/alerts', [{labels: {alertname: 'Mine'}}]], ['POST', 'api/vigie/events/import', {}], ['POST', '-/reload']];
        const answers = await Promise.all(asked.map(([method, path, body]) => fetch(path,
          {method, headers: {'X-Vigie-CSRF': csrf, 'Content-Type': 'application/json'}, body: body && JSON.stringify(body)})));
        done(answers.map(a => a.status));
      })();
      """;

  /**
   * What a page elsewhere can try: with the browser's cookie, with and without asking first whether
   * it may.
   */
  private static final String STEAL =
      """
      const [url, id, done] = arguments;
      (async () => {
        const read = [];
        const attempt = async (path, options) => {
          try {
            const answer = await fetch(url + path, {credentials: 'include', ...options});
            read.push(await answer.text());
          } catch (refused) {
            read.push('');
          }
        };
        const text = {method: 'POST', mode: 'no-cors', headers: {'Content-Type': 'text/plain'}};
        const json = {method: 'POST', headers: {'Content-Type': 'application/json', 'X-Vigie-CSRF': '-'}};
        const silence = JSON.stringify({matchers: [{name: 'node', value: 'p1', isRegex: false, isEqual: true}], comment: 'c', createdBy: 'mallory',
          startsAt: new Date().toISOString(), endsAt: new Date(Date.now() + 3600e3).toISOString()});
        await attempt('api/vigie/me', {});
        await attempt('api/vigie/alerts', {});
        await attempt('api/v1/query?query=1', {});
        for (const how of [text, json]) {
          await attempt(`api/vigie/alerts/${id}/ack`, {...how, body: '{"by": "mallory"}'});
          await attempt(`api/vigie/alerts/${id}/notes`, {...how, body: '{"kind": "note", "text": "mallory"}'});
          await attempt('api/v2/silences', {...how, body: silence});
        }
        await attempt('api/vigie/session', {method: 'DELETE'});
        done(read.join(''));
      })();
      """;

  private Path dir;
  private int port;
  private String url;
  private Program collector;
  private Chromium page;
  private String alert;

  @BeforeAll
  void start(@TempDir Path dir) throws Exception {
    this.dir = dir;
    port = Ports.free();
    url = "http://127.0.0.1:" + port + "/";
    String hash = BCrypt.withDefaults().hashToString(4, "secret".toCharArray());
    Files.writeString(
        dir.resolve("web.yml"), "basic_auth_users: {anna: '%1$s', ben: '%1$s'}".formatted(hash));
    Files.writeString(
        dir.resolve("rules.yml"),
        """
        groups:
          - name: always
            interval: 1s
            rules: [{alert: Always, expr: vector(1), labels: {severity: warning, node: p1}, annotations: {summary: it burns}}]
        """);
    Path config = dir.resolve("collector.yaml");
    Files.writeString(
        config,
        """
        storage: {path: collector}
        listen: {http: '127.0.0.1:%d', relp: '127.0.0.1:%d'}
        web_config_file: web.yml
        web: {viewers: [ben]}
        rule_files: [rules.yml]
        """
            .formatted(port, Ports.free()));
    collector =
        Program.start(
            dir.resolve("log"), Map.of(), "collector", "run", "--config", config.toString());
    Awaitility.await("the collector: " + collector.log())
        .atMost(Fleet.PATIENCE)
        .until(
            () ->
                !Program.get(url).isEmpty() && !asked("api/vigie/alerts").path("alerts").isEmpty());
    alert = asked("api/vigie/alerts").path("alerts").path(0).path("id").asText();
    page = new Chromium(Files.createDirectory(dir.resolve("profile")));
  }

  @AfterAll
  void stop() {
    if (page != null) {
      page.close();
    }
    collector.close();
  }

  @BeforeEach
  void unacknowledged() throws Exception {
    send("DELETE", "api/vigie/alerts/" + alert + "/ack");
    page.phone();
    page.open(url);
    page.run("localStorage.clear()");
  }

  @AfterEach
  void nothingWentWrong() {
    assertThat(page.faults()).isEmpty();
    page.forgetCookies();
  }

  @Test
  void givenNobodySignedIn_whenOpened_thenOnlyAFormIsShown() throws Exception {
    List<String> barriers = page.look("signin", true, () -> page.has("input[name=password]"));
    assertThat(barriers).isEmpty();
    assertThat(page.beyondTab()).isEmpty();
    assertThat(page.text()).doesNotContain("it burns");
    page.language("fr-FR");
    try {
      page.open(url);
      page.look("signin-fr", false, () -> page.text().contains("Mot de passe"));
    } finally {
      page.language("en");
    }
  }

  @Test
  void givenUsers_whenTheySignIn_thenViewerOnlyLooksAndOperatorActsUnderHerName() throws Exception {
    signIn("ben", "wrong");
    page.awaitText("User or password is wrong");
    signIn("ben", "secret");
    page.awaitText("it burns");
    page.awaitText("may look");
    assertThat(page.has(".actions button")).isFalse();
    page.click(".alerts h3 a");
    page.awaitText("What happened");
    assertThat(page.has(".actions button, .written")).isFalse();
    page.click("nav a[href='#/silences']");
    page.awaitText("No silence");
    assertThat(page.has(".new, .actions button")).isFalse();
    assertThat((List<?>) page.answer(TRY_ALL, alert))
        .hasSize(8)
        .allSatisfy(status -> assertThat(status).isEqualTo(403L));

    page.click(".top button");
    signIn("anna", "secret");
    page.click("nav a[href='#/']");
    page.click(".card .actions button.primary");
    page.click(".drawer button.primary");
    page.awaitText("anna takes care");
    page.click(".top button");
    page.awaitText("Password");
    assertThat(asked("api/vigie/alerts").path("alerts").path(0).path("acknowledged").path("by"))
        .hasToString("\"anna\"");
  }

  /**
   * To a cookie another port of the same host is the same site, so that the browser sends it from
   * there; from another name it does not.
   */
  @Test
  void givenSignedInBrowser_whenPagesOfOtherOriginsUseItsCookie_thenNothingIsReadOrChanged()
      throws Exception {
    signIn("anna", "secret");
    page.awaitText("it burns");
    assertThat(page.run("return document.cookie")).isEqualTo("");
    double before = refused("cross_site");
    HttpServer elsewhere =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    byte[] body =
        "<!doctype html><link rel=icon href=data:,><title>elsewhere</title>".getBytes(UTF_8);
    elsewhere.createContext(
        "/",
        exchange -> {
          exchange.getResponseHeaders().set("content-type", "text/html");
          exchange.sendResponseHeaders(200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    elsewhere.start();
    try {
      for (String host : List.of("127.0.0.1", "localhost")) {
        page.open("http://" + host + ":" + elsewhere.getAddress().getPort() + "/");
        assertThat(page.answer(STEAL, url, alert)).as("what was read from " + host).isEqualTo("");
      }
    } finally {
      elsewhere.stop(0);
    }
    page.faults(); // the browser says there that it refused to read
    assertThat(refused("cross_site"))
        .as("refused although the cookie came along")
        .isGreaterThan(before + 2);
    JsonNode after = asked("api/vigie/alerts/" + alert);
    assertThat(after.path("acknowledged").isNull()).isTrue();
    assertThat(after.path("history").toString()).doesNotContain("mallory");
    assertThat(asked("api/v2/silences")).isEmpty();

    page.open(url);
    page.awaitText("it burns");
    page.awaitText("anna");
  }

  @Test
  void givenProxyWithASubPath_whenPageIsUsed_thenAllGoesThroughIt() throws Exception {
    int front = Ports.free();
    Path config = dir.resolve("nginx.conf");
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
          server {
            listen 127.0.0.1:%2$d;
            location /vigie/ {
              proxy_pass http://127.0.0.1:%3$d/;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              proxy_set_header Host $http_host;
              proxy_buffering off;
            }
          }
        }
        """
            .formatted(dir, front, port));
    String sub = "http://127.0.0.1:" + front + "/vigie/";
    try (Program nginx =
        Program.command(
            dir.resolve("nginx.log"),
            List.of(Program.peer("nginx").toString(), "-e", "stderr", "-c", config.toString()))) {
      Awaitility.await("nginx: " + nginx.log())
          .atMost(Fleet.PATIENCE)
          .until(() -> !Program.get(sub).isEmpty());
      page.open(sub);
      signIn("anna", "secret");
      page.awaitText("it burns");
      page.run("window.loaded = 'once'");
      assertThat(page.cookiePath("vigie_session")).isEqualTo("/vigie/");
      // Told by the stream: nobody asks for it here.
      send("POST", "api/vigie/alerts/" + alert + "/ack");
      page.awaitText("anna takes care");
      page.click(".card .actions button");
      page.awaitNoText("anna takes care");
      page.click(".card h3 a");
      page.await("the rule's graph", () -> page.has(".u-over"));
      assertThat(page.run("return window.loaded")).isEqualTo("once");
      assertThat(
              (List<?>)
                  page.run("return performance.getEntriesByType('resource').map(e => e.name)"))
          .isNotEmpty()
          .allSatisfy(asked -> assertThat(String.valueOf(asked)).startsWith(sub));
      page.click(".top button");
      page.awaitText("Password");
    }
  }

  private void signIn(String user, String password) {
    page.type("input[name=user]", user);
    page.type("input[name=password]", password);
    page.click("form button.primary");
  }

  private double refused(String reason) throws Exception {
    String query = "vigie_web_refused_total{reason=\"" + reason + "\"} ";
    return send("GET", "metrics")
        .lines()
        .filter(line -> line.startsWith(query))
        .mapToDouble(line -> Double.parseDouble(line.substring(query.length())))
        .sum();
  }

  private JsonNode asked(String path) throws Exception {
    return JSON.readTree(send("GET", path));
  }

  /** As a script of the operator's does. */
  private String send(String method, String path) throws Exception {
    String body = method.equals("POST") ? "{}" : "";
    return HTTP.send(
            HttpRequest.newBuilder(URI.create(url + path))
                .header("authorization", BASIC)
                .header("content-type", "application/json")
                .method(method, BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString())
        .body();
  }
}
