package vigie.collector.receive.relp;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class RelpMetersTest {
  @Test
  void givenNothingHasHappened_whenRead_thenReasonsAreThereAtZeroSoThatTheFirstIsAnIncrease() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    RelpMeters made = new RelpMeters(meters, meters.counter("any"), () -> 0, () -> 0);
    assertThat(made).isNotNull();
    assertThat(meters.get("vigie.relp.refused").tag("reason", "identity").counter().count())
        .isZero();
    assertThat(meters.get("vigie.relp.faults").tag("reason", "txnr").counter().count()).isZero();
  }
}
