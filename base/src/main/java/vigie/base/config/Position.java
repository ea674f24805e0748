package vigie.base.config;

/** A place in a configuration file, shown as {@code file:line:column}, both counted from 1. */
public record Position(String file, int line, int column) {
  @Override
  public String toString() {
    return file + ":" + line + ":" + column;
  }
}
