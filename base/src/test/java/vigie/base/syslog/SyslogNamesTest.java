package vigie.base.syslog;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class SyslogNamesTest {
  private final SyslogNames names = new SyslogNames();

  @Test
  void givenAKnownName_whenAskedAgain_thenItIsTheSameString() {
    assertThat(of("nginx")).isEqualTo("nginx").isSameAs(of("nginx"));
  }

  @Test
  void givenManyNamesOfAnyBytes_whenAsked_thenEachIsItself() {
    Random random = new Random(5);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(4) + (i % 100 == 0 ? 40 : 0)];
      random.nextBytes(bytes);
      assertThat(names.of(bytes, 0, bytes.length)).isEqualTo(new String(bytes, UTF_8));
    }
  }

  @Test
  void givenNamesOfOtherScripts_whenAsked_thenEachIsItself() {
    for (String name : new String[] {"żółw", "zolw", "żółw", "é", "e", "", "x".repeat(100)}) {
      assertThat(of(name)).isEqualTo(name);
    }
  }

  private String of(String name) {
    byte[] bytes = (">" + name + "<").getBytes(UTF_8);
    return names.of(bytes, 1, bytes.length - 1);
  }
}
