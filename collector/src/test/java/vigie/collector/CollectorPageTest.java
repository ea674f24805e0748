package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
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
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import vigie.base.config.Faults;
import vigie.base.http.Routes;

/** Sign-in, roles and what is refused, through the real sockets of a whole collector. */
class CollectorPageTest {
  // Java's client sets these itself, and refuses them from a caller who has not said so.
  static {
    System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
  }

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final String HASH =
      BCrypt.with(BCrypt.Version.VERSION_2Y).hashToString(4, "right".toCharArray());

  @TempDir static Path sharedDir;

  /** For tests that leave nothing behind which others would see; a start takes a second. */
  private static Collector shared;

  @TempDir Path dir;
  private Collector collector;

  @AfterEach
  void stop() {
    if (collector != null && collector != shared) {
      collector.close();
    }
  }

  @AfterAll
  static void stopShared() {
    if (shared != null) {
      shared.close();
      shared = null;
    }
  }

  private void openShared() throws Exception {
    if (shared == null) {
      dir = sharedDir;
      openWithUsers("");
      shared = collector;
    }
    collector = shared;
  }

  private void open(String more) throws Exception {
    Path file =
        Files.writeString(
            dir.resolve("collector.yaml"),
            """
            storage: {path: data}
            listen: {http: '127.0.0.1:0', relp: '127.0.0.1:0'}
            route: {receiver: nobody}
            receivers: [{name: nobody}]
            """
                + more);
    collector =
        Collector.start(
            Optional.of(file), CollectorConfig.load(Optional.of(file), Map.of(), new Faults()));
  }

  /** With anna, ben and their password "right". */
  private void openWithUsers(String more) throws Exception {
    Files.writeString(
        dir.resolve("web.yml"), "basic_auth_users: {anna: '" + HASH + "', ben: '" + HASH + "'}\n");
    open("web_config_file: web.yml\n" + more);
  }

  private record Answer(int status, String text, HttpResponse<String> whole) {
    JsonNode json() throws Exception {
      return JSON.readTree(text);
    }

    String header(String name) {
      return whole.headers().firstValue(name).orElse("");
    }

    /** The cookie to send back. */
    String cookie() {
      return header("set-cookie").replaceFirst(";.*", "");
    }
  }

  /** Headers come as name and value in turn; a body is JSON with single quotes. */
  private Answer send(String method, String path, String body, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + collector.httpPort() + path))
            .timeout(Duration.ofSeconds(60))
            .method(method, HttpRequest.BodyPublishers.ofString(body.replace('\'', '"')));
    if (!body.isEmpty()) {
      request.header("content-type", "application/json");
    }
    for (int i = 0; i < headers.length; i += 2) {
      request.header(headers[i], headers[i + 1]);
    }
    HttpResponse<String> answer = HTTP.send(request.build(), BodyHandlers.ofString());
    return new Answer(answer.statusCode(), answer.body(), answer);
  }

  private static String basic(String user, String password) {
    byte[] login = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    return "Basic " + Base64.getEncoder().encodeToString(login);
  }

  private Answer signIn(String user, String password, String... headers) throws Exception {
    String body = "{'user':'" + user + "','password':'" + password + "','base':'/sub/'}";
    return send("POST", "/api/vigie/session", body, headers);
  }

  private String token(String... headers) throws Exception {
    return send("GET", "/api/vigie/me", "", headers).json().path("csrf").asText();
  }

  @Test
  void givenNobodyIsAsked_whenAskedWhoIAm_thenAnOperatorWithoutAName() throws Exception {
    open("");
    JsonNode me = send("GET", "/api/vigie/me", "").json();
    assertThat(me.path("user").asText()).isEmpty();
    assertThat(me.path("role").asText()).isEqualTo("operator");
    assertThat(me.path("signIn").asText()).isEqualTo("none");
    assertThat(me.path("version").asText()).isEqualTo(Version.VERSION);
  }

  @Test
  void givenAFileOfThePage_whenAskedForAgain_thenNothingIsSentTwice() throws Exception {
    openShared();
    Answer first = send("GET", "/test-page.js", "");
    assertThat(first.status()).isEqualTo(200);
    assertThat(first.header("content-type")).startsWith("text/javascript");
    assertThat(first.header("content-security-policy")).contains("default-src 'none'");
    assertThat(first.header("x-content-type-options")).isEqualTo("nosniff");
    assertThat(first.header("referrer-policy")).isEqualTo("no-referrer");
    Answer again = send("GET", "/test-page.js", "", "if-none-match", first.header("etag"));
    assertThat(again.status()).isEqualTo(304);
    assertThat(again.text()).isEmpty();
    Answer head = send("HEAD", "/test-page.js", "");
    assertThat(head.status()).isEqualTo(200);
    assertThat(head.header("content-length")).isEqualTo("" + first.text().length());
    Answer packed = send("GET", "/test-page.js", "", "accept-encoding", "gzip");
    assertThat(packed.header("content-encoding")).isEqualTo("gzip");
    assertThat(packed.header("etag")).isNotEqualTo(first.header("etag"));
    for (String none : List.of("/test-page", "/../web/test-page.js", "/.hidden.js", "/app/")) {
      assertThat(send("GET", none, "", "x-vigie-csrf", "-").status()).as(none).isIn(401, 404);
    }
  }

  @Test
  void givenAPackedFile_whenUnpacked_thenItIsTheSame() throws Exception {
    openShared();
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + collector.httpPort() + "/test-page.js"))
            .header("accept-encoding", "gzip")
            .build();
    HttpResponse<InputStream> answer = HTTP.send(request, BodyHandlers.ofInputStream());
    try (InputStream in = new GZIPInputStream(answer.body())) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(text).isEqualTo(send("GET", "/test-page.js", "").text());
    }
  }

  @Test
  void givenALinkOfACard_whenFollowed_thenItLeadsIntoThePage() throws Exception {
    openShared();
    Answer graph = send("GET", "/graph?g0.expr=up%20%3D%3D%200&g0.tab=0", "");
    assertThat(graph.status()).isEqualTo(302);
    assertThat(graph.header("location")).isEqualTo("./#/explore?g0.expr=up%20%3D%3D%200&g0.tab=0");
    Answer silence = send("GET", "/silence?filter=%7Bnode%3D%22p1%22%7D", "");
    assertThat(silence.header("location")).isEqualTo("./#/silence?filter=%7Bnode%3D%22p1%22%7D");
    assertThat(send("GET", "/graph.png?g0.expr=up", "").status()).isEqualTo(401);
  }

  @Test
  void givenUsers_whenNobodyIsSignedIn_thenThePageIsThereAndNoData() throws Exception {
    openShared();
    Answer me = send("GET", "/api/vigie/me", "");
    assertThat(me.status()).isEqualTo(401);
    assertThat(me.json().path("signIn").asText()).isEqualTo("session");
    assertThat(me.header("www-authenticate")).isEmpty();
    assertThat(send("GET", "/api/vigie/alerts", "").header("www-authenticate")).isEqualTo("Basic");
    Answer script = send("GET", "/api/vigie/alerts", "", "x-vigie-csrf", "-");
    assertThat(script.status()).isEqualTo(401);
    assertThat(script.header("www-authenticate")).isEmpty();
    Answer stream = send("GET", "/api/vigie/stream", "", "accept", "text/event-stream");
    assertThat(stream.status()).isEqualTo(401);
    assertThat(stream.header("www-authenticate")).isEmpty();
  }

  @Test
  void givenASession_whenUsed_thenItIsThatUserUntilSignedOut() throws Exception {
    openShared();
    Answer in = signIn("anna", "right");
    assertThat(in.status()).isEqualTo(204);
    assertThat(in.header("set-cookie"))
        .matches("vigie_session=[A-Za-z0-9_-]{22}; Path=/sub/; HttpOnly; SameSite=Strict");
    String cookie = in.cookie();
    JsonNode me = send("GET", "/api/vigie/me", "", "cookie", "a=b; " + cookie).json();
    assertThat(me.path("user").asText()).isEqualTo("anna");
    assertThat(me.path("signIn").asText()).isEqualTo("session");
    assertThat(me.path("role").asText()).isEqualTo("operator");
    assertThat(send("GET", "/api/vigie/nodes", "", "cookie", cookie).status()).isEqualTo(200);
    Answer out = send("DELETE", "/api/vigie/session", "", "cookie", cookie);
    assertThat(out.status()).isEqualTo(204);
    assertThat(out.header("set-cookie")).contains("Max-Age=0", "Path=/sub/");
    assertThat(send("GET", "/api/vigie/nodes", "", "cookie", cookie).status()).isEqualTo(401);
  }

  @Test
  void givenACookieFromElsewhere_whenSignedInWithIt_thenTheIdIsANewOne() throws Exception {
    openShared();
    String planted = "vigie_session=AAAAAAAAAAAAAAAAAAAAAA";
    Answer in = signIn("anna", "right", "cookie", planted);
    assertThat(in.cookie()).isNotEqualTo(planted);
    assertThat(send("GET", "/api/vigie/nodes", "", "cookie", planted).status()).isEqualTo(401);
    Answer again = signIn("ben", "right", "cookie", in.cookie());
    assertThat(again.cookie()).isNotEqualTo(in.cookie());
    assertThat(send("GET", "/api/vigie/nodes", "", "cookie", in.cookie()).status()).isEqualTo(401);
  }

  @Test
  void givenWrongPasswords_whenManyComeFromOneAddress_thenTheyAreNoLongerLookedAt()
      throws Exception {
    openWithUsers("");
    Answer wrong = signIn("anna", "wrong");
    Answer nobody = signIn("nobody", "wrong");
    assertThat(wrong.status()).isEqualTo(401);
    assertThat(nobody.status()).isEqualTo(401);
    assertThat(nobody.text()).isEqualTo(wrong.text());
    List<Integer> seen = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      seen.add(signIn("anna", "guess-" + i).status());
    }
    assertThat(seen).contains(401, 429);
    Answer refused = signIn("anna", "right");
    assertThat(refused.status()).isIn(204, 429); // a token may have come back meanwhile
  }

  @Test
  void givenASession_whenAskedForAChangeWithoutTheToken_thenRefused() throws Exception {
    openShared();
    String cookie = signIn("anna", "right").cookie();
    String silence = silence("whoever");
    Answer without = send("POST", "/api/v2/silences", silence, "cookie", cookie);
    assertThat(without.status()).isEqualTo(403);
    assertThat(without.json().path("error").asText()).contains("X-Vigie-CSRF");
    String other = token("authorization", basic("anna", "right"));
    assertThat(
            send("POST", "/api/v2/silences", silence, "cookie", cookie, "x-vigie-csrf", other)
                .status())
        .isEqualTo(403);
    String token = token("cookie", cookie);
    Answer with =
        send("POST", "/api/v2/silences", silence, "cookie", cookie, "x-vigie-csrf", token);
    assertThat(with.status()).as(with.text()).isEqualTo(200);
    JsonNode made = send("GET", "/api/v2/silences", "", "cookie", cookie).json().get(0);
    assertThat(made.path("createdBy").asText()).isEqualTo("anna");
  }

  @Test
  void givenAnotherSitesPage_whenItSendsAChange_thenRefusedWhateverItBrings() throws Exception {
    openWithUsers("external_url: https://vigie.example/sub\n");
    String anna = basic("anna", "right");
    String cookie = signIn("anna", "right").cookie();
    String token = token("cookie", cookie);
    String[][] foreign = {
      {"origin", "https://evil.example"},
      {"origin", "null"},
      {"origin", "http://127.0.0.1:1"},
      {"sec-fetch-site", "cross-site"},
      {"sec-fetch-site", "same-site", "origin", "http://127.0.0.1:1"},
    };
    for (String[] headers : foreign) {
      List<String> byBasic = new ArrayList<>(List.of("authorization", anna));
      byBasic.addAll(List.of(headers));
      List<String> bySession = new ArrayList<>(List.of("cookie", cookie, "x-vigie-csrf", token));
      bySession.addAll(List.of(headers));
      for (List<String> all : List.of(byBasic, bySession)) {
        String[] sent = all.toArray(String[]::new);
        Answer answer = send("POST", "/api/v2/silences", silence("x"), sent);
        assertThat(answer.status()).as("%s", all).isEqualTo(403);
        assertThat(answer.json().path("error").asText()).contains("sent this");
      }
      assertThat(signIn("anna", "right", headers).status()).isEqualTo(403);
    }
    String own = "http://127.0.0.1:" + collector.httpPort();
    for (String origin : List.of(own, "https://vigie.example")) {
      assertThat(
              send(
                      "POST",
                      "/api/v2/silences",
                      silence("x"),
                      "authorization",
                      anna,
                      "origin",
                      origin)
                  .status())
          .isEqualTo(200);
    }
    assertThat(send("POST", "/api/v2/silences", silence("x"), "authorization", anna).status())
        .isEqualTo(200);
  }

  @Test
  void givenNoSignIn_whenAPageUnderAStrangersNameSendsAChange_thenRefused() throws Exception {
    open("");
    String rebound = "evil.example:" + collector.httpPort();
    Answer answer =
        send(
            "POST",
            "/api/v2/silences",
            silence("x"),
            "host",
            rebound,
            "origin",
            "http://" + rebound);
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.text()).contains("external_url");
    String local = "localhost:" + collector.httpPort();
    assertThat(
            send(
                    "POST",
                    "/api/v2/silences",
                    silence("x"),
                    "host",
                    local,
                    "origin",
                    "http://" + local)
                .status())
        .isEqualTo(200);
  }

  @Test
  void givenViewers_whenEachChangingRouteIsTried_thenNoneIsDone() throws Exception {
    openWithUsers("web: {viewers: [ben]}\n");
    String ben = basic("ben", "right");
    String cookie = signIn("ben", "right").cookie();
    String token = token("cookie", cookie);
    assertThat(send("GET", "/api/vigie/me", "", "cookie", cookie).json().path("role").asText())
        .isEqualTo("viewer");
    List<String> tried = new ArrayList<>();
    for (Routes.Entry route : collector.routes()) {
      String path = route.pattern().replaceAll("\\{[a-z]+}", "0123456789abcdef");
      if (!route.changes() || path.equals("/api/vigie/session")) {
        continue;
      }
      tried.add(route.method() + " " + route.pattern());
      assertThat(send(route.method(), path, "{}", "authorization", ben).status())
          .as(path)
          .isEqualTo(403);
      Answer bySession = send(route.method(), path, "{}", "cookie", cookie, "x-vigie-csrf", token);
      assertThat(bySession.status()).as(path).isEqualTo(403);
      assertThat(bySession.json().path("error").asText()).contains("ben", "viewer");
      assertThat(send(route.method(), path, "{}").status()).as(path).isEqualTo(401);
      assertThat(send(route.method(), path, "{}", "authorization", basic("anna", "right")).status())
          .as(path)
          .isNotIn(401, 403);
    }
    assertThat(tried)
        .contains(
            "POST /api/v2/silences",
            "DELETE /api/v2/silence/{id}",
            "POST /api/v2/alerts",
            "POST /api/vigie/alerts/{fingerprint}/ack",
            "DELETE /api/vigie/alerts/{fingerprint}/ack",
            "POST /api/vigie/events/import",
            "POST /-/reload");
    for (Routes.Entry route : collector.routes()) {
      String path = route.pattern().replaceAll("\\{[a-z]+}", "0123456789abcdef");
      if (!route.changes() && !path.endsWith("/stream")) {
        assertThat(send(route.method(), path, "", "authorization", ben).status())
            .as(path)
            .isNotIn(401, 403);
      }
    }
  }

  @Test
  void givenOperatorsAreNamed_whenOthersSignIn_thenTheyMayLook() throws Exception {
    openWithUsers("web: {operators: [anna]}\n");
    assertThat(me("authorization", basic("anna", "right")).path("role").asText())
        .isEqualTo("operator");
    assertThat(me("authorization", basic("ben", "right")).path("role").asText())
        .isEqualTo("viewer");
  }

  private JsonNode me(String... headers) throws Exception {
    return send("GET", "/api/vigie/me", "", headers).json();
  }

  @Test
  void givenAProxy_whenItNamesSomebody_thenTheyAreWhoAsks() throws Exception {
    open(
        """
        web:
          operators: [anna]
          proxy: {user_header: X-Remote-User, role_header: X-Remote-Role, from: [127.0.0.0/8]}
        """);
    JsonNode anna = me("x-remote-user", "anna");
    assertThat(anna.path("signIn").asText()).isEqualTo("proxy");
    assertThat(anna.path("role").asText()).isEqualTo("operator");
    assertThat(me("x-remote-user", "carl").path("role").asText()).isEqualTo("viewer");
    assertThat(me("x-remote-user", "carl", "x-remote-role", "operator").path("role").asText())
        .isEqualTo("operator");
    Answer nobody = send("GET", "/api/vigie/me", "", "x-forwarded-for", "192.0.2.7");
    assertThat(nobody.status()).isEqualTo(401);
    assertThat(nobody.json().path("signIn").asText()).isEqualTo("proxy");
    assertThat(send("GET", "/api/vigie/alerts", "", "x-forwarded-for", "192.0.2.7").status())
        .isEqualTo(401);
    String[] sent = {"x-remote-user", "anna"};
    assertThat(send("POST", "/api/v2/silences", silence("x"), sent).status()).isEqualTo(403);
    String token = token(sent);
    Answer made =
        send(
            "POST",
            "/api/v2/silences",
            silence("x"),
            "x-remote-user",
            "anna",
            "x-vigie-csrf",
            token);
    assertThat(made.status()).isEqualTo(200);
    assertThat(send("GET", "/api/v2/silences", "", sent).json().get(0).path("createdBy").asText())
        .isEqualTo("anna");
  }

  @Test
  void givenAHeaderFromAForeignAddress_whenItNamesSomebody_thenItSaysNothing() throws Exception {
    openWithUsers("web: {proxy: {user_header: X-Remote-User, from: [192.0.2.1]}}\n");
    assertThat(send("GET", "/api/vigie/nodes", "", "x-remote-user", "anna").status())
        .isEqualTo(401);
    JsonNode ben = me("x-remote-user", "anna", "authorization", basic("ben", "right"));
    assertThat(ben.path("user").asText()).isEqualTo("ben");
  }

  @Test
  void givenAnAlert_whenItsCauseIsTold_thenItIsKeptWithTheNameOfWhoeverIsSignedIn()
      throws Exception {
    openWithUsers("");
    String[] anna = {"authorization", basic("anna", "right")};
    Instant end = Instant.now().plusSeconds(3600);
    String alert = "[{'labels':{'alertname':'Down','node':'p1'},'endsAt':'" + end + "'}]";
    assertThat(send("POST", "/api/v2/alerts", alert, anna).status()).isEqualTo(200);
    String id = send("GET", "/api/v2/alerts", "", anna).json().get(0).path("fingerprint").asText();
    String notes = "/api/vigie/alerts/" + id + "/notes";
    String cause = "{'kind':'cause','text':'the fan died','by':'ben'}";
    assertThat(send("POST", notes, cause, anna).status()).isEqualTo(200);
    assertThat(send("POST", notes, "{'kind':'action','text':'new fan'}", anna).status())
        .isEqualTo(200);
    for (String bad :
        List.of(
            "{'kind':'because','text':'x'}",
            "{'kind':'cause','text':' '}",
            "{'kind':'cause','text':'" + "x".repeat(2001) + "'}",
            "{'kind':'cause','text':7}",
            "[]")) {
      assertThat(send("POST", notes, bad, anna).status()).as(bad).isEqualTo(400);
    }
    assertThat(send("POST", "/api/vigie/alerts/0123456789abcdef/notes", cause, anna).status())
        .isEqualTo(404);
    assertThat(send("POST", "/api/vigie/alerts/" + id + "/ack", "{}", anna).status())
        .isEqualTo(200);
    stop();
    collector = null;
    openWithUsers("");
    List<String> told = new ArrayList<>();
    send("GET", "/api/vigie/alerts/" + id, "", anna)
        .json()
        .path("history")
        .forEach(
            e ->
                told.add(
                    e.path("kind").asText()
                        + ":"
                        + e.path("who").asText()
                        + ":"
                        + e.path("text").asText()));
    String report = send("GET", "/api/vigie/alerts/" + id + "/report", "", anna).text();
    assertThat(report).contains("# Incident: Down", "> the fan died\n>\n> — anna, ");
    Answer changes = send("GET", "/api/vigie/nodes/p1/changes?since=2h", "", anna);
    assertThat(changes.status()).isEqualTo(200);
    assertThat(changes.json().path("changes").isArray()).isTrue();
    assertThat(told)
        .contains("cause:anna:the fan died", "action:anna:new fan", "acknowledged:anna:");
  }

  @Test
  void givenAPageThatListens_whenSomethingChanges_thenItIsTold() throws Exception {
    openShared();
    String cookie = signIn("anna", "right").cookie();
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + collector.httpPort() + "/api/vigie/stream"))
            .header("cookie", cookie)
            .build();
    HttpResponse<InputStream> answer = HTTP.send(request, BodyHandlers.ofInputStream());
    assertThat(answer.headers().firstValue("content-type")).contains("text/event-stream");
    try (BufferedReader in =
        new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8))) {
      assertThat(in.readLine()).isEqualTo("retry: 2000");
      assertThat(in.readLine()).isEqualTo("event: hello");
      assertThat(in.readLine()).isEqualTo("data: {\"version\":\"" + Version.VERSION + "\"}");
      Instant end = Instant.now().plusSeconds(3600);
      String alert = "[{'labels':{'alertname':'Down','node':'p1'},'endsAt':'" + end + "'}]";
      String anna = basic("anna", "right");
      assertThat(send("POST", "/api/v2/alerts", alert, "authorization", anna).status())
          .isEqualTo(200);
      assertThat(lineOf(in, "event: alerts")).isTrue();
      assertThat(in.readLine()).matches("data: \\{\"revision\":\\d+}");
      // Who signs out hears no more.
      send("DELETE", "/api/vigie/session", "", "cookie", cookie);
      assertThat(lineOf(in, "never")).isFalse();
    }
  }

  /** Whether such a line comes before the stream ends. */
  private static boolean lineOf(BufferedReader in, String wanted) throws Exception {
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      if (line.equals(wanted)) {
        return true;
      }
    }
    return false;
  }

  private static String silence(String by) {
    Instant end = Instant.now().plusSeconds(3600);
    return "{'matchers':[{'name':'node','value':'p1','isRegex':false}],'startsAt':'"
        + Instant.now()
        + "','endsAt':'"
        + end
        + "','createdBy':'"
        + by
        + "','comment':'c'}";
  }
}
