package vigie.collector.notify.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.config.Faults;
import vigie.base.config.Yaml;
import vigie.base.net.EventLoops;
import vigie.collector.alert.Alert;
import vigie.collector.alert.AlertState;
import vigie.collector.dispatch.Notification;
import vigie.collector.label.Labels;
import vigie.collector.outbox.Notifier.Delivery;
import vigie.collector.outbox.Notifier.Predecessor;
import vigie.collector.outbox.Outcome;

/** Notifications as Alertmanager posts them, at a server that answers what it is told to. */
class WebhookTest {
  private static final Instant START = Instant.parse("2026-01-01T10:00:00Z");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final EventLoops loops = EventLoops.nio(1, "test-webhook");
  private final List<JsonNode> posted = Collections.synchronizedList(new ArrayList<>());
  private final List<String> authorizations = Collections.synchronizedList(new ArrayList<>());
  private HttpServer server;
  private volatile int status = 200;

  @BeforeEach
  void listen() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 16);
    server.createContext(
        "/",
        exchange -> {
          posted.add(JSON.readTree(exchange.getRequestBody().readAllBytes()));
          authorizations.add(
              String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          exchange.getResponseHeaders().set("Retry-After", "7");
          exchange.sendResponseHeaders(status, -1);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void close() {
    server.stop(0);
    loops.close();
  }

  private WebhookConfig config(String more) {
    return config(server.getAddress().getPort(), more);
  }

  private static WebhookConfig config(int port, String more) {
    Faults faults = new Faults();
    WebhookConfig config =
        WebhookConfig.read(
            Yaml.parse(
                Path.of("/etc/vigie/collector.yaml"),
                "url: http://127.0.0.1:" + port + "/hook?key=s3cret\n" + more,
                Map.of(),
                faults));
    assertThat(faults.all()).isEmpty();
    return config;
  }

  private Outcome deliver(String more, Notification wanted, int reduction) throws Exception {
    Webhook webhook =
        new Webhook("bridge", config(more), "http://vigie.example:9337", loops, Runnable::run);
    return webhook
        .deliver(new Delivery(wanted, null, Predecessor.NONE, reduction))
        .toCompletableFuture()
        .get(60, TimeUnit.SECONDS);
  }

  private static Alert alert(String node, boolean over) {
    return new Alert(
        Labels.of("alertname", "Down", "node", node),
        Labels.of("summary", "it is down"),
        over ? AlertState.RESOLVED : AlertState.FIRING,
        START,
        START.plusSeconds(1),
        over ? START.plusSeconds(60) : null,
        START,
        1,
        "g/Down",
        List.of());
  }

  private static Notification notification(int firing, int resolved, Alert... alerts) {
    return new Notification(
        "incident",
        "{}:{alertname=\"Down\"}",
        "bridge",
        Labels.of("alertname", "Down"),
        Labels.of("alertname", "Down"),
        Labels.of("summary", "it is down"),
        List.of(alerts),
        firing,
        resolved,
        START,
        START);
  }

  @Test
  void givenAlerts_whenDelivered_thenPostedInAlertmanagersFormat() throws Exception {
    Outcome outcome = deliver("", notification(1, 1, alert("p1", false), alert("p2", true)), 0);

    assertThat(outcome).isInstanceOf(Outcome.Done.class);
    assertThat(posted)
        .containsExactly(
            JSON.readTree(
                """
                {"receiver":"bridge","status":"firing",
                 "alerts":[
                  {"status":"firing","labels":{"alertname":"Down","node":"p1"},
                   "annotations":{"summary":"it is down"},"startsAt":"2026-01-01T10:00:01Z",
                   "endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"%s"},
                  {"status":"resolved","labels":{"alertname":"Down","node":"p2"},
                   "annotations":{"summary":"it is down"},"startsAt":"2026-01-01T10:00:01Z",
                   "endsAt":"2026-01-01T10:01:00Z","generatorURL":"","fingerprint":"%s"}],
                 "groupLabels":{"alertname":"Down"},"commonLabels":{"alertname":"Down"},
                 "commonAnnotations":{"summary":"it is down"},
                 "externalURL":"http://vigie.example:9337","version":"4",
                 "groupKey":"{}:{alertname=\\"Down\\"}","truncatedAlerts":0}
                """
                    .formatted(alert("p1", false).fingerprint(), alert("p2", true).fingerprint())));
  }

  @Test
  void givenConnectionThatIsKept_whenReplacedByAReload_thenItIsClosed() throws Exception {
    try (ServerSocket listening = new ServerSocket(0, 4, InetAddress.getLoopbackAddress())) {
      Webhook webhook =
          new Webhook("bridge", config(listening.getLocalPort(), ""), "", loops, Runnable::run);
      Notification wanted = notification(1, 0, alert("p1", false));
      CompletableFuture<Outcome> outcome =
          webhook.deliver(new Delivery(wanted, null, Predecessor.NONE, 0)).toCompletableFuture();
      try (Socket taken = listening.accept()) {
        taken.setSoTimeout(60_000);
        assertThat(taken.getInputStream().read()).isEqualTo('P');
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        taken.getOutputStream().write(answer.getBytes(UTF_8));
        assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(Outcome.Done.class);
        webhook.close();
        assertThat(taken.getInputStream().readAllBytes()).isNotEmpty();
      }
    }
  }

  @Test
  void givenMaxAlerts_whenThereAreMore_thenTheRestIsCounted() throws Exception {
    deliver("max_alerts: 1", notification(30, 0, alert("p1", false), alert("p2", false)), 0);

    assertThat(posted.get(0).path("alerts")).hasSize(1);
    assertThat(posted.get(0).path("truncatedAlerts").asInt()).isEqualTo(29);
  }

  @Test
  void givenNoResolvedWanted_whenAllIsOver_thenNothingIsPosted() throws Exception {
    Outcome outcome = deliver("send_resolved: false", notification(0, 1, alert("p1", true)), 0);

    assertThat(outcome).isInstanceOf(Outcome.Done.class);
    assertThat(posted).isEmpty();
  }

  @Test
  void givenCredentials_whenDelivered_thenSent() throws Exception {
    deliver(
        "http_config: {authorization: {credentials: abc}}",
        notification(1, 0, alert("p1", false)),
        0);

    assertThat(authorizations).containsExactly("Bearer abc");
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 429, 500, 502, 503})
  void givenTemporaryFault_whenDelivered_thenLaterAsTheOtherSideAsks(int answer) throws Exception {
    status = answer;

    Outcome outcome = deliver("", notification(1, 0, alert("p1", false)), 0);

    assertThat(outcome)
        .isEqualTo(
            new Outcome.Later(
                "the webhook answers " + answer, Duration.ofSeconds(7), Outcome.Scope.LANE, false));
  }

  @ParameterizedTest
  @CsvSource({"400,Refused", "413,Refused", "401,Stuck", "404,Stuck", "301,Stuck"})
  void givenLastingFault_whenDelivered_thenTold(int answer, String kind) throws Exception {
    status = answer;

    Outcome outcome = deliver("", notification(1, 0, alert("p1", false)), 0);

    assertThat(outcome.getClass().getSimpleName()).isEqualTo(kind);
    assertThat(outcome.toString()).doesNotContain("s3cret");
  }

  @Test
  void givenNobodyThere_whenDelivered_thenLaterWithoutTheAddress() throws Exception {
    WebhookConfig config = config("");
    server.stop(0);

    Outcome outcome =
        new Webhook("bridge", config, "", loops, Runnable::run)
            .deliver(
                new Delivery(notification(1, 0, alert("p1", false)), null, Predecessor.NONE, 0))
            .toCompletableFuture()
            .get(60, TimeUnit.SECONDS);

    assertThat(outcome).isInstanceOf(Outcome.Later.class);
    assertThat(outcome.toString()).doesNotContain("s3cret");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '¦',
      value = {
        "max_alerts: 1 ¦ needs url or url_file",
        "url: ftp://x/secret-word ¦ must begin with http",
        "url: http://u:secret-word@x/ ¦ must hold no password",
        "{url: 'http://x/', max_alerts: -1} ¦ max_alerts",
        "{url: 'http://x/', urll: a} ¦ unknown key",
      })
  void givenWrongConfiguration_whenRead_thenSaidInWords(String yaml, String message) {
    Faults faults = new Faults();
    WebhookConfig.read(Yaml.parse(Path.of("/etc/vigie/collector.yaml"), yaml, Map.of(), faults));

    assertThat(faults.all()).hasSize(1);
    assertThat(faults.all().get(0)).contains(message).doesNotContain("secret-word");
  }
}
