package vigie.collector.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** The whole corpus through the command, streams included; the bytes lie in base's test jar. */
class ParseCommandTest {
  private static final String RECEIVED = "2026-11-21T12:00:00Z";
  private final ObjectMapper json = new ObjectMapper();
  private final StringWriter out = new StringWriter();

  private int run(byte[] in, String... arguments) {
    CommandLine line = new CommandLine(new ParseCommand(new ByteArrayInputStream(in)));
    line.setOut(new PrintWriter(out));
    return line.execute(arguments);
  }

  @Test
  void givenCorpus_whenParsed_thenEveryRecordAsExpected() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    StringBuilder feed = new StringBuilder();
    try (InputStream corpus = ParseCommandTest.class.getResourceAsStream("/syslog/given.jsonl")) {
      byte[] all = Objects.requireNonNull(corpus, "/syslog/given.jsonl").readAllBytes();
      for (String line : new String(all, StandardCharsets.UTF_8).split("\n", -1)) {
        if (!line.isEmpty()) {
          rows.add(json.readTree(line));
        }
      }
    }
    for (JsonNode row : rows) {
      ObjectNode asked = ((ObjectNode) row).deepCopy().retain("id", "raw_b64", "framing");
      asked.put("received", row.path("received").asText(RECEIVED));
      feed.append(asked).append('\n');
    }

    assertThat(run(feed.toString().getBytes(StandardCharsets.UTF_8), "--json")).isZero();

    Map<String, List<JsonNode>> got = new LinkedHashMap<>();
    for (String line : out.toString().split("\n", -1)) {
      if (!line.isEmpty()) {
        JsonNode record = json.readTree(line);
        got.computeIfAbsent(record.path("id").asText(), id -> new ArrayList<>()).add(record);
      }
    }
    assertThat(rows.size()).isEqualTo(203);
    for (JsonNode row : rows) {
      List<JsonNode> expected = new ArrayList<>();
      if (row.path("expect").isArray()) {
        row.path("expect").forEach(expected::add);
      } else {
        expected.add(row.path("expect"));
      }
      String id = row.path("id").asText();
      assertThat(got.getOrDefault(id, List.of()).stream().map(r -> seen(r, id)).toList())
          .as(id + ": " + row.path("note").asText())
          .isEqualTo(expected.stream().map(r -> seen(r, id)).toList());
    }
  }

  /** What is compared: times as instants, and exact bytes in place of text that is not UTF-8. */
  private JsonNode seen(JsonNode record, String id) {
    ObjectNode seen = ((ObjectNode) record).deepCopy();
    seen.put("id", id);
    if (!seen.path("timestamp").isNull()) {
      Instant time = OffsetDateTime.parse(seen.path("timestamp").asText()).toInstant();
      seen.put("timestamp", time.toString());
    }
    if (seen.has("msg_b64")) {
      seen.remove("msg");
    }
    return json.valueToTree(json.convertValue(seen, java.util.TreeMap.class));
  }

  @Test
  void givenStream_whenParsed_thenALineForEachRecord() {
    byte[] in =
        "<13>1 - host app 7 - [a b=\"c\"] one\n<0>two\u0007\n".getBytes(StandardCharsets.UTF_8);

    assertThat(run(in)).isZero();

    assertThat(out.toString().split("\n", -1))
        .containsExactly(
            "rfc5424 pri=13 time=- host=host app=app procid=7 msgid=- sd={a={b=[c]}} text=one",
            "rfc3164 pri=0 time=- host=- app=- procid=- msgid=- text=two\\x07",
            "");
  }

  @Test
  void givenBrokenCount_whenParsed_thenWhatCameBeforeAndExitOne() {
    assertThat(run("5 <13>ax".getBytes(StandardCharsets.UTF_8))).isEqualTo(1);

    assertThat(out.toString()).startsWith("rfc3164 pri=13").endsWith("text=a\n");
  }

  @Test
  void givenJsonWithoutRecord_whenParsed_thenSaidByLineAndTheRestIsRead() {
    PrintStream before = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    try {
      String in = "{\"raw\":\"x\"}\nno json\n{\"raw_b64\":\"PDEzPng=\",\"framing\":\"udp\"}\n";
      assertThat(run(in.getBytes(StandardCharsets.UTF_8), "--json")).isEqualTo(1);
    } finally {
      System.setErr(before);
    }
    assertThat(said.toString(StandardCharsets.UTF_8).lines())
        .satisfiesExactly(
            first ->
                assertThat(first)
                    .isEqualTo("line 1 is not {\"raw_b64\", \"framing\", …}: it has no raw_b64"),
            second -> assertThat(second).startsWith("line 2 is not ").doesNotContain("REDACTED"));
    assertThat(out.toString()).contains("\"msg\":\"x\"");
  }
}
