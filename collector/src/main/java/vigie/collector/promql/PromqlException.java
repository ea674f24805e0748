package vigie.collector.promql;

/**
 * Why a query was refused or given up. The message is one line; of a parse error it begins with
 * {@code line:column:}, both from 1.
 */
public final class PromqlException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** How much of a line {@link #caret} shows, and how much of that stands behind the caret. */
  private static final int WIDEST = 160;

  private static final int AFTER = 60;

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
    TIMEOUT,
    /** Nobody waits for the answer any more. */
    CANCELED
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

  /** A construct is named as {@code function info}, {@code duration expression}. */
  static PromqlException notSupported(String query, int offset, String construct) {
    return at(
        Kind.NOT_SUPPORTED,
        query,
        offset,
        "parse error: "
            + construct
            + " is not enabled; in Prometheus it is experimental, Vigie has not got it");
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

  /**
   * The line of the query with a caret under the place, in two lines; empty where there is no
   * position. Of a long line only what is around.
   */
  public String caret() {
    if (offset < 0) {
      return "";
    }
    int column = column() - 1;
    int start = Math.min(offset, query.length()) - column;
    int newline = query.indexOf('\n', start);
    int end = newline < 0 ? query.length() : newline;
    int from = column <= WIDEST - AFTER ? start : start + column - WIDEST + AFTER;
    int to = Math.min(end, from + WIDEST);
    String before = from > start ? "…" : "";
    StringBuilder out = new StringBuilder(before).append(query, from, to);
    out.append(to < end ? "…" : "").append('\n').append(before.isEmpty() ? "" : " ");
    for (int i = from; i < start + column; i++) {
      out.append(query.charAt(i) == '\t' ? '\t' : ' ');
    }
    return out.append('^').toString();
  }

  /** The message, and below it the {@link #caret} where there is one. */
  public String withCaret() {
    return offset < 0 ? getMessage() + "" : getMessage() + "\n" + caret();
  }
}
