package vigie.collector.store.event;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import vigie.collector.event.Event;
import vigie.collector.event.EventQuery;
import vigie.collector.event.LineFilter;
import vigie.collector.event.TextQuery;
import vigie.collector.label.LabelMatcher;

/**
 * What the full-text index holds of an event, and what to ask it for a query: the words of the
 * text, and one made-up word for each fact such as {@code node=p1}. The index only narrows: the
 * query itself decides.
 *
 * <p>Its tokenizer, {@code ascii}, splits at what is ASCII and no letter or digit, and takes all
 * else for a part of a word. So it splits just where {@link TextQuery#fold} put a space, whatever
 * version of Unicode SQLite knows.
 */
final class Words {
  /** For private use in Unicode: no text that was folded has it. */
  private static final char FACT = '\uE000';

  /** Longer words are known by their beginning. */
  private static final int LONGEST = 64;

  private static final int MOST_VALUES = 16;

  private Words() {}

  /** As one text for the index, in UTF-8. */
  static byte[] of(Event event) {
    return of(
        event.node(),
        event.type(),
        event.app(),
        event.severity(),
        event.facility(),
        event.fields(),
        event.text().getBytes(StandardCharsets.UTF_8));
  }

  static byte[] of(
      String node,
      String type,
      String app,
      int severity,
      int facility,
      Map<String, String> fields,
      byte[] text) {
    Output out = new Output(13 * (5 + fields.size()) + text.length + 1);
    out.fact("node", node);
    out.fact("type", type);
    out.fact("app", app);
    out.fact("severity", EventQuery.SEVERITIES.get(severity));
    out.fact("facility", EventQuery.FACILITIES.get(facility));
    fields.forEach(out::fact);
    if (!out.ascii(text)) {
      out.folded(TextQuery.fold(new String(text, StandardCharsets.UTF_8)));
    }
    return Arrays.copyOf(out.bytes, out.length);
  }

  /** Bytes that grow; words with a space behind each. */
  private static final class Output {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] MARK = String.valueOf(FACT).getBytes(StandardCharsets.UTF_8);

    /** In lower case what a word has, 0 for what stands between words. */
    private static final byte[] FOLDED = new byte[128];

    static {
      for (char c = 0; c < 128; c++) {
        String folded = TextQuery.fold(String.valueOf(c)).strip();
        FOLDED[c] = folded.isEmpty() ? 0 : (byte) folded.charAt(0);
      }
    }

    private byte[] bytes;
    private int length;

    Output(int room) {
      bytes = new byte[room];
    }

    private void require(int more) {
      if (bytes.length - length < more) {
        bytes = Arrays.copyOf(bytes, Math.max(length + more, 2 * bytes.length));
      }
    }

    /** As {@link Words#fact}. */
    void fact(String name, String value) {
      require(MARK.length + 9);
      for (byte b : MARK) {
        bytes[length++] = b;
      }
      int hash = hash(name, value);
      int shift = 28;
      while (shift > 0 && hash >>> shift == 0) {
        shift -= 4;
      }
      for (; shift >= 0; shift -= 4) {
        bytes[length++] = HEX[hash >>> shift & 15];
      }
      bytes[length++] = ' ';
    }

    /** The words of an ASCII text; false, with nothing written, for another. */
    boolean ascii(byte[] text) {
      require(text.length + 1);
      int at = length;
      int word = 0;
      for (byte b : text) {
        if (b < 0) {
          return false;
        }
        byte folded = FOLDED[b];
        if (folded != 0) {
          if (word++ < LONGEST) {
            bytes[at++] = folded;
          }
        } else if (word > 0) {
          bytes[at++] = ' ';
          word = 0;
        }
      }
      if (word > 0) {
        bytes[at++] = ' ';
      }
      length = at;
      return true;
    }

    void folded(String folded) {
      for (int from = 1; from < folded.length(); ) {
        int end = folded.indexOf(' ', from);
        byte[] word = cut(folded.substring(from, end)).getBytes(StandardCharsets.UTF_8);
        require(word.length + 1);
        System.arraycopy(word, 0, bytes, length, word.length);
        length += word.length;
        bytes[length++] = ' ';
        from = end + 1;
      }
    }
  }

  /**
   * What all matches have, as FTS5 is asked for it; null where there is nothing to ask.
   *
   * @param allowed by name, the values that all matches have one of
   */
  static @Nullable String asked(EventQuery query, Map<String, List<String>> allowed) {
    List<String> all = new ArrayList<>();
    for (LabelMatcher matcher : query.matchers()) {
      switch (matcher.name()) {
        case "severity" -> addNames(matcher, EventQuery.SEVERITIES, all);
        case "facility" -> addNames(matcher, EventQuery.FACILITIES, all);
        default -> {
          // An absent field has the value "", and no fact.
          if (matcher.op() == LabelMatcher.Op.EQUAL && !matcher.value().isEmpty()) {
            all.add(quoted(fact(matcher.name(), matcher.value())));
          }
        }
      }
    }
    allowed.forEach(
        (name, values) -> {
          if (values.size() <= MOST_VALUES && !values.contains("")) {
            addAnyOf(name, values, all);
          }
        });
    for (TextQuery.Term term : query.text().terms()) {
      if (!term.not()) {
        addWords(term.words(), term.isPrefix(), all);
      }
    }
    query.lines().forEach(line -> addWordsWithin(line, all));
    return all.isEmpty() ? null : String.join(" AND ", all);
  }

  private static void addNames(LabelMatcher matcher, List<String> names, List<String> all) {
    List<String> wanted = names.stream().filter(matcher::matches).toList();
    // Looking up most of them would only cost.
    if (!wanted.isEmpty() && wanted.size() <= names.size() / 2) {
      addAnyOf(matcher.name(), wanted, all);
    }
  }

  private static void addAnyOf(String name, List<String> values, List<String> all) {
    List<String> facts = values.stream().map(value -> quoted(fact(name, value))).toList();
    all.add("(" + String.join(" OR ", facts) + ")");
  }

  private static void addWords(List<String> words, boolean prefix, List<String> all) {
    for (int i = 0; i < words.size(); i++) {
      String word = words.get(i);
      boolean isBeginning = prefix && i == words.size() - 1;
      all.add(quoted(cut(word)) + (isBeginning && word.length() <= LONGEST ? "*" : ""));
    }
  }

  /** Of characters, only words with something on both sides are words of the text for certain. */
  private static void addWordsWithin(LineFilter line, List<String> all) {
    String folded = TextQuery.fold(line.needle());
    String[] words = folded.strip().split(" ", -1);
    for (int i = 1; i < words.length - 1; i++) {
      all.add(quoted(cut(words[i])));
    }
  }

  private static String fact(String name, String value) {
    return FACT + Integer.toHexString(hash(name, value));
  }

  private static int hash(String name, String value) {
    return 31 * name.hashCode() + value.hashCode();
  }

  private static String cut(String word) {
    if (word.length() <= LONGEST) {
      return word;
    }
    boolean splits = Character.isHighSurrogate(word.charAt(LONGEST - 1));
    return word.substring(0, splits ? LONGEST - 1 : LONGEST);
  }

  private static String quoted(String word) {
    return '"' + word + '"';
  }
}
