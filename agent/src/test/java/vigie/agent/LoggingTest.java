package vigie.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

class LoggingTest {
  @Test
  void givenRecord_whenFormatted_thenOneLineOfPairs() {
    LogRecord record = new LogRecord(Level.WARNING, "link lost peer=192.0.2.5:2515");
    record.setLoggerName("vigie.agent.ship.Ship");
    assertThat(Logging.format(record))
        .isEqualTo("level=warn logger=ship msg=\"link lost\" peer=192.0.2.5:2515");
  }

  @Test
  void givenError_whenFormatted_thenItsPlaceFollowsAndItsTextCannotForgeALine() {
    LogRecord record = new LogRecord(Level.SEVERE, "task failed");
    record.setLoggerName("a");
    record.setThrown(new IllegalStateException("BUG\nlevel=info forged"));
    assertThat(Logging.format(record))
        .startsWith(
            """
            level=error logger=a msg="task failed"
              java.lang.IllegalStateException: BUG\\u000alevel=info forged
                at vigie.agent.LoggingTest.""");
  }
}
