package vigie.collector.bot;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.Map;

/**
 * The bot's answers in one language. The code has them in English, with {@code {0}}, {@code {1}}
 * for values; another language is a file of pairs of lines, {@code en: } and what it is there.
 * Immutable, safe for all threads.
 */
final class Words {
  /** As they stand in the code. */
  static final Words ENGLISH = new Words(Map.of());

  private static final String EN = "en: ";

  private final Map<String, String> translated;

  private Words(Map<String, String> translated) {
    this.translated = translated;
  }

  /**
   * @param language {@code en} or one whose file ships, such as {@code fr}
   */
  static Words in(String language) {
    if (language.equals("en")) {
      return ENGLISH;
    }
    String file = language + ".txt";
    try (InputStream in = Words.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("BUG: no " + file);
      }
      Map<String, String> pairs = new HashMap<>();
      String english = "";
      for (String line : new BufferedReader(new InputStreamReader(in, UTF_8)).lines().toList()) {
        if (line.startsWith(EN)) {
          english = line.substring(EN.length());
        } else if (line.startsWith(language + ": ")) {
          pairs.put(english, line.substring(language.length() + 2));
        }
      }
      return new Words(Map.copyOf(pairs));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + file, e);
    }
  }

  /**
   * The text in this language; in English where that one is not translated.
   *
   * @param values take the places of {@code {0}}, {@code {1}}; whatever they hold stays as it is
   */
  String of(String english, Object... values) {
    String text = translated.getOrDefault(english, english);
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int value = c == '{' && i + 2 < text.length() ? text.charAt(i + 1) - '0' : -1;
      if (value >= 0 && value < values.length && text.charAt(i + 2) == '}') {
        out.append(values[value]);
        i += 2;
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  /** English to this language; empty for English. */
  Map<String, String> translated() {
    return translated;
  }
}
