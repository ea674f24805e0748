package vigie.collector.store.event;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
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

  private Words() {}

  /** As one text for the index, each word once. */
  static String of(Event event) {
    Set<String> all = new LinkedHashSet<>();
    for (String name : List.of("node", "type", "app", "severity", "facility")) {
      all.add(fact(name, EventQuery.value(event, name)));
    }
    for (Map.Entry<String, String> field : event.fields().entrySet()) {
      all.add(fact(field.getKey(), field.getValue()));
    }
    for (String word : TextQuery.fold(event.text()).strip().split(" ", -1)) {
      all.add(cut(word));
    }
    return String.join(" ", all);
  }

  /** What all matches have, as FTS5 is asked for it; null where there is nothing to ask. */
  static @Nullable String asked(EventQuery query) {
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
    for (TextQuery.Term term : query.text().terms()) {
      if (!term.not()) {
        addWords(term.words(), term.isPrefix(), all);
      }
    }
    query.lines().forEach(line -> addWordsWithin(line, all));
    return all.isEmpty() ? null : String.join(" AND ", all);
  }

  private static void addNames(LabelMatcher matcher, List<String> names, List<String> all) {
    List<String> wanted = new ArrayList<>();
    for (String name : names) {
      if (matcher.matches(name)) {
        wanted.add(quoted(fact(matcher.name(), name)));
      }
    }
    // Looking up most of them would only cost.
    if (!wanted.isEmpty() && wanted.size() <= names.size() / 2) {
      all.add("(" + String.join(" OR ", wanted) + ")");
    }
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
