package vigie.agent.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class PushMetersTest {
  @Test
  void givenNothingHasHappened_whenRead_thenReasonsAreThereAtZeroSoThatTheFirstIsAnIncrease() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    PushMeters made = new PushMeters(meters, () -> 0, () -> 0);
    assertThat(made).isNotNull();
    assertThat(meters.get("vigie.push.dropped").tag("reason", "rejected").counter().count())
        .isZero();
    assertThat(meters.get("vigie.push.retries").tag("reason", "503").counter().count()).isZero();
  }
}
