package vigie.collector.event;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a text must say, as a person types it, all of it and in any order:
 *
 * <pre>
 * refused            the word, whatever its case
 * conn*              a word that begins so
 * "no route to"      these words next to each other; 10.0.0.1 is the same as "10 0 0 1"
 * -debug  -"no *"    none of that
 * </pre>
 *
 * A word is a run of letters and digits; what stands between words counts for nothing.
 */
public final class TextQuery {
  /** No condition. */
  public static final TextQuery ANY = new TextQuery("", List.of());

  private static final int LONGEST = 1_000;
  private static final int MOST_TERMS = 32;

  /**
   * One condition.
   *
   * @param needle the words that stand next to each other, folded: a space before each and, but for
   *     a prefix, one behind the last
   * @param not whether it must not be met
   */
  public record Term(String needle, boolean not) {
    public List<String> words() {
      return List.of(needle.strip().split(" ", -1));
    }

    /** Whether the last word is only how a word begins. */
    public boolean isPrefix() {
      return !needle.endsWith(" ");
    }

    /**
     * @param folded of a text that is not ASCII
     */
    private boolean isMetBy(String text, @Nullable String folded) {
      return (folded == null ? isIn(text) : folded.contains(needle)) != not;
    }

    /** Whether the folded text would have the needle; the text is ASCII, and nothing is made. */
    private boolean isIn(String text) {
      boolean inWord = false;
      for (int at = 0; at < text.length(); at++) {
        boolean begins = !inWord;
        inWord = isInAsciiWord(text.charAt(at));
        if (begins && inWord && isAt(text, at)) {
          return true;
        }
      }
      return false;
    }

    private boolean isAt(String text, int start) {
      int at = start;
      for (int i = 1; i < needle.length(); i++) {
        char c = needle.charAt(i);
        if (c == ' ') {
          if (at < text.length() && isInAsciiWord(text.charAt(at))) {
            return false;
          }
          while (at < text.length() && !isInAsciiWord(text.charAt(at))) {
            at++;
          }
        } else if (at < text.length() && lower(text.charAt(at)) == c) {
          at++;
        } else {
          return false;
        }
      }
      return true;
    }
  }

  private final String source;
  private final List<Term> terms;

  private TextQuery(String source, List<Term> terms) {
    this.source = source;
    this.terms = List.copyOf(terms);
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException that says what is wrong at which character, counted from 1
   */
  public static TextQuery parse(String source) {
    if (source.isBlank()) {
      return ANY;
    }
    if (source.length() > LONGEST) {
      throw new IllegalArgumentException("the text has more than " + LONGEST + " characters");
    }
    List<Term> terms = new ArrayList<>();
    int at = 0;
    while (at < source.length()) {
      if (Character.isWhitespace(source.charAt(at))) {
        at++;
        continue;
      }
      int end = endOf(source, at);
      terms.add(term(source.substring(at, end), at));
      at = end;
    }
    if (terms.size() > MOST_TERMS) {
      throw new IllegalArgumentException(
          "the text has "
              + terms.size()
              + " conditions; at most "
              + MOST_TERMS
              + " are looked for");
    }
    return new TextQuery(source, terms);
  }

  private static int endOf(String source, int start) {
    int quote = source.charAt(start) == '-' ? start + 1 : start;
    int from = start;
    if (quote < source.length() && source.charAt(quote) == '"') {
      from = source.indexOf('"', quote + 1) + 1;
      if (from == 0) {
        throw new IllegalArgumentException(
            "the quote at character " + (quote + 1) + " is not closed");
      }
    }
    while (from < source.length() && !Character.isWhitespace(source.charAt(from))) {
      from++;
    }
    return from;
  }

  private static Term term(String text, int at) {
    boolean not = text.startsWith("-");
    String folded = fold(text);
    if (folded.isBlank()) {
      throw new IllegalArgumentException(
          "\"" + text + "\" at character " + (at + 1) + " has no letter or digit to look for");
    }
    // Of "conn*" as of conn*: people write either.
    String end = text.endsWith("\"") ? text.substring(0, text.length() - 1) : text;
    return new Term(end.endsWith("*") ? folded.stripTrailing() : folded, not);
  }

  /** The words of a text in lower case, each with a space before and behind it. */
  public static String fold(String text) {
    if (isAscii(text)) {
      return foldAscii(text);
    }
    String lower = text.toLowerCase(Locale.ROOT);
    StringBuilder out = new StringBuilder(lower.length() + 2).append(' ');
    int at = 0;
    while (at < lower.length()) {
      int c = lower.codePointAt(at);
      at += Character.charCount(c);
      if (isInWord(c)) {
        out.appendCodePoint(c);
      } else if (out.charAt(out.length() - 1) != ' ') {
        out.append(' ');
      }
    }
    if (out.charAt(out.length() - 1) != ' ') {
      out.append(' ');
    }
    return out.toString();
  }

  private static String foldAscii(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append(' ');
    boolean inWord = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isInAsciiWord(c)) {
        out.append(lower(c));
        inWord = true;
      } else if (inWord) {
        out.append(' ');
        inWord = false;
      }
    }
    return inWord ? out.append(' ').toString() : out.toString();
  }

  private static boolean isInWord(int c) {
    return c < 128
        ? isInAsciiWord((char) c)
        : Character.isLetterOrDigit(c) || Character.getType(c) == Character.NON_SPACING_MARK;
  }

  private static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char) (c | 0x20) : c;
  }

  private static boolean isInAsciiWord(char c) {
    char lower = lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 128) {
        return false;
      }
    }
    return true;
  }

  public List<Term> terms() {
    return terms;
  }

  /** Whether the text meets all conditions. */
  public boolean matches(String text) {
    if (terms.isEmpty()) {
      return true;
    }
    String folded = isAscii(text) ? null : fold(text);
    for (Term term : terms) {
      if (!term.isMetBy(text, folded)) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TextQuery query && source.equals(query.source);
  }

  @Override
  public int hashCode() {
    return source.hashCode();
  }

  /** As it was typed. */
  @Override
  public String toString() {
    return source;
  }
}
