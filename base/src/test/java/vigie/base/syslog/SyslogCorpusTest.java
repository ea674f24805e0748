package vigie.base.syslog;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Every datagram of the corpus, field by field. */
class SyslogCorpusTest {
  private static final String RECEIVED = "2026-11-21T12:00:00Z";

  @TestFactory
  Stream<DynamicTest> givenDatagram_whenParsed_thenFieldsAsExpected() throws IOException {
    return rows().stream()
        .filter(row -> row.get("framing").equals("udp"))
        .map(
            row -> DynamicTest.dynamicTest(row.get("id") + ": " + row.get("note"), () -> one(row)));
  }

  /** Each record after many others, of which nothing may be left. */
  @Test
  void givenAMessageThatHeldOtherRecords_whenParsedInto_thenItIsAsANewOne() throws IOException {
    SyslogParser parser = new SyslogParser(ZoneOffset.UTC);
    SyslogMessage used = parser.emptyMessage();
    List<byte[]> records = new ArrayList<>();
    for (Map<String, Object> row : rows()) {
      records.add(Base64.getDecoder().decode((String) row.get("raw_b64")));
    }
    records.add(new byte[0]);
    Random random = new Random(5424);
    for (int turn = 0; turn < 20; turn++) {
      Collections.shuffle(records, random);
      for (byte[] record : records) {
        SyslogMessage fresh = parser.parse(record, Instant.parse(RECEIVED));
        int start = random.nextInt(50);
        byte[] array = new byte[start + record.length + random.nextInt(50)];
        random.nextBytes(array);
        System.arraycopy(record, 0, array, start, record.length);
        int end = start + record.length;

        boolean isRecord = parser.parse(array, start, end, Instant.parse(RECEIVED), used);

        assertThat(isRecord).isEqualTo(fresh != null);
        SyslogMessage same = fresh == null ? parser.emptyMessage() : fresh;
        assertThat(fields(used)).isEqualTo(fields(same));
        assertThat(used.record()).isEqualTo(same.record());
        assertThat(used.textLength()).isEqualTo(same.textLength());
        assertThat(Arrays.copyOfRange(array, used.recordStart(), used.recordEnd()))
            .isEqualTo(same.record());
        assertThat(used.hasTime()).isEqualTo(same.time() != null);
        if (same.time() != null) {
          assertThat(used.timeMicros())
              .isEqualTo(ChronoUnit.MICROS.between(Instant.EPOCH, same.time()));
        }
      }
    }
  }

  private static void one(Map<String, Object> row) {
    byte[] raw = Base64.getDecoder().decode((String) row.get("raw_b64"));
    Instant received = Instant.parse((String) row.getOrDefault("received", RECEIVED));

    SyslogMessage message = new SyslogParser(ZoneOffset.UTC).parse(raw, received);

    if (row.get("expect") instanceof List<?> none) {
      assertThat(none).isEmpty();
      assertThat(message).isNull();
      return;
    }
    Map<String, Object> expect = new LinkedHashMap<>((Map<String, Object>) row.get("expect"));
    Object exact = expect.remove("msg_b64");
    if (exact != null) {
      assertThat(Objects.requireNonNull(message).textBytes())
          .isEqualTo(Base64.getDecoder().decode((String) exact));
    }
    expect.computeIfPresent(
        "timestamp", (key, time) -> OffsetDateTime.parse((String) time).toInstant());
    assertThat(fields(Objects.requireNonNull(message))).containsExactlyInAnyOrderEntriesOf(expect);
  }

  private static Map<String, Object> fields(SyslogMessage message) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("format", message.format().wire());
    out.put("pri", message.pri());
    out.put("facility", message.facility());
    out.put("severity", message.severity());
    out.put("version", message.format() == SyslogMessage.Format.RFC5424 ? 1 : null);
    out.put("timestamp", message.time());
    out.put("hostname", orNull(message.host()));
    out.put("app", orNull(message.app()));
    out.put("procid", orNull(message.procId()));
    out.put("msgid", orNull(message.msgId()));
    Map<String, Object> data = new LinkedHashMap<>();
    message.data().forEach((id, element) -> data.put(id, flat(element)));
    out.put("sd", data);
    out.put("msg", message.text());
    return out;
  }

  private static Map<String, Object> flat(Map<String, List<String>> element) {
    Map<String, Object> out = new LinkedHashMap<>();
    element.forEach((name, values) -> out.put(name, values.size() == 1 ? values.get(0) : values));
    return out;
  }

  private static Object orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  static List<Map<String, Object>> rows() throws IOException {
    List<Map<String, Object>> rows = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    SyslogCorpusTest.class.getResourceAsStream("/syslog/given.jsonl")),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        rows.add(
            (Map<String, Object>)
                new Load(LoadSettings.builder().build()).loadFromString(line)); // JSON is YAML
      }
    }
    assertThat(rows).hasSizeGreaterThan(100);
    return rows;
  }
}
