package vigie.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class ThreadsTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Threads threads = new Threads(meters);

  private double failures() {
    return meters.get("vigie.thread.failures").counter().count();
  }

  @Test
  void givenPoolsThatEnd_whenWorkComesToOne_thenThatIsNoFailure() {
    threads.failed(new RejectedExecutionException("full"));
    assertThat(failures()).isEqualTo(1);

    threads.stopping();
    threads.failed(new RejectedExecutionException("over"));
    assertThat(failures()).isEqualTo(1);
    threads.failed(new IllegalStateException("BUG"));

    assertThat(failures()).isEqualTo(2);
  }
}
