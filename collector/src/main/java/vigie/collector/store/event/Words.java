package vigie.collector.store.event;

import java.util.ArrayList;
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

  private static final List<String> COLUMNS =
      List.of("node", "type", "app", "severity", "facility");

  private Words() {}

  /** As one text for the index. */
  static String of(Event event) {
    StringBuilder all = new StringBuilder(event.text().length() + 100);
    for (String name : COLUMNS) {
      all.append(fact(name, EventQuery.value(event, name))).append(' ');
    }
    for (Map.Entry<String, String> field : event.fields().entrySet()) {
      all.append(fact(field.getKey(), field.getValue())).append(' ');
    }
    String folded = TextQuery.fold(event.text());
    for (int from = 1; from < folded.length(); ) {
      int end = folded.indexOf(' ', from);
      if (end - from <= LONGEST) {
        all.append(folded, from, end + 1);
      } else {
        all.append(cut(folded.substring(from, end))).append(' ');
      }
      from = end + 1;
    }
    return all.toString();
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
    return FACT + Integer.toHexString(31 * name.hashCode() + value.hashCode());
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
