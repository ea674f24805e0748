package vigie.collector.notify.discord;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.read.ListAppender;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import vigie.base.config.Faults;
import vigie.base.config.Secret;
import vigie.base.config.Section;
import vigie.base.config.Yaml;
import vigie.collector.alert.Alert;
import vigie.collector.outbox.PendingCard;
import vigie.collector.testing.FakeDiscord.Fault;
import vigie.collector.testing.FakeDiscord.Kind;

/** Through every failure with all logging on, the webhook's token comes out nowhere. */
class SecretsTest {
  private static final Alert DOWN = Alerts.firing("ProbeDown", "p1");

  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final List<String> seen = new ArrayList<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private Level before;

  @BeforeEach
  void listen() {
    before = root.getLevel();
    root.setLevel(Level.TRACE);
    logged.start();
    root.addAppender(logged);
  }

  @AfterEach
  void searchEverything() {
    root.detachAppender(logged);
    root.setLevel(before);
    for (ILoggingEvent event : List.copyOf(logged.list)) {
      seen.add(event.getFormattedMessage());
      IThrowableProxy thrown = event.getThrowableProxy();
      if (thrown != null) {
        seen.add(ThrowableProxyUtil.asString(thrown));
      }
    }
    assertThat(seen).isNotEmpty();
    assertThat(seen).noneMatch(text -> text.contains(Rig.TOKEN));
  }

  private void look(Rig rig) {
    for (PendingCard card : rig.outbox.pending()) {
      seen.add(card.toString());
    }
    seen.add(rig.outbox.history().toString());
    seen.add(rig.meters.getMetersAsString());
  }

  @Test
  void givenEveryFailure_whenDelivering_thenNoTokenAnywhere() throws Exception {
    List<Fault> faults = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      if (kind != Kind.STATUS && kind != Kind.HANG && kind != Kind.STORED_HANG) {
        faults.add(new Fault(kind, 1, "", 0, 0, 1, false));
      }
    }
    for (int status : List.of(301, 400, 401, 403, 404, 413, 418, 500, 502)) {
      faults.add(Fault.status(status, 0));
      faults.add(Fault.status(status, 10015));
    }
    for (Fault fault : faults) {
      try (Rig rig = new Rig()) {
        rig.fake.fail(fault.times(2));
        rig.start();
        rig.accept(DOWN);
        look(rig);
        rig.accept(Alerts.resolved(DOWN));
        rig.pass(Duration.ofSeconds(3));
        look(rig);
      }
    }
  }

  @Test
  void givenNobodyThere_whenDelivering_thenNoTokenAnywhere() throws Exception {
    try (Rig rig = new Rig()) {
      rig.fake.away();
      rig.start();
      rig.accept(DOWN);
      look(rig);
    }
    for (String host : List.of("https://localhost:1", "http://does-not-exist.invalid")) {
      try (Rig rig = new Rig()) {
        rig.url(Secret.of(host + "/api/webhooks/1/" + Rig.TOKEN)).start();
        rig.accept(DOWN);
        look(rig);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TOKEN",
        "https://discord.com/api/webhooks/1/TOKEN with space",
        "https://discord.com/api/webhooks/1/TOKEN/x",
        "https://discord.com/webhooks/1/TOKEN",
        "ftp://discord.com/api/webhooks/1/TOKEN",
        "https://discord.com/api/webhooks/1/TOKEN?a=b",
        "https://TOKEN@discord.com/api/webhooks/1/TOKEN",
        "https://discord.com/api/webhooks/1/%zzTOKEN",
        "https:///api/webhooks/1/TOKEN",
        "https://discord.com:TOKEN/api/webhooks/1/x",
        "https://discord.com/api/webhooks/1/é-TOKEN"
      })
  void givenWrongUrl_whenItIsUsedAnywhere_thenSaidInWordsWithoutIt(
      String text, @TempDir Path folder) throws Exception {
    String url = text.replace("TOKEN", Rig.TOKEN);
    Faults faults = new Faults();
    Path file = folder.resolve("collector.yaml");
    Section section = Yaml.parse(file, "webhook_url: '" + url + "'", Map.of(), faults);
    DiscordWebhookConfig config = DiscordWebhookConfig.read(section);
    assertThat(faults.all()).hasSize(1);
    assertThat(faults.all().get(0)).contains("collector.yaml:1:1: ", "webhook URL");
    seen.addAll(faults.all());
    seen.addAll(faults.warnings());
    seen.add(config.toString());
    Throwable thrown =
        catchThrowable(() -> DiscordWebhookConfig.of(Map.of("DISCORD_WEBHOOK_URL", url)));
    assertThat(thrown).hasMessageContaining("DISCORD_WEBHOOK_URL");
    seen.add(trace(thrown));
    Path secret = Files.writeString(folder.resolve("webhook"), url);
    try (Rig rig = new Rig()) {
      rig.url(Secret.inFile(secret)).start();
      rig.accept(DOWN);
      assertThat(rig.onlyPending().lastError()).contains("webhook URL");
      look(rig);
    }
  }

  private static String trace(Throwable thrown) {
    StringWriter trace = new StringWriter();
    thrown.printStackTrace(new PrintWriter(trace));
    return trace.toString();
  }
}
