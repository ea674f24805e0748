package vigie.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import vigie.base.time.ManualClock;

class PeerFaultsTest {
  private static final Logger LOG = (Logger) LoggerFactory.getLogger(PeerFaults.class);
  private final ManualClock clock = new ManualClock();
  private final PeerFaults faults = new PeerFaults(clock);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();

  @BeforeEach
  void listen() {
    logged.start();
    LOG.addAppender(logged);
  }

  @AfterEach
  void stop() {
    LOG.detachAppender(logged);
  }

  private List<String> lines() {
    return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void givenOneKindWithOtherCounts_whenToldAgain_thenOncePerPeerAndHour() {
    faults.tell("p1", "refused", "refused 3 samples");
    clock.advance(Duration.ofMinutes(59));
    faults.tell("p1", "refused", "refused 4 samples");
    faults.tell("p2", "refused", "refused 5 samples");
    clock.advance(Duration.ofMinutes(2));
    faults.tell("p1", "refused", "refused 6 samples");

    assertThat(lines())
        .containsExactly(
            "peer at fault peer=p1 cause=\"refused 3 samples\" unlogged=0",
            "peer at fault peer=p2 cause=\"refused 5 samples\" unlogged=1",
            "peer at fault peer=p1 cause=\"refused 6 samples\" unlogged=0");
  }

  @Test
  void givenFaultsOfManyPeersAtOnce_whenTold_thenOneLineInTenSecondsSaysHowManyMore() {
    for (int i = 0; i < 100; i++) {
      faults.tell("p" + i, "no RELP");
    }
    clock.advance(Duration.ofSeconds(10));
    faults.tell("p99", "no RELP");

    assertThat(lines())
        .containsExactly(
            "peer at fault peer=p0 cause=\"no RELP\" unlogged=0",
            "peer at fault peer=p99 cause=\"no RELP\" unlogged=99");
  }
}
