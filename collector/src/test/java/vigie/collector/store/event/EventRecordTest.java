package vigie.collector.store.event;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;
import vigie.collector.event.Event;
import vigie.collector.event.EventSink;

class EventRecordTest {
  private static final Instant T0 = Instant.parse("2026-01-01T00:00:00Z");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<13>1 2026-01-01T00:00:00Z p1 sshd 1 - - Accepted publickey",
        "<13>1 2026-01-01T00:00:00Z p1 sshd 1 - - Grüße\r\n\0",
        "<13>1 2026-01-01T00:00:00Z p1 sshd 1 - -",
        "<13>Jan  1 00:00:00 p1 sshd[1]: hello\n",
        "no header at all",
        "<13>1 2026-01-01T00:00:00Z p1 sshd 1 - - \ufffd"
      })
  void givenTheLengthOfTheTextIsKnown_whenEncoded_thenItIsAsIfItWereLookedFor(String line) {
    for (byte[] bytes : List.of(line.getBytes(UTF_8), line.getBytes(ISO_8859_1))) {
      SyslogMessage message =
          Objects.requireNonNull(new SyslogParser(ZoneOffset.UTC).parse(bytes, T0));
      Event event = new Event(T0, T0, "p1", 1, 5, "sshd", "syslog", Map.of(), message.text(), null);
      EventSink.Arrival known =
          new EventSink.Arrival(event, message.record(), message.textLength(), false);
      EventSink.Arrival looked = new EventSink.Arrival(event, message.record());
      for (EventSink.Arrival arrival : List.of(known, looked)) {
        EventRecord back =
            EventRecord.decode(new EventEncoder().encode(List.of(arrival)).get(0).slice());
        assertThat(back.event()).isEqualTo(event);
        assertThat(back.raw()).isEqualTo(message.record());
      }
    }
  }
}
