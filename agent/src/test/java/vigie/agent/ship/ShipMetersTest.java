package vigie.agent.ship;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

class ShipMetersTest {
  @Test
  void givenNothingHasHappened_whenRead_thenReasonsAreThereAtZeroSoThatTheFirstIsAnIncrease() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    ShipMeters made = new ShipMeters(meters, () -> 0, () -> 0, () -> 0);
    assertThat(made).isNotNull();
    assertThat(meters.get("vigie.ship.failures").tag("reason", "tls").counter().count()).isZero();
  }
}
