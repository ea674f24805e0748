package vigie.collector.promql;

/**
 * Why a query was refused or given up. The message is one line; of a parse error it begins with
 * {@code line:column:}, both from 1.
 */
public final class PromqlException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What went wrong, told apart because an API answers each differently. */
  public enum Kind {
    /** The text is no query. */
    PARSE,
    /** The query is right, and this engine does not do it. */
    NOT_SUPPORTED,
    /** The data don't fit the query, such as two series with the same labels. */
    EXECUTION,
    /** Too many samples. */
    LIMIT,
    /** Took too long. */
    TIMEOUT
  }

  private final Kind kind;
  private final String query;
  private final int offset;

  private PromqlException(Kind kind, String message, String query, int offset) {
    super(message);
    this.kind = kind;
    this.query = query;
    this.offset = offset;
  }

  static PromqlException parse(String query, int offset, String what) {
    return at(Kind.PARSE, query, offset, "parse error: " + what);
  }

  static PromqlException notSupported(String query, int offset, String construct) {
    return at(Kind.NOT_SUPPORTED, query, offset, "not supported: " + construct);
  }

  static PromqlException evaluation(Kind kind, String what) {
    return new PromqlException(kind, what, "", -1);
  }

  private static PromqlException at(Kind kind, String query, int offset, String what) {
    return new PromqlException(kind, Position.of(query, offset) + ": " + what, query, offset);
  }

  public Kind kind() {
    return kind;
  }

  /** From 1; 0 where the error has no position (everything but parse errors). */
  public int line() {
    return offset < 0 ? 0 : Position.line(query, offset);
  }

  /** From 1; 0 where the error has no position. */
  public int column() {
    return offset < 0 ? 0 : Position.column(query, offset);
  }

  /** The line of the query with a caret under the place; empty where there is no position. */
  public String caret() {
    if (offset < 0) {
      return "";
    }
    int column = column() - 1;
    int start = Math.min(offset, query.length()) - column;
    int end = query.indexOf('\n', start);
    String text = query.substring(start, end < 0 ? query.length() : end);
    StringBuilder out = new StringBuilder(text).append('\n');
    for (int i = 0; i < column; i++) {
      out.append(text.charAt(i) == '\t' ? '\t' : ' ');
    }
    return out.append('^').toString();
  }
}
