package vigie.collector.template;

/**
 * A template that cannot be parsed or expanded. {@code getMessage()} has no place in it; line and
 * column count from 1 within the template's text.
 */
public final class TemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int line;
  private final int column;

  TemplateException(String text, int offset, String message) {
    super(message);
    int end = Math.min(offset, text.length());
    this.line = 1 + (int) text.substring(0, end).chars().filter(c -> c == '\n').count();
    this.column = end - text.lastIndexOf('\n', end - 1);
  }

  public int line() {
    return line;
  }

  public int column() {
    return column;
  }
}
