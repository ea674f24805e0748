package vigie.collector.promql;

import java.util.ArrayList;
import java.util.List;
import vigie.collector.promql.Token.Kind;

/** Cuts a query into tokens. */
final class Lexer {
  /** Longest first. */
  private static final String[] OPERATORS = {
    "==", "!=", "=~", "!~", "<=", ">=", "</", ">/", "=", "<", ">", "+", "-", "*", "/", "%", "^"
  };

  private static final String DIGITS = "0123456789";

  private final String query;
  private final List<Token> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private int lineStart;
  private boolean inBrackets;

  private Lexer(String query) {
    this.query = query;
  }

  /** All tokens, the last one {@link Kind#END}. */
  static List<Token> tokens(String query) {
    Lexer lexer = new Lexer(query);
    while (lexer.skipBlanks()) {
      lexer.next();
    }
    lexer.add(Kind.END, "", query.length());
    return lexer.tokens;
  }

  private boolean skipBlanks() {
    while (at < query.length()) {
      char c = query.charAt(at);
      if (c == '#') {
        int end = query.indexOf('\n', at);
        at = end < 0 ? query.length() : end;
      } else if (c == '\n') {
        at++;
        line++;
        lineStart = at;
      } else if (c == ' ' || c == '\t' || c == '\r') {
        at++;
      } else {
        return true;
      }
    }
    return false;
  }

  private void next() {
    char c = query.charAt(at);
    switch (c) {
      case '(' -> single(Kind.LEFT_PAREN);
      case ')' -> single(Kind.RIGHT_PAREN);
      case '{' -> single(Kind.LEFT_BRACE);
      case '}' -> single(Kind.RIGHT_BRACE);
      case ',' -> single(Kind.COMMA);
      case '@' -> single(Kind.AT);
      case '[' -> {
        single(Kind.LEFT_BRACKET);
        inBrackets = true;
      }
      case ']' -> {
        single(Kind.RIGHT_BRACKET);
        inBrackets = false;
      }
      case '"', '\'', '`' -> string(c);
      default -> {
        if (c == ':' && inBrackets) {
          single(Kind.COLON);
        } else if (isDigit(at) || (c == '.' && isDigit(at + 1))) {
          number();
        } else if (isWordStart(c)) {
          word();
        } else {
          operator();
        }
      }
    }
  }

  private void single(Kind kind) {
    add(kind, query.substring(at, at + 1), at + 1);
  }

  private void add(Kind kind, String text, int end) {
    tokens.add(new Token(kind, text, new Span(at, end, line, at - lineStart + 1)));
    at = end;
  }

  private void string(char quote) {
    int end = at + 1;
    while (true) {
      if (end >= query.length() || (query.charAt(end) == '\n' && quote != '`')) {
        throw PromqlException.parse(
            query, at, "unterminated " + (quote == '`' ? "raw string" : "quoted string"));
      }
      if (query.charAt(end) == quote) {
        break;
      }
      end += query.charAt(end) == '\\' && quote != '`' ? 2 : 1;
    }
    String body = query.substring(at + 1, end);
    try {
      add(Kind.STRING, Strings.unescape(body, quote), end + 1);
    } catch (IllegalArgumentException e) {
      throw PromqlException.parse(query, at, String.valueOf(e.getMessage()));
    }
    for (int i = 0; i < body.length(); i++) {
      if (body.charAt(i) == '\n') {
        line++;
        lineStart = at - 1 - body.length() + i + 1;
      }
    }
  }

  private void word() {
    int end = at;
    while (end < query.length()
        && (isWordStart(query.charAt(end)) || isDigit(end))
        && !(inBrackets && query.charAt(end) == ':')) {
      end++;
    }
    String word = query.substring(at, end);
    boolean number = word.equalsIgnoreCase("inf") || word.equalsIgnoreCase("nan");
    // {inf="x"} names a label; the parser takes a number there as a word.
    add(number ? Kind.NUMBER : Kind.WORD, word, end);
  }

  private void operator() {
    for (String operator : OPERATORS) {
      if (query.startsWith(operator, at)) {
        add(Kind.OPERATOR, operator, at + operator.length());
        return;
      }
    }
    throw PromqlException.parse(
        query, at, "unexpected character: '" + Character.toString(query.codePointAt(at)) + "'");
  }

  private void number() {
    int end = at;
    boolean hex = query.startsWith("0x", at) || query.startsWith("0X", at);
    if (hex) {
      String hexDigits = "0123456789abcdefABCDEF";
      boolean underscore = query.startsWith("_", end + 2) && skip(end + 3, hexDigits) > end + 3;
      end = digits(end + (underscore ? 3 : 2), hexDigits);
    } else {
      end = digits(end, DIGITS);
      if (isUnit(end)) {
        duration();
        return;
      }
      if (end < query.length() && query.charAt(end) == '.') {
        end = digits(end + 1, DIGITS);
      }
      if (end < query.length() && (query.charAt(end) == 'e' || query.charAt(end) == 'E')) {
        int power = end + 1;
        if (power < query.length() && (query.charAt(power) == '+' || query.charAt(power) == '-')) {
          power++;
        }
        end = digits(power, DIGITS);
        if (end == power) {
          throw badNumber(end);
        }
      }
    }
    if (end < query.length() && (isWordPart(end) || query.charAt(end) == '.')) {
      throw badNumber(end);
    }
    add(Kind.NUMBER, query.substring(at, end), end);
  }

  private void duration() {
    int end = at;
    while (isDigit(end)) {
      int units = skip(end, DIGITS);
      end = skip(units, "mshdwy");
      if (end == units) {
        throw badNumber(end);
      }
    }
    if (end < query.length() && isWordPart(end)) {
      throw badNumber(end);
    }
    add(Kind.DURATION, query.substring(at, end), end);
  }

  private PromqlException badNumber(int from) {
    int end = from;
    while (end < query.length() && (isWordPart(end) || query.charAt(end) == '.')) {
      end++;
    }
    return PromqlException.parse(
        query, at, "bad number or duration syntax: " + Strings.quote(query.substring(at, end)));
  }

  /** Digits, with single underscores between two of them. */
  private int digits(int from, String digits) {
    int end = skip(from, digits);
    while (end > from
        && end + 1 < query.length()
        && query.charAt(end) == '_'
        && digits.indexOf(query.charAt(end + 1)) >= 0) {
      end = skip(end + 1, digits);
    }
    return end;
  }

  private int skip(int from, String characters) {
    int end = from;
    while (end < query.length() && characters.indexOf(query.charAt(end)) >= 0) {
      end++;
    }
    return end;
  }

  /** A colon ends a number: {@code [5m:1m]}. */
  private boolean isWordPart(int index) {
    char c = query.charAt(index);
    return c != ':' && (isWordStart(c) || isDigit(index));
  }

  private boolean isUnit(int index) {
    return index < query.length() && "mshdwy".indexOf(query.charAt(index)) >= 0;
  }

  private boolean isDigit(int index) {
    return index < query.length() && query.charAt(index) >= '0' && query.charAt(index) <= '9';
  }

  private static boolean isWordStart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  }
}
