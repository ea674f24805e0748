package vigie.agent.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import vigie.base.fuzz.FuzzContract;

/** Any bytes give the same entries however they are cut, and none holds more than is kept. */
class ExportParserFuzzTest extends FuzzContract {
  private static final Path RECORDED = Path.of("src/test/resources/journal/systemd-252.export");

  /** The first entries that were recorded, one by one, and fields with any bytes. */
  @Override
  protected List<byte[]> seeds() throws IOException {
    List<byte[]> seeds = new ArrayList<>();
    byte[] all = Files.readAllBytes(RECORDED);
    int start = 0;
    for (int i = 0; i + 1 < all.length && seeds.size() < 12; i++) {
      if (all[i] == '\n' && all[i + 1] == '\n') {
        seeds.add(marked(seeds.size(), Arrays.copyOfRange(all, start, i + 2)));
        start = i + 2;
      }
    }
    seeds.add(utf8("\0MESSAGE\n\4\0\0\0\0\0\0\0a\nb\n\nPRIORITY=3\n_COMM=x\n\n"));
    seeds.add(utf8("\1=x\nMESSAGE\n\377\377\377\377\377\377\377\377\n\n__CURSOR=s=1\n\n"));
    return seeds;
  }

  private static byte[] marked(int first, byte[] rest) {
    byte[] all = new byte[rest.length + 1];
    all[0] = (byte) first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return all;
  }

  /** The first byte says in pieces of which size the others come. */
  @Override
  protected void feed(byte[] bytes) {
    if (bytes.length > 1) {
      assertThat(read(bytes, 1 + (bytes[0] & 0x3f))).isEqualTo(read(bytes, bytes.length));
    }
  }

  private static List<String> read(byte[] bytes, int piece) {
    List<String> read = new ArrayList<>();
    ExportParser parser =
        new ExportParser(entry -> read.add(shown(entry)), () -> read.add("garbage"));
    for (int at = 1; at < bytes.length; at += piece) {
      parser.feed(bytes, at, Math.min(bytes.length, at + piece));
    }
    return read;
  }

  private static String shown(JournalEntry entry) {
    StringBuilder all = new StringBuilder();
    for (JournalField field : JournalField.values()) {
      String text = entry.text(field);
      assertThat(text.length()).isLessThanOrEqualTo(field.most());
      all.append(text).append(entry.number(field, -1)).append('|');
    }
    return all.append(entry.time(Instant.EPOCH))
        .append(entry.severity())
        .append(entry.unit())
        .append(entry.identifier())
        .append(entry.message())
        .append(entry.place())
        .toString();
  }
}
