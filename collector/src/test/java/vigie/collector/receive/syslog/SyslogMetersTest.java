package vigie.collector.receive.syslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class SyslogMetersTest {
  @Test
  void givenNothingHasHappened_whenRead_thenReasonsAreThereAtZeroSoThatTheFirstIsAnIncrease() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    SyslogMeters made = new SyslogMeters(meters, () -> 0);
    assertThat(made).isNotNull();
    assertThat(meters.get("vigie.syslog.refused").tag("reason", "handshake").counter().count())
        .isZero();
    assertThat(meters.get("vigie.syslog.faults").tag("reason", "count").counter().count()).isZero();
  }
}
