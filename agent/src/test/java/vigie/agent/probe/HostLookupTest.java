package vigie.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

class HostLookupTest {
  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private int asked;

  @Test
  void givenLookupUnderWay_whenAskedAgain_thenTheSameAndAnotherAfterIt() {
    HostLookup lookup = new HostLookup("web.lan", this::loopback, tasks::add);

    var first = lookup.addresses();
    assertThat(lookup.addresses()).isSameAs(first);
    tasks.remove().run();

    assertThat(first).isCompleted();
    assertThat(lookup.addresses()).isNotSameAs(first);
    assertThat(asked).isEqualTo(1);
  }

  @Test
  void givenLookupThatThrowsAnError_whenAskedAgain_thenLookedUpAgain() {
    HostLookup lookup =
        new HostLookup(
            "web.lan",
            host -> {
              if (asked == 0) {
                asked++;
                throw new NoClassDefFoundError("Resolver");
              }
              return loopback(host);
            },
            tasks::add);

    var first = lookup.addresses();
    tasks.remove().run();
    assertThatThrownBy(first::join).hasRootCauseInstanceOf(NoClassDefFoundError.class);

    var second = lookup.addresses();
    tasks.remove().run();
    assertThat(second).isCompleted();
  }

  private InetAddress[] loopback(String host) {
    asked++;
    return new InetAddress[] {InetAddress.getLoopbackAddress()};
  }
}
