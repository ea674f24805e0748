package vigie.base.config;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import vigie.base.time.Durations;

/**
 * One value with its place and its name. A read of the wrong type adds a fault that says what was
 * expected and gives null or an empty list, so that reading goes on. Not safe for several threads.
 */
public final class Value {
  private final Yaml.Source source;
  private final String path;
  private final Node node;
  private final @Nullable Position given;

  Value(Yaml.Source source, String path, Node node) {
    this(source, path, node, null);
  }

  Value(Yaml.Source source, String path, Node node, @Nullable Position given) {
    this.source = source;
    this.path = path;
    this.node = node;
    this.given = given;
  }

  /** Where it stands. */
  public Position position() {
    return given != null ? given : source.position(node);
  }

  /**
   * Where a place within this scalar's text stands in the file, whatever way the text is written
   * (plain, quoted, {@code |} or {@code >}): for messages about a language within the YAML.
   *
   * @param line of the text, from 1
   * @param column in that line, from 1
   */
  public Position position(int line, int column) {
    if (given != null || !(node instanceof ScalarNode scalar) || node.getStartMark().isEmpty()) {
      return position();
    }
    String value = scalar.getValue();
    int offset = 0;
    for (int i = 1; i < line; i++) {
      offset = value.indexOf('\n', offset) + 1;
    }
    offset = Math.min(offset + column - 1, value.length());
    Mark start = node.getStartMark().get();
    return source.place(start.getLine(), start.getColumn(), scalar, offset);
  }

  /** Its dotted key, such as {@code spool.path}. */
  public String key() {
    return path;
  }

  public boolean isList() {
    return node instanceof SequenceNode;
  }

  public boolean isSection() {
    return node instanceof MappingNode;
  }

  /** Adds a fault about this value: {@code file:line:column: message}. */
  public void fault(String message) {
    source.faults().add(position(), message);
  }

  /** Adds a warning about this value. */
  public void warn(String message) {
    source.faults().warn(position(), message);
  }

  /** Adds a fault about a place within this scalar's text, see {@link #position(int, int)}. */
  public void fault(int line, int column, String message) {
    source.faults().add(position(line, column), message);
  }

  /**
   * The text of a scalar, numbers and booleans as written; null with a fault if it is a list or a
   * section.
   */
  public @Nullable String string() {
    if (node instanceof ScalarNode scalar && !isNull(scalar)) {
      return scalar.getValue();
    }
    fault(
        name()
            + " must be a single value"
            + (node instanceof ScalarNode ? ", and it is empty" : ""));
    return null;
  }

  /** Whether it is written as {@code !!binary} with base64. */
  public boolean isBinary() {
    return node.getTag().equals(Tag.BINARY);
  }

  /** The bytes of a scalar: its text in UTF-8, or what {@code !!binary} stands for. */
  public byte @Nullable [] content() {
    String text = string();
    if (text == null || !isBinary()) {
      return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }
    try {
      return Base64.getMimeDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      fault(name() + " is not base64, as !!binary must be");
      return null;
    }
  }

  /** A Prometheus duration; null with a fault otherwise. */
  public @Nullable Duration duration() {
    String text = string();
    if (text == null) {
      return null;
    }
    try {
      return Durations.parse(text);
    } catch (IllegalArgumentException e) {
      fault(name() + " " + e.getMessage());
      return null;
    }
  }

  /** A whole number within the range, both ends included; null with a fault otherwise. */
  public @Nullable Long integer(long least, long most) {
    String text = string();
    if (text == null) {
      return null;
    }
    try {
      long number = Long.parseLong(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    fault(name() + " \"" + text + "\" is not a whole number from " + least + " to " + most);
    return null;
  }

  /** A number; null with a fault otherwise. */
  public @Nullable Double number() {
    String text = string();
    if (text == null) {
      return null;
    }
    try {
      return new BigDecimal(text).doubleValue();
    } catch (NumberFormatException e) {
      fault(name() + " \"" + text + "\" is not a number");
      return null;
    }
  }

  /** {@code true} or {@code false}; null with a fault otherwise. */
  public @Nullable Boolean bool() {
    String text = string();
    if ("true".equals(text)) {
      return true;
    }
    if ("false".equals(text)) {
      return false;
    }
    if (text != null) {
      fault(name() + " \"" + text + "\" is not true or false");
    }
    return null;
  }

  /**
   * A size in bytes: a whole number with an optional KiB, MiB or GiB; null with a fault otherwise.
   * KB, MB and GB are the same, as in Prometheus's and blackbox_exporter's configuration.
   */
  public @Nullable Long bytes() {
    String text = string();
    if (text == null) {
      return null;
    }
    int digits = 0;
    while (digits < text.length() && Character.isDigit(text.charAt(digits))) {
      digits++;
    }
    long unit =
        switch (text.substring(digits).strip()) {
          case "", "B" -> 1L;
          case "KB", "KiB" -> 1L << 10;
          case "MB", "MiB" -> 1L << 20;
          case "GB", "GiB" -> 1L << 30;
          default -> 0L;
        };
    if (digits == 0 || digits > 12 || unit == 0) {
      fault(name() + " \"" + text + "\" is not a size; write 64MiB or 1GB");
      return null;
    }
    return Long.parseLong(text.substring(0, digits)) * unit;
  }

  /** A file path; a relative one is relative to the folder of the file that names it. */
  public @Nullable Path path() {
    String text = string();
    if (text == null) {
      return null;
    }
    Path folder = source.file().toAbsolutePath().getParent();
    return folder == null ? Path.of(text) : folder.resolve(text).normalize();
  }

  /** The members of a list; empty with a fault if this is no list. */
  public List<Value> list() {
    if (node instanceof SequenceNode sequence) {
      List<Value> members = new ArrayList<>();
      for (Node member : sequence.getValue()) {
        members.add(new Value(source, path + "[" + members.size() + "]", member));
      }
      return members;
    }
    if (node instanceof ScalarNode scalar && isNull(scalar)) {
      return List.of();
    }
    fault(name() + " must be a list");
    return List.of();
  }

  /** The mapping that stands here; an empty one with a fault if this is none. */
  public Section section() {
    if (node instanceof MappingNode mapping) {
      return new Section(source, path, mapping);
    }
    if (!(node instanceof ScalarNode scalar && isNull(scalar))) {
      fault(name() + " must be a section of keys and values");
    }
    return Section.empty(source, path, position());
  }

  boolean isNullScalar() {
    return node instanceof ScalarNode scalar && isNull(scalar);
  }

  private static boolean isNull(ScalarNode scalar) {
    return scalar.isPlain()
        && (scalar.getValue().isEmpty()
            || scalar.getValue().equals("null")
            || scalar.getValue().equals("~"));
  }

  private String name() {
    return path.substring(path.lastIndexOf('.') + 1);
  }
}
