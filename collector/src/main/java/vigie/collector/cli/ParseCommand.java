package vigie.collector.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import vigie.base.syslog.SyslogFault;
import vigie.base.syslog.SyslogFramer;
import vigie.base.syslog.SyslogMessage;
import vigie.base.syslog.SyslogParser;
import vigie.base.time.Clock;

/**
 * {@code collector events parse}: what the receivers would make of syslog. Reads a byte stream, as
 * of one TCP connection, and prints a line per record; or, with {@code --json}, JSON lines {@code
 * {"id", "raw_b64", "framing", "received"}}, each a datagram or a whole connection.
 */
@Command(
    name = "parse",
    description = "Show what the receivers make of syslog read from standard input.",
    footer = {
      "",
      "--json reads a line {\"id\", \"raw_b64\", \"framing\", \"received\"} per datagram (framing udp) or whole connection",
      "(tcp-lf, octet) and writes a line per record.",
      "",
      "Examples:",
      "  printf '<13>1 - host app 7 - - text' | collector events parse",
      "  collector events parse --json <corpus.jsonl"
    })
final class ParseCommand implements Callable<Integer> {
  private static final int RECORD_BYTES = 64 * 1024;
  private static final int DECLARED_BYTES = 1024 * 1024;

  private final ObjectMapper json =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
  private final InputStream in;
  private SyslogParser parser = new SyslogParser(ZoneOffset.UTC);
  @Spec private @Nullable CommandSpec spec;

  @Option(names = "--json", description = "read and write JSON lines")
  private boolean lines;

  @Option(
      names = "--zone",
      paramLabel = "ZONE",
      description = "of dates that name none (default: this machine's; with --json UTC)")
  private @Nullable ZoneId zone;

  ParseCommand() {
    this(System.in);
  }

  ParseCommand(InputStream in) {
    this.in = in;
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out =
        new PrintWriter(
            spec == null
                ? new PrintWriter(System.out, false, StandardCharsets.UTF_8)
                : spec.commandLine().getOut(),
            false);
    ZoneId otherwise = lines ? ZoneOffset.UTC : ZoneId.systemDefault();
    parser = new SyslogParser(zone == null ? otherwise : zone);
    int faults = lines ? jsonLines(out) : stream(out);
    out.flush();
    return faults == 0 ? 0 : 1;
  }

  private int stream(PrintWriter out) throws IOException {
    return records(
        in.readAllBytes(),
        true,
        record -> {
          SyslogMessage message = parser.parse(record, Clock.system().now());
          if (message != null) {
            print(out, message);
          }
        });
  }

  private int jsonLines(PrintWriter out) throws IOException {
    int faults = 0;
    BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    int number = 0;
    for (String line = reader.readLine(); line != null; line = reader.readLine()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      try {
        JsonNode row = json.readTree(line);
        if (!row.path("raw_b64").isTextual()) {
          throw new IllegalArgumentException("it has no raw_b64");
        }
        byte[] raw = Base64.getDecoder().decode(row.path("raw_b64").asText());
        String given = row.path("received").asText();
        Instant received = given.isEmpty() ? Clock.system().now() : Instant.parse(given);
        boolean stream = !row.path("framing").asText().equals("udp");
        records(
            raw,
            stream,
            record -> {
              SyslogMessage message = parser.parse(record, received);
              if (message != null) {
                out.println(text(fields(row.path("id"), message)));
              }
            });
      } catch (JsonProcessingException | IllegalArgumentException | DateTimeParseException e) {
        faults++;
        String why =
            e instanceof JsonProcessingException broken
                ? broken.getOriginalMessage() // without Jackson's own lines
                : e.getMessage();
        System.err.println("line " + number + " is not {\"raw_b64\", \"framing\", …}: " + why);
      }
    }
    return faults;
  }

  /** Hands out the records of a datagram or a stream; 1 where its framing broke. */
  private static int records(byte[] raw, boolean stream, Consumer<byte[]> each) {
    if (!stream) {
      each.accept(raw.length > RECORD_BYTES ? Arrays.copyOf(raw, RECORD_BYTES) : raw);
      return 0;
    }
    ByteBuf bytes = Unpooled.wrappedBuffer(raw);
    SyslogFramer framer = new SyslogFramer(RECORD_BYTES, DECLARED_BYTES);
    try {
      for (byte[] record = framer.next(bytes, true);
          record != null;
          record = framer.next(bytes, true)) {
        each.accept(record);
      }
      return 0;
    } catch (SyslogFault fault) {
      System.err.println("the connection would be closed here: " + fault.getMessage());
      return 1;
    }
  }

  private String text(ObjectNode fields) {
    try {
      return json.writeValueAsString(fields);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("BUG: fields that are no JSON", e);
    }
  }

  private ObjectNode fields(JsonNode id, SyslogMessage message) {
    ObjectNode out = json.createObjectNode();
    out.set("id", id);
    out.put("format", message.format().wire());
    out.put("pri", message.pri());
    out.put("facility", message.facility());
    out.put("severity", message.severity());
    out.put("version", message.format() == SyslogMessage.Format.RFC5424 ? 1 : null);
    Instant time = message.time();
    out.put("timestamp", time == null ? null : time.toString());
    out.put("hostname", orNull(message.host()));
    out.put("app", orNull(message.app()));
    out.put("procid", orNull(message.procId()));
    out.put("msgid", orNull(message.msgId()));
    ObjectNode data = out.putObject("sd");
    message
        .data()
        .forEach(
            (element, params) -> {
              ObjectNode values = data.putObject(element);
              params.forEach((name, all) -> put(values, name, all));
            });
    out.put("msg", message.text());
    byte[] exact = message.textBytes();
    if (!isUtf8(exact)) {
      out.put("msg_b64", Base64.getEncoder().encodeToString(exact));
    }
    return out;
  }

  private static void put(ObjectNode values, String name, List<String> all) {
    if (all.size() == 1) {
      values.put(name, all.get(0));
    } else {
      ArrayNode several = values.putArray(name);
      all.forEach(several::add);
    }
  }

  private static void print(PrintWriter out, SyslogMessage message) {
    Instant time = message.time();
    List<String> words = new ArrayList<>();
    words.add(message.format().wire());
    words.add("pri=" + message.pri());
    words.add("time=" + (time == null ? "-" : time));
    words.add("host=" + orDash(message.host()));
    words.add("app=" + orDash(message.app()));
    words.add("procid=" + orDash(message.procId()));
    words.add("msgid=" + orDash(message.msgId()));
    if (!message.data().isEmpty()) {
      words.add("sd=" + Table.printable(message.data().toString()));
    }
    out.println(String.join(" ", words) + " text=" + Table.printable(message.text()));
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  private static String orDash(String text) {
    return text.isEmpty() ? "-" : Table.printable(text);
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
