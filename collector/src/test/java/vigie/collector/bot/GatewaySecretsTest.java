package vigie.collector.bot;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import vigie.collector.LogFormat;
import vigie.collector.notify.discord.CardButton;
import vigie.collector.notify.discord.CardButton.Action;
import vigie.collector.testing.FakeDiscord.Fault;

/** With JDA's logging wide open, tokens of bot and interactions come out of our log nowhere. */
class GatewaySecretsTest {
  private static final String INTERACTION = "sEcReT-interaction";

  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final Level before = root.getLevel();
  private Bench bench;

  @BeforeEach
  void open() throws IOException {
    bench = new Bench();
    logged.start();
    root.addAppender(logged);
    root.setLevel(Level.TRACE);
    bench.jdaLog.setLevel(Level.TRACE);
  }

  @AfterEach
  void searchEverything() throws IOException {
    bench.close();
    root.detachAppender(logged);
    root.setLevel(before);
    LogFormat format = new LogFormat();
    List<String> lines = List.copyOf(logged.list).stream().map(format::doLayout).toList();
    assertThat(lines).anyMatch(line -> line.contains("***"));
    assertThat(lines).noneMatch(line -> line.contains("uNiQuE") || line.contains(INTERACTION));
  }

  @Test
  void givenAllLogging_whenEverythingFails_thenNoTokenAnywhere() {
    bench.connected();
    bench.press(Action.ACKNOWLEDGE, "1001", Bench.OPERATOR);
    bench.slash("alerts", List.of(), Bench.OPERATOR);
    for (int status : List.of(400, 404, 503)) {
      bench.fake.fail(Fault.status(status, 0));
      bench.gateway.press(
          bench.card, new CardButton(Action.SHOW_LOG, "inc-1").customId(), "1001", Bench.OPERATOR);
    }
    bench.gateway.dispatch(
        "INTERACTION_CREATE",
        JsonNodeFactory.instance
            .objectNode()
            .put("id", "1")
            .put("token", INTERACTION)
            .put("type", 3));
    bench.gateway.drop();
    Bench.await(() -> bench.gateway.resumes() > 0 && bench.isConnected());
    bench.gateway.close(4004);
    Bench.await(() -> bench.warnings().stream().anyMatch(w -> w.contains("refuses the bot")));
  }
}
