package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ExportParserTest {
  private static final Path RECORDED = Path.of("src/test/resources/journal/systemd-252.export");

  private final List<String> entries = new ArrayList<>();
  private int garbage;
  private final ExportParser parser =
      new ExportParser(
          entry ->
              entries.add(
                  entry.text(JournalField.CURSOR)
                      + "|"
                      + entry.identifier()
                      + "|"
                      + entry.severity()
                      + "|"
                      + entry.message()),
          () -> garbage++);

  private void feed(byte[] bytes) {
    parser.feed(bytes, 0, bytes.length);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] binary(String name, byte[] value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(bytes(name + "\n"));
    for (int i = 0; i < 8; i++) {
      out.write((int) ((long) value.length >> 8 * i));
    }
    out.writeBytes(value);
    out.write('\n');
    return out.toByteArray();
  }

  @Test
  void givenTextFields_whenFed_thenEachEmptyLineEndsAnEntry() {
    feed(bytes("\n\n__CURSOR=a\nMESSAGE=one=1\nPRIORITY=3\nOTHER=x\n\nMESSAGE=two\n_COMM=sh\n\n"));
    assertThat(entries).containsExactly("a||ERROR|one=1", "|sh|INFORMATIONAL|two");
    assertThat(garbage).isZero();
  }

  @Test
  void givenBinaryFields_whenFed_thenTheyMayHoldAnything() {
    feed(bytes("__CURSOR=a\n"));
    feed(binary("MESSAGE", bytes("line one\n\nMESSAGE=line two\n")));
    feed(binary("UNWANTED", new byte[100_000]));
    feed(binary("SYSLOG_IDENTIFIER", new byte[0]));
    feed(bytes("_COMM=prog\n\n"));
    assertThat(entries).containsExactly("a|prog|INFORMATIONAL|line one\n\nMESSAGE=line two");
  }

  @Test
  void givenAFieldTwice_whenFed_thenTheFirstHolds() {
    feed(bytes("MESSAGE=one\nMESSAGE=two\n\n"));
    assertThat(entries).containsExactly("||INFORMATIONAL|one");
  }

  @Test
  void givenAHugeField_whenFed_thenItIsCutAndTheNextIsRight() {
    List<Boolean> cut = new ArrayList<>();
    List<Integer> lengths = new ArrayList<>();
    ExportParser huge =
        new ExportParser(
            entry -> {
              cut.add(entry.isCut());
              lengths.add(entry.message().length());
            },
            () -> garbage++);
    byte[] all = bytes("MESSAGE=" + "x".repeat(1 << 20) + "\n\nMESSAGE=short\n\n");
    huge.feed(all, 0, all.length);
    byte[] field = binary("MESSAGE", new byte[1 << 20]);
    huge.feed(field, 0, field.length);
    huge.feed(bytes("\n"), 0, 1);
    assertThat(cut).containsExactly(true, false, true);
    assertThat(lengths).containsExactly(16 << 10, 5, 16 << 10);
    assertThat(garbage).isZero();
  }

  @Test
  void givenGarbage_whenFed_thenItEndsAtTheNextEmptyLineAndIsCounted() {
    feed(bytes("MESSAGE=a\nlower case\nmore\n\nMESSAGE=b\n\n=x\n\nMESSAGE=c\n\n"));
    assertThat(entries).extracting(e -> e.substring(e.length() - 1)).containsExactly("b", "c");
    assertThat(garbage).isEqualTo(2);
    feed(bytes("BINARY\n\377\377\377\377\377\377\377\377\377\377\n\nMESSAGE=d\n\n"));
    assertThat(entries).hasSize(3);
    assertThat(garbage).isEqualTo(3);
    feed(bytes("N".repeat(65) + "=v\n\nMESSAGE=e\n\n"));
    assertThat(entries).hasSize(4);
  }

  @Test
  void givenARecordedJournal_whenSplitAtEveryOffset_thenTheEntriesAreTheSame() throws Exception {
    byte[] all = Files.readAllBytes(RECORDED);
    feed(all);
    List<String> whole = List.copyOf(entries);
    assertThat(whole).hasSizeGreaterThan(50);
    int end = 0;
    for (int blank = 0; blank < 4; end++) {
      blank += all[end] == '\n' && all[end + 1] == '\n' ? 1 : 0;
    }
    byte[] some = Arrays.copyOf(all, end + 1);
    for (int split = 0; split <= some.length; split++) {
      entries.clear();
      parser.feed(some, 0, split);
      parser.feed(some, split, some.length);
      assertThat(entries).isEqualTo(whole.subList(0, 4));
    }
    entries.clear();
    for (int i = 0; i < all.length; i++) {
      parser.feed(all, i, i + 1);
    }
    assertThat(entries).isEqualTo(whole);
    assertThat(garbage).isZero();
  }

  @Test
  void givenRandomDamage_whenFed_thenItNeitherThrowsNorLosesWhatFollows() throws Exception {
    byte[] good = Files.readAllBytes(RECORDED);
    long seed = 20261121;
    Random random = new Random(seed);
    for (int run = 0; run < 300; run++) {
      byte[] bad = good.clone();
      for (int i = 0; i < 20; i++) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt(256);
      }
      entries.clear();
      ExportParser fresh = new ExportParser(e -> entries.add(e.message()), () -> garbage++);
      for (int at = 0; at < bad.length; ) {
        int next = Math.min(bad.length, at + 1 + random.nextInt(5000));
        fresh.feed(bad, at, next);
        at = next;
      }
      byte[] noise = new byte[2000];
      random.nextBytes(noise);
      fresh.feed(noise, 0, noise.length);
    }
    assertThat(garbage).as("seed " + seed).isPositive();
  }
}
