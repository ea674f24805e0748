package vigie.base.syslog;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * What was decided about ambiguous input, by number, with what devices send of the kind: {@code
 * decisions.txt}. {@code -Dgolden.update} writes what the parser makes of each input.
 */
class SyslogDecisionsTest {
  private static final Path FILE = Path.of("src/test/resources/syslog/decisions.txt");
  private static final Instant RECEIVED = Instant.parse("2026-11-21T12:00:00Z");
  private static final int DECISIONS = 20;

  /** An input, its decision's number and what must become of it. */
  private record Case(int decision, String input, String expected) {}

  @TestFactory
  List<DynamicTest> givenInput_whenParsed_thenAsDecided() throws IOException {
    List<DynamicTest> tests = new ArrayList<>();
    for (Case one : cases()) {
      tests.add(
          DynamicTest.dynamicTest(
              one.decision + ": " + one.input,
              () -> assertThat(made(one.input)).isEqualTo(one.expected)));
    }
    return tests;
  }

  @Test
  void givenDecisions_whenCounted_thenEachHasCases() throws IOException {
    TreeMap<Integer, Integer> count = new TreeMap<>();
    cases().forEach(one -> count.merge(one.decision, 1, Integer::sum));
    for (int decision = 1; decision <= DECISIONS; decision++) {
      assertThat(count.getOrDefault(decision, 0)).as("decision " + decision).isGreaterThan(2);
    }
  }

  private static List<Case> cases() throws IOException {
    List<String> lines = Files.readAllLines(FILE);
    List<String> updated = new ArrayList<>();
    List<Case> cases = new ArrayList<>();
    int decision = 0;
    String input = null;
    for (String line : lines) {
      if (line.startsWith("## ")) {
        decision = Integer.parseInt(line.split(" ", 3)[1]);
      }
      if (line.isEmpty() || line.startsWith("#")) {
        updated.add(line);
      } else if (line.startsWith("    ")) {
        cases.add(new Case(decision, input, line.substring(4)));
      } else {
        input = line;
        updated.add(line);
        updated.add("    " + made(line));
      }
    }
    if (System.getProperty("golden.update") != null) {
      Files.write(FILE, updated);
    }
    return cases;
  }

  /** In words what comes of the input, record by record. */
  private static String made(String input) {
    String rest = input;
    Instant received = RECEIVED;
    if (rest.startsWith("@")) {
      received = Instant.parse(rest.substring(1, rest.indexOf(' ')));
      rest = rest.substring(rest.indexOf(' ') + 1);
    }
    boolean stream = rest.startsWith("tcp ");
    byte[] bytes = bytes(stream ? rest.substring(4) : rest);
    List<String> made = new ArrayList<>();
    if (stream) {
      stream(bytes, received, made);
    } else {
      one(bytes, received, "", made);
    }
    String all = made.isEmpty() ? "nothing" : String.join(" && ", made);
    return all.endsWith(" ") ? all.substring(0, all.length() - 1) + "\\x20" : all;
  }

  private static void stream(byte[] bytes, Instant received, List<String> made) {
    SyslogFramer framer = new SyslogFramer(65_536, 1 << 20);
    ByteBuf in = Unpooled.wrappedBuffer(bytes);
    try {
      for (byte[] record = framer.next(in, true); record != null; record = framer.next(in, true)) {
        one(record, received, framer.wasCut() ? "cut " : "", made);
      }
    } catch (SyslogFault fault) {
      made.add("fault " + fault.reason());
    }
  }

  private static void one(byte[] record, Instant received, String flag, List<String> made) {
    SyslogMessage message = new SyslogParser(ZoneOffset.UTC).parse(record, received);
    if (message == null) {
      return;
    }
    StringBuilder out = new StringBuilder(flag + message.format().wire() + " " + message.pri());
    field(out, "time", message.time() == null ? "" : message.time().toString());
    field(out, "host", message.host());
    field(out, "app", message.app());
    field(out, "procid", message.procId());
    field(out, "msgid", message.msgId());
    field(out, "sd", message.data().isEmpty() ? "" : message.data().toString());
    byte[] text = message.textBytes();
    out.append(" |").append(text.length > 1000 ? text.length + " bytes" : shown(text));
    made.add(out.toString());
  }

  private static void field(StringBuilder out, String name, String value) {
    if (!value.isEmpty()) {
      out.append(' ')
          .append(name)
          .append('=')
          .append(shown(value.getBytes(StandardCharsets.UTF_8)));
    }
  }

  private static String shown(byte[] bytes) {
    StringBuilder out = new StringBuilder();
    for (byte b : bytes) {
      if (b == '\\') {
        out.append("\\\\");
      } else if (b >= ' ' && b < 127) {
        out.append((char) b);
      } else {
        out.append(String.format("\\x%02x", b));
      }
    }
    return out.toString();
  }

  /** {@code \n}, {@code \\}, {@code \xNN}; {@code \*70000y} is so many of the letter. */
  private static byte[] bytes(String text) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) != '\\') {
        out.writeBytes(text.substring(i, i + 1).getBytes(StandardCharsets.UTF_8));
        continue;
      }
      i++;
      switch (text.charAt(i)) {
        case 'n' -> out.write('\n');
        case 'x' -> {
          out.write(Integer.parseInt(text.substring(i + 1, i + 3), 16));
          i += 2;
        }
        case '*' -> {
          int end = i + 1;
          while (Character.isDigit(text.charAt(end))) {
            end++;
          }
          out.writeBytes(
              text.substring(end, end + 1)
                  .repeat(Integer.parseInt(text.substring(i + 1, end)))
                  .getBytes(StandardCharsets.UTF_8));
          i = end;
        }
        default -> out.write('\\');
      }
    }
    return out.toByteArray();
  }
}
