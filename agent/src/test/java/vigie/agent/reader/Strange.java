package vigie.agent.reader;

import java.util.List;
import java.util.Random;

/** Makes of a file's text what no kernel writes. */
public final class Strange {
  private static final List<String> STRANGE =
      List.of(
          "",
          "-",
          "-1",
          "-9223372036854775809",
          "18446744073709551616",
          "9".repeat(500),
          "ffffffffffffffffffff",
          "0x",
          "1e309",
          "NaN",
          "1.7.3",
          ":",
          "/",
          "\n",
          "\n\n\n",
          " ",
          "\t",
          "\0",
          "\u00e9\uffff",
          "(",
          ")");

  private Strange() {}

  /** The text with one to five odd changes. */
  public static String mutate(String text, Random random) {
    StringBuilder mutated = new StringBuilder(text);
    int edits = 1 + random.nextInt(5);
    for (int edit = 0; edit < edits; edit++) {
      int at = random.nextInt(mutated.length() + 1);
      int to = Math.min(mutated.length(), at + random.nextInt(6));
      switch (random.nextInt(5)) {
        case 0 -> mutated.replace(at, to, STRANGE.get(random.nextInt(STRANGE.size())));
        case 1 -> mutated.insert(at, (char) random.nextInt(256));
        case 2 -> mutated.delete(at, Math.min(mutated.length(), at + random.nextInt(200)));
        case 3 -> mutated.insert(at, mutated.substring(at, to).repeat(1 + random.nextInt(300)));
        default -> {
          // A number becomes another.
          while (at < mutated.length() && !Character.isDigit(mutated.charAt(at))) {
            at++;
          }
          int end = at;
          while (end < mutated.length() && Character.isDigit(mutated.charAt(end))) {
            end++;
          }
          mutated.replace(at, end, STRANGE.get(random.nextInt(STRANGE.size())));
        }
      }
    }
    return mutated.toString();
  }
}
