package vigie.collector.receive;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import vigie.base.fuzz.FuzzContract;

/** Any text is a selector or is refused in words. */
class SelectorFuzzTest extends FuzzContract {
  @Override
  protected List<byte[]> seeds() {
    return List.of(
        utf8("daemon.*;auth.err"),
        utf8("kern,daemon.info;mail.none"),
        utf8("*.=debug;*.!=info;*.!warn"),
        utf8("local7.emerg;security.panic;23.7"),
        utf8(" * . * ; user.none"));
  }

  @Override
  protected void feed(byte[] bytes) {
    try {
      Selector selector = Selector.parse(new String(bytes, StandardCharsets.UTF_8));
      assertThat(selector.isEmpty())
          .isEqualTo(IntStream.range(0, 192).noneMatch(selector::matches));
    } catch (IllegalArgumentException refused) {
      assertThat(refused.getClass()).isEqualTo(IllegalArgumentException.class);
      assertThat(refused.getMessage()).startsWith("\"");
    }
  }
}
