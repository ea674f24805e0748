package vigie.collector.promql;

import java.util.Locale;
import java.util.Set;

/**
 * A piece of a query.
 *
 * @param text as written; of a string, what its escapes stand for
 */
record Token(Kind kind, String text, Span span) {
  static final Set<String> KEYWORDS =
      Set.of("and", "or", "unless", "atan2", "offset", "by", "without", "on", "ignoring");

  private static final Set<String> SHOWN_AS_KEYWORDS =
      Set.of("by", "without", "on", "ignoring", "bool", "group_left", "group_right", "offset");

  private static final Set<String> SHOWN_AS_OPERATORS = Set.of("and", "or", "unless", "atan2");

  enum Kind {
    END,
    /** A name; keywords too, since most of them may also name a metric or a label. */
    WORD,
    NUMBER,
    DURATION,
    STRING,
    OPERATOR,
    LEFT_PAREN,
    RIGHT_PAREN,
    LEFT_BRACE,
    RIGHT_BRACE,
    LEFT_BRACKET,
    RIGHT_BRACKET,
    COMMA,
    COLON,
    AT
  }

  boolean is(Kind wanted) {
    return kind == wanted;
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  /** Whether it is this keyword, in any case. */
  boolean isWord(String keyword) {
    return kind == Kind.WORD && text.equalsIgnoreCase(keyword);
  }

  /** As error messages name it. */
  String described() {
    return switch (kind) {
      case END -> "end of input";
      case STRING -> "string " + Strings.quote(text);
      case NUMBER -> "number \"" + text + '"';
      case DURATION -> "duration \"" + text + '"';
      case WORD -> {
        String lower = text.toLowerCase(Locale.ROOT);
        yield SHOWN_AS_OPERATORS.contains(lower)
            ? "<op:" + lower + '>'
            : SHOWN_AS_KEYWORDS.contains(lower) ? '<' + lower + '>' : "identifier \"" + text + '"';
      }
      case OPERATOR -> text.equals("=") ? "\"=\"" : "<op:" + text + '>';
      default -> '"' + text + '"';
    };
  }
}
